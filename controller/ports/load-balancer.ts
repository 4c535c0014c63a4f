import type { HostPoolSpec } from '../api/index.ts';
import type { InstanceListing, Membership } from '../model/index.ts';

export type LoadBalancerSpec = NonNullable<HostPoolSpec['loadBalancer']>;

/** Who sends requests to the hosts. */
export interface LoadBalancer {
  /** Serves this membership from now on. The same or an older generation changes nothing. */
  apply(membership: Membership): Promise<void>;
  /** What every instance lists for one pool now; an instance that cannot be asked is `Unknown`, never empty. */
  confirm(loadBalancer: LoadBalancerSpec): Promise<InstanceListing[]>;
}
