import { expect } from 'chai';
import type { Constraint } from '../../../controller/model/index.ts';
import { decide, direct, hostsOf, policyOf, stream, valuesOf, desiredOf } from './build.ts';

const rps = (total: number) => valuesOf({ rps: total });
const quota = (hosts: number): Constraint => ({ kind: 'Ceiling', hosts, reason: 'quota', liftedBy: 'ask the provider for more' });
const schedule = (hosts: number): Constraint => ({ kind: 'Floor', hosts, reason: 'schedule market', liftedBy: 'wait until 18:00' });
const freeze: Constraint = { kind: 'Veto', hosts: 4, reason: 'deploy', liftedBy: 'wait for the deploy to end' };

/** 4 hosts in service but where a row says otherwise. */
const rows: { name: string; total: number; min?: number; max?: number; hosts?: number; constraints?: Constraint[]; desired: number; limitedBy: string[]; says?: string }[] = [
  { name: 'maxHosts caps growth: 700 / 70 = 10, at most 6', total: 700, max: 6, desired: 6, limitedBy: ['maxHosts'], says: 'capped to 6 by maxHosts (raise spec.maxHosts)' },
  { name: 'minHosts stops a scale-in: 70 / 70 = 1, at least 3', total: 70, min: 3, desired: 3, limitedBy: ['minHosts'], says: 'raised to 3 by minHosts (lower spec.minHosts)' },
  { name: 'a raised minHosts counts at once, past the rate: 12 of 4', total: 280, min: 12, desired: 12, limitedBy: ['minHosts'] },
  { name: 'a ceiling from outside stops growth: 10, at most 5', total: 700, constraints: [quota(5)], desired: 5, limitedBy: ['quota'], says: 'capped to 5 by quota (ask the provider for more)' },
  { name: 'a ceiling from outside below what is there takes nothing away: 10 → 4', total: 700, constraints: [quota(2)], desired: 4, limitedBy: ['quota'] },
  { name: 'the lowest ceiling is the one that is named', total: 700, constraints: [quota(9), quota(5)], max: 6, desired: 5, limitedBy: ['quota'] },
  { name: 'a floor raises: 280 / 70 = 4, at least 7', total: 280, constraints: [schedule(7)], desired: 7, limitedBy: ['schedule market'], says: 'raised to 7 by schedule market (wait until 18:00)' },
  { name: 'maxHosts goes before a floor', total: 280, max: 6, constraints: [schedule(9)], desired: 6, limitedBy: ['schedule market', 'maxHosts'] },
  { name: 'a veto stops growth', total: 700, constraints: [freeze], desired: 4, limitedBy: ['deploy'], says: 'held at 4 by deploy (wait for the deploy to end)' },
  { name: 'a veto never takes a host away', total: 700, constraints: [{ ...freeze, hosts: 2 }], desired: 4, limitedBy: ['deploy'] },
  { name: 'a veto lets a pool shrink: 70 / 70 = 1', total: 70, constraints: [freeze], desired: 1, limitedBy: [] },
  { name: 'minHosts goes before a veto', total: 280, min: 6, constraints: [freeze], desired: 6, limitedBy: ['minHosts'] },
  { name: 'no limit is named that changed nothing', total: 350, max: 5, min: 5, desired: 5, limitedBy: [] },
  { name: 'a limit that is no number allows no growth', total: 700, constraints: [quota(Number.NaN)], desired: 4, limitedBy: ['quota'] },
  { name: 'an empty pool is brought to minHosts', total: 0, min: 2, hosts: 0, desired: 2, limitedBy: ['minHosts'] },
];

