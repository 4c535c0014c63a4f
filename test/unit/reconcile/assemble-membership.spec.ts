import { expect } from 'chai';
import { ADOPTED_ANNOTATION, type HostPool, type KamalHost } from '../../../controller/api/index.ts';
import type { Member, Membership, Server } from '../../../controller/model/index.ts';
import { assembleMembership } from '../../../controller/reconcile/assemble-membership.ts';
import { PRIMARY, START, WEB, hostOf, poolOf } from './bench.ts';

const NONE: Membership = { generation: 0, pools: [] };
const LATER = new Date(START + 1000).toISOString();
const ENDING = { deletionTimestamp: LATER };

const serving = (name: string, last: number, phase: 'Joining' | 'InService' = 'InService'): KamalHost => hostOf(name, { phase, address: `192.0.2.${last}` });
const server = (name: string, last: number): Server => ({
  provider: 'Local', placement: 'here', providerID: name, name, owner: { installation: 'test', pool: WEB, hostID: `id-of-${name}` }, state: 'Running', address: `192.0.2.${last}`, createdAt: START,
});
const bought = (name: string, last: number): Member => ({ name, address: `192.0.2.${last}`, port: 80, kind: 'Bought' });
const FIXED: Member = { name: 'primary', address: '192.0.2.1', port: 80, kind: 'Fixed' };

const web = (spec: Partial<HostPool['spec']> = {}, metadata: Partial<HostPool['metadata']> = {}): HostPool => poolOf('web', { fixedHosts: [PRIMARY], ...spec }, metadata);
const membersOf = ({ pools }: Membership, name = 'web'): Member[] | undefined => pools.find(({ pool }) => pool.name === name)?.members;

/** The document of a pool with its fixed host and two bought ones. */
const last = assembleMembership(NONE, [web()], [serving('web-1', 11), serving('web-2', 12)], []);

describe('the membership that pools and hosts ask for', () => {
  it('lists fixed hosts first, then bought ones that join or serve, by name', () => {
    const booting = (['Pending', 'Provisioning', 'Bootstrapping', 'Deploying'] as const).map((phase, index) => hostOf(`boot-${index}`, { phase, address: `192.0.2.${50 + index}` }));
    const leaving = (['Draining', 'Departing', 'Deprovisioning', 'Released'] as const).map((phase, index) => hostOf(`gone-${index}`, { phase, address: `192.0.2.${60 + index}` }));
    const next = assembleMembership(NONE, [web()], [serving('web-2', 12), serving('web-1', 11, 'Joining'), ...booting, ...leaving], []);
    expect(membersOf(next)).to.deep.equal([FIXED, bought('web-1', 11), bought('web-2', 12)]);
    expect(next.generation).to.equal(1);
  });

  it('is the last document itself while nothing changed, and one generation on when something did', () => {
    const hosts = [serving('web-2', 12), serving('web-1', 11)];
    expect(assembleMembership(last, [web()], hosts, [])).to.equal(last);
    expect(assembleMembership(last, [web()], hosts.slice(1), []).generation).to.equal(last.generation + 1);
  });

  it('leaves out a host without an address, and lists an address and port once, as the fixed host', () => {
    expect(membersOf(assembleMembership(NONE, [web()], [hostOf('web-1', { phase: 'InService' }), serving('web-2', 1)], []))).to.deep.equal([FIXED]);
  });

  it('tells hosts of one address apart by their ports', () => {
    const hosts = [1, 2].map((slot) => hostOf(`web-${slot}`, { phase: 'InService', address: '127.0.0.1', ports: { http: 3000 + slot } }));
    expect(membersOf(assembleMembership(NONE, [web({ fixedHosts: [] })], hosts, []))?.map(({ port }) => port)).to.deep.equal([3001, 3002]);
  });

  it("names a cloud's load balancer and how it finds its targets, and one pool alone has it", () => {
    const hetzner = { name: 'front', label: { key: 'serves', value: 'web' } };
    const digitalocean = { name: 'front', tag: 'serves:web' };
    const [one, other] = [web({ loadBalancer: { hetzner } }), poolOf('api', { loadBalancer: { digitalocean } })];
    const both = assembleMembership(NONE, [one, other], [serving('web-1', 11)], []);
    expect(both.pools.map(({ service, hetzner: atHetzner, digitalocean: atDigitalOcean }) => [service, atHetzner, atDigitalOcean])).to.deep.equal([['hetzner:front', hetzner, undefined]]);
    const serves = { ...other, spec: { ...other.spec, fixedHosts: [PRIMARY] } };
    const second = poolOf('later', { fixedHosts: [PRIMARY], loadBalancer: { digitalocean: { name: 'front' } } }, { creationTimestamp: LATER });
    expect(assembleMembership(NONE, [serves, second], [], []).pools.map(({ pool, service, digitalocean: ref }) => [pool.name, service, ref])).to.deep.equal([['api', 'digitalocean:front', digitalocean]]);
    const changed = { ...serves, spec: { ...serves.spec, loadBalancer: { digitalocean: { name: 'front' } } } };
    const before = assembleMembership(NONE, [serves], [], []);
    expect(assembleMembership(before, [changed], [], []).generation).to.equal(before.generation + 1);
  });

  it('carries the health check and strategy of the pool', () => {
    const [entry] = assembleMembership(NONE, [web({ health: { hostname: 'shop.example.com', intervalSeconds: 7 } as never })], [], []).pools;
    expect(entry).to.deep.include({ service: 'web', strategy: 'p2c', healthCheck: { path: '/up', hostname: 'shop.example.com', intervalSeconds: 7, timeoutSeconds: entry?.healthCheck.timeoutSeconds } });
  });

  it('has no entry for a pool without load balancer', () => {
    const jobs = poolOf('jobs', { roleKind: 'Job', loadBalancer: undefined } as never);
    expect(assembleMembership(NONE, [jobs], [hostOf('jobs-1', { phase: 'InService', address: '192.0.2.9' }, { poolRef: { name: 'jobs' } })], [])).to.equal(NONE);
  });

  it('takes no host of another pool or namespace', () => {
    const strangers = [hostOf('a', { phase: 'InService', address: '192.0.2.8' }, { poolRef: { name: 'other' } }), hostOf('b', { phase: 'InService', address: '192.0.2.9' }, {}, { namespace: 'shop' })];
    expect(membersOf(assembleMembership(NONE, [web()], strangers, []))).to.deep.equal([FIXED]);
  });
});

