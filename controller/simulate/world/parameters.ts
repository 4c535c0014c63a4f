import type { HostQueue } from './queue.ts';

/** Everything that the simulated world is made of, but the load and chance. */
export interface WorldParameters {
  host: HostQueue;
  /** A request is bad while the modelled P95 is above. */
  p95LimitSeconds: number;
  /** Requests a second of a host above which it is short. `rateWithin` of the queue and the limit, unless it is given. */
  hostLimitRate: number;
  minHosts: number;
  maxHosts: number;
  boot: BootDelays;
  /** A draining host takes no traffic and is billed so much longer. */
  drainSeconds: number;
  scrape: ScrapeParameters;
  evaluateEverySeconds: number;
  /** What is simulated before the evaluated span and not counted, as far as the trace has it. */
  warmUpSeconds: number;
  /** Requests that wait, in seconds of the fleet's capacity; what is beyond is turned away. */
  mostBacklogSeconds: number;
  tickSeconds: number;
  /** How the provider charges; it chooses who leaves first. */
  billing: 'Second' | 'Hour';
}

/** Lognormal, clipped. */
export interface BootDelays {
  medianSeconds: number;
  sigma: number;
  leastSeconds: number;
  mostSeconds: number;
}

export interface ScrapeParameters {
  everySeconds: number;
  /** From the scrape to the moment in which a decision can know it. */
  delaySeconds: number;
  /**
   * `Hosts` know their CPU and count what they complete. A `LoadBalancer` knows no CPU, and also counts the requests that it
   * turned away, as failures.
   */
  source: 'Hosts' | 'LoadBalancer';
  /** Window of rates. */
  windowSeconds: number;
  /** Standard deviation of a further relative error of every increase. */
  noise: number;
  /** Share of scrapes that never arrive. */
  lost: number;
}

/** The world in which algorithms are compared with published results; see docs/simulate.md. */
export const REFERENCE_WORLD: WorldParameters = {
  host: { workers: 5, serviceSeconds: 0.05 },
  p95LimitSeconds: 0.2,
  hostLimitRate: 78.1,
  minHosts: 2,
  maxHosts: 60,
  boot: { medianSeconds: 60, sigma: 0.35, leastSeconds: 30, mostSeconds: 120 },
  drainSeconds: 30,
  scrape: { everySeconds: 15, delaySeconds: 5, source: 'Hosts', windowSeconds: 60, noise: 0, lost: 0 },
  evaluateEverySeconds: 15,
  warmUpSeconds: 6 * 3600,
  mostBacklogSeconds: 10,
  tickSeconds: 5,
  billing: 'Second',
};

/** Hosts that a load needs. Half a millionth of a host is a rounding error and no host. */
export const hostsNeeded = ({ hostLimitRate, minHosts }: WorldParameters, rate: number): number =>
  Math.max(minHosts, Math.ceil(rate / hostLimitRate - 5e-7));
