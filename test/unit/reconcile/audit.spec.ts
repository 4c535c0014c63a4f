import { expect } from 'chai';
import { listingsAudit } from '../../../controller/reconcile/audit-members.ts';
import { type Audit, ClassifiedError, type Inventory, type ListedServer, type Membership, type Server } from '../../../controller/model/index.ts';
import { serversAudit } from '../../../controller/reconcile/audit-servers.ts';
import { auditInstallation } from '../../../controller/reconcile/audit.ts';
import { INVENTORY_DOCUMENT } from '../../../controller/reconcile/inventory.ts';
import { MEMBERSHIP_DOCUMENT } from '../../../controller/reconcile/membership-document.ts';
import { INSTALLATION } from '../../support/context.ts';
import { instrumented } from '../../support/instrumented.ts';
import { poolDraft } from '../../support/drafts.ts';
import { type Bench, WEB, createBench, hostOf } from './bench.ts';

describe('the audit of an installation', () => {
  let bench: Bench;
  let name: string;
  beforeEach(async () => {
    bench = createBench({}, 'Kamal');
    const { address, ports } = bench.world.addFixedHost('primary', 'v1');
    await bench.put('HostPool', poolDraft('default', 'web', {
      replicas: 3, fixedHosts: [{ name: 'primary', address, ports }], placements: [{ name: 'here', provider: 'Local', local: { bootMilliseconds: 1000 } }],
      health: { intervalSeconds: 1 }, drain: { timeoutSeconds: 6 },
    } as never));
    await bench.drive('three serve', async () => (await bench.pool()).status?.readyReplicas === 3);
    name = (await bench.hosts())[0]?.metadata.name ?? '';
  });

  /** All that an audit may do to the world, and has done. */
  const READS = ['CloudProvider.list', 'DeployLock.look', 'Deployer.inspect', 'Deployer.reference', 'Documents.load', 'LoadBalancer.confirm', 'Store.list'];
  const calls = new Set<string>();
  beforeEach(() => calls.clear());
  afterEach(() => expect(READS).to.include.members([...calls]));

  async function audit(namespace?: string): Promise<Audit> {
    const seen = <Port extends object>(port: string, adapter: Port): Port => instrumented(port, adapter, { before: ({ method }) => void calls.add(`${port}.${method}`) });
    const { context } = bench;
    return auditInstallation({
      ...context, store: seen('Store', bench.store), documents: seen('Documents', bench.store), deployer: seen('Deployer', context.deployer),
      providers: Object.fromEntries(Object.entries(context.providers).map(([key, provider]) => [key, seen('CloudProvider', provider)])),
      loadBalancer: seen('LoadBalancer', context.loadBalancer), deployLock: seen('DeployLock', bench.kamal.lock),
    }, namespace);
  }
  const found = async (): Promise<string[]> => (await audit()).differences.map(({ place, subject, says }) => `${place} ${subject}: ${says}`);
  const edit = async <T>(document: string, change: (value: T) => T): Promise<void> => {
    const stored = await bench.store.load(document);
    await bench.store.save(document, change(stored?.value as T), stored?.version);
  };
  const onHost = () => {
    const host = bench.world.hosts().find(({ order }) => order.name === name);
    if (host === undefined) throw new Error(`no host ${name}`);
    return host;
  };

  it('finds nothing where all agree, and has asked everything', async () => {
    expect(await audit()).to.deep.equal({ differences: [], unasked: [], locks: [], compared: { pools: 1, hosts: 2, servers: 2 } });
    expect([...calls].sort()).to.deep.equal(READS);
  });

  it('finds a server that nobody owns, and what is lost with its pool', async () => {
    const provider = bench.context.providers.Local;
    const owner = { installation: INSTALLATION, pool: WEB, hostID: 'stranger00' };
    await provider?.create({ name: 'web-9', owner, placement: { name: 'here', provider: 'Local' } as never, pool: (await bench.pool()).spec });
    await provider?.create({ name: 'old-1', owner: { ...owner, hostID: 'stranger01', pool: { namespace: 'default', name: 'old' } }, placement: { name: 'here', provider: 'Local' } as never, pool: (await bench.pool()).spec });
    const differences = (await audit()).differences;
    expect(differences.map(({ place, says }) => `${place}: ${says}`)).to.deep.equal([
      'Cloud: server web-9 has no KamalHost, and is paid for; a controller that runs adopts it, or removes it where it is known to be idle',
      'Cloud: server old-1 has no KamalHost and its pool default/old does not exist, and is paid for; apply the pool again to adopt it',
    ]);
    expect(differences[0]?.mend).to.equal('kamal-autoscaler run');
  });

  it('names the vendor\'s command for one that the controller could not delete', async () => {
    const owner = { installation: INSTALLATION, pool: WEB, hostID: 'stranger00' };
    await bench.context.providers.Local?.create({ name: 'web-9', owner, placement: { name: 'here', provider: 'Local' } as never, pool: (await bench.pool()).spec });
    await edit('orphans', () => ({ stranger00: { since: '2026-01-01T00:00:00.000Z', refused: { at: '2026-01-01T00:10:00.000Z', why: 'it is protected' } } }));
    expect(await found()).to.deep.equal([`Cloud ${(await bench.server('stranger00'))?.providerID}: server web-9 has no KamalHost, is paid for, and the controller could not delete it: it is protected`]);
  });

  it('finds what the ledger counts and nothing carries', async () => {
    await bench.context.gate.noteAlive('ghost00', WEB, { provider: 'Local', placement: 'here', createdAt: bench.clock.now() } as never);
    expect(await found()).to.deep.equal(['Ledger default/web: it counts a server of Local for host ghost00, which neither a KamalHost nor a server carries']);
    expect((await audit('elsewhere')).differences).to.deep.equal([]);
  });

  it('finds a host whose server is gone', async () => {
    bench.world.hosts().find(({ order }) => order.name === name);
    const host = (await bench.hosts()).find(({ metadata }) => metadata.name === name);
    const server = await bench.server(host?.spec.hostID ?? '');
    if (server === undefined) throw new Error('no server');
    await bench.context.providers.Local?.delete(server);
    expect((await found()).find((line) => line.startsWith(`Cloud default/${name}: its server ${server.providerID} is not listed by Local`))).to.not.equal(undefined);
  });

  it('takes another address of a member for no stranger', async () => {
    const membership: Membership = { generation: 1, pools: [{
      pool: { namespace: 'default', name: 'web' }, service: 'hetzner:front', strategy: 'p2c', healthCheck: { path: '/up', intervalSeconds: 3, timeoutSeconds: 2 }, emptyWanted: false,
      members: [{ name: 'web-1', address: '10.0.0.5', port: 80, kind: 'Bought' }],
    }] };
    const servers = ['http://10.0.0.5:80', 'http://198.51.100.5:80'].map((url) => ({ url, state: 'Up' as const }));
    const audited = async (...listed: ListedServer[]): Promise<number> => listingsAudit(await bench.pool(), [{ instance: 'front', kind: 'Listing', servers: listed }], membership).length;
    expect(await audited({ ...servers[0]!, aliases: [servers[1]!.url] })).to.equal(0);
    expect(await audited({ ...servers[1]!, aliases: [servers[0]!.url] })).to.equal(0);
    expect(await audited(...servers)).to.equal(1);
    // Nor what people added to a cloud's load balancer, which nobody here would ever take away; a fixed host is no stranger.
    expect(await audited(servers[0]!, { ...servers[1]!, foreign: true })).to.equal(0);
    expect(await audited({ ...servers[0]!, foreign: true })).to.equal(0);
  });

  it('finds a host that is in service and in neither document, and strangers in both', async () => {
    await edit<Membership>(MEMBERSHIP_DOCUMENT, (membership) => ({ ...membership, pools: membership.pools.map((pool) => ({ ...pool, members: [...pool.members.filter((member) => member.name !== name), { name: 'web-8', address: '10.9.9.9', port: 80, kind: 'Bought' }] })) }));
    await edit<Inventory>(INVENTORY_DOCUMENT, (inventory) => ({ ...inventory, pools: inventory.pools.map((pool) => ({ ...pool, hosts: [...pool.hosts.filter((host) => host.name !== name), { name: 'web-8', hostID: 'x', address: '10.9.9.9' }] })) }));
    const lines = await found();
    expect(lines).to.include.members([
      `Membership default/${name}: it is in service, and not in the membership document`, 'Membership default/web: member web-8 has no host that serves',
      `Inventory default/${name}: it is in service, and a deploy would miss it`, 'Inventory default/web-8: it is in the inventory, and no host of that name serves',
    ]);
    expect(lines.filter((line) => line.startsWith('LoadBalancer default/web: ') && line.includes('which is no member'))).to.have.length(1);
    expect(lines.filter((line) => line.includes('does not list member web-8 at http://10.9.9.9:80'))).to.have.length(1);
  });

  it('finds an inventory that no controller looks after', async () => {
    await bench.clock.advance(1_000_000);
    expect((await found()).some((line) => /^Inventory inventory: it was last held against the hosts \d+ s ago/.test(line))).to.equal(true);
  });

  it('finds what runs where it should not be as it is, with the command of Kamal', async () => {
    const host = onHost();
    if (host.app === undefined) throw new Error('no app');
    host.app.version = 'v0';
    const [old] = (await audit()).differences.filter(({ place }) => place === 'Host');
    expect(old).to.deep.include({ subject: `default/${name}`, says: 'it runs version v0, the fleet v1' });
    expect(old?.mend).to.match(/^kamal deploy --skip-push --version=v1 --hosts=\S+ --roles=web$/);
    delete host.app;
    expect((await audit()).differences.find(({ place }) => place === 'Host')).to.deep.include({ says: 'it should serve, and the app does not run' });
  });

  it('names what it could not ask, and calls it no difference', async () => {
    bench.context.providers = { Local: { ...bench.context.providers.Local!, list: async () => { throw new ClassifiedError('Unauthorized', 'the token is invalid'); } } };
    bench.context.loadBalancer = { ...bench.context.loadBalancer, confirm: async () => [{ instance: 'http://lb:8080', kind: 'Unknown', why: 'no answer' }] };
    const { deployer } = bench.context;
    bench.context.deployer = { ...deployer, inspect: async (target, fleet) => (target.host.name === name ? { machine: { kind: 'Unreachable', why: 'timeout' }, app: { kind: 'Unknown' } } : deployer.inspect(target, fleet)) };
    expect(await audit()).to.deep.include({
      differences: [],
      unasked: [
        { place: 'Cloud', subject: 'Local', why: 'the token is invalid' },
        { place: 'LoadBalancer', subject: 'default/web at http://lb:8080', why: 'no answer' },
        { place: 'Host', subject: `default/${name}`, why: 'timeout' },
      ],
    });
  });

  it('names a document that cannot be understood once, and compares the rest', async () => {
    for (const document of ['ledger', MEMBERSHIP_DOCUMENT, INVENTORY_DOCUMENT]) await edit(document, () => ({ odd: true }));
    const { unasked, differences } = await audit();
    expect(differences).to.deep.equal([]);
    expect(unasked.map(({ place, subject, why }) => `${place} ${subject}: ${why.split(':')[0]}`)).to.deep.equal([
      'Ledger ledger: the ledger document is not one of version 1', 'Membership membership: the membership document is unreadable', 'Inventory inventory: the inventory document is unreadable',
    ]);
  });

  it('names a cloud that nobody here has a token of', async () => {
    bench.context.providers = {};
    expect((await audit()).unasked).to.deep.include({ place: 'Cloud', subject: 'Local', why: `host default/${(await bench.hosts()).at(-1)?.metadata.name} names it, and it is not set up here` });
  });

  it('looks at the namespace that is named, and at no other', async () => {
    expect((await audit('elsewhere')).compared).to.deep.equal({ pools: 0, hosts: 0, servers: 0 });
  });
});

