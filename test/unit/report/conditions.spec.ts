import { expect } from 'chai';
import { toTimestamp } from '../../../controller/model/index.ts';
import { type ConditionDraft, clip, mergeConditions } from '../../../controller/report/conditions.ts';
import { sameJSON, withHostStatus } from '../../../controller/report/status.ts';
import { START, hostOf } from '../reconcile/bench.ts';

const draft = (change: Partial<ConditionDraft> = {}): ConditionDraft => ({ type: 'Ready', status: 'True', reason: 'HostsServe', message: '2 hosts serve', ...change });
const LATER = START + 60_000;

describe('conditions', () => {
  const before = mergeConditions(undefined, [draft()], 1, START);

  it('begin now, for this generation', () => {
    expect(before).to.deep.equal([{ ...draft(), lastTransitionTime: toTimestamp(START), observedGeneration: 1 }]);
  });
  it('keep their time while their status stays, whatever they say', () => {
    expect(mergeConditions(before, [draft({ reason: 'Other', message: '3 hosts serve' })], 2, LATER)).to.deep.equal([
      { ...draft({ reason: 'Other', message: '3 hosts serve' }), lastTransitionTime: toTimestamp(START), observedGeneration: 2 },
    ]);
  });
  for (const status of ['False', 'Unknown'] as const) {
    it(`take the time at which their status becomes ${status}`, () => {
      expect(mergeConditions(before, [draft({ status })], 1, LATER)[0]?.lastTransitionTime).to.equal(toTimestamp(LATER));
    });
  }
  it('keep those of other types, and are in the order of their types', () => {
    const merged = mergeConditions(before, [draft({ type: 'Stuck', status: 'False' }), draft({ type: 'Progressing' })], 2, LATER);
    expect(merged.map(({ type }) => type)).to.deep.equal(['Progressing', 'Ready', 'Stuck']);
    expect(merged[1]).to.deep.equal(before[0]);
  });
  it('cut a message to what the schema allows', () => {
    expect(mergeConditions(undefined, [draft({ message: 'x'.repeat(1001) })], 1, START)[0]?.message).to.have.length(1000).and.match(/x…$/);
    expect(clip('abc', 3)).to.equal('abc');
  });
});

describe("a host's status", () => {
  const host = hostOf('web-1', { phase: 'Joining', phaseSince: toTimestamp(START), reason: 'old' });

  it('moves the time of its phase only with the phase', () => {
    expect(withHostStatus(host, { phase: 'Joining', reason: 'new' }, LATER).status).to.deep.include({ phaseSince: toTimestamp(START), reason: 'new' });
    expect(withHostStatus(host, { phase: 'InService' }, LATER).status).to.deep.include({ phaseSince: toTimestamp(LATER), reason: 'old' });
  });
  it('drops what is set to undefined, and cuts texts to what the schema allows', () => {
    const { status } = withHostStatus({ ...host, status: { ...host.status, failure: { class: 'Quota', message: 'x', at: toTimestamp(START), count: 1 } } }, { failure: undefined, reason: 'r'.repeat(500) }, LATER);
    expect(JSON.parse(JSON.stringify(status))).to.not.have.property('failure');
    expect(status?.reason).to.have.length(300);
  });
});

describe('equal JSON', () => {
  it('is that of other orders of keys, and of undefined for absent', () => {
    expect(sameJSON({ a: 1, b: [{ c: 2 }] }, { b: [{ c: 2, d: undefined }], a: 1 })).to.equal(true);
  });
  for (const [a, b] of [[{ a: 1 }, { a: 2 }], [{ a: 1 }, { a: 1, b: 1 }], [[1], { 0: 1 }], [[1, 2], [2, 1]], [null, {}], [{ a: undefined }, { b: 1 }], ['1', 1]] as const) {
    it(`is not ${JSON.stringify(a)} and ${JSON.stringify(b)}`, () => {
      expect(sameJSON(a, b)).to.equal(false);
    });
  }
});
