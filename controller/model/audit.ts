/** Which two accounts of the installation do not agree. */
export type AuditPlace = 'Cloud' | 'Membership' | 'LoadBalancer' | 'Inventory' | 'Host';

/** Something that is not as it should be, with the one command that mends it or shows what to mend. */
export interface AuditDifference {
  place: AuditPlace;
  /** `namespace/name` of a pool or host, or a server's id. */
  subject: string;
  /** As a clause. */
  says: string;
  mend: string;
}

/** What an audit found. What could not be asked is no difference, and no agreement either. */
export interface Audit {
  differences: AuditDifference[];
  unasked: { place: AuditPlace; subject: string; why: string }[];
  /** How much was compared. */
  compared: { pools: number; hosts: number; servers: number };
}
