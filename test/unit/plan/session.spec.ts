import { expect } from 'chai';
import fc from 'fast-check';
import type { LockFact } from '../../../controller/model/index.ts';
import { type Claim, type SessionFacts, type SessionStep, type SessionView, nextSessionStep } from '../../../controller/plan/index.ts';
import { at } from './builders.ts';

const OURS = 'main/1';
const claim = (host: string, over: Partial<Claim> = {}): Claim => ({ host, pool: 'web', parallel: 2, operation: 'Deploy', since: at(0), work: 'Asked', ...over });
const runs = (host: string, over: Partial<Claim> = {}): Claim => claim(host, { work: 'Runs', ...over });
const session = (over: Partial<SessionView> = {}): SessionView => ({ phase: 'Waiting', operationID: OURS, deadline: at(120), members: [], ...over });
const facts = (over: Partial<SessionFacts> = {}): SessionFacts => ({ claims: [claim('web-1')], lock: undefined, orphaned: false, longestRunSeconds: 300, ...over });

const mine: LockFact = { kind: 'Held', operationID: OURS, by: 'us', message: 'Automatic deploy lock' };
const alices: LockFact = { kind: 'Held', by: 'alice', message: 'Automatic deploy lock', since: at(0) };
const stray: LockFact = { kind: 'Held', operationID: 'main/0', by: 'us', message: 'Automatic deploy lock', since: at(0) };
const dead: LockFact = { kind: 'Unknown', class: 'Unavailable', why: 'no route to host' };
const free: LockFact = { kind: 'Free' };
const nobody: Partial<SessionFacts> = { claims: [] };

interface Row { title: string; session?: Partial<SessionView> | 'None'; facts?: Partial<SessionFacts>; now?: number; step: Partial<SessionStep> & { kind: SessionStep['kind'] } }

