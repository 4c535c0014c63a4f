import { expect } from 'chai';
import { ClassifiedError, type Inventory, type Server } from '../../../controller/model/index.ts';
import type { CloudProvider } from '../../../controller/ports/index.ts';
import { INVENTORY_DOCUMENT, loadInventory } from '../../../controller/reconcile/inventory.ts';
import { hostDraft, poolDraft } from '../../support/drafts.ts';
import { type Bench, PRIMARY, START, createBench } from '../reconcile/bench.ts';

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOpKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs';

describe('the inventory in a pass over the membership', () => {
  let bench: Bench;
  /** In the order in which it happened. */
  let seen: string[];
  let published: Inventory[];
  beforeEach(async () => {
    [seen, published] = [[], []];
    bench = createBench({
      authorizedKeys: ['ssh-ed25519 AAAA kamal-autoscaler'],
      publishInventory: async (inventory) => {
        seen.push(`published ${inventory.pools.flatMap(({ hosts }) => hosts.map(({ name }) => name)).join(' ')}`);
        published.push(inventory);
      },
    });
    const { loadBalancer } = bench.context;
    bench.context.loadBalancer = { ...loadBalancer, apply: async (membership) => {
      seen.push(`applied ${membership.pools.flatMap(({ members }) => members.map(({ name }) => name)).join(' ')}`);
      await loadBalancer.apply(membership);
    } };
    await bench.put('HostPool', poolDraft('default', 'web', { fixedHosts: [PRIMARY] }));
  });
  const host = (name: string, phase: 'InService' | 'Draining') => bench.put('KamalHost', hostDraft('default', name), { phase, address: '192.0.2.11', hostKey: KEY });
  const stored = async (): Promise<Inventory | undefined> => (await loadInventory(bench.store)).inventory;
  const phase = async (name: string, to: 'Draining'): Promise<void> => {
    const found = (await bench.hosts()).find(({ metadata }) => metadata.name === name)!;
    await bench.store.updateStatus('KamalHost', { ...found, status: { ...found.status, phase: to } });
  };

  it('is stored and published before any load balancer is told, so a host is out of it before it is stopped', async () => {
    await host('web-1', 'InService');
    await bench.pass('Membership');
    await phase('web-1', 'Draining');
    await bench.pass('Membership');
    expect(seen).to.deep.equal(['published web-1', 'applied primary web-1', 'published ', 'applied primary']);
    expect((await stored())?.pools[0]?.hosts).to.deep.equal([]);
  });

  it('grows in generation with its content alone, and is published with each look', async () => {
    await host('web-1', 'InService');
    for (let passes = 0; passes < 3; passes += 1) {
      await bench.pass('Membership');
      await bench.clock.advance(15_000);
    }
    expect(published.map(({ generation, checkedAt }) => [generation, checkedAt - START])).to.deep.equal([[1, 0], [1, 15_000], [1, 30_000]]);
    expect(await stored()).to.include({ generation: 1, changedAt: START, checkedAt: START });
    await bench.clock.advance(300_000);
    await bench.pass('Membership');
    expect(await stored()).to.include({ generation: 1, changedAt: START, checkedAt: START + 345_000 });
    expect(published[0]?.authorizedKeys).to.deep.equal(['ssh-ed25519 AAAA kamal-autoscaler']);
  });

  it('neither publishes nor applies what another instance changed meanwhile', async () => {
    bench.context.documents = { load: bench.store.load.bind(bench.store), save: async (name, value, version) => {
      if (name === INVENTORY_DOCUMENT) throw new ClassifiedError('Conflict', 'somebody else wrote');
      return bench.store.save(name, value, version);
    } };
    expect(await bench.pass('Membership')).to.deep.equal({ kind: 'RequeueAfter', seconds: 0.2 });
    expect(seen).to.deep.equal([]);
  });

  it('in trouble keeps no load balancer from being told, is given to nobody, and is told as trouble', async () => {
    await bench.store.save(INVENTORY_DOCUMENT, 'rubbish', undefined);
    expect(await bench.pass('Membership').catch((error: unknown) => error)).to.be.instanceOf(Error).with.property('message').that.matches(/inventory document is unreadable/);
    expect(seen).to.deep.equal(['applied primary']);
  });
});