describe('the membership of what is absent', () => {
  it('keeps the entry of a pool that is gone', () => {
    expect(assembleMembership(last, [], [], [])).to.equal(last);
    expect(membersOf(assembleMembership(last, [poolOf('other')], [], []))).to.deep.equal(membersOf(last));
  });

  it('keeps the entry of a pool that ends and retains, and of a paused one, whatever their hosts do', () => {
    expect(assembleMembership(last, [web({}, ENDING)], [], [])).to.equal(last);
    expect(assembleMembership(last, [web({ paused: true })], [serving('web-3', 13)], [])).to.equal(last);
  });

  it('follows the drain of a pool that ends and drains', () => {
    const ending = web({ deletionPolicy: 'Drain' }, ENDING);
    expect(membersOf(assembleMembership(last, [ending], [hostOf('web-1', { phase: 'Draining' }), serving('web-2', 12)], []))).to.deep.equal([FIXED, bought('web-2', 12)]);
  });

  it('keeps a member whose KamalHost vanished as long as its server is there or nobody can tell', () => {
    const hosts = [serving('web-1', 11)];
    expect(membersOf(assembleMembership(last, [web()], hosts, [server('web-2', 12)]))).to.deep.equal([FIXED, bought('web-1', 11), bought('web-2', 12)]);
    expect(assembleMembership(last, [web()], hosts, undefined)).to.equal(last);
    expect(membersOf(assembleMembership(last, [web()], hosts, [server('web-2', 99)]))).to.deep.equal([FIXED, bought('web-1', 11)]);
  });

  it('keeps the member of an adopted host until that host itself has joined or leaves', () => {
    const adopted = (status: KamalHost['status']): KamalHost => hostOf('web-2', { address: '192.0.2.12', ...status }, {}, { annotations: { [ADOPTED_ANNOTATION]: 'server-2' } });
    const next = (status: KamalHost['status']): Member[] | undefined => membersOf(assembleMembership(last, [web()], [serving('web-1', 11), adopted(status)], [server('web-2', 12)]));
    const [with2, without2] = [[FIXED, bought('web-1', 11), bought('web-2', 12)], [FIXED, bought('web-1', 11)]];
    expect(next({})).to.deep.equal(with2);
    expect(next({ phase: 'Bootstrapping' })).to.deep.equal(with2);
    expect(next({ phase: 'Joining', joiningSince: LATER })).to.deep.equal(with2);
    expect(next({ phase: 'Deploying', joiningSince: LATER })).to.deep.equal(without2);
    expect(next({ phase: 'Draining' })).to.deep.equal(without2);
  });
});