describe('decide: constraints come last', () => {
  for (const { name, total, min = 1, max = 20, hosts = 4, constraints = [], desired, limitedBy, says } of rows) {
    it(name, () => {
      const decision = decide({ policy: direct({ minHosts: min, maxHosts: max }), observations: rps(total), hosts: hostsOf(hosts), constraints });
      expect(decision.desired).to.equal(desired);
      expect(decision.limitedBy.map(({ reason }) => reason)).to.deep.equal(limitedBy);
      if (says !== undefined) expect(decision.reasons.at(-1)).to.equal(says);
    });
  }

  it('shrinks to a lowered maxHosts at once, also where scale-in is disabled and metrics are absent', () => {
    const lowered = policyOf({ maxHosts: 10, scaleIn: { selectPolicy: 'Disabled' } });
    expect(desiredOf(stream(lowered, 20, [{ at: 0, values: { rps: 1400 } }]))).to.deep.equal([10]);
    expect(desiredOf(stream(lowered, 20, [{ at: 0, values: { rps: null } }]))).to.deep.equal([10]);
  });

  it('a guard over its target vetoes growth and says what lifts it', () => {
    const metrics = [{ name: 'rps', target: 70 }, { name: 'dbConnections', target: 80 }];
    const decision = decide({ policy: direct({ metrics }), observations: valuesOf({ rps: 700, dbConnections: 92 }) });
    expect(decision).to.include({ desired: 4, direction: 'None', heldBy: 'Veto' });
    expect(decision.limitedBy).to.deep.equal([{ kind: 'Veto', hosts: 4, reason: 'dbConnections', liftedBy: 'dbConnections at or below 80 %' }]);
    expect(decision.reasons).to.deep.equal([
      'rps 700 requests/s of 70 a host → 10',
      'dbConnections 92 % over 80 %: no growth beyond 4',
      'held at 4 by dbConnections (dbConnections at or below 80 %)',
    ]);
  });

  it('a guard at its target vetoes nothing', () => {
    const metrics = [{ name: 'rps', target: 70 }, { name: 'dbConnections', target: 80 }];
    expect(decide({ policy: direct({ metrics }), observations: valuesOf({ rps: 700, dbConnections: 80 }) }).desired).to.equal(10);
  });

  it('an absent guard vetoes no growth, removes nothing, and is named', () => {
    const metrics = [{ name: 'rps', target: 70 }, { name: 'dbConnections', target: 80 }];
    const grows = decide({ policy: direct({ metrics }), observations: valuesOf({ rps: 700, dbConnections: null }) });
    expect(grows.desired).to.equal(10);
    expect(grows.reasons[1]).to.match(/^dbConnections absent \(Unreachable/);
    const shrinks = decide({ policy: direct({ metrics }), observations: valuesOf({ rps: 70, dbConnections: null }) });
    expect(shrinks).to.include({ desired: 4, heldBy: 'Absent' });
  });
});

describe('decide: hold', () => {
  const until = '2026-11-23T14:00:00Z';
  const held = (hosts: number, parts: Parameters<typeof policyOf>[0] = {}) => policyOf({ hold: { hosts, until, reason: 'sale' }, ...parts });

  it('fixes the number until it expires, in both directions and at once', () => {
    const up = decide({ policy: held(15), observations: rps(70) });
    expect(up.desired).to.equal(15);
    expect(up.reasons[0]).to.equal('held at 15 by spec.hold until 2026-11-23T14:00:00.000Z: sale');
    expect(decide({ policy: held(2), observations: rps(700) }).desired).to.equal(2);
  });

  it('stays within minHosts and maxHosts', () => {
    expect(decide({ policy: held(19, { maxHosts: 6 }) }).desired).to.equal(6);
    expect(decide({ policy: held(0, { minHosts: 3 }) }).desired).to.equal(3);
  });

  it('goes before a guard, not before a constraint from outside', () => {
    const metrics = [{ name: 'dbConnections', target: 80 }];
    expect(decide({ policy: held(6, { metrics }), observations: valuesOf({ dbConnections: 99 }) }).desired).to.equal(6);
    expect(decide({ policy: held(6), constraints: [quota(5)] }).desired).to.equal(5);
  });

  it('is over at its end', () => {
    expect(decide({ policy: held(15), observations: rps(280), now: Date.parse(until) }).desired).to.equal(4);
    expect(decide({ policy: held(15), observations: rps(280), now: Date.parse(until) - 1 }).desired).to.equal(15);
  });

  it('keeps watching the load meanwhile: the scale-in window is full when it ends', () => {
    const policy = policyOf({ hold: { hosts: 8, until: '2026-11-23T12:10:00Z' } });
    const calm = Array.from({ length: 42 }, (_, index) => ({ at: index * 15, values: { rps: 70 } }));
    const decisions = stream(policy, 4, calm);
    expect(desiredOf(decisions).slice(0, 40)).to.deep.equal(Array(40).fill(8));
    expect(desiredOf(decisions).slice(40)).to.deep.equal([6, 6]);
  });
});
