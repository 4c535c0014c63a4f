import type { HostCounts } from '../model/index.ts';

/** The hosts of a pool as the decision counts them: whole, finite, never negative. */
export interface Capacity {
  /** The number that a decision starts from: what is wanted now, else what is there or coming. */
  current: number;
  inService: number;
  /**
   * Hosts that the averages already show: in service and not warming. When all of them are warming there is
   * nothing else to size from, so they are the base.
   */
  settled: number;
}

export function capacityOf(hosts: HostCounts, replicas: number | undefined): Capacity {
  const inService = count(hosts.inService);
  const settled = inService - Math.min(inService, count(hosts.warming));
  return {
    current: replicas === undefined ? inService + count(hosts.booting) : count(replicas),
    inService,
    settled: settled === 0 ? inService : settled,
  };
}

/** Above any fleet; keeps absurd values finite and the state small. */
export const MOST_HOSTS = 100_000;

const count = (value: number): number => (value > 0 ? Math.min(Math.floor(value), MOST_HOSTS) : 0);

/** Whole hosts for a demand in hosts. A quotient such as 4.2 / 0.6 must not buy a host for its rounding error. */
export function wholeHosts(demand: number): number {
  const bounded = Math.min(demand, MOST_HOSTS);
  return Math.max(0, Math.ceil(bounded - 1e-9 * Math.max(1, bounded)));
}
