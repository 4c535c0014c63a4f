import type { HostFacts, Phase } from '../model/index.ts';

type Need = Exclude<keyof HostFacts, 'operation'>;

/**
 * Which facts a phase's guards look at. Others are not asked for: each is a call to a host, a cloud or a load balancer.
 * A fact that was not asked for is Unknown, and Unknown never moves a host.
 */
export const FACT_NEEDS: Record<Phase, readonly Need[]> = {
  Pending: [],
  Provisioning: ['server'],
  Bootstrapping: ['server', 'machine'],
  Deploying: ['server', 'machine', 'app', 'probe', 'wantedVersion'],
  Joining: ['server', 'machine', 'app', 'probe', 'membership', 'wantedVersion'],
  InService: ['server', 'probe', 'membership'],
  Draining: ['server', 'machine', 'app', 'probe', 'membership', 'inFlight'],
  Departing: ['server', 'membership', 'probe'],
  Deprovisioning: ['server'],
  Released: ['server'],
};
