import { expect } from 'chai';
import { type KamalHost, PROTECTED_ANNOTATION, QUARANTINED_ANNOTATION } from '../../../controller/api/index.ts';
import { auditInstallation } from '../../../controller/reconcile/audit.ts';
import type { Condition } from '../../../controller/report/conditions.ts';
import { poolDraft } from '../../support/drafts.ts';
import { noLock } from '../../support/no-lock.ts';
import { type Bench, WEB, createBench } from './bench.ts';

describe('a host that a person keeps', () => {
  let bench: Bench;
  let name: string;
  beforeEach(async () => {
    bench = createBench();
    const { address, ports } = bench.world.addFixedHost('primary', 'v1');
    await bench.put('HostPool', poolDraft('default', 'web', {
      replicas: 3, maxReplicas: 3, fixedHosts: [{ name: 'primary', address, ports }], placements: [{ name: 'here', provider: 'Local', local: { bootMilliseconds: 1000 } }],
      health: { intervalSeconds: 1, unhealthyAfterSeconds: 5 }, drain: { timeoutSeconds: 6 },
    } as never));
    await bench.drive('three serve', async () => (await bench.pool()).status?.readyReplicas === 3);
    name = (await bench.hosts())[0]?.metadata.name ?? '';
  });
  async function mark(annotations: Record<string, string>): Promise<void> {
    const host = (await bench.hosts()).find(({ metadata }) => metadata.name === name)!;
    await bench.store.update('KamalHost', { ...host, metadata: { ...host.metadata, annotations } });
  }
  const condition = async (type: string): Promise<Condition | undefined> => ((await bench.pool()).status?.conditions as Condition[] | undefined)?.find((one) => one.type === type);
  const members = (): string[] => (bench.world.served()?.pools ?? []).flatMap((pool) => pool.members.map((member) => member.name));
  const there = (): boolean => bench.world.hosts().some(({ order }) => order.name === name);
  const phase = async (): Promise<string | undefined> => (await bench.hosts()).find(({ metadata }) => metadata.name === name)?.status?.phase;

  it('in quarantine at the maximum serves nobody, counts as nobody, and is kept; that nothing can be bought for it is said', async () => {
    await mark({ [QUARANTINED_ANNOTATION]: 'true' });
    await bench.drive('it is apart', async () => await phase() === 'Quarantined' && (await condition('Quarantine'))?.reason === 'NoRoomBeside');
    expect((await condition('Quarantine'))?.message).to.equal(`${name} is out of service and kept, paid for, and counted against maxReplicas and budget; maxReplicas 3 is reached with it, so 1 of the 3 hosts that are wanted cannot be bought: raise maxReplicas, or end it; to end it: kamal-autoscaler quarantine ${name} --release`);
    expect((await bench.pool()).status).to.include({ readyReplicas: 2, replicas: 2, quarantinedReplicas: 1 });
    expect(await condition('Ready')).to.include({ status: 'False' });
    expect(members()).to.have.length(2).and.to.not.include(name);
    expect(bench.creates).to.have.length(2);
    await bench.store.update('HostPool', { ...await bench.pool(), spec: { ...(await bench.pool()).spec, maxReplicas: 4 } });
    await bench.drive('its successor serves', async () => (await bench.pool()).status?.readyReplicas === 3);
    expect(await condition('Quarantine')).to.include({ reason: 'HostsKept' });
    expect(there()).to.equal(true);
    expect(bench.world.dropped).to.deep.equal([]);
  });

  it('in quarantine is neither swept nor scaled in, and an audit finds nothing wrong with it', async () => {
    await mark({ [QUARANTINED_ANNOTATION]: 'true' });
    await bench.drive('it is apart', async () => await phase() === 'Quarantined');
    await bench.store.scale(WEB, 0);
    await bench.drive('the other leaves', async () => (await bench.hosts()).length === 1);
    for (let pass = 0; pass < 3; pass += 1) {
      await bench.clock.advance(700_000);
      bench.context.servers.forget('Local');
      await bench.pass('Orphans');
      await bench.drive('a round', async () => true);
    }
    expect([there(), await phase()]).to.deep.equal([true, 'Quarantined']);
    await bench.drive('the inventory is looked at', async () => (await auditInstallation({ ...bench.context, deployLock: noLock() })).differences.length === 0);
  });

  it('by protection alone is replaced when it is down, and kept from a scale-in, which is said', async () => {
    await mark({ [PROTECTED_ANNOTATION]: 'true' });
    await bench.store.scale(WEB, 1);
    await bench.drive('the other leaves, and it is said', async () => (await bench.hosts()).length === 1 && (await condition('ScaleInAllowed'))?.status === 'False');
    expect((await bench.hosts()).map(({ metadata }) => metadata.name)).to.deep.equal([name]);
    await bench.store.scale(WEB, 2);
    const [{ spec: { hostID } }] = (await bench.hosts()) as [KamalHost];
    bench.world.kill(name);
    await bench.drive('it is replaced', async () => (await bench.hosts()).every(({ spec }) => spec.hostID !== hostID) && (await bench.pool()).status?.readyReplicas === 2);
  });

  it('by protection and quarantine is the one that stays when it is released', async () => {
    await bench.store.update('HostPool', { ...await bench.pool(), spec: { ...(await bench.pool()).spec, maxReplicas: 4 } });
    await mark({ [QUARANTINED_ANNOTATION]: 'true', [PROTECTED_ANNOTATION]: 'true' });
    await bench.drive('its successor serves', async () => await phase() === 'Quarantined' && (await bench.pool()).status?.readyReplicas === 3);
    await mark({ [PROTECTED_ANNOTATION]: 'true' });
    await bench.drive('another one leaves', async () => await phase() === 'InService' && (await bench.hosts()).length === 2);
    expect(members()).to.include(name);
    expect(bench.world.dropped).to.deep.equal([]);
  });
});
