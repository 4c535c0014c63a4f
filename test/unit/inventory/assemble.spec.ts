import { expect } from 'chai';
import { ADOPTED_ANNOTATION, type HostPool, type KamalHost } from '../../../controller/api/index.ts';
import type { InventoryPool, Phase, Server, ServerPart } from '../../../controller/model/index.ts';
import { assembleInventory } from '../../../controller/reconcile/assemble-inventory.ts';
import { PRIMARY, START, WEB, hostOf, poolOf } from '../reconcile/bench.ts';

const NONE = { pools: [] };
const LATER = new Date(START + 1000).toISOString();
const web = (spec: Partial<HostPool['spec']> = {}, metadata: Partial<HostPool['metadata']> = {}): HostPool =>
  poolOf('web', { fixedHosts: [PRIMARY], kamal: { service: 'shop', role: 'web' }, ...spec } as Partial<HostPool['spec']>, metadata);
const host = (name: string, phase: Phase, status: KamalHost['status'] = {}): KamalHost => hostOf(name, { phase, address: `192.0.2.${name.split('-')[1]}`, ...status });
const server = (name: string, part: Partial<ServerPart> | 'NoLabels' = {}, more: Partial<Server> = {}): Server => ({
  provider: 'Local', placement: 'here', providerID: name, name, owner: { installation: 'test', pool: WEB, hostID: `id-of-${name}` }, state: 'Running', address: `192.0.2.${name.split('-')[1]}`, createdAt: START,
  ...(part === 'NoLabels' ? {} : { part: { service: 'shop', role: 'web', serving: 'Serving', sshPort: 22, ...part } }), ...more,
});
const entry = (pools: readonly InventoryPool[], name = 'web'): InventoryPool | undefined => pools.find(({ pool }) => pool.name === name);
const names = (pools: readonly InventoryPool[]): string[] | undefined => entry(pools)?.hosts.map(({ name }) => name);

/** Two hosts that serve. */
const pair = [host('web-1', 'InService'), host('web-2', 'InService')];
const last = { pools: assembleInventory(NONE, [web()], pair, []) };

describe('the inventory of pools and hosts', () => {
  it('lists bought hosts that join or serve, by the number in their name, and no fixed one', () => {
    const phases: Phase[] = ['Pending', 'Provisioning', 'Bootstrapping', 'Deploying', 'Draining', 'Departing', 'Deprovisioning', 'Released'];
    const others = phases.map((phase, index) => host(`web-${50 + index}`, phase));
    expect(names(assembleInventory(NONE, [web()], [host('web-10', 'InService'), host('web-9', 'Joining'), ...others], []))).to.deep.equal(['web-9', 'web-10']);
  });

  it('tells the role, where SSH goes, as whom, and the pinned key', () => {
    const ssh = { user: 'deploy', port: 2222, jumpHost: { address: '203.0.113.9', user: 'root', port: 22, hostKey: 'ssh-ed25519 AAAA' } };
    const pools = assembleInventory(NONE, [web({ ssh, kamal: { service: 'shop', role: 'web', destination: 'production' } } as Partial<HostPool['spec']>)], [host('web-1', 'InService', { sshAddress: '10.0.0.4', hostKey: 'ssh-ed25519 BBBB' })], []);
    expect(pools).to.deep.equal([{
      pool: WEB, service: 'shop', destination: 'production', role: 'web', ssh, hosts: [{ name: 'web-1', hostID: 'id-of-web-1', address: '10.0.0.4', hostKey: 'ssh-ed25519 BBBB' }],
    }]);
  });

  it('has an entry, without hosts, for a pool of which it is sure that nothing was bought', () => {
    expect(entry(assembleInventory(NONE, [web()], [], []))).to.deep.include({ hosts: [] }).and.not.have.property('unsure');
  });

  it('is not sure of a pool that it never saw while a provider cannot be asked, and says so until it can', () => {
    const unasked = assembleInventory(NONE, [web()], [], undefined);
    const still = assembleInventory({ pools: unasked }, [web()], [], undefined);
    for (const pools of [unasked, still]) expect(entry(pools)?.unsure).to.match(/provider could not be asked/);
    expect(entry(assembleInventory({ pools: still }, [web()], [], []))).to.not.have.property('unsure');
    expect(entry(assembleInventory(last, [web()], pair, undefined))).to.not.have.property('unsure');
  });
});

