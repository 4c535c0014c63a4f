import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { DecisionLog, DecisionRecord } from '../../../controller/ports/index.ts';
import { createMemoryDecisionLog, createSqliteDecisionLog } from '../../../controller/runtime/store/decision-logs.ts';
import { openDatabase } from '../../../controller/runtime/store/sqlite-database.ts';

const record = (name: string, desired: number): DecisionRecord => ({
  policy: { namespace: 'shop', name },
  decision: { time: desired, current: 1, desired, direction: 'Out', reasons: ['cpu'], recommendations: [], limitedBy: [] },
  observations: [],
});

function decisionLogContract(name: string, make: () => { log: DecisionLog; close(): void }): void {
  describe(`decision log: ${name}`, () => {
    let log: DecisionLog;
    let close: () => void;
    beforeEach(() => { ({ log, close } = make()); });
    afterEach(() => close());
    const recent = async (policy: string, count: number): Promise<number[]> =>
      (await log.recent({ namespace: 'shop', name: policy }, count)).map(({ decision }) => decision.desired);

    it('gives the newest first, of one policy', async () => {
      for (const desired of [1, 2, 3]) await log.append(record('web', desired));
      await log.append(record('jobs', 9));
      expect(await recent('web', 2)).to.deep.equal([3, 2]);
      expect(await log.recent({ namespace: 'shop', name: 'jobs' }, 10)).to.deep.equal([record('jobs', 9)]);
      expect(await recent('nobody', 10)).to.deep.equal([]);
    });

    it('keeps the last 500 of a policy', async () => {
      await log.append(record('jobs', 9));
      for (let desired = 0; desired < 510; desired += 1) await log.append(record('web', desired));
      const kept = await recent('web', 1000);
      expect([kept.length, kept[0], kept.at(-1)]).to.deep.equal([500, 509, 10]);
      expect(await recent('jobs', 10)).to.deep.equal([9]);
    });
  });
}

decisionLogContract('memory', () => ({ log: createMemoryDecisionLog(), close: () => {} }));
decisionLogContract('sqlite', () => {
  const folder = mkdtempSync(join(tmpdir(), 'decisions-'));
  const database = openDatabase(join(folder, 'store.db'), 'Create');
  return {
    log: createSqliteDecisionLog(database),
    close: () => {
      database.close();
      rmSync(folder, { recursive: true });
    },
  };
});
