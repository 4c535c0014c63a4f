import { expect } from 'chai';
import { keyOf } from '../../../controller/api/index.ts';
import { ClassifiedError, type Server } from '../../../controller/model/index.ts';
import { poolDraft } from '../../support/drafts.ts';
import { type Bench, WEB, createBench } from './bench.ts';

describe('the end of a server', () => {
  let bench: Bench;
  let refusal: Error | undefined;
  let asked: number;
  beforeEach(async () => {
    bench = createBench();
    refusal = undefined;
    asked = 0;
    const local = bench.context.providers.Local;
    if (local === undefined) throw new Error('no provider');
    bench.context.providers.Local = {
      ...local,
      async delete(server: Server) {
        asked += 1;
        if (refusal !== undefined) throw refusal;
        await local.delete(server);
      },
    };
    await bench.put('HostPool', poolDraft('default', 'web', { replicas: 1, roleKind: 'Job', loadBalancer: undefined, placements: [{ name: 'here', provider: 'Local', local: { bootMilliseconds: 1000 } }] } as never));
    await bench.drive('a server that boots', async () => bench.world.hosts().length === 1);
  });
  const host = async () => (await bench.hosts())[0];

  const ROWS: [title: string, refusal: Error, after: number, says: RegExp][] = [
    ['that is protected waits for a person', new ClassifiedError('Forbidden', 'server web-1 is protected', { mend: 'remove the protection' }), 30, /^its server is not deleted, and paid for: server web-1 is protected: remove the protection$/],
    ['of another owner does too', new ClassifiedError('Conflict', 'server web-1 belongs to nobody here'), 30, /belongs to nobody here$/],
    ['that is locked is tried again soon', new ClassifiedError('Transient', 'server is locked'), 5, /server is locked$/],
    ['after too many calls waits as long as it is told', new ClassifiedError('RateLimited', 'too many calls', { retryAfterSeconds: 42 }), 42, /too many calls$/],
  ];
  for (const [title, error, after, says] of ROWS) {
    it(title, async () => {
      refusal = error;
      await bench.store.scale(WEB, 0);
      await bench.drive('a refusal', async () => (await host())?.status?.failure !== undefined);
      const { metadata, status } = (await host())!;
      expect(status?.failure).to.include({ class: (error as ClassifiedError).class });
      expect(status?.failure?.message).to.match(says);
      expect(status?.reason).to.match(says);
      const before = asked;
      expect((Date.parse(status?.nextAttemptAt ?? '') - Date.parse(status?.failure?.at ?? '')) / 1000).to.equal(after);
      const outcome = await bench.pass('Host', keyOf({ metadata })) as { kind: string; seconds: number };
      expect(outcome.kind).to.equal('RequeueAfter');
      expect(outcome.seconds).to.be.within(after - 1, after);
      expect(asked, 'what is stored of the refusal wakes the host, which must not ask again for that').to.equal(before);
      await bench.pass('Pool', WEB);
      expect((await bench.pool()).status?.state).to.equal('Stuck');
      refusal = undefined;
      await bench.drive('it is gone', async () => bench.world.hosts().length === 0 && (await bench.hosts()).length === 0);
    });
  }

  it('is not held up by the pause that an order of before was told', async () => {
    const waiting = (await host())!;
    await bench.store.updateStatus('KamalHost', { ...waiting, status: { ...waiting.status, nextAttemptAt: new Date(bench.clock.now() + 3_600_000).toISOString() } });
    await bench.store.scale(WEB, 0);
    await bench.drive('it is gone', async () => bench.world.hosts().length === 0 && (await bench.hosts()).length === 0);
  });
});

describe('an order that the provider took and could not carry out', () => {
  it('pauses its placement, and the next host is ordered elsewhere', async () => {
    const bench = createBench();
    const local = bench.context.providers.Local;
    if (local === undefined) throw new Error('no provider');
    const doomed = (server: Server): Server => (server.placement === 'near' ? { ...server, state: 'Starting', trouble: { class: 'Capacity', message: 'no host left' } } : server);
    bench.context.providers.Local = { ...local, billing: 'Hour', price: async () => ({ currency: 'EUR', hour: 0.01 }), list: async (installation) => {
      const snapshot = await local.list(installation);
      return { ...snapshot, servers: snapshot.servers.map(doomed) };
    } };
    const placements = ['near', 'far'].map((name) => ({ name, provider: 'Local', local: { bootMilliseconds: 1000 } }));
    await bench.put('HostPool', poolDraft('default', 'web', { replicas: 1, roleKind: 'Job', loadBalancer: undefined, placements, limits: { startBackoffSeconds: 1 } } as never));
    await bench.drive('a server elsewhere', async () => bench.world.hosts().some(({ order }) => order.placement === 'far') && !bench.world.hosts().some(({ order }) => order.placement === 'near'));
    expect(bench.creates.map(({ placement }) => placement.name)).to.deep.equal(['near', 'far']);
    expect(await bench.events('HostPool')).to.satisfy((events: string[]) => events.some((event) => event.includes('did not come into service (Capacity): no host left')));
  });
});
