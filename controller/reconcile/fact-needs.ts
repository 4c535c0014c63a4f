import type { HostFacts, Phase } from '../model/index.ts';

type Need = Exclude<keyof HostFacts, 'operation'>;

/** Where no load balancer speaks of a host, its machine must. */
export const wantsMachine = (phase: Phase, hasLoadBalancer: boolean): boolean =>
  FACT_NEEDS[phase].includes('machine') || (phase === 'Joining' && !hasLoadBalancer);

/**
 * Which facts a phase's guards look at. Others are not asked for: each is a call to a host, a cloud or a load balancer.
 * A fact that was not asked for is Unknown, and Unknown never moves a host.
 */
export const FACT_NEEDS: Record<Phase, readonly Need[]> = {
  Pending: ['server', 'membership'],
  Provisioning: ['server', 'membership'],
  Bootstrapping: ['server', 'membership', 'machine'],
  Deploying: ['server', 'membership', 'machine', 'app', 'probe', 'fleet'],
  Joining: ['server', 'probe', 'membership'],
  InService: ['server', 'machine', 'app', 'probe', 'membership', 'fleet'],
  Draining: ['server', 'machine', 'app', 'probe', 'membership', 'inFlight'],
  Quarantined: ['server', 'membership'],
  Departing: ['server', 'membership', 'probe'],
  Deprovisioning: ['server', 'membership'],
  Released: ['server'],
};
