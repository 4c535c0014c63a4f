/** What is measured of a random world's load: a value for the hosts that serve, or the want of one. */
import type { Observation } from '../../../controller/model/index.ts';
import type { MetricsSource } from '../../../controller/ports/index.ts';
import type { Blindness } from './events.ts';
import type { Surroundings } from './surroundings.ts';

/** Of the policies that people apply in a random world. */
export const CPU_TARGET = 60;

export interface ChaosMetrics {
  source: MetricsSource;
  /** As much as so many hosts take at their target. */
  load: number;
  blindness: Blindness | undefined;
  /** Since when nothing but absences was read; undefined after a value. */
  absentSince: number | undefined;
}

export function createMetrics(worldOf: () => Surroundings): ChaosMetrics {
  const metrics: ChaosMetrics = {
    load: 1, blindness: undefined, absentSince: undefined,
    source: {
      scrapeIntervalSeconds: 15,
      async read(queries) {
        const now = worldOf().clock.now();
        metrics.absentSince = metrics.blindness === undefined ? undefined : metrics.absentSince ?? now;
        return queries.map(({ metric, hosts }): Observation => {
          const seen = { metric, asOf: now, windowSeconds: 60 };
          const value = (CPU_TARGET * metrics.load) / Math.max(1, hosts.length);
          switch (metrics.blindness) {
            case undefined: return { ...seen, kind: 'Value', value };
            case 'NaN': return { ...seen, kind: 'Value', value: Number.NaN };
            case 'Partial': return { ...seen, kind: 'Value', value: value / 4, partial: true };
            case 'Empty':
            case 'Stale':
            case 'Unreachable': return { ...seen, kind: 'Absence', absence: { kind: metrics.blindness, message: `${metric} cannot be read` } };
          }
        });
      },
    },
  };
  return metrics;
}
