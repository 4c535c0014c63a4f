import { expect } from 'chai';
import type { KamalHost } from '../../../controller/api/index.ts';
import { seconds } from '../../../controller/model/index.ts';
import type { Condition } from '../../../controller/report/conditions.ts';
import { poolDraft } from '../../support/drafts.ts';
import { type Bench, createBench } from './bench.ts';

describe('hosts that go down and come back again and again', () => {
  let bench: Bench;
  beforeEach(() => { bench = createBench({}, 'Kamal'); });

  async function serving(replicas: number): Promise<KamalHost[]> {
    const { address, ports } = bench.world.addFixedHost('primary', 'v1');
    await bench.put('HostPool', poolDraft('default', 'web', {
      replicas, fixedHosts: [{ name: 'primary', address, ports }], placements: [{ name: 'here', provider: 'Local', local: { bootMilliseconds: 1000 } }],
      health: { intervalSeconds: 1, unhealthyAfterSeconds: 30 }, drain: { timeoutSeconds: 6 },
    } as never));
    await bench.drive('all serve', async () => (await bench.pool()).status?.readyReplicas === replicas);
    return bench.hosts();
  }
  const find = async ({ metadata }: KamalHost): Promise<KamalHost | undefined> => (await bench.hosts()).find((host) => host.metadata.uid === metadata.uid);
  const phaseOf = async (host: KamalHost): Promise<string | undefined> => (await find(host))?.status?.phase;
  const passTime = (forSeconds: number): Promise<void> => {
    const until = bench.clock.now() + seconds(forSeconds);
    return bench.drive('time passes', async () => bench.clock.now() >= until);
  };
  /** Down for four seconds, and back in service by the checks of a newcomer. */
  async function flap(host: KamalHost): Promise<void> {
    bench.kamal.reboot(host.metadata.name, 4, 'v1');
    await bench.drive('it is out', async () => await phaseOf(host) === 'Deploying');
    await bench.drive('it is back', async () => await phaseOf(host) === 'InService');
  }

  it('are replaced at the fifth time within ten times unhealthyAfterSeconds, and serve until the successor does', async () => {
    const [host, , other] = await serving(4);
    for (let times = 0; times < 4; times += 1) await flap(host!);
    await passTime(5);
    expect((await find(host!))?.status, 'four times are a bad day').to.include({ health: 'Healthy', phase: 'InService' });
    expect(bench.creates).to.have.length(3);
    await flap(host!);
    await bench.drive('it is told', async () => (await find(host!))?.status?.health === 'Unhealthy');
    expect(await bench.events('KamalHost', host!.metadata.name)).to.include('Unhealthy: it was seen down 5 times in 300 s: it comes back each time, and does not stay');
    await bench.drive('its successor serves and it is gone', async () => await find(host!) === undefined && (await bench.pool()).status?.readyReplicas === 4);
    expect(bench.creates).to.have.length(4);
    expect((await find(other!))?.status?.phase).to.equal('InService');
    expect(bench.world.dropped).to.deep.equal([]);
  });

  it('are not replaced when many do so: what they share would bring their successors down too', async () => {
    const hosts = await serving(4);
    for (let times = 0; times < 5; times += 1) for (const host of hosts) await flap(host);
    const condition = async (): Promise<Condition | undefined> => ((await bench.pool()).status?.conditions as Condition[] | undefined)?.find(({ type }) => type === 'ReplacementAllowed');
    await bench.drive('it is told', async () => (await condition())?.status === 'False');
    expect(await condition()).to.include({ reason: 'TooManyUnhealthy' });
    const before = bench.creates.length;
    await passTime(60);
    expect(bench.creates).to.have.length(before);
    expect((await bench.hosts()).filter(({ status }) => status?.phase === 'InService')).to.have.length(3);
  });
});
