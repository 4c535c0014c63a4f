import type { Phase } from '../model/index.ts';

/** One row of the lifecycle table. */
export interface Transition {
  from: Phase | 'any';
  to: Phase;
  /** Name of the guard that is asked. */
  guard: string;
  /** What the guard observes, for people. */
  text: string;
}

const TABLE = [
  { from: 'any', to: 'Departing', guard: 'Vanished', text: 'the provider lists the server no more, though it was recorded, and nothing answers in its place' },

  { from: 'Pending', to: 'Draining', guard: 'MemberUnwanted', text: 'intent Drain, quarantine or deletion of the host alone, while a load balancer lists it (an adopted server)' },
  { from: 'Pending', to: 'Quarantined', guard: 'SetApart', text: 'quarantine of a server that is there and no member' },
  { from: 'Pending', to: 'Deprovisioning', guard: 'Unwanted', text: 'intent Drain or deletion of the host alone' },
  { from: 'Pending', to: 'Provisioning', guard: 'Stored', text: 'the object is stored with its finalizer; the purchase gate is asked right before the create call' },

  { from: 'Provisioning', to: 'Draining', guard: 'MemberUnwanted', text: 'as from Pending' },
  { from: 'Provisioning', to: 'Quarantined', guard: 'SetApart', text: 'as from Pending' },
  { from: 'Provisioning', to: 'Deprovisioning', guard: 'Unwanted', text: 'intent Drain or deletion of the host alone' },
  { from: 'Provisioning', to: 'Bootstrapping', guard: 'ServerRuns', text: 'exactly one server with this UID, running, with an address' },
  { from: 'Provisioning', to: 'Draining', guard: 'MemberStartFailed', text: 'start deadline passed, while a load balancer lists it' },
  { from: 'Provisioning', to: 'Deprovisioning', guard: 'StartFailed', text: 'start deadline passed, or the provider says that the server will not come up' },

  { from: 'Bootstrapping', to: 'Draining', guard: 'MemberUnwanted', text: 'as from Pending' },
  { from: 'Bootstrapping', to: 'Quarantined', guard: 'SetApart', text: 'as from Pending' },
  { from: 'Bootstrapping', to: 'Deprovisioning', guard: 'Unwanted', text: 'intent Drain or deletion of the host alone' },
  { from: 'Bootstrapping', to: 'Deploying', guard: 'MachineReady', text: 'SSH answers with the pinned host key that the machine made itself, Docker answers, cloud-init is done' },
  { from: 'Bootstrapping', to: 'Draining', guard: 'MemberStartFailed', text: 'its own host key could not take over or start deadline passed, while a load balancer lists it' },
  { from: 'Bootstrapping', to: 'Deprovisioning', guard: 'StartFailed', text: 'its own host key could not take over or start deadline passed; a wrong host key counts as a failed start of class HostKey' },

  { from: 'Deploying', to: 'Departing', guard: 'MemberPowerGone', text: 'after it was a member: the provider says that the server is off or leaving' },
  { from: 'Deploying', to: 'Draining', guard: 'MemberUnwanted', text: 'intent Drain, quarantine or deletion of the host alone, after it was a member' },
  { from: 'Deploying', to: 'Quarantined', guard: 'SetApart', text: 'as from Pending' },
  { from: 'Deploying', to: 'Deprovisioning', guard: 'Unwanted', text: 'intent Drain or deletion of the host alone' },
  { from: 'Deploying', to: 'Joining', guard: 'AppReady', text: "the role's readiness: wanted version, routed, the fleet's image, environment and options, and the probe answers; then the pool's further paths answer and its warm-up paths were asked; no hold on joins" },
  { from: 'Deploying', to: 'Draining', guard: 'MemberStartFailed', text: 'deploy failed for good or start deadline passed, after it was a member' },
  { from: 'Deploying', to: 'Deprovisioning', guard: 'StartFailed', text: 'deploy failed for good or start deadline passed' },

  { from: 'Joining', to: 'Departing', guard: 'PowerGone', text: 'the provider says that the server is off or leaving' },
  { from: 'Joining', to: 'Draining', guard: 'ServingUnwanted', text: 'intent Drain, quarantine or deletion of the host alone' },
  { from: 'Joining', to: 'InService', guard: 'Confirmed', text: 'every load balancer lists it up, one health-check interval later still; roles without one: at once' },
  { from: 'Joining', to: 'Draining', guard: 'JoinFailed', text: 'start deadline passed' },

  { from: 'InService', to: 'Departing', guard: 'PowerGone', text: 'the provider says that the server is off or leaving' },
  { from: 'InService', to: 'Draining', guard: 'ServingUnwanted', text: 'intent Drain (scale-in or replacement), quarantine or deletion of the host alone' },
  { from: 'InService', to: 'Deploying', guard: 'SeenDown', text: 'a load balancer calls it down and it does not answer, or no app serves there, while at least half of the others are up: it comes back by the checks of a newcomer' },
  { from: 'InService', to: 'Deploying', guard: 'Changed', text: 'it was started anew and is not as the fleet is, its proxy refuses requests while the fleet serves, or it shows another host key; while at least half of the others are up' },
  { from: 'InService', to: 'Deploying', guard: 'ErrorsExceed', text: 'a newcomer whose error rate exceeds that of its siblings; no other host of its version joins either' },

  { from: 'Draining', to: 'Departing', guard: 'PowerGone', text: 'the provider says that the server is off or leaving' },
  { from: 'Draining', to: 'Deploying', guard: 'TakenBack', text: 'intent Serve again before the stop was started; version, routing and membership are checked anew' },
  { from: 'Draining', to: 'Quarantined', guard: 'DrainedApart', text: "quarantine: no load balancer lists it and the role's drain is done; its app goes on without requests, jobs are stopped" },
  { from: 'Draining', to: 'Deprovisioning', guard: 'Drained', text: "no load balancer lists it, the role's drain is done or its deadline passed, the app is stopped, the KamalHost has its deletion" },

  { from: 'Quarantined', to: 'Draining', guard: 'MemberUnwanted', text: 'deletion of the host alone, or released with intent Drain, after it was a member' },
  { from: 'Quarantined', to: 'Deprovisioning', guard: 'Unwanted', text: 'deletion of the host alone, or released with intent Drain' },
  { from: 'Quarantined', to: 'Provisioning', guard: 'Freed', text: 'released with intent Serve: all is looked at anew' },

  { from: 'Departing', to: 'Draining', guard: 'ServerBack', text: 'the server runs and answers again: it leaves as any other, or is taken back' },
  { from: 'Departing', to: 'Deprovisioning', guard: 'Departed', text: 'no load balancer lists it, the KamalHost has its deletion' },

  { from: 'Deprovisioning', to: 'Quarantined', guard: 'SetApart', text: 'quarantine before the KamalHost has its deletion' },
  { from: 'Deprovisioning', to: 'Released', guard: 'ServerGone', text: 'the provider says absent, in a snapshot taken after every effect has settled' },
  { from: 'Released', to: 'Deprovisioning', guard: 'ServerAppeared', text: 'a late create call had its effect after all' },
] as const satisfies readonly Transition[];

export type Guard = (typeof TABLE)[number]['guard'];

/** Every transition that there is, in the order in which the guards of a phase are asked. */
export const LIFECYCLE: readonly (Transition & { guard: Guard })[] = TABLE;
