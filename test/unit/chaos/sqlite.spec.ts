import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { generateWorld } from '../../support/chaos/generate.ts';
import { runWorld } from '../../support/chaos/run.ts';
import { sqliteStoresIn } from '../../support/chaos/sqlite-stores.ts';
import { withStoreEvents } from '../../support/chaos/with-store-events.ts';

/** A sample: the worlds are those of memory, and what differs is what lies under the controller. */
const SEEDS = 4;

describe('random worlds in SQLite', () => {
  it(`seeds 1 to ${SEEDS}, with a connection for each process, a backup brought back and a file that is lost`, async function () {
    this.timeout(120_000);
    const folder = mkdtempSync(join(tmpdir(), 'chaos-'));
    const failures: string[] = [];
    try {
      using sqlite = sqliteStoresIn(folder);
      for (let seed = 1; seed <= SEEDS; seed += 1) {
        const { faults, happened } = await runWorld(withStoreEvents(generateWorld(seed)), undefined, sqlite.stores);
        if (faults.length > 0) failures.push(`seed ${seed}: ${faults[0]}`);
        for (const kind of ['RestoreStore', 'LoseStore']) expect(happened.get(kind)?.done, kind).to.be.at.least(1);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
    expect(failures).to.deep.equal([]);
  });
});
