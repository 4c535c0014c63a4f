import { expect } from 'chai';
import type { PlantedBug } from './installation.ts';
import { type Disturbance, type Mode, ROUND_MILLISECONDS, type Seen, runScenario } from './run.ts';
import type { Scenario } from './scenarios.ts';

/**
 * A stop between two effects leaves the same world wherever it falls, so stopping right after each effect, and before those
 * before which time has passed, stands for stopping before and after every call. A lost answer of a look ends a pass early:
 * of the looks of one moment (the same kind of pass over hosts in the same phases, after as many effects) one is tried, and
 * another one of them from moment to moment; all of them with `npm run test:crash`. Work under the deploy lock has several
 * times as many calls: each of its effects is disturbed in one of the three ways in turn.
 */
export const ALL = process.env['KAMAL_AUTOSCALER_CRASH'] === 'all';
const MODES: readonly Mode[] = ['StopBefore', 'StopAfter', 'LoseReply'];

export function disturbances(calls: readonly Seen[], { deploys, around }: Scenario): Disturbance[] {
  if (ALL) return calls.flatMap((_, call) => MODES.map((mode) => ({ call, mode })));
  const coarsely = deploys !== undefined;
  const looks = new Set(looksOf(calls));
  let effects = 0;
  let lastEffectAt: number | undefined;
  return calls.flatMap(({ kind, at }, call): Disturbance[] => {
    if (kind === 'Look') return looks.has(call) ? [{ call, mode: 'LoseReply' }] : [];
    const modes = MODES.filter((mode) => mode !== 'StopBefore' || at !== lastEffectAt);
    lastEffectAt = at;
    effects += 1;
    return (coarsely ? [MODES[effects % MODES.length] ?? 'StopBefore'] : modes).map((mode) => ({ call, mode }));
  }).filter(within(calls, around));
}

function within(calls: readonly Seen[], around: string | undefined): (disturbance: Disturbance) => boolean {
  if (around === undefined) return () => true;
  const times = calls.flatMap(({ moment, at }) => (moment.includes(around) ? [at] : []));
  const [first, last] = [Math.min(...times) - ROUND_MILLISECONDS, Math.max(...times)];
  return ({ call }) => calls[call]!.at >= first && calls[call]!.at <= last;
}

/** One look for each moment. */
function looksOf(calls: readonly Seen[]): number[] {
  const moments = Map.groupBy(calls.flatMap(({ kind, moment }, call) => (kind === 'Look' ? [{ moment, call }] : [])), ({ moment }) => moment);
  return [...moments.values()].map((looks, index) => looks[(index * 7) % looks.length]!.call);
}

/** Tries the scenario's calls; stops at the first few failures, for one bug shows at many calls. */
export async function enumerate(scenario: Scenario, bug?: PlantedBug): Promise<{ calls: number; tried: number; failures: string[] }> {
  const { calls } = await runScenario(scenario);
  const failures: string[] = [];
  let tried = 0;
  for (const disturbance of disturbances(calls, scenario)) {
    const { faults } = await runScenario(scenario, disturbance, bug);
    tried += 1;
    if (faults.length > 0) failures.push(`${disturbance.mode} call ${disturbance.call}: ${faults.join('; ')}`);
    if (failures.length >= 3) break;
  }
  return { calls: calls.length, tried, failures };
}

/** One test a scenario, over every call that stands for others. */
export function enumerated(title: string, scenarios: readonly Scenario[]): void {
  describe(title, () => {
    const total = { calls: 0, tried: 0 };
    after(() => console.log(`      ${total.calls} port calls; ${total.tried} stops and lost replies tried`));

    for (const scenario of scenarios) {
      it(`${scenario.name}: exactly the wanted hosts, none unowned, none twice, nothing dropped`, async function () {
        this.timeout(ALL ? 1_200_000 : 300_000);
        const calm = await runScenario(scenario);
        expect(calm.faults, 'undisturbed').to.deep.equal([]);
        const { calls, tried, failures } = await enumerate(scenario);
        total.calls += calls;
        total.tried += tried;
        expect(failures).to.deep.equal([]);
      });
    }
  });
}
