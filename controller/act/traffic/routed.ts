import type { InstanceListing, Membership } from '../../model/index.ts';
import type { LoadBalancer, LoadBalancerSpec } from '../../ports/index.ts';

export interface LoadBalancers {
  /** Traefiks that poll. */
  http: LoadBalancer;
  /** Traefiks that read files. */
  files: LoadBalancer;
  /** Clouds' own, each of which takes from a membership what names it. */
  hetzner: LoadBalancer;
  digitalocean: LoadBalancer;
}

/** Each pool's own way to its load balancer, behind one port. */
export function createRoutedLoadBalancer({ http, files, hetzner, digitalocean }: LoadBalancers): LoadBalancer {
  const wayOf = (spec: LoadBalancerSpec): LoadBalancer => (spec.hetzner !== undefined ? hetzner : spec.digitalocean !== undefined ? digitalocean : spec.traefik?.files === undefined ? http : files);
  return {
    async apply(membership: Membership): Promise<void> {
      const { generation, pools } = membership;
      const traefik = pools.filter((pool) => pool.hetzner === undefined && pool.digitalocean === undefined);
      const outcomes = await Promise.allSettled([
        // Whoever polls gets the pools of files too: with both providers in it, a Traefik can be moved from one to the other.
        // Without any there is nothing that could be served, and an empty document would wipe routes.
        traefik.length === 0 ? undefined : http.apply({ generation, pools: traefik }),
        files.apply(membership),
        hetzner.apply(membership),
        digitalocean.apply(membership),
      ]);
      const failed = outcomes.find((outcome) => outcome.status === 'rejected');
      if (failed !== undefined) throw failed.reason;
    },
    confirm: (loadBalancer: LoadBalancerSpec): Promise<InstanceListing[]> => wayOf(loadBalancer).confirm(loadBalancer),
  };
}
