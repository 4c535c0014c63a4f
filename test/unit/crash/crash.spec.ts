import { expect } from 'chai';
import { ALL, enumerate, enumerated } from './enumerate.ts';
import type { PlantedBug } from './installation.ts';
import { SCENARIOS } from './scenarios.ts';

enumerated('the controller, stopped before and after every port call', SCENARIOS.filter(({ deploys }) => deploys === undefined));

describe('the crash suite itself', () => {
  const PLANTED: [PlantedBug, string][] = [['NoFinalizer', 'scale-in'], ['NoFindBeforeCreate', 'scale-out'], ['NoConfirmBeforeStop', 'scale-in']];
  for (const [bug, name] of PLANTED) {
    it(`finds the planted bug ${bug} in ${name}`, async function () {
      this.timeout(ALL ? 1_200_000 : 120_000);
      const scenario = SCENARIOS.find((candidate) => candidate.name === name);
      if (scenario === undefined) throw new Error(`no scenario ${name}`);
      const { failures } = await enumerate(scenario, bug);
      expect(failures).to.not.deep.equal([]);
    });
  }
});