const rows: Row[] = [
  { title: 'nobody asks: nothing', session: 'None', facts: nobody, step: { kind: 'Nothing' } },
  { title: 'nobody asks, but an id of ours that nobody knows holds it: a session is stored to break it', session: 'None', facts: { ...nobody, lock: stray, orphaned: true }, step: { kind: 'Create' } },
  { title: 'nobody asks, and a person holds it: nothing', session: 'None', facts: { ...nobody, lock: alices }, step: { kind: 'Nothing' } },
  { title: 'the first claim stores a session before anything is acquired', session: 'None', step: { kind: 'Create', deadline: at(130) } },

  { title: 'Waiting: tries', step: { kind: 'Acquire' } },
  { title: 'Waiting: tries where it is free', facts: { lock: free }, step: { kind: 'Acquire' } },
  { title: 'Waiting: waits behind a person, and says who', facts: { lock: alices }, step: { kind: 'Wait', why: 'held by alice since 2026-01-01T00:00:00.000Z: Automatic deploy lock' } },
  { title: 'Waiting: waits for a primary that cannot be asked', facts: { lock: dead }, step: { kind: 'Wait', why: 'the deploy lock cannot be asked (Unavailable): no route to host' } },
  { title: 'Waiting: holds what carries its id, also after a crash; the time counts from then', facts: { lock: mine }, now: 50, step: { kind: 'Hold', deadline: at(170), members: ['web-1'] } },
  { title: 'Waiting: a hold right after another ends when that would have', session: { releasedAt: at(45), deadline: at(120) }, facts: { lock: mine }, now: 50, step: { kind: 'Hold', deadline: at(120) } },
  { title: 'Waiting: but not where a clock that was set back since has stored that', session: { releasedAt: at(45), deadline: at(400) }, facts: { lock: mine }, now: 50, step: { kind: 'Hold', deadline: at(170) } },
  { title: 'Waiting: lets in what the pool allows, the oldest claim first', facts: { lock: mine, claims: [claim('web-1', { since: at(3) }), claim('web-2', { since: at(1) }), claim('web-3', { since: at(2) })] }, step: { kind: 'Hold', members: ['web-2', 'web-3'] } },
  { title: 'Waiting: each pool has its own number', facts: { lock: mine, claims: [claim('web-1'), claim('web-2'), claim('web-3'), claim('job-1', { pool: 'job', parallel: 1 }), claim('job-2', { pool: 'job', parallel: 1 })] }, step: { kind: 'Hold', members: ['job-1', 'web-1', 'web-2'] } },
  { title: 'Waiting: rollbacks are prepared last', facts: { lock: mine, claims: [claim('web-1', { operation: 'Preseed', since: at(-9) }), claim('web-2'), claim('web-3')] }, step: { kind: 'Hold', members: ['web-2', 'web-3'] } },
  { title: 'Waiting, nobody asks any more: looks whether a lost answer acquired', facts: nobody, step: { kind: 'Look' } },
  { title: 'Waiting, nobody asks any more: releases what it acquired', facts: { ...nobody, lock: mine }, step: { kind: 'Release' } },
  { title: 'Waiting, nobody asks any more: never releases a person\'s', facts: { ...nobody, lock: alices }, step: { kind: 'Settle' } },
  { title: 'Waiting, nobody asks any more: does not forget what it may hold', facts: { ...nobody, lock: dead }, step: { kind: 'Wait' } },

  { title: 'an id of ours that a session knows is waited for', facts: { lock: stray }, now: 9000, step: { kind: 'Wait' } },
  { title: 'an id of ours that nobody knows is not broken while anything may run under it', facts: { lock: stray, orphaned: true }, now: 479, step: { kind: 'Wait' } },
  { title: 'nor while work of an earlier process runs', facts: { lock: stray, orphaned: true, claims: [runs('web-1')] }, now: 9000, step: { kind: 'Wait' } },
  { title: 'nor where its age is not known', facts: { lock: { ...stray, since: undefined } as never, orphaned: true }, now: 9000, step: { kind: 'Wait' } },
  { title: 'it is broken when that is over', facts: { lock: stray, orphaned: true }, now: 480, step: { kind: 'Break', operationID: 'main/0' } },
  { title: 'it is not broken before that where nobody asks, for people wait for it', facts: { ...nobody, lock: stray, orphaned: true }, now: 479, step: { kind: 'Wait' } },
  { title: 'and is broken then', facts: { ...nobody, lock: stray, orphaned: true }, now: 480, step: { kind: 'Break', operationID: 'main/0' } },
  { title: 'a session that is deleted breaks nothing', session: { endingSince: at(9) }, facts: { ...nobody, lock: stray, orphaned: true }, now: 480, step: { kind: 'Settle' } },
  { title: 'a person\'s lock is never broken', facts: { lock: alices, orphaned: false }, now: 90_000, step: { kind: 'Wait' } },

  { title: 'Held: looks now and then whether it is still held', session: { phase: 'Held', members: ['web-1'] }, step: { kind: 'Look' } },
  { title: 'Held: waits for its hosts', session: { phase: 'Held', members: ['web-1'] }, facts: { lock: mine }, step: { kind: 'Wait' } },
  { title: 'Held: lets the next in when one has ended', session: { phase: 'Held', members: ['web-1', 'web-2'] }, facts: { lock: mine, claims: [runs('web-2'), claim('web-3')] }, step: { kind: 'Admit', members: ['web-2', 'web-3'] } },
  { title: 'Held: keeps a member that goes on to its next work', session: { phase: 'Held', members: ['web-1'] }, facts: { lock: mine, claims: [claim('web-1', { operation: 'Stop', since: at(9) }), claim('web-2', { parallel: 1 })] }, step: { kind: 'Wait' } },
  { title: 'Held: what an earlier process began counts', session: { phase: 'Held' }, facts: { lock: mine, claims: [runs('web-1'), runs('web-2'), claim('web-3')] }, step: { kind: 'Admit', members: ['web-1', 'web-2'] } },
  { title: 'Held: closes when nobody asks any more', session: { phase: 'Held', members: ['web-1'] }, facts: { ...nobody, lock: mine }, step: { kind: 'Close', reason: 'Empty' } },
  { title: 'Held: closes at its deadline, whoever asks', session: { phase: 'Held', members: ['web-1'] }, facts: { lock: mine, claims: [runs('web-1'), claim('web-2')] }, now: 120, step: { kind: 'Close', reason: 'Deadline' } },
  { title: 'Held: closes when a person released it', session: { phase: 'Held', members: ['web-1'] }, facts: { lock: free }, step: { kind: 'Close', reason: 'TakenAway' } },
  { title: 'Held: closes when a person took it', session: { phase: 'Held', members: ['web-1'] }, facts: { lock: alices }, step: { kind: 'Close', reason: 'TakenAway' } },
  { title: 'Held: a primary that cannot be asked says nothing against it', session: { phase: 'Held', members: ['web-1'] }, facts: { lock: dead }, step: { kind: 'Wait' } },
  { title: 'Held: closes when it is deleted', session: { phase: 'Held', endingSince: at(9) }, facts: { lock: mine }, step: { kind: 'Close', reason: 'Deleted' } },

  { title: 'Releasing: never before the last run has ended', session: { phase: 'Releasing' }, facts: { lock: mine, claims: [runs('web-1')] }, now: 900, step: { kind: 'Wait' } },
  { title: 'Releasing: releases, whoever still asks', session: { phase: 'Releasing' }, step: { kind: 'Release' } },
  { title: 'Releasing: releases what it still holds', session: { phase: 'Releasing' }, facts: { lock: mine }, step: { kind: 'Release' } },
  { title: 'Releasing: settles when it is free', session: { phase: 'Releasing' }, facts: { lock: free }, step: { kind: 'Settle' } },
  { title: 'Releasing: never releases another\'s', session: { phase: 'Releasing' }, facts: { lock: alices }, step: { kind: 'Settle' } },
  { title: 'Releasing: does not settle while nobody can tell', session: { phase: 'Releasing' }, facts: { lock: dead }, now: 9000, step: { kind: 'Wait' } },
  { title: 'Releasing, deleted: does not hold a namespace up for ever', session: { phase: 'Releasing', endingSince: at(0) }, facts: { lock: dead }, now: 60, step: { kind: 'LetGo', lock: 'Abandoned' } },

  { title: 'Held until a time that no hold lasts, stored by a clock that was ahead: people go first', session: { phase: 'Held', deadline: at(9_000_000), members: ['web-1'] }, facts: { lock: mine }, now: 50, step: { kind: 'Close', reason: 'Deadline' } },
  { title: 'Released in the future, by a clock that was ahead: asks anew', session: { phase: 'Released', releasedAt: at(9_000_000), deadline: at(9_000_000) }, now: 50, step: { kind: 'Reopen' } },
  { title: 'Released after a hold whose deadline a clock that was ahead had stored: people go first', session: { phase: 'Released', releasedAt: at(50), deadline: at(9_000_000) }, now: 51, step: { kind: 'Wait', why: 'people who wait for the deploy lock go first' } },
  { title: 'Waiting after such a hold: does not hold until then again', session: { phase: 'Waiting', releasedAt: at(50), deadline: at(9_000_000) }, facts: { lock: mine }, now: 60, step: { kind: 'Hold', deadline: at(180) } },
  { title: 'Released at its deadline: people go first', session: { phase: 'Released', releasedAt: at(125) }, now: 144.9, step: { kind: 'Wait', why: 'people who wait for the deploy lock go first' } },
  { title: 'Released at its deadline: then a whole hold', session: { phase: 'Released', releasedAt: at(125) }, now: 145, step: { kind: 'Reopen', deadline: at(265) } },
  { title: 'Released as empty: again at once, for what is left of the hold', session: { phase: 'Released', releasedAt: at(30) }, now: 31, step: { kind: 'Reopen', deadline: at(120) } },
  { title: 'Released as empty, long ago: a whole hold', session: { phase: 'Released', releasedAt: at(30) }, now: 50, step: { kind: 'Reopen', deadline: at(170) } },
  { title: 'Released: is remembered as long as people have their turn', session: { phase: 'Released', releasedAt: at(30) }, facts: nobody, now: 49, step: { kind: 'Wait' } },
  { title: 'Released: then goes', session: { phase: 'Released', releasedAt: at(30) }, facts: nobody, now: 50, step: { kind: 'Delete' } },
  { title: 'Released and deleted: goes', session: { phase: 'Released', releasedAt: at(30), endingSince: at(31) }, now: 31, step: { kind: 'LetGo', lock: 'NotHeld' } },
];