describe('the inventory of what is absent', () => {
  it('keeps the entry of a pool that is paused, ends and retains, or is gone', () => {
    for (const pools of [[web({ paused: true })], [web({}, { deletionTimestamp: LATER })], []]) {
      expect(assembleInventory(last, pools, [], undefined)).to.deep.equal(last.pools);
    }
  });

  it('lets hosts of a pool that is gone go once their provider says that they are, and then the entry', () => {
    const one = { pools: assembleInventory(last, [], [], [server('web-2')]) };
    expect(names(one.pools)).to.deep.equal(['web-2']);
    expect(assembleInventory(one, [], [], [])).to.deep.equal([]);
  });

  it('keeps a host whose KamalHost vanished as long as its server is there or nobody can tell', () => {
    for (const servers of [undefined, [server('web-1'), server('web-2')], [server('web-1', 'NoLabels'), server('web-2', { serving: 'NotServing' })]]) {
      expect(names(assembleInventory(last, [web()], pair.slice(1), servers))).to.deep.equal(['web-1', 'web-2']);
    }
    expect(names(assembleInventory(last, [web()], pair.slice(1), [server('web-2')]))).to.deep.equal(['web-2']);
  });

  it('lets a host go the moment it drains, whatever the labels of its server say', () => {
    expect(names(assembleInventory(last, [web()], [host('web-1', 'Draining'), pair[1]!], [server('web-1'), server('web-2')]))).to.deep.equal(['web-2']);
  });
});

describe('the inventory of a store that lost its hosts', () => {
  it('believes the labels of servers that nobody owns yet', () => {
    const pools = assembleInventory(NONE, [web()], [], [server('web-1', { hostKey: 'ssh-ed25519 AAAA' }), server('web-2', { serving: 'NotServing' }), server('web-3', {}, { state: 'Leaving' })]);
    expect(entry(pools)).to.deep.include({ hosts: [{ name: 'web-1', hostID: 'id-of-web-1', address: '192.0.2.1', hostKey: 'ssh-ed25519 AAAA' }] }).and.not.have.property('unsure');
  });

  it('believes them of an adopted host until it has joined or leaves', () => {
    const adopted = (phase: Phase, status: KamalHost['status'] = {}): KamalHost => ({ ...host('web-1', phase, status), metadata: { ...host('web-1', phase).metadata, annotations: { [ADOPTED_ANNOTATION]: 'x' } } });
    expect(names(assembleInventory(NONE, [web()], [adopted('Bootstrapping')], [server('web-1')]))).to.deep.equal(['web-1']);
    expect(names(assembleInventory(NONE, [web()], [adopted('Draining')], [server('web-1')]))).to.deep.equal([]);
    expect(names(assembleInventory(NONE, [web()], [adopted('Deploying', { joiningSince: LATER })], [server('web-1')]))).to.deep.equal([]);
  });

  it('is not sure where a server without labels may serve, or has no address', () => {
    expect(entry(assembleInventory(NONE, [web()], [], [server('web-1', 'NoLabels')]))?.unsure).to.match(/nobody knows yet whether server web-1 serves/);
    const { address: _, ...nowhere } = server('web-1');
    expect(entry(assembleInventory(NONE, [web()], [], [nowhere]))?.unsure).to.match(/server web-1 serves, and its address is not known yet/);
  });

  it('takes no server of another pool', () => {
    const stranger = server('web-1', {}, { owner: { installation: 'test', pool: { namespace: 'default', name: 'other' }, hostID: 'id-of-other' } });
    expect(names(assembleInventory(NONE, [web()], [], [stranger]))).to.deep.equal([]);
  });
});
