/** A rate at a time; between two points the rate changes evenly, and two points at the same time are a step. */
export interface RatePoint {
  atSeconds: number;
  requestsPerSecond: number;
}

/** Points in order of time; the load ends with the last. */
export type RateProfile = readonly RatePoint[];

/** `Poisson`: arrivals that know nothing of each other, as from many people; `Even`: as regular as the rate allows. */
export type Spacing = 'Poisson' | 'Even';

/** Seconds from the start at which requests are due, in order. `chance` gives numbers from 0 to below 1. */
export function* arrivals(profile: RateProfile, spacing: Spacing, chance: () => number): Generator<number> {
  const gap = (): number => (spacing === 'Even' ? 1 : -Math.log(1 - chance()));
  // Counted in requests: how many the rate still has to add up to before the next one is due.
  let missing = gap();
  for (const [from, to] of segments(profile)) {
    const length = to.atSeconds - from.atSeconds;
    const slope = length === 0 ? 0 : (to.requestsPerSecond - from.requestsPerSecond) / length;
    let at = 0;
    let rate = from.requestsPerSecond;
    for (;;) {
      const left = ((rate + to.requestsPerSecond) / 2) * (length - at);
      if (missing > left) {
        missing -= left;
        break;
      }
      // Time in which a rate that changes evenly adds up to `missing`.
      at = Math.min(length, at + (2 * missing) / (rate + Math.sqrt(Math.max(0, rate * rate + 2 * slope * missing))));
      rate = Math.max(0, from.requestsPerSecond + slope * at);
      yield from.atSeconds + at;
      missing = gap();
    }
  }
}

export interface TraceCut {
  /** Part of the trace to replay, in its own seconds. */
  fromSeconds: number;
  toSeconds: number;
  /** How long the replay takes. */
  overSeconds: number;
  /** The highest rate of the replay; all others keep their proportion to it. */
  peakRequestsPerSecond: number;
}

/** A piece of a recorded trace, compressed in time and scaled. `csv` has the columns `seconds,rps`. */
export function profileFromTrace(csv: string, cut: TraceCut): RateProfile {
  const bins = csv.trim().split('\n').slice(1).map((line) => line.split(',').map(Number)).filter(([at = NaN]) => at >= cut.fromSeconds && at <= cut.toSeconds);
  const peak = Math.max(0, ...bins.map(([, rate = NaN]) => rate));
  if (bins.length < 2 || !(peak > 0)) throw new Error(`the trace has no traffic between ${cut.fromSeconds} s and ${cut.toSeconds} s`);
  const speed = (cut.toSeconds - cut.fromSeconds) / cut.overSeconds;
  return bins.map(([at = NaN, rate = NaN]) => ({
    atSeconds: (at - cut.fromSeconds) / speed,
    requestsPerSecond: (rate / peak) * cut.peakRequestsPerSecond,
  }));
}

function segments(profile: RateProfile): [RatePoint, RatePoint][] {
  return profile.slice(1).map((to, index) => [profile[index]!, to]);
}
