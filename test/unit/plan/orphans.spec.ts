import { expect } from 'chai';
import fc from 'fast-check';
import { type OrphanInput, type OrphanStep, type UnownedServer, planOrphans } from '../../../controller/plan/index.ts';
import { POOL, aServer, at } from './builders.ts';

const server = (id: number, hostID = `hostid0${id}`) => aServer({ providerID: `local:${id}`, owner: { installation: 'test', pool: POOL, hostID } });
const unowned = (over: Partial<UnownedServer> = {}, id = 1): UnownedServer => ({ server: server(id), asOf: at(1000), history: 'Alive', use: { kind: 'Idle' }, poolState: 'Live', ...over });
const plan = (servers: UnownedServer[], over: Partial<OrphanInput> = {}): OrphanStep['kind'][] =>
  planOrphans({ now: at(1000), servers, graceSeconds: 600, maxSweeps: 1, ...over }).map(({ kind }) => kind);

const rows: { title: string; servers: UnownedServer[]; over?: Partial<OrphanInput>; kinds: OrphanStep['kind'][] }[] = [
  { title: 'a server that this store never knew is adopted', servers: [unowned({ history: 'Unknown' })], kinds: ['Adopt'] },
  { title: 'never swept, however long it was marked', servers: [unowned({ history: 'Unknown', markedAt: at(0) })], kinds: ['Adopt'] },
  { title: 'what serves is adopted, never swept', servers: [unowned({ use: { kind: 'InUse', why: 'member' }, markedAt: at(0) })], kinds: ['Adopt'] },
  { title: 'what was released but serves is adopted', servers: [unowned({ history: 'Released', use: { kind: 'InUse', why: 'member' } })], kinds: ['Adopt'] },
  { title: 'a retained server is adopted by the pool that is there again', servers: [unowned({ history: 'Retained' })], kinds: ['Adopt'] },
  { title: 'a known idle server is marked first', servers: [unowned()], kinds: ['Mark'] },
  { title: 'it keeps its mark within the grace period', servers: [unowned({ markedAt: at(401) })], kinds: ['Mark'] },
  { title: 'it is swept after it', servers: [unowned({ markedAt: at(400) })], kinds: ['Sweep'] },
  { title: 'a snapshot from within the grace period sweeps nothing', servers: [unowned({ markedAt: at(400), asOf: at(999) })], kinds: ['Mark'] },
  { title: 'unknown use is marked', servers: [unowned({ use: { kind: 'Unknown', why: 'down' } })], kinds: ['Mark'] },
  { title: 'and left within the grace period', servers: [unowned({ use: { kind: 'Unknown', why: 'down' }, markedAt: at(401) })], kinds: ['Mark'] },
  { title: 'it is adopted after it, never swept', servers: [unowned({ use: { kind: 'Unknown', why: 'down' }, markedAt: at(400) })], kinds: ['Adopt'] },
  { title: 'an idle twin of one of which nobody can tell is not swept', servers: [unowned({ use: { kind: 'Unknown', why: 'down' }, markedAt: at(401) }), unowned({ server: server(2, 'hostid01'), markedAt: at(0) })], kinds: ['Mark', 'Leave'] },
  { title: 'no pool: left alone, even an unknown one', servers: [unowned({ poolState: 'Absent', markedAt: at(0) }), unowned({ poolState: 'Absent', history: 'Unknown' }, 2)], kinds: ['Leave', 'Leave'] },
  { title: 'a pool that goes away leaves its servers', servers: [unowned({ poolState: 'Ending', markedAt: at(0) })], kinds: ['Leave'] },
  { title: 'a paused pool changes nothing', servers: [unowned({ poolState: 'Paused', markedAt: at(0) })], kinds: ['Leave'] },
  { title: 'a server that leaves is left alone', servers: [unowned({ server: aServer({ state: 'Leaving' }), history: 'Unknown' })], kinds: ['Leave'] },
  { title: 'no more than its share is swept in a pass', servers: [unowned({ markedAt: at(0) }), unowned({ markedAt: at(0) }, 2)], kinds: ['Sweep', 'Mark'] },
  { title: 'of the share, the one that was marked first', servers: [unowned({ markedAt: at(20) }), unowned({ markedAt: at(10) }, 2)], kinds: ['Mark', 'Sweep'] },
  { title: 'of the share, those last that were refused before', servers: [unowned({ markedAt: at(0), refusedAt: at(700) }), unowned({ markedAt: at(300) }, 2)], kinds: ['Mark', 'Sweep'] },
  { title: 'of the refused ones, the one that was refused longest ago', servers: [unowned({ markedAt: at(0), refusedAt: at(800) }), unowned({ markedAt: at(300), refusedAt: at(700) }, 2)], kinds: ['Mark', 'Sweep'] },
  { title: 'twins are adopted once', servers: [unowned({ history: 'Unknown' }), unowned({ history: 'Unknown', server: server(2, 'hostid01') })], kinds: ['Adopt', 'Leave'] },
  { title: 'the twin of a server in use is not swept', servers: [unowned({ markedAt: at(0), server: server(2, 'hostid01') }), unowned({ use: { kind: 'InUse', why: 'member' } })], kinds: ['Leave', 'Adopt'] },
];

describe('planOrphans', () => {
  for (const { title, servers, over, kinds } of rows) it(title, () => expect(plan(servers, over)).to.deep.equal(kinds));

  it('sweeps only what is known, idle, marked and of a live pool, and never more than its share', () => {
    const some = fc.record({
      history: fc.constantFrom('Unknown' as const, 'Alive' as const, 'Retained' as const, 'Released' as const),
      use: fc.constantFrom({ kind: 'InUse' as const, why: 'x' }, { kind: 'Idle' as const }, { kind: 'Unknown' as const, why: 'x' }),
      poolState: fc.constantFrom('Live' as const, 'Paused' as const, 'Ending' as const, 'Absent' as const),
      marked: fc.option(fc.integer({ min: 0, max: 1000 }), { nil: undefined }),
      id: fc.integer({ min: 1, max: 4 }),
    }).map(({ marked, id, ...rest }): UnownedServer => ({ ...unowned(rest, id), ...(marked === undefined ? {} : { markedAt: at(marked) }) }));
    fc.assert(fc.property(fc.array(some, { maxLength: 8 }), (servers) => {
      const steps = planOrphans({ now: at(1000), servers, graceSeconds: 300, maxSweeps: 2 });
      expect(steps.map((step) => step.server)).to.deep.equal(servers.map((one) => one.server));
      const swept = servers.filter((_, index) => steps[index]?.kind === 'Sweep');
      expect(swept.length).to.be.at.most(2);
      for (const { history, use, poolState, markedAt } of swept) {
        expect([history, use.kind, poolState]).to.deep.equal([history === 'Released' ? 'Released' : 'Alive', 'Idle', 'Live']);
        expect(markedAt).to.be.at.most(at(700));
      }
      const adopted = steps.filter(({ kind }) => kind === 'Adopt').map((step) => step.server.owner.hostID);
      expect(new Set(adopted).size).to.equal(adopted.length);
    }), { numRuns: 2000 });
  });
});
