import { expect } from 'chai';
import { enumerate, enumerated } from './enumerate.ts';
import type { PlantedBug } from './installation.ts';
import { SCENARIOS } from './scenarios.ts';

// A file of its own, so that it runs beside the others.
enumerated("the controller, stopped around calls while hosts deploy under Kamal's lock", SCENARIOS.filter(({ deploys }) => deploys === 'Kamal'));

describe('the crash suite itself, under the deploy lock', () => {
  const PLANTED: [PlantedBug, string][] = [['NoLookAtLock', 'scale-out while a person holds the deploy lock'], ['NoLookForRuns', 'scale-out by slow deploys']];
  for (const [bug, name] of PLANTED) {
    it(`finds the planted bug ${bug} in ${name}`, async function () {
      this.timeout(300_000);
      const scenario = SCENARIOS.find((candidate) => candidate.name === name);
      if (scenario === undefined) throw new Error(`no scenario ${name}`);
      const { failures } = await enumerate(scenario, bug);
      expect(failures).to.not.deep.equal([]);
    });
  }
});