describe('an empty pool', () => {
  const lone = web({ fixedHosts: [] });
  const before = assembleMembership(NONE, [lone], [serving('web-1', 11)], []);

  it('is not served unless replicas 0 asks for it', () => {
    expect(assembleMembership(NONE, [lone], [], [])).to.equal(NONE);
    for (const replicas of [undefined, 1]) expect(assembleMembership(before, [{ ...lone, spec: { ...lone.spec, ...(replicas !== undefined && { replicas }) } }], [], []), String(replicas)).to.equal(before);
    const [entry] = assembleMembership(before, [{ ...lone, spec: { ...lone.spec, replicas: 0 } }], [hostOf('web-1', { phase: 'Draining' })], []).pools;
    expect(entry).to.deep.include({ members: [], emptyWanted: true });
  });

  it('is asked for by the deletion of a pool that drains', () => {
    const ending = web({ fixedHosts: [], replicas: 2, deletionPolicy: 'Drain' }, ENDING);
    const [entry] = assembleMembership(before, [ending], [hostOf('web-1', { phase: 'Draining' })], []).pools;
    expect(entry).to.deep.include({ members: [], emptyWanted: true });
  });

  it('is not wanted while a fixed host is there', () => {
    const [entry] = assembleMembership(NONE, [web({ replicas: 0 })], [], []).pools;
    expect(entry).to.deep.include({ members: [FIXED], emptyWanted: false });
  });
});

describe('a pool under a new name', () => {
  const renamed = poolOf('shop', { fixedHosts: [PRIMARY], loadBalancer: { traefik: { service: 'web', apiURLs: ['http://192.0.2.2:8080'] } } as never });

  it('takes over the service of a pool that is gone, with the members whose servers are there', () => {
    const next = assembleMembership(last, [renamed], [], [server('web-2', 12)]);
    expect(next.pools.map(({ pool, service }) => [pool.name, service])).to.deep.equal([['shop', 'web']]);
    expect(membersOf(next, 'shop')).to.deep.equal([FIXED, bought('web-2', 12)]);
    expect(assembleMembership(next, [renamed], [], [server('web-2', 12)])).to.equal(next);
  });

  it('leaves the service as it is while it has no member of its own to offer', () => {
    const lone = { ...renamed, spec: { ...renamed.spec, fixedHosts: [] } };
    expect(assembleMembership(last, [lone], [], undefined).pools).to.have.length(1);
    expect(assembleMembership(last, [lone], [], []).pools).to.deep.equal(last.pools);
  });
});

describe('two pools of one service', () => {
  const older = web();
  const younger = poolOf('shop', { loadBalancer: { traefik: { service: 'web', apiURLs: ['http://192.0.2.2:8080'] } } as never }, { creationTimestamp: LATER });
  const host = hostOf('shop-1', { phase: 'InService', address: '192.0.2.30' }, { poolRef: { name: 'shop' } });

  it('give it to the older when neither is served yet, in whatever order they come', () => {
    for (const pools of [[older, younger], [younger, older]]) expect(assembleMembership(NONE, pools, [host], []).pools.map(({ pool }) => pool.name)).to.deep.equal(['web']);
  });

  it('give it to the lower uid when they are of one second', () => {
    const twin = { ...younger, metadata: { ...younger.metadata, creationTimestamp: older.metadata.creationTimestamp, uid: 'a' } };
    expect(assembleMembership(NONE, [older, twin], [host], []).pools.map(({ pool }) => pool.name)).to.deep.equal(['shop']);
  });

  it('leave it to the one that is served under it, and serve the other as it was until it names one of its own', () => {
    const first = assembleMembership(NONE, [web(), poolOf('shop', {}, { creationTimestamp: LATER })], [host], []);
    // The older pool is edited to name the younger one's service.
    const edited = web({ loadBalancer: { traefik: { service: 'shop', apiURLs: ['http://192.0.2.2:8080'] } } as never });
    expect(assembleMembership(first, [edited, poolOf('shop', {}, { creationTimestamp: LATER })], [host], [])).to.equal(first);
    const moved = poolOf('shop', { loadBalancer: { traefik: { service: 'other', apiURLs: ['http://192.0.2.2:8080'] } } as never }, { creationTimestamp: LATER });
    const next = assembleMembership(first, [edited, moved], [host], []);
    expect(next.pools.map(({ service, pool }) => [service, pool.name])).to.deep.equal([['other', 'shop'], ['shop', 'web']]);
  });

  it('of different services are both served, by service', () => {
    const other = poolOf('shop', {}, { creationTimestamp: LATER });
    expect(assembleMembership(NONE, [web(), other], [host], []).pools.map(({ service }) => service)).to.deep.equal(['shop', 'web']);
  });
});