describe('a pass over the labels of servers', () => {
  let bench: Bench;
  let servers: Server[];
  let marks: [name: string, serving: string, hostKey: string | undefined][];
  beforeEach(async () => {
    [servers, marks] = [[], []];
    bench = createBench();
    const { Local } = bench.context.providers;
    const labelled: CloudProvider = {
      ...Local!, list: async () => ({ provider: 'Local', asOf: bench.clock.now(), servers }),
      async mark(server, serving, hostKey) {
        marks.push([server.name, serving, hostKey]);
        if (server.name === 'web-9') throw new ClassifiedError('Unavailable', 'away');
        server.part = { ...server.part!, serving, ...(hostKey === undefined ? {} : { hostKey }) };
      },
    };
    bench.context.providers = { Local: labelled };
    bench.context.servers = { ...bench.context.servers, snapshot: async () => labelled.list('test') };
    await bench.put('HostPool', poolDraft('default', 'web', { fixedHosts: [PRIMARY] }));
  });
  const host = (name: string, phase: 'InService' | 'Deploying', hostKey = KEY) => bench.put('KamalHost', hostDraft('default', name), { phase, address: `192.0.2.${name.split('-')[1]}`, hostKey });
  const server = async (name: string, serving: 'Serving' | 'NotServing', more: Partial<Server> = {}): Promise<void> => {
    const hostID = (await bench.hosts()).find(({ metadata }) => metadata.name === name)?.spec.hostID ?? 'unowned';
    servers.push({
      provider: 'Local', placement: 'here', providerID: name, name, owner: { installation: 'test', pool: { namespace: 'default', name: 'web' }, hostID }, state: 'Running', address: `192.0.2.${name.split('-')[1]}`,
      part: { service: 'shop', role: 'web', serving, sshPort: 22 }, createdAt: START, ...more,
    });
  };

  it('notes who serves and with which key, once, and nothing where it is so already', async () => {
    await host('web-1', 'InService');
    await host('web-2', 'Deploying');
    await server('web-1', 'NotServing');
    await server('web-2', 'Serving');
    await bench.pass('Membership');
    expect(bench.asked).to.deep.include({ kind: 'Marks' });
    await bench.pass('Marks');
    expect(marks).to.deep.equal([['web-1', 'Serving', KEY], ['web-2', 'NotServing', KEY]]);
    await bench.pass('Marks');
    expect(marks).to.have.length(2);
  });

  it('leaves servers alone that nobody owns, that leave, that have no labels, and those of a paused pool', async () => {
    await host('web-1', 'InService');
    await host('web-2', 'InService');
    await server('web-1', 'NotServing', { state: 'Leaving' });
    const { part: _, ...plain } = { ...servers[0]!, state: 'Running' as const };
    servers.push(plain);
    await server('web-7', 'NotServing');
    await bench.pass('Membership');
    await bench.pass('Marks');
    const pool = await bench.pool();
    await bench.store.update('HostPool', { ...pool, spec: { ...pool.spec, paused: true } });
    await server('web-2', 'NotServing');
    await bench.pass('Marks');
    expect(marks).to.deep.equal([]);
  });

  it('makes at most ten calls a pass, goes on soon, and is stopped by no refusal', async () => {
    for (let slot = 1; slot <= 12; slot += 1) {
      await host(`web-${slot}`, 'InService');
      await server(`web-${slot}`, 'NotServing');
    }
    await bench.pass('Membership');
    expect(await bench.pass('Marks')).to.deep.equal({ kind: 'RequeueAfter', seconds: 1 });
    expect(marks).to.have.length(10);
    expect(await bench.pass('Marks')).to.deep.equal({ kind: 'RequeueAfter', seconds: 60 });
    expect(new Set(marks.map(([name]) => name)).size).to.equal(12);
  });

  it('tries no key that no label can carry again and again', async () => {
    await host('web-1', 'InService', 'ssh-rsa AAAAB3NzaC1yc2E=');
    await server('web-1', 'NotServing');
    await bench.pass('Membership');
    await bench.pass('Marks');
    await bench.pass('Marks');
    expect(marks).to.deep.equal([['web-1', 'Serving', undefined]]);
  });
});
