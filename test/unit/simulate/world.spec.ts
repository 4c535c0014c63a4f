import { expect } from 'chai';
import type { Algorithm, Scenario, Tick, WorldParameters } from '../../../controller/simulate/index.ts';
import type { Moment } from '../../../controller/simulate/engine-input.ts';
import { measure, REFERENCE_WORLD } from '../../../controller/simulate/index.ts';
import { runWorld } from '../../../controller/simulate/world/run.ts';

const EPOCH = Date.UTC(2026, 0, 5);
const MINUTE = 60;

/** Minutes of constant rates; interpolation blurs half a bin at each change. */
const scenarioOf = (rates: readonly number[], binSeconds = MINUTE, parameters: Partial<WorldParameters> = {}): Scenario => ({
  trace: { binSeconds, rates: Float64Array.from(rates) },
  evaluated: { from: 0, to: rates.length * binSeconds },
  parameters: { ...REFERENCE_WORLD, minHosts: 1, ...parameters },
  seed: 1,
  epoch: EPOCH,
});

const always = (hosts: number): Algorithm => ({ name: 'always', explanation: '', start: () => () => hosts });
/** Follows a script of evaluation number to hosts. */
const scripted = (hosts: (evaluation: number, moment: Moment) => number): Algorithm => ({
  name: 'scripted', explanation: '', start: () => {
    let evaluation = 0;
    return (moment) => hosts(evaluation++, moment);
  },
});

function ticksOf(scenario: Scenario, algorithm: Algorithm): Tick[] {
  const ticks: Tick[] = [];
  runWorld(scenario, algorithm, (tick) => ticks.push({ ...tick }));
  return ticks;
}