describe('the audit of servers at clouds', () => {
  const server = (provider: Server['provider'], id: string, over: Partial<Server> = {}): Server =>
    ({ provider, placement: 'there', providerID: `${provider.toLowerCase()}:${id}`, name: `web-${id}`, state: 'Running', owner: { installation: INSTALLATION, pool: WEB, hostID: 'id-of-web-1' }, createdAt: 0, ...over });
  const serving = (provider: string, id: string): ReturnType<typeof hostOf> => hostOf('web-1', { phase: 'InService', provider, providerID: `${provider.toLowerCase()}:${id}` });
  const commands = (servers: Server[], hosts = [serving('Hetzner', '1')]): string[] =>
    serversAudit([], hosts, servers, new Set(['Hetzner', 'DigitalOcean'])).map((finding) => (finding.kind === 'Difference' ? finding.difference.mend : finding.unasked.why));

  it("names the command of the vendor's own tool", () => {
    const nobody = { owner: { installation: INSTALLATION, pool: WEB, hostID: 'nobody' } };
    expect(commands([server('Hetzner', '1'), server('Hetzner', '7', nobody), server('DigitalOcean', '8', nobody)])).to.deep.equal(['hcloud server delete 7', 'doctl compute droplet delete 8']);
    expect(commands([server('Hetzner', '1', { state: 'Off' })])).to.deep.equal(['hcloud server poweron 1']);
    expect(commands([server('DigitalOcean', '3', { state: 'Off' })], [serving('DigitalOcean', '3')])).to.deep.equal(['doctl compute droplet-action power-on 3']);
  });

  it('keeps, of two servers of one host, the one that is recorded', () => {
    expect(commands([server('Hetzner', '1'), server('Hetzner', '2')])).to.deep.equal(['hcloud server delete 2']);
  });

  it('says nothing of what is on its way out, nor of a cloud that was not asked', () => {
    expect(commands([server('Hetzner', '1'), server('Hetzner', '9', { state: 'Leaving', owner: { installation: INSTALLATION, pool: WEB, hostID: 'nobody' } })])).to.deep.equal([]);
    expect(serversAudit([], [serving('Hetzner', '1')], [], new Set())).to.deep.equal([]);
    expect(commands([])).to.deep.equal(['kamal-autoscaler describe kh web-1 -n default']);
  });
});
