import { expect } from 'chai';
import fc from 'fast-check';
import type { Scenario, Tick } from '../../../controller/simulate/index.ts';
import { measure, REFERENCE_WORLD } from '../../../controller/simulate/index.ts';
import { clairvoyantByHour } from '../../../controller/simulate/oracle/by-hour.ts';
import { clairvoyantBySecond } from '../../../controller/simulate/oracle/by-second.ts';
import { fewestHours, leastHostTicks } from './brute-force.ts';

const HOUR_TICKS = 6;
const TICK = 3600 / HOUR_TICKS;

/** Ticks so long that an hour has few of them, with these needs one by one. */
function scenarioOf(needs: readonly number[], bootTicks: number, drainTicks: number): Scenario {
  return {
    // Three equal bins about the begin of each tick, where the load is read.
    trace: { binSeconds: TICK / 3, rates: Float64Array.from(needs.flatMap((_, tick) => [needs[tick]!, needs[tick]!, needs[tick + 1] ?? needs[tick]!])) },
    evaluated: { from: 0, to: needs.length * TICK },
    parameters: {
      ...REFERENCE_WORLD, tickSeconds: TICK, hostLimitRate: 1, minHosts: 1, drainSeconds: drainTicks * TICK,
      boot: { ...REFERENCE_WORLD.boot, medianSeconds: bootTicks * TICK },
    },
    seed: 1,
    epoch: 0,
  };
}

const cases = fc.record({
  needs: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 13 }),
  bootTicks: fc.integer({ min: 1, max: 2 }),
  drainTicks: fc.integer({ min: 1, max: 2 }),
});

describe('simulate: whoever knows the future', () => {
  for (const [name, clairvoyant] of [['by the second', clairvoyantBySecond], ['by the hour', clairvoyantByHour]] as const) {
    it(`billed ${name}, is never short and shows each tick once`, () => {
      fc.assert(fc.property(cases, ({ needs, bootTicks, drainTicks }) => {
        const ticks: Tick[] = [];
        clairvoyant(scenarioOf(needs, bootTicks, drainTicks), (tick) => ticks.push({ ...tick }));
        expect(ticks.map(({ needed }) => needed)).to.deep.equal(needs);
        for (const { ready, needed } of ticks) expect(ready).to.be.at.least(needed);
      }));
    });
  }

  it('billed by the second, pays no more than the cheapest of all plans', () => {
    fc.assert(fc.property(cases, ({ needs, bootTicks, drainTicks }) => {
      const { hostHours } = measure(scenarioOf(needs, bootTicks, drainTicks), { kind: 'Clairvoyant', billing: 'Second' });
      expect(Math.round((hostHours * 3600) / TICK)).to.equal(leastHostTicks(needs, bootTicks, drainTicks));
    }), { numRuns: 200 });
  });

  it('billed by the hour, starts no more hours than the cheapest of all plans', () => {
    fc.assert(fc.property(cases, ({ needs, bootTicks, drainTicks }) => {
      const { startedHours } = measure(scenarioOf(needs, bootTicks, drainTicks), { kind: 'Clairvoyant', billing: 'Hour' });
      expect(startedHours).to.equal(fewestHours(needs, { bootTicks, drainTicks, hourTicks: HOUR_TICKS }));
    }), { numRuns: 300 });
  });

  it('holds a host through a pause that costs no more than a drain and a boot, and lets it go through a longer one', () => {
    const paused = (ticks: number): number[] => {
      const ready: number[] = [];
      const needs = [2, ...Array.from({ length: ticks }, () => 1), 2, 2];
      clairvoyantBySecond(scenarioOf(needs, 2, 1), (tick) => ready.push(tick.ready));
      return ready;
    };
    expect(paused(3)).to.deep.equal([2, 2, 2, 2, 2, 2]);
    expect(paused(4)).to.deep.equal([2, 1, 1, 1, 1, 2, 2]);
  });
});
