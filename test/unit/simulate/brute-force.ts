/**
 * The cheapest of all plans, by trying them. Nothing of the oracles' reasoning is used: no levels, no greed. Hosts that
 * are there at the begin cost no boot; what drains after the end costs nothing.
 */

/** Host-ticks paid: booting, serving and draining. */
export function leastHostTicks(needs: readonly number[], bootTicks: number, drainTicks: number): number {
  const most = Math.max(...needs);
  const memo = new Map<string, number>();
  /** `booting[i]` become ready in i + 1 ticks; `draining[i]` are paid for i + 1 more ticks. */
  const best = (tick: number, ready: number, booting: readonly number[], draining: readonly number[]): number => {
    if (tick === needs.length) return 0;
    const key = JSON.stringify([tick, ready, booting, draining]);
    const known = memo.get(key);
    if (known !== undefined) return known;
    let least = Infinity;
    // What began to boot so many ticks ago serves from this tick on; then hosts may leave, and others be launched.
    const [arriving = 0, ...later] = booting;
    const [, ...leaving] = draining;
    for (let stay = Math.min(ready + arriving, most); stay >= needs[tick]!; stay--) {
      const drains = [...leaving, ready + arriving - stay];
      for (let launches = 0; launches <= most; launches++) {
        const boots = [...later, launches];
        const paid = stay + sum(boots) + sum(drains);
        least = Math.min(least, paid + best(tick + 1, stay, boots, drains));
      }
    }
    memo.set(key, least);
    return least;
  };
  // Launches that would be ready within the first ticks happened before them, and are paid from the begin on.
  let least = Infinity;
  const tryBoots = (boots: number[]): void => {
    if (boots.length < bootTicks) {
      for (let hosts = 0; hosts <= most; hosts++) tryBoots([...boots, hosts]);
      return;
    }
    // boots[0] are ready at tick 0 and cost nothing before it.
    const [first = 0, ...rest] = boots;
    least = Math.min(least, best(0, first, [0, ...rest], Array.from({ length: drainTicks }, () => 0)));
  };
  tryBoots([]);
  return least;
}

export interface HourTicks {
  bootTicks: number;
  drainTicks: number;
  hourTicks: number;
}

/** Hours started at tick 0 or later. A host boots within its first hour, and drains within the hour that it paid last. */
export function fewestHours(needs: readonly number[], { bootTicks, drainTicks, hourTicks }: HourTicks): number {
  const most = Math.max(...needs);
  const memo = new Map<string, number>();
  /** A host is the tick from which it serves and the tick in which it stops, unless another hour is bought then. */
  const best = (tick: number, hosts: readonly (readonly [from: number, to: number])[]): number => {
    if (tick === needs.length) return 0;
    const relative = hosts.map(([from, to]) => [Math.max(0, from - tick), to - tick]).toSorted((a, b) => a[1]! - b[1]! || a[0]! - b[0]!);
    const key = JSON.stringify([tick, relative]);
    const known = memo.get(key);
    if (known !== undefined) return known;
    const ending = hosts.filter(([, to]) => to === tick);
    const others = hosts.filter(([, to]) => to > tick);
    let least = Infinity;
    // More hosts than are ever needed are never of use.
    for (let kept = 0; kept <= ending.length; kept++) {
      const prolonged = Array.from({ length: kept }, () => [tick, tick + hourTicks] as const);
      for (let launches = 0; launches <= most - others.length - kept; launches++) {
        const launched = Array.from({ length: launches }, () => [tick + bootTicks, tick + hourTicks - drainTicks] as const);
        const all = [...others, ...prolonged, ...launched];
        if (all.filter(([from]) => from <= tick).length < needs[tick]!) continue;
        // The hour of a kept host begins a drain later, when the paid one ends: it counts if that is within the span or after.
        least = Math.min(least, launches + kept + best(tick + 1, all));
      }
    }
    memo.set(key, least);
    return least;
  };
  // At the begin hosts are there whose hour begins with the span; launches before it would boot and are paid before.
  let least = Infinity;
  for (let first = needs[0]!; first <= most; first++) {
    least = Math.min(least, first + best(0, Array.from({ length: first }, () => [0, hourTicks - drainTicks] as const)));
  }
  return least;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
