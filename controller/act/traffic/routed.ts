import type { InstanceListing, Membership } from '../../model/index.ts';
import type { LoadBalancer, LoadBalancerSpec } from '../../ports/index.ts';

export interface LoadBalancers {
  /** Traefiks that poll. */
  http: LoadBalancer;
  /** Traefiks that read files. */
  files: LoadBalancer;
}

/** Each pool's own way to its load balancer, behind one port. */
export function createRoutedLoadBalancer({ http, files }: LoadBalancers): LoadBalancer {
  return {
    async apply(membership: Membership): Promise<void> {
      // Whoever polls gets the pools of files too: with both providers in it, a Traefik can be moved from one to the other.
      const outcomes = await Promise.allSettled([http.apply(membership), files.apply(membership)]);
      const failed = outcomes.find((outcome) => outcome.status === 'rejected');
      if (failed !== undefined) throw failed.reason;
    },
    confirm: (loadBalancer: LoadBalancerSpec): Promise<InstanceListing[]> => (loadBalancer.traefik.files === undefined ? http : files).confirm(loadBalancer),
  };
}
