import { expect } from 'chai';
import { createHetznerProvider } from '../../../controller/act/cloud/hetzner/provider.ts';
import { hetznerSuite } from '../act-cloud/hetzner/world.ts';
import { WEB } from './bench.ts';
import { FRA, NBG, type TwoClouds, startTwoClouds } from './two-clouds.ts';

/** Whole passes of the controller over the adapter that runs in production, on days on which the cloud takes no orders. */
hetznerSuite('a pool whose cloud takes no orders', function () {
  this.timeout(60_000);
  let clouds: TwoClouds;
  afterEach(() => clouds.close());

  const servers = (): number => clouds.servers.project.servers.size;
  const sent = (method: string): number => clouds.servers.calls.filter((call) => call.method === method).length;

  it('for its token may only read: who must create which token is said, and it is asked rarely', async () => {
    clouds = await startTwoClouds({ hetznerToken: 'ReadOnly' });
    await clouds.putPool({ replicas: 2, maxReplicas: 4, placements: [NBG] });
    await clouds.passes(300);
    expect(servers()).to.equal(0);
    expect(sent('POST'), 'calls of two hosts in five minutes').to.be.within(2, 24);
    expect(await clouds.condition('Stuck')).to.include({ status: 'True', reason: 'Unauthorized' });
    expect((await clouds.condition('Stuck'))?.message).to.match(/nbg: Hetzner answers POST \/servers with 403 token_readonly: .*this token may only read: create a token with Read & Write/);
    expect((await clouds.bench.hosts()).map(({ spec, status }) => [spec.intent, status?.phase])).to.deep.equal([['Serve', 'Provisioning'], ['Serve', 'Provisioning']]);
  });

  it('for its token may only read: nothing is sold either, what should leave stays counted, and it says so', async () => {
    clouds = await startTwoClouds();
    const { bench } = clouds;
    await clouds.putPool({ replicas: 2, maxReplicas: 4, placements: [NBG] });
    expect(await clouds.passes(60, async () => servers() === 2 && (await bench.hosts()).every(({ status }) => status?.phase === 'Bootstrapping'))).to.equal(true);
    const reader = createHetznerProvider({ endpoint: clouds.servers.endpoint, token: { kind: 'Value', value: 'a-token-that-may-only-read' }, clock: bench.clock, userData: () => '#cloud-config\n' });
    bench.context.providers.Hetzner = reader;
    await bench.store.scale(WEB, 1);
    await clouds.passes(300);
    reader.close();
    expect(servers()).to.equal(2);
    expect(sent('DELETE')).to.be.within(8, 12);
    const [leaving, ...others] = (await bench.hosts()).filter(({ spec }) => spec.intent === 'Drain');
    expect(others).to.deep.equal([]);
    expect(leaving?.status).to.include({ phase: 'Deprovisioning' });
    expect(leaving?.status?.reason).to.match(/^its server is not deleted, and paid for: .*403 token_readonly.*Read & Write/);
    expect(Object.values((await bench.context.gate.read()).entries).filter(({ state }) => state === 'Alive')).to.have.length(2);
  });

  it('for maintenance: it waits in their words, and orders once when that is over', async () => {
    clouds = await startTwoClouds();
    clouds.servers.faults.script('POST /servers', { kind: 'Refuse', status: 403, code: 'maintenance', message: 'Cannot perform operation due to maintenance' }, 1000);
    await clouds.putPool({ replicas: 1, maxReplicas: 4, placements: [NBG] });
    await clouds.passes(300);
    expect(servers()).to.equal(0);
    expect(sent('POST')).to.be.within(3, 20);
    expect(await clouds.condition('Stuck')).to.include({ status: 'True', reason: 'Unavailable' });
    expect((await clouds.condition('Stuck'))?.message).to.include('403 maintenance: Cannot perform operation due to maintenance');
    clouds.servers.faults.clear();
    expect(await clouds.passes(120, () => servers() === 1)).to.equal(true);
    await clouds.passes(60);
    expect(servers()).to.equal(1);
    expect(await clouds.condition('Stuck')).to.include({ status: 'False' });
  });

  for (const [title, fault, token] of [
    ['for its token may only read', undefined, 'ReadOnly'], ['for maintenance', { kind: 'Refuse', status: 403, code: 'maintenance' }, 'ReadWrite'],
    ['with 503 at each order', { kind: 'Refuse', status: 503, code: 'unavailable' }, 'ReadWrite'],
  ] as const) {
    it(`${title}: the other cloud of the pool is taken, once`, async () => {
      clouds = await startTwoClouds({ hetznerToken: token });
      if (fault !== undefined) clouds.servers.faults.script('POST /servers', fault, 1000);
      await clouds.putPool({ replicas: 2, maxReplicas: 3, placements: [NBG, FRA] });
      expect(await clouds.passes(300, () => clouds.droplets.account.droplets.size === 2)).to.equal(true);
      await clouds.passes(60);
      expect([servers(), clouds.droplets.account.droplets.size]).to.deep.equal([0, 2]);
      expect(clouds.paid()).to.deep.equal(await clouds.wishes());
    });
  }
});
