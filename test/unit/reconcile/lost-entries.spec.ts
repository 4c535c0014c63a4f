import { expect } from 'chai';
import { ClassifiedError, type Server } from '../../../controller/model/index.ts';
import { living } from '../../../controller/reconcile/ledger.ts';
import { hostDraft, poolDraft } from '../../support/drafts.ts';
import { POOL_NEEDS } from '../../support/pool-needs.ts';
import { type Bench, WEB, createBench } from './bench.ts';

const GRACE_SECONDS = 600;
const PLACEMENT = { name: 'here', provider: 'Local' as const, local: { bootMilliseconds: 1000 } };

describe('entries of the ledger that nothing carries', () => {
  let bench: Bench;
  let server: Server;
  beforeEach(async () => {
    bench = createBench();
    await bench.put('HostPool', poolDraft('default', 'web', { placements: [PLACEMENT] } as never));
    server = await bench.context.providers.Local!.create({ name: 'web-0-abc', placement: PLACEMENT, owner: { installation: 'test', pool: WEB, hostID: 'id-of-web-0' }, pool: POOL_NEEDS });
    await bench.context.gate.noteAlive(server.owner.hostID, WEB, server);
  });

  const look = async (): Promise<void> => {
    bench.context.servers.forget('Local');
    await bench.pass('Orphans');
  };
  const counted = async (): Promise<number> => living(await bench.context.gate.read()).length;

  it('hold no place for ever: they are struck off after the grace period', async () => {
    await bench.context.providers.Local!.delete(server);
    await look();
    await bench.clock.advance((GRACE_SECONDS - 1) * 1000);
    await look();
    expect(await counted()).to.equal(1);
    await bench.clock.advance(1000);
    await look();
    expect(await counted()).to.equal(0);
  });

  it('stay as long as a KamalHost or a server carries them, or their provider cannot be asked', async () => {
    await bench.put('KamalHost', hostDraft('default', 'web-1', { hostID: 'id-of-one' }));
    await bench.context.gate.noteAlive('id-of-one', WEB, server);
    await look();
    await bench.clock.advance(2 * GRACE_SECONDS * 1000);
    bench.context.providers.Local!.list = async () => { throw new ClassifiedError('Unavailable', 'the cloud is away'); };
    await look().catch(() => undefined);
    expect(await counted()).to.equal(2);
  });
});
