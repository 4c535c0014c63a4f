import { expect } from 'chai';
import { generateWorld } from '../../support/chaos/generate.ts';
import { runWorld } from '../../support/chaos/run.ts';

/** So many worlds in every run of the tests; `npm run chaos` runs as many as one likes. */
const SEEDS = 30;

describe('random worlds', () => {
  it(`seeds 1 to ${SEEDS}: nothing is leaked, bought twice, overspent or dropped, and all come to rest`, async function () {
    this.timeout(300_000);
    const failures: string[] = [];
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const { faults } = await runWorld(generateWorld(seed));
      if (faults.length > 0) failures.push(`seed ${seed}: ${faults[0]}; shrink it: npm run chaos -- --from ${seed} --seeds 1`);
    }
    expect(failures).to.deep.equal([]);
  });
});
