import { expect } from 'chai';
import type { PlantedBug } from './installation.ts';
import { type Disturbance, type Mode, runScenario } from './run.ts';
import type { Scenario } from './scenarios.ts';

/**
 * A stop between two effects leaves the same world wherever it falls, so stopping before and after each effect stands for
 * stopping before and after every call. A lost answer of a look ends a pass early; of these every seventh is tried, all of
 * them with `npm run test:crash`. Long scenarios, and work under the deploy lock, have several times as many calls: each effect is
 * disturbed in one of the three ways in turn, and every twenty-first look.
 */
export const ALL = process.env['KAMAL_AUTOSCALER_CRASH'] === 'all';
const MODES: readonly Mode[] = ['StopBefore', 'StopAfter', 'LoseReply'];

function disturbances(calls: readonly ('Effect' | 'Look')[], { deploys, long }: Scenario): Disturbance[] {
  const coarsely = deploys !== undefined || long === true;
  let effects = 0;
  return calls.flatMap((kind, call): Disturbance[] => {
    if (ALL || (kind === 'Effect' && !coarsely)) return MODES.map((mode) => ({ call, mode }));
    if (kind === 'Effect') {
      effects += 1;
      return [{ call, mode: MODES[effects % MODES.length] ?? 'StopBefore' }];
    }
    return call % (coarsely ? 21 : 7) === 0 ? [{ call, mode: 'LoseReply' }] : [];
  });
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
