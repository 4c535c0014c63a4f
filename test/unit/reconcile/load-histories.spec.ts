import { expect } from 'chai';
import { ClassifiedError, type LoadHistory } from '../../../controller/model/index.ts';
import type { Documents } from '../../../controller/ports/index.ts';
import { createLoadHistories } from '../../../controller/reconcile/load-histories.ts';
import { createSimulatedClock } from '../../support/clock.ts';

const START = Date.UTC(2026, 10, 23, 12);
const STEP = 300_000;
const WEB = { namespace: 'default', name: 'web' };

describe('load histories', () => {
  const stored = new Map<string, { value: unknown; version: string }>();
  let writes = 0;
  const documents: Documents = {
    load: async (name) => structuredClone(stored.get(name)),
    async save(name, value, version) {
      if (stored.get(name)?.version !== version) throw new ClassifiedError('Conflict', 'another wrote');
      writes += 1;
      stored.set(name, { value: structuredClone(value), version: String(writes) });
      return String(writes);
    },
  };
  beforeEach(() => {
    stored.clear();
    writes = 0;
  });
  const nothing = async (): Promise<undefined> => undefined;
  const known = (history: LoadHistory): number[] => Array.from(history.loads).filter((load) => !Number.isNaN(load));

  it('are written every quarter of an hour, and there after a restart', async () => {
    const clock = createSimulatedClock(START);
    const histories = createLoadHistories(documents, clock);
    for (let minute = 0; minute < 60; minute++) {
      await histories.record(WEB, 100 + minute, nothing);
      await clock.advance(60_000);
    }
    expect(writes).to.equal(3);
    const again = await createLoadHistories(documents, clock).record(WEB, undefined, nothing);
    expect(known(again)).to.deep.equal([102, 107, 112, 117, 122, 127, 132, 137, 142]);
  });

  it('ask the metrics source until it has a past, and then never again', async () => {
    const clock = createSimulatedClock(START);
    const histories = createLoadHistories(documents, clock);
    let asked = 0;
    const answers: (LoadHistory | undefined)[] = [undefined, { startAt: START - 4 * STEP, stepSeconds: 300, loads: [1, 2, NaN, 4] }];
    const past = async (): Promise<LoadHistory | undefined> => answers[asked++];
    expect(known(await histories.record(WEB, 5, past))).to.deep.equal([]);
    await clock.advance(60_000);
    await histories.record(WEB, 5, past);
    expect(asked).to.equal(1);
    await clock.advance(600_000);
    expect(known(await histories.record(WEB, 5, past))).to.include.members([1, 2, 4]);
    await clock.advance(3_600_000);
    await histories.record(WEB, 5, past);
    expect(asked).to.equal(2);
  });

  it('give way to another instance that wrote, and read what it knows', async () => {
    const clock = createSimulatedClock(START);
    const [one, other] = [createLoadHistories(documents, clock), createLoadHistories(documents, clock)];
    await one.record(WEB, 1, nothing);
    await other.record(WEB, 2, nothing);
    await clock.advance(900_000);
    await other.record(WEB, 2, nothing);
    const refused = await one.record(WEB, 1, nothing).catch((error: unknown) => error);
    expect(refused).to.be.instanceOf(ClassifiedError);
    expect(known(await one.record(WEB, undefined, nothing))).to.deep.equal([2]);
  });
});