describe('nextSessionStep', () => {
  for (const row of rows) {
    it(row.title, () => {
      const view = row.session === 'None' ? undefined : session(row.session);
      expect(nextSessionStep(view, facts(row.facts), at(row.now ?? 10))).to.deep.include(row.step);
    });
  }
});

const someClaim = (index: number): fc.Arbitrary<Claim> => fc.record({
  pool: fc.constantFrom('web', 'job'), operation: fc.constantFrom('Deploy' as const, 'Stop' as const, 'Preseed' as const),
  since: fc.integer({ min: 0, max: 200 }).map(at), work: fc.constantFrom('Asked' as const, 'Runs' as const),
}).map((over) => claim(`host-${index}`, { ...over, parallel: over.pool === 'web' ? 3 : 1 }));
const someSession: fc.Arbitrary<SessionView | undefined> = fc.option(fc.record({
  phase: fc.constantFrom('Waiting' as const, 'Held' as const, 'Releasing' as const, 'Released' as const),
  deadline: fc.integer({ min: 0, max: 400 }).map(at), members: fc.subarray(['host-0', 'host-1', 'host-2', 'host-3', 'gone']),
  releasedAt: fc.option(fc.integer({ min: 0, max: 300 }).map(at), { nil: undefined }), endingSince: fc.option(fc.integer({ min: 0, max: 300 }).map(at), { nil: undefined, freq: 5 }),
}).map((over) => session(over as Partial<SessionView>)), { nil: undefined, freq: 9 });
const someFacts: fc.Arbitrary<SessionFacts> = fc.record({
  claims: fc.subarray([0, 1, 2, 3, 4, 5]).chain((indexes) => fc.tuple(...indexes.map(someClaim))),
  lock: fc.constantFrom(undefined, free, mine, alices, stray, dead), orphaned: fc.boolean(), longestRunSeconds: fc.constant(300),
}).map((one) => ({ ...one, orphaned: one.orphaned && one.lock === stray }));

