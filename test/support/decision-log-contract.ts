/** What every decision log must do. */
import { expect } from 'chai';
import type { DecisionLog, DecisionRecord } from '../../controller/ports/index.ts';

export interface DecisionLogUnderTest {
  log: DecisionLog;
  close(): void;
}

const record = (name: string, desired: number, namespace = 'shop'): DecisionRecord => ({
  policy: { namespace, name },
  decision: { time: desired, current: 1, desired, direction: 'Out', reasons: ['cpu'], recommendations: [], limitedBy: [] },
  observations: [{ kind: 'Value', metric: 'cpu', value: 82.5, asOf: 1000, windowSeconds: 60 }, { kind: 'Absence', metric: 'rps', asOf: 1000, windowSeconds: 60, absence: { kind: 'Stale', message: 'too old' } }],
});

export function decisionLogContract(name: string, make: () => DecisionLogUnderTest): void {
  describe(`decision log: ${name}`, () => {
    let log: DecisionLog;
    let close: () => void;
    beforeEach(() => { ({ log, close } = make()); });
    afterEach(() => close());
    const recent = async (policy: string, count: number, namespace = 'shop'): Promise<number[]> =>
      (await log.recent({ namespace, name: policy }, count)).map(({ decision }) => decision.desired);

    it('gives the newest first, of one policy', async () => {
      for (const desired of [1, 2, 3]) await log.append(record('web', desired));
      await log.append(record('jobs', 9));
      expect(await recent('web', 2)).to.deep.equal([3, 2]);
      expect(await log.recent({ namespace: 'shop', name: 'jobs' }, 10), 'as it was written, observations and all').to.deep.equal([record('jobs', 9)]);
      expect(await recent('nobody', 10)).to.deep.equal([]);
      expect(await recent('web', 0)).to.deep.equal([]);
    });

    it('tells policies of the same name in two namespaces apart', async () => {
      await log.append(record('web', 1));
      await log.append(record('web', 2, 'other'));
      expect([await recent('web', 5), await recent('web', 5, 'other')]).to.deep.equal([[1], [2]]);
    });

    it('holds what was written, whatever is done to the record afterwards', async () => {
      const written = record('web', 4);
      await log.append(written);
      written.decision.desired = 5;
      written.decision.reasons.push('changed');
      const [read] = await log.recent({ namespace: 'shop', name: 'web' }, 1);
      expect(read).to.deep.equal(record('web', 4));
      read!.decision.desired = 6;
      expect(await recent('web', 1)).to.deep.equal([4]);
    });

    it('keeps all that are written at the same time', async () => {
      await Promise.all(Array.from({ length: 20 }, async (_, desired) => log.append(record('web', desired))));
      expect((await recent('web', 100)).toSorted((a, b) => a - b)).to.deep.equal(Array.from({ length: 20 }, (_, desired) => desired));
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
