import { expect } from 'chai';
import { poolDraft } from '../../support/drafts.ts';
import { type Bench, WEB, createBench } from './bench.ts';

describe('a pool without fixed hosts', () => {
  let bench: Bench;
  beforeEach(async () => {
    bench = createBench();
    const spec = { replicas: 2, deletionPolicy: 'Drain', drain: { timeoutSeconds: 5 }, health: { intervalSeconds: 1 } };
    await bench.put('HostPool', poolDraft('default', 'web', spec as never));
    await bench.drive('two hosts serve', async () => (await bench.pool()).status?.readyReplicas === 2);
  });

  it('drains whole when it is deleted with deletionPolicy Drain', async () => {
    await bench.store.delete('HostPool', WEB);
    await bench.drive('the pool is gone', async () => await bench.store.get('HostPool', WEB) === undefined);
    expect(bench.world.hosts()).to.deep.equal([]);
    expect(bench.world.dropped).to.deep.equal([]);
  });

  it('drains whole when replicas 0 is written', async () => {
    await bench.store.scale(WEB, 0);
    await bench.drive('no host is left', async () => (await bench.hosts()).length === 0);
    expect(bench.world.hosts()).to.deep.equal([]);
    expect(bench.world.dropped).to.deep.equal([]);
  });

  it('does not let its last host leave the load balancer while a host is wanted', async () => {
    await bench.store.scale(WEB, 1);
    await bench.drive('one host is left', async () => (await bench.hosts()).length === 1);
    const [host] = await bench.hosts();
    await bench.store.delete('KamalHost', { namespace: 'default', name: host!.metadata.name });
    await bench.drive('another host has its place', async () => (await bench.hosts()).every(({ metadata }) => metadata.name !== host!.metadata.name));
    expect((await bench.pool()).status).to.include({ readyReplicas: 1 });
    expect(bench.world.dropped).to.deep.equal([]);
  });
});
