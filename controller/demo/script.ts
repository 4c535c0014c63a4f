import type { RateProfile } from './load-profile.ts';
import type { LoadPhase } from './load-records.ts';

/** What happens in the demo, and how large its world is. Times in seconds, rates in requests per second. */
export interface Script {
  calmRate: number;
  spikeRate: number;
  calmSeconds: number;
  riseSeconds: number;
  spikeSeconds: number;
  fallSeconds: number;
  /** Calm after the spike, in which hosts are drained. */
  tailSeconds: number;
  /** Rate that the policy wants a host to carry. */
  hostRate: number;
  leastHosts: number;
  mostHosts: number;
  bootMilliseconds: number;
  /** How long the controller looks back before it removes hosts. */
  scaleInWindowSeconds: number;
}

/** A host saturates at 100 requests a second: the spike is a little too much for the two calm ones, five carry it with ease. */
export const FULL_SCRIPT: Script = {
  calmRate: 40, spikeRate: 210, calmSeconds: 15, riseSeconds: 3, spikeSeconds: 32, fallSeconds: 2, tailSeconds: 30,
  hostRate: 42, leastHosts: 2, mostHosts: 6, bootMilliseconds: 3_500, scaleInWindowSeconds: 10,
};

/** The same story in a third of the time. */
export const SHORT_SCRIPT: Script = {
  calmRate: 15, spikeRate: 120, calmSeconds: 3, riseSeconds: 1, spikeSeconds: 8, fallSeconds: 1, tailSeconds: 9,
  hostRate: 50, leastHosts: 1, mostHosts: 4, bootMilliseconds: 500, scaleInWindowSeconds: 1,
};

export const PHASES_OF_LOAD = ['before', 'spike', 'after'] as const;
export type PhaseOfLoad = (typeof PHASES_OF_LOAD)[number];

/** When the load begins to rise. */
export const spikeBegins = ({ calmSeconds }: Script): number => calmSeconds;

/** When the load begins to fall. */
export const spikeEnds = (script: Script): number => script.calmSeconds + script.riseSeconds + script.spikeSeconds;

export const loadEnds = (script: Script): number => spikeEnds(script) + script.fallSeconds + script.tailSeconds;

/** Hosts that carry the spike at the rate which the policy wants. */
export const neededHosts = ({ spikeRate, hostRate, leastHosts }: Script): number => Math.max(leastHosts, Math.ceil(spikeRate / hostRate));

/** The load, which may go on for some more seconds after its end. */
export function profileOf(script: Script, moreSeconds: number): RateProfile {
  const { calmRate, spikeRate } = script;
  return [
    { atSeconds: 0, requestsPerSecond: calmRate },
    { atSeconds: spikeBegins(script), requestsPerSecond: calmRate },
    { atSeconds: spikeBegins(script) + script.riseSeconds, requestsPerSecond: spikeRate },
    { atSeconds: spikeEnds(script), requestsPerSecond: spikeRate },
    { atSeconds: spikeEnds(script) + script.fallSeconds, requestsPerSecond: calmRate },
    { atSeconds: loadEnds(script) + moreSeconds, requestsPerSecond: calmRate },
  ];
}

export function phasesOf(script: Script): (LoadPhase & { name: PhaseOfLoad })[] {
  return [
    { name: 'before', fromSeconds: 0 },
    { name: 'spike', fromSeconds: spikeBegins(script) },
    { name: 'after', fromSeconds: spikeEnds(script) + script.fallSeconds },
  ];
}
