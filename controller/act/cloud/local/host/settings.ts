import type { HostOrder } from '../process-table.ts';
import type { ProcessIdentity } from '../process-identity.ts';

/** How a host serves: the same for all hosts of a table. */
export interface HostSettings {
  /** Time after boot until the machine is ready for a deploy, as cloud-init takes it. */
  prepareMilliseconds: number;
  /** Time that the app takes to start. */
  deployMilliseconds: number;
  /** Requests that are served at once, as Puma's threads; others queue first in, first out. */
  workers: number;
  /** Mean time that a request takes a worker. */
  serviceMilliseconds: number;
  serviceTime: 'Exponential' | 'Fixed';
  /** Requests that may queue; more are refused with 503. */
  queueLimit: number;
  /** Processor time that a request burns. */
  cpuMilliseconds: number;
  /** Nominal capacity of the machine in cores: the CPU series shows the process's own use against it. */
  cores: number;
  memoryBytes: number;
  /** Program of a real kamal-proxy to stand in front of the app; absent: this process does as kamal-proxy does. */
  kamalProxy?: string;
}

/** A host with five workers of 50 ms: it saturates at 100 requests a second. */
export const defaultHostSettings: HostSettings = {
  prepareMilliseconds: 0, deployMilliseconds: 300, workers: 5, serviceMilliseconds: 50, serviceTime: 'Exponential', queueLimit: 1000,
  cpuMilliseconds: 0.3, cores: 0.1, memoryBytes: 512 * 1024 * 1024,
};

/** What stands in a host's order file. */
export interface HostAssignment {
  order: HostOrder;
  settings: HostSettings;
  /** The host ends when this process is gone; absent: only with its order file. */
  until?: ProcessIdentity;
}
