/**
 * A limit on the number of hosts from outside the metrics; the decision applies all of them in one place.
 * `Veto` forbids growth beyond `hosts`, which is the current number.
 */
export interface Constraint {
  kind: 'Ceiling' | 'Floor' | 'Veto';
  hosts: number;
  /** Short name: `maxHosts`, `minHosts`, `maxReplicas`, `dbConnections`. */
  reason: string;
  /** What would lift it, as a clause: `raise spec.maxHosts`. */
  liftedBy: string;
}