describe('nextSessionStep, laws', () => {
  const NOW = at(300);
  const law = (check: (view: SessionView | undefined, seen: SessionFacts, step: SessionStep) => void): void =>
    fc.assert(fc.property(someSession, someFacts, (view, seen) => check(view, seen, nextSessionStep(view, seen, NOW))), { numRuns: 5000 });

  it('never gives a lock away while anything runs under it', () => law((_view, seen, step) => {
    if (step.kind === 'Release' || step.kind === 'Break') expect(seen.claims.filter(({ work }) => work === 'Runs')).to.deep.equal([]);
  }));

  it('never releases what is known to be another\'s, and breaks only an id of ours that nobody knows', () => law((_view, seen, step) => {
    if (step.kind === 'Release') expect(seen.lock?.kind === 'Held' && seen.lock.operationID !== OURS).to.equal(false);
    if (step.kind === 'Break') expect([seen.orphaned, seen.lock]).to.deep.equal([true, stray]);
  }));

  it('holds only what carries its id', () => law((_view, seen, step) => {
    if (step.kind === 'Hold') expect(seen.lock).to.equal(mine);
  }));

  it('lets nobody in past the deadline, and no more hosts of a pool than it allows beside what runs', () => law((view, seen, step) => {
    if (step.kind !== 'Hold' && step.kind !== 'Admit') return;
    if (step.kind === 'Admit') expect(view!.deadline).to.be.greaterThan(NOW);
    for (const pool of ['web', 'job']) {
      const members = seen.claims.filter((one) => one.pool === pool && step.members.includes(one.host));
      const before = members.filter(({ host, work }) => work === 'Runs' || view!.members.includes(host));
      expect(members.length).to.be.at.most(Math.max(before.length, pool === 'web' ? 3 : 1));
    }
    for (const member of step.members) expect(seen.claims.some(({ host }) => host === member)).to.equal(true);
  }));

  it('every wait ends', () => law((_view, _seen, step) => {
    if (step.kind === 'Wait') expect(step.afterSeconds).to.be.within(0.001, 300);
  }));
});