describe('simulate: the world', () => {
  it('lets an overload of 50 % grow as a fluid: after t seconds half of t waits, up to 10 s, and drains as fast as there is room', () => {
    // One host of 100 requests/s gets 150, then 50.
    const rates = [...Array.from({ length: 12 }, () => 150), ...Array.from({ length: 48 }, () => 50)];
    const ticks = ticksOf(scenarioOf(rates, 5, { maxHosts: 1 }), always(1));
    const idle = (tick: Tick): number => tick.p95Seconds;
    // In the k-th tick 2.5 k s wait: less the curve's own part, which is the same in every overloaded tick.
    const saturated = idle(ticks[1]!) - 5;
    for (const [index, waits] of [[0, 2.5], [1, 5], [2, 7.5], [3, 10], [8, 10]] as const) expect(ticks[index]!.p95Seconds - saturated).to.be.closeTo(waits, 1e-6);
    expect(ticks[2]!.turnedAway).to.equal(0);
    expect(ticks[5]!.turnedAway).to.be.closeTo(250, 1e-6);
    // 1,000 waiting requests and 50 new ones a second at 100 a second: 20 s from the last overloaded tick on.
    const drained = ticks.findIndex(({ p95Seconds }, index) => index > 12 && p95Seconds < 0.2);
    expect(drained * 5).to.be.within(60 + 15, 60 + 25);
  });

  it('counts completions, which saturate, and shows the overload in requests in flight', () => {
    const moments: Moment[] = [];
    runWorld(scenarioOf(Array.from({ length: 20 }, () => 300), MINUTE, { maxHosts: 1 }), scripted((_, moment) => {
      moments.push(structuredClone(moment));
      return 1;
    }), () => undefined);
    const late = moments.at(-1)!;
    expect(late.metrics['rps']).to.be.closeTo(100, 4);
    expect(late.metrics['cpu']).to.be.at.most(100);
    expect(late.metrics['inFlight']).to.be.closeTo(1000, 100);
    expect(late.metrics['p95']).to.be.greaterThan(5);
  });

  it('is scraped every 15 s and knows it 5 s later: nothing before two scrapes', () => {
    const known: (number | null)[] = [];
    runWorld(scenarioOf(Array.from({ length: 5 }, () => 50)), scripted((_, { metrics }) => {
      known.push(metrics['rps'] ?? null);
      return 1;
    }), () => undefined);
    expect(known.map((value) => value !== null)).to.deep.equal(known.map((_, evaluation) => evaluation >= 3));
  });

  it('gives the k-th launch the k-th delay, whoever launches', () => {
    const boots = (algorithm: Algorithm): number[] => {
      const seen: number[] = [];
      const watched: Algorithm = { ...algorithm, start: () => {
        const decide = algorithm.start();
        return (moment) => {
          seen.push(...moment.bootSeconds ?? []);
          return decide(moment);
        };
      } };
      runWorld(scenarioOf(Array.from({ length: 60 }, () => 50)), watched, () => undefined);
      return seen.map((seconds) => Math.round(seconds * 1e6) / 1e6).toSorted((a, b) => a - b);
    };
    const atOnce = boots(scripted(() => 21));
    const oneByOne = boots(scripted((evaluation) => Math.min(21, 1 + evaluation)));
    expect(atOnce).to.have.length(20);
    expect(oneByOne).to.deep.equal(atOnce);
    for (const seconds of atOnce) expect(seconds).to.be.within(30, 120);
  });

  it('scales in booting hosts first, the youngest first, and bills a drain of 30 s', () => {
    // 3 at once, then to 2: a boot is cancelled after 15 s; to 1 when all serve: a drain.
    const script = [3, 2, ...Array.from({ length: 18 }, () => 2), 1];
    const scenario = scenarioOf(Array.from({ length: 20 }, () => 50));
    const ticks = ticksOf(scenario, scripted((evaluation) => script[evaluation] ?? 1));
    expect(ticks[0]).to.include({ ready: 1, booting: 2 });
    expect(ticks[3]).to.include({ ready: 1, booting: 1, draining: 0 });
    expect(ticks[57 + 6]).to.include({ ready: 1, draining: 1 });
    expect(ticks.filter(({ draining }) => draining > 0)).to.have.length(30 / 5);
    const measures = measure(scenario, { kind: 'Algorithm', algorithm: scripted((evaluation) => script[evaluation] ?? 1) });
    // The host that stays 1,200 s, a cancelled boot 15 s, another 300 s and its drain 30 s.
    expect(measures.hostHours * 3600).to.be.closeTo(1200 + 15 + 300 + 30, 1e-6);
    expect(measures.startedHours).to.equal(3);
    expect(measures.actionsPerDay * measures.days).to.be.closeTo(3, 1e-9);
  });

  it('lets the host with the least paid time left go first when hours are charged, else the newest', () => {
    const left = (billing: 'Second' | 'Hour'): number[] => {
      let launches: readonly number[] = [];
      // One from the begin, one at 30 min, one at 45; at 58 min one leaves: by the hour that from the begin, whose hour ends.
      const script = (evaluation: number): number => (evaluation < 120 ? 1 : evaluation < 180 ? 2 : evaluation < 232 ? 3 : 2);
      runWorld(scenarioOf(Array.from({ length: 62 }, () => 50), MINUTE, { billing }), scripted((evaluation, moment) => {
        launches = moment.launchedAt ?? [];
        return script(evaluation);
      }), () => undefined);
      return launches.map((launchedAt) => (launchedAt - EPOCH) / 60_000);
    };
    expect(left('Hour')).to.deep.equal([30, 45]);
    expect(left('Second')).to.deep.equal([0, 30]);
  });

  it('is the same for the same seed and another for another', () => {
    const scenario = scenarioOf(Array.from({ length: 60 }, (_, minute) => 200 + 2 * minute), MINUTE);
    const seen = (seed: number): number[] => {
      const values: number[] = [];
      runWorld({ ...scenario, seed }, scripted((_, { metrics }) => {
        values.push(metrics['rps'] ?? 0);
        return 5;
      }), () => undefined);
      return values;
    };
    expect(seen(7)).to.deep.equal(seen(7));
    expect(seen(7)).not.to.deep.equal(seen(8));
  });

  it('from a load balancer knows no CPU and also counts the requests that were turned away', () => {
    const rates = Array.from({ length: 20 }, () => 300);
    let last: Moment['metrics'] = {};
    runWorld(scenarioOf(rates, MINUTE, { maxHosts: 1, scrape: { ...REFERENCE_WORLD.scrape, source: 'LoadBalancer' } }), scripted((_, { metrics }) => {
      last = metrics;
      return 1;
    }), () => undefined);
    expect(last['cpu']).to.equal(null);
    expect(last['rps']).to.be.closeTo(300, 10);
  });

  it('refuses an answer that is no number', () => {
    expect(() => runWorld(scenarioOf([1, 1]), scripted(() => NaN), () => undefined)).to.throw(RangeError, 'scripted answered NaN hosts');
  });
});
