import { expect } from 'chai';
import { hostHoursOf, living, prune } from '../../../controller/reconcile/ledger.ts';
import { type PurchaseRequest, createPurchaseGate } from '../../../controller/reconcile/purchase-gate.ts';
import type { Server } from '../../../controller/model/index.ts';
import { createMemoryStore } from '../../../controller/runtime/store/memory-store.ts';
import { createSimulatedClock } from '../../support/clock.ts';

const pool = { namespace: 'default', name: 'web' };
const hour = 3_600_000;

function setUp(ceilings: { Local?: number } = {}) {
  const clock = createSimulatedClock(Date.UTC(2026, 0, 31, 22));
  let count = 0;
  const store = createMemoryStore({ clock, ids: () => `id${(count += 1)}` });
  return { clock, store, gate: createPurchaseGate(store, clock, { ceilings, budgets: {} }) };
}

const request = (hostID: string, change: Partial<PurchaseRequest> = {}): PurchaseRequest =>
  ({ hostID, pool, placement: { name: 'local', provider: 'Local' }, maxReplicas: 3, fixedHosts: 1, unledgeredServers: 0, tariff: { kind: 'Free' }, minHosts: 0, lost: [], ...change });

const server = (hostID: string, createdAt: number): Server =>
  ({ provider: 'Local', placement: 'local', providerID: `local-${hostID}`, name: hostID, owner: { installation: 'i', pool, hostID }, state: 'Running', createdAt });

describe('purchase gate', () => {
  it('lets no more through than maxReplicas, fixed hosts included, even all at once', async () => {
    const { gate } = setUp();
    const answers = await Promise.all(['a', 'b', 'c', 'd'].map((hostID) => gate.reserve(request(hostID))));
    expect(answers.map(({ kind }) => kind)).to.deep.equal(['Reserved', 'Reserved', 'Refused', 'Refused']);
  });

  it('keeps its answer for a host that asks again', async () => {
    const { gate } = setUp();
    await gate.reserve(request('a'));
    await gate.reserve(request('b'));
    expect(await gate.reserve(request('a'))).to.deep.equal({ kind: 'Reserved' });
    expect(living(await gate.read())).to.have.length(2);
  });

  it('counts servers that the ledger does not know', async () => {
    const { gate } = setUp();
    expect(await gate.reserve(request('a', { unledgeredServers: 2 }))).to.include({ kind: 'Refused', reason: 'MaxReplicas' });
  });

  it('holds the ceiling of a provider over all pools', async () => {
    const { gate } = setUp({ Local: 1 });
    await gate.reserve(request('a', { pool: { namespace: 'default', name: 'job' } }));
    const answer = await gate.reserve(request('b'));
    expect(answer).to.include({ kind: 'Refused', reason: 'ProviderCeiling' });
  });

  it('gives a place back when a host was released, and books its hours once, by calendar month', async () => {
    const { gate, clock } = setUp();
    await gate.reserve(request('a'));
    await gate.noteAlive('a', pool, server('a', clock.now()));
    await clock.advance(5 * hour);
    await gate.noteReleased('a');
    await gate.noteReleased('a');
    const ledger = await gate.read();
    expect(living(ledger)).to.have.length(0);
    expect(hostHoursOf(ledger, pool, '2026-01', clock.now())).to.equal(2);
    expect(hostHoursOf(ledger, pool, '2026-02', clock.now())).to.equal(3);
  });

  it('counts hours of hosts that still run', async () => {
    const { gate, clock } = setUp();
    await gate.noteAlive('a', pool, server('a', clock.now()));
    await clock.advance(hour / 2);
    expect(hostHoursOf(await gate.read(), pool, '2026-01', clock.now())).to.equal(0.5);
  });

  it('goes on counting a retained server', async () => {
    const { gate, clock } = setUp();
    await gate.noteAlive('a', pool, server('a', clock.now()));
    await gate.noteRetained('a');
    expect(await gate.reserve(request('b', { maxReplicas: 2 }))).to.include({ kind: 'Refused' });
  });

  it('is shared by two processes: neither overwrites what the other reserved', async () => {
    const { gate, store, clock } = setUp();
    const other = createPurchaseGate(store, clock, { ceilings: {}, budgets: {} });
    const answers = await Promise.all([gate.reserve(request('a')), other.reserve(request('b')), gate.reserve(request('c')), other.reserve(request('d'))]);
    expect(answers.filter(({ kind }) => kind === 'Reserved')).to.have.length(2);
    expect(living(await gate.read())).to.have.length(2);
  });

  it('refuses an unreadable ledger rather than starting an empty one', async () => {
    const { gate, store } = setUp();
    await store.save('ledger', { version: 7 }, undefined);
    let message = '';
    await gate.reserve(request('a')).catch((error: Error) => { message = error.message; });
    expect(message).to.include('ledger');
  });

  it('forgets released hosts after a day and months after a year', async () => {
    const { gate, clock } = setUp();
    await gate.noteAlive('a', pool, server('a', clock.now()));
    await clock.advance(hour);
    await gate.noteReleased('a');
    const ledger = await gate.read();
    expect(Object.keys(prune(ledger, clock.now() + 23 * hour).entries)).to.have.length(1);
    expect(Object.keys(prune(ledger, clock.now() + 25 * hour).entries)).to.have.length(0);
    expect(Object.keys(prune(ledger, clock.now() + 800 * 24 * hour).hostHours)).to.have.length(0);
  });
});
