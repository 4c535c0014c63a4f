import type { Instant, Ports, ServerOwner, ServerState } from '../../../model/index.ts';

/** What is asked of the machine: one process that acts as a host. */
export interface HostOrder {
  /** Unique in the table; the server's providerID. */
  id: string;
  name: string;
  placement: string;
  /** Absent for a host that nobody bought, such as a fixed one. */
  owner?: ServerOwner;
  createdAt: Instant;
  /** Time from start until it answers; `Never` for a host that stays silent. */
  bootMilliseconds: number | 'Never';
}

/** One host of the table as it is now. */
export interface HostRecord extends HostOrder {
  state: ServerState;
  /** Known once they are bound. */
  ports?: Ports;
}

/** The hosts of one world: processes of this machine, or hosts in memory. It outlives the controller. */
export interface ProcessTable {
  /** Records the order, then starts its process. A name may occur twice: names identify nothing. */
  start(order: HostOrder): Promise<HostRecord>;
  list(): Promise<HostRecord[]>;
  /** Ends the process and removes its record; an absent one counts as stopped. */
  stop(id: string): Promise<void>;
  /** Calls back when a record appears, changes or goes. */
  watch(listener: (record: HostRecord) => void): { close(): void };
}
