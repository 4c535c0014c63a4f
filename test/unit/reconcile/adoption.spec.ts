import { expect } from 'chai';
import { poolDraft } from '../../support/drafts.ts';
import { POOL_NEEDS } from '../../support/pool-needs.ts';
import { WEB, createBench } from './bench.ts';

const PLACEMENT = { name: 'here', provider: 'Local' as const, local: { bootMilliseconds: 1000 } };

describe('the adoption of a server', () => {
  it('takes no slot that the pool takes at the same moment, when its plan does not know of the server', async () => {
    const bench = createBench();
    await bench.put('HostPool', poolDraft('default', 'web', { placements: [PLACEMENT] } as never));
    await bench.store.scale(WEB, 1);
    await bench.pass('Pool', WEB);
    const server = await bench.context.providers.Local!.create({ name: 'web-0-abc', placement: PLACEMENT, owner: { installation: 'test', pool: WEB, hostID: 'id-of-web-0-abc' }, pool: POOL_NEEDS });
    await bench.clock.advance(1000);
    const { store } = bench.context;
    const create = store.create.bind(store);
    let poolPass: Promise<unknown> | undefined;
    store.create = async (kind, draft) => {
      if (poolPass === undefined) {
        // A person deletes the server, and its next list is there before its KamalHost is.
        await bench.context.providers.Local!.delete(server);
        bench.context.servers.forget('Local');
        poolPass = bench.pass('Pool', WEB);
        for (let turn = 0; turn < 20; turn += 1) await new Promise<void>((resolve) => { setImmediate(resolve); });
      }
      return create(kind, draft);
    };
    bench.context.servers.forget('Local');
    await bench.pass('Orphans');
    await poolPass;
    expect((await bench.hosts()).map(({ metadata, spec }) => [metadata.name, spec.slot])).to.deep.equal([['web-0-abc', 0]]);
  });
});
