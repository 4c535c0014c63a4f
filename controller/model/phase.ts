/** Phases of a KamalHost; the lifecycle table in plan/ says what leads from one to the next. */
export const PHASES = [
  'Pending', 'Provisioning', 'Bootstrapping', 'Deploying', 'Joining', 'InService',
  'Draining', 'Quarantined', 'Departing', 'Deprovisioning', 'Released',
] as const;

export type Phase = (typeof PHASES)[number];

/** On the way into service: counts as capacity that is coming. */
export const BOOTING: readonly Phase[] = ['Pending', 'Provisioning', 'Bootstrapping', 'Deploying', 'Joining'];
/** Out, or on the way: does not count as capacity. */
export const LEAVING: readonly Phase[] = ['Draining', 'Quarantined', 'Departing', 'Deprovisioning', 'Released'];
/** Listed in the membership document. */
export const MEMBER: readonly Phase[] = ['Joining', 'InService'];
