import { expect } from 'chai';
import { type CreateFault, createLocalProvider } from '../../../controller/act/cloud/local/provider.ts';
import { type DeployFault, createLocalDeployer } from '../../../controller/act/deploy/local.ts';
import { createOperationTable } from '../../../controller/act/deploy/operation-table.ts';
import { type ServerOwner, classOf } from '../../../controller/model/index.ts';
import type { Operation } from '../../../controller/ports/index.ts';
import { createSimulatedClock } from '../../support/clock.ts';
import { createMemoryWorld, memoryEndpoint } from '../../support/memory-world.ts';
import { POOL_NEEDS } from '../../support/pool-needs.ts';

const owner: ServerOwner = { installation: 'home', pool: { namespace: 'default', name: 'web' }, hostID: 'a' };
const request = { name: 'web-1', owner, placement: { name: 'here', provider: 'Local' as const, local: { bootMilliseconds: 1000 } }, pool: POOL_NEEDS };

function memory() {
  const clock = createSimulatedClock(Date.UTC(2026, 0, 1));
  return { clock, world: createMemoryWorld({ clock }) };
}

describe('faults of the local provider', () => {
  function provider(fault?: CreateFault, listLagSeconds = 0) {
    const { clock, world } = memory();
    let ids = 0;
    return { clock, provider: createLocalProvider({ table: world.table, clock, newID: () => `${ids += 1}`, listLagSeconds, createFault: () => fault }) };
  }

  for (const errorClass of ['Capacity', 'Quota', 'Transient'] as const) {
    it(`refuse with ${errorClass}, and nothing is made`, async () => {
      const { provider: cloud } = provider({ kind: 'Refused', class: errorClass });
      expect(await cloud.create(request).catch(classOf)).to.equal(errorClass);
      expect((await cloud.list('home')).servers).to.deep.equal([]);
    });
  }

  it('lose the reply, while the server is made', async () => {
    const { provider: cloud } = provider({ kind: 'ReplyLost' });
    expect(await cloud.create(request).catch(classOf)).to.equal('OutcomeUnknown');
    expect(await cloud.find(owner)).to.have.length(1);
  });

  it('make servers that never boot', async () => {
    const { provider: cloud, clock } = provider({ kind: 'NeverBoots' });
    await cloud.create(request);
    await clock.advance(3_600_000);
    expect((await cloud.list('home')).servers.map(({ state }) => state)).to.deep.equal(['Starting']);
  });

  it('list a server late, as long as settleSeconds say, and delete it before', async () => {
    const { provider: cloud, clock } = provider(undefined, 5);
    expect(cloud.settleSeconds).to.equal(5);
    const server = await cloud.create(request);
    await clock.advance(4_999);
    expect([(await cloud.list('home')).servers, await cloud.find(owner)]).to.deep.equal([[], []]);
    await clock.advance(1);
    expect((await cloud.list('home')).servers).to.have.length(1);
    await cloud.delete(server);
    const early = await cloud.create(request);
    await cloud.delete(early);
    await clock.advance(60_000);
    expect((await cloud.list('home')).servers).to.deep.equal([]);
  });
});

describe('faults of the local deployer', () => {
  async function deployment(fault: DeployFault) {
    const { clock, world } = memory();
    await world.table.start({ id: 'h', name: 'h', placement: 'here', createdAt: clock.now(), bootMilliseconds: 0 });
    const [host] = world.hosts();
    if (host === undefined) throw new Error('no host');
    const deployer = createLocalDeployer({ control: world.control, clock, deployTimeoutSeconds: 30, deployFault: () => fault });
    const operation: Operation = { id: 'o', kind: 'Deploy', version: 'v1', target: { host: { namespace: 'default', name: 'h' }, endpoint: memoryEndpoint(host), role: { service: 'app', role: 'web' }, ssh: POOL_NEEDS.ssh, identity: { kind: 'Bought', hostID: 'h' } } };
    await deployer.start(operation);
    return { clock, deployer, host };
  }

  it('fail with what was asked for, and the host stays as it was', async () => {
    const { clock, deployer, host } = await deployment({ kind: 'Fails', message: 'manifest not found', replaceHost: false });
    await clock.settle();
    expect(deployer.observe('o')).to.deep.equal({ kind: 'Failed', class: 'Transient', message: 'manifest not found', replaceHost: false });
    expect(host.starts).to.equal(0);
  });

  it('never become healthy: after the deploy timeout the host is to be replaced', async () => {
    const { clock, deployer } = await deployment({ kind: 'NeverHealthy' });
    await clock.advance(29_000);
    expect(deployer.observe('o')).to.deep.equal({ kind: 'Running' });
    await clock.advance(1_000);
    expect(deployer.observe('o')).to.include({ kind: 'Failed', replaceHost: true });
  });

  it('take longer', async () => {
    const { clock, deployer } = await deployment({ kind: 'Slow', milliseconds: 60_000 });
    await clock.advance(61_000);
    expect(deployer.observe('o')).to.deep.equal({ kind: 'Running' });
    await clock.advance(1_000);
    expect(deployer.observe('o')).to.deep.equal({ kind: 'Succeeded' });
  });
});

describe('operation table', () => {
  it('forgets the oldest ends, and nothing that is under way', async () => {
    const table = createOperationTable(2);
    table.start('open', () => new Promise(() => {}), () => {});
    for (const id of ['a', 'b', 'c']) await new Promise<void>((resolve) => { table.start(id, async () => ({ kind: 'Succeeded' }), resolve); });
    expect(['open', 'a', 'b', 'c'].map((id) => table.observe(id).kind)).to.deep.equal(['Running', 'Lost', 'Succeeded', 'Succeeded']);
  });
});
