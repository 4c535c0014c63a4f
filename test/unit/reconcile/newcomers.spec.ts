import { expect } from 'chai';
import { fromTimestamp, seconds } from '../../../controller/model/index.ts';
import { poolDraft } from '../../support/drafts.ts';
import { type Bench, WEB, createBench } from './bench.ts';

describe('a newcomer that answers with errors', () => {
  let bench: Bench;
  /** Requests a second of each host, and the share of them that fail, by HTTP port. */
  let failing: (port: number) => number;
  beforeEach(async () => {
    bench = createBench({}, 'Kamal');
    failing = () => 0;
    const { probe } = bench.context;
    bench.context.probe = {
      ...probe,
      async requests({ ports: { http } }) {
        const host = bench.world.hosts().find(({ ports }) => ports.http === http);
        if (host?.app === undefined) return { kind: 'Unknown' };
        const requests = Math.round((bench.clock.now() - host.app.readyAt) / 100);
        return { kind: 'Count', requests, errors: Math.round(requests * failing(http)) };
      },
    };
    const { address, ports } = bench.world.addFixedHost('primary', 'v1');
    await bench.put('HostPool', poolDraft('default', 'web', {
      replicas: 2, fixedHosts: [{ name: 'primary', address, ports }], placements: [{ name: 'here', provider: 'Local', local: { bootMilliseconds: 1000 } }],
      health: { intervalSeconds: 1 }, drain: { timeoutSeconds: 6 },
    } as never));
    await ready(2);
  });
  const ready = (count: number): Promise<void> => bench.drive(`${count} serve`, async () => (await bench.pool()).status?.readyReplicas === count);
  const passTime = async (forSeconds: number): Promise<void> => {
    for (let left = forSeconds; left > 0; left -= 100) {
      const until = bench.clock.now() + seconds(Math.min(left, 100));
      await bench.drive('time passes', async () => bench.clock.now() >= until);
    }
  };
  const bought = () => bench.world.hosts().filter(({ order }) => order.owner !== undefined);
  const listed = (name: string): boolean => bench.world.served()?.pools.some(({ members }) => members.some((member) => member.name === name)) ?? false;
  const joins = async () => (await bench.pool()).status?.conditions?.find(({ type }) => type === 'JoinsAllowed');

  it('leaves again, and no other joins; people read the numbers', async () => {
    const [bad] = bought();
    failing = (port) => (port === bad?.ports.http ? 0.3 : 0.001);
    await bench.drive('joins are held', async () => (await bench.pool()).status?.joinHold !== undefined);
    await bench.drive('it is out', async () => !listed(bad!.order.name));
    const { status } = await bench.pool();
    expect(status?.joinHold).to.include({ host: bad!.order.name, version: 'v1' });
    expect(status?.joinHold?.reason).to.match(/^web-0-\w+ answered \d+ of \d+ requests \(\d+\.\d %\) with errors, its siblings \d of \d+ requests/);
    await bench.drive('the pool says so', async () => (await joins())?.status === 'False');
    expect((await joins())?.message).to.match(/^no host of version v1 joins until .+: web-0-\w+ answered .+; it left the load balancers and stays to be looked at$/);
    expect(await bench.events('HostPool')).to.satisfy((lines: string[]) => lines.some((line) => line.startsWith('JoinsHeld: web-0-')));

    await bench.store.scale(WEB, 4);
    await passTime(60);
    expect(bench.creates, 'nothing is bought that could not join').to.have.length(1);
    expect((await bench.hosts())[0]?.status).to.include({ phase: 'Deploying' });
    expect((await bench.hosts())[0]?.status?.reason).to.match(/^no host of version v1 joins: /);
  });

  it('is tried again after a while', async () => {
    const [bad] = bought();
    failing = (port) => (port === bad?.ports.http ? 0.3 : 0.001);
    await bench.drive('joins are held', async () => (await bench.pool()).status?.joinHold !== undefined);
    const until = fromTimestamp((await bench.pool()).status?.joinHold?.until)!;
    failing = () => 0.001;
    await passTime((until - bench.clock.now()) / 1000 - 5);
    expect(listed(bad!.order.name)).to.equal(false);
    await ready(2);
    expect((await joins())?.status).to.equal('True');
  });

  it('joins with the next version', async () => {
    const [bad] = bought();
    failing = (port) => (port === bad?.ports.http ? 0.3 : 0.001);
    await bench.drive('it is out', async () => !listed(bad!.order.name));
    failing = () => 0.001;
    for (const { app } of bench.world.hosts()) if (app !== undefined) app.version = 'v2';
    await ready(2);
    expect(bench.kamal.faults).to.deep.equal([]);
    await bench.drive('joins are allowed', async () => (await bench.pool()).status?.joinHold === undefined);
  });

  it('like all of its siblings stays', async () => {
    failing = () => 0.3;
    await passTime(60);
    expect((await bench.pool()).status?.joinHold).to.equal(undefined);
    expect(listed(bought()[0]!.order.name)).to.equal(true);
  });
});
