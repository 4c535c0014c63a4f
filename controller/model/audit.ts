/** Which two accounts of the installation do not agree. */
export type AuditPlace = 'Cloud' | 'Ledger' | 'Membership' | 'LoadBalancer' | 'Inventory' | 'Host' | 'DeployLock';

/** Something that is not as it should be, with the one command that mends it or shows what to mend. */
export interface AuditDifference {
  place: AuditPlace;
  /** `namespace/name` of a pool or host, a server's id, a cloud, a document, or the service whose deploy lock it is (`shop`, `shop.production`). */
  subject: string;
  /** As a clause. */
  says: string;
  mend: string;
}

/** One of Kamal's deploy locks that somebody holds. */
export interface AuditLock {
  service: string;
  destination?: string;
  by: string;
  message: string;
  /** RFC 3339; absent where the lock does not say. */
  since?: string;
  /** `namespace/name` of the DeploySession under which this installation holds it; absent where no session that lives does. */
  session?: string;
}

/** What an audit found. What could not be asked is no difference, and no agreement either. */
export interface Audit {
  differences: AuditDifference[];
  /** Deploy locks that are held, also where nothing is wrong with that. */
  locks: AuditLock[];
  unasked: { place: AuditPlace; subject: string; why: string }[];
  /** How much was compared. */
  compared: { pools: number; hosts: number; servers: number };
}
