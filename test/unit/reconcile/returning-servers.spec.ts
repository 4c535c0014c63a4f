import { expect } from 'chai';
import type { HostPool, KamalHost } from '../../../controller/api/index.ts';
import type { Membership, Server } from '../../../controller/model/index.ts';
import type { Ledger, LedgerState } from '../../../controller/reconcile/ledger.ts';
import { returningServers, unownedServers } from '../../../controller/reconcile/returning-servers.ts';
import { poolDraft } from '../../support/drafts.ts';

const pool = { ...poolDraft('shop'), metadata: { namespace: 'shop', name: 'web' } } as HostPool;

const server = (over: Partial<Server> = {}): Server => ({
  provider: 'Local', placement: 'here', providerID: 'local-1', name: 'web-0', state: 'Running', address: '127.0.0.1', ports: { http: 8001 },
  owner: { installation: 'test', pool: { namespace: 'shop', name: 'web' }, hostID: 'a' }, createdAt: 0, ...over,
});

const ledger = (state?: LedgerState): Ledger => ({
  version: 1, hostHours: {},
  entries: state === undefined ? {} : { a: { pool: 'shop/web', provider: 'Local', placement: 'here', state, reservedAt: '2026-01-01T00:00:00Z' } },
});

const membership = (...ports: number[]): Membership => ({
  generation: 1,
  pools: [{
    pool: { namespace: 'shop', name: 'web' }, service: 'web', strategy: 'wrr', healthCheck: { path: '/up', intervalSeconds: 1, timeoutSeconds: 1 }, emptyWanted: false,
    members: ports.map((port) => ({ name: `host-${port}`, address: '127.0.0.1', port, kind: 'Bought' })),
  }],
});

describe('servers that return to their pool', () => {
  const rows: [title: string, server: Server, ledger: Ledger, membership: Membership, returns: boolean][] = [
    ['left on purpose when its pool went away', server(), ledger('Retained'), membership(), true],
    ['unknown to this store', server(), ledger(), membership(), true],
    ['bought by this store, and a member', server(), ledger('Alive'), membership(8001), true],
    ['bought by this store, and no member', server(), ledger('Alive'), membership(8002), false],
    ['reserved, so that its create came late, and no member', server(), ledger('Reserved'), membership(), false],
    ['released, and there again', server(), ledger('Released'), membership(), false],
    ['on its way out', server({ state: 'Leaving' }), ledger('Retained'), membership(8001), false],
  ];
  for (const [title, one, known, members, returns] of rows) {
    it(`${title}: ${returns ? 'waited for' : 'not waited for'}`, () => {
      expect(returningServers(pool, [one], known, members)).to.deep.equal(returns ? [one] : []);
    });
  }

  it('are those of the pool that no KamalHost owns', () => {
    const host = { spec: { hostID: 'b' } } as KamalHost;
    const of = (hostID: string, name = 'web'): Server => server({ owner: { installation: 'test', pool: { namespace: 'shop', name }, hostID } });
    const snapshot = { provider: 'Local' as const, asOf: 0, servers: [of('a'), of('b'), of('c', 'jobs')] };
    expect(unownedServers(pool, [host], [snapshot]).map(({ owner }) => owner.hostID)).to.deep.equal(['a']);
  });
});
