import { expect } from 'chai';
import { Reflector } from '../../../controller/runtime/cluster/reflector.ts';
import type { ListWatch, WatchEvent } from '../../../controller/runtime/cluster/reflector.ts';
import type { CacheChange } from '../../../controller/runtime/cluster/watch-cache.ts';
import type { WatchEnd } from '../../../controller/runtime/cluster/watch-stream.ts';
import { ClassifiedError } from '../../../controller/model/index.ts';
import { createSimulatedClock } from '../../support/clock.ts';
import type { SimulatedClock } from '../../support/clock.ts';

interface Thing {
  metadata: { name: string; namespace: string; uid: string; resourceVersion: string; generation: number; creationTimestamp: string };
}

const thing = (name: string, resourceVersion: string, uid = `uid-${name}`): Thing =>
  ({ metadata: { name, namespace: 'shop', uid, resourceVersion, generation: 1, creationTimestamp: '2026-01-01T00:00:00Z' } });

/** A server whose lists and watches the test answers one by one. */
class ScriptedServer implements ListWatch<Thing> {
  lists: (Thing[] | ClassifiedError)[] = [];
  listed = 0;
  watches: { resourceVersion: string; timeoutSeconds: number; emit: (event: WatchEvent<Thing>) => void; end: (how: WatchEnd) => void }[] = [];
  version = 10;

  async list(): Promise<{ objects: Thing[]; resourceVersion: string }> {
    this.listed += 1;
    const answer = this.lists.length > 1 ? this.lists.shift() : this.lists[0];
    if (answer === undefined) throw new Error('the test has no list');
    if (answer instanceof ClassifiedError) throw answer;
    return { objects: answer, resourceVersion: String(this.version) };
  }

  watch(from: { resourceVersion: string; timeoutSeconds: number }, onEvent: (event: WatchEvent<Thing>) => void, signal: AbortSignal): Promise<WatchEnd> {
    return new Promise((resolve) => {
      signal.addEventListener('abort', () => resolve({ kind: 'Failed', error: new ClassifiedError('Unavailable', 'aborted') }));
      onEvent({ kind: 'Opened' });
      this.watches.push({ ...from, emit: onEvent, end: resolve });
    });
  }

  last(): ScriptedServer['watches'][number] {
    const watch = this.watches.at(-1);
    if (!watch) throw new Error('no watch yet');
    return watch;
  }
}

const away = new ClassifiedError('Unavailable', 'connection refused');

async function toNextWake(clock: SimulatedClock): Promise<number> {
  const passed = (clock.nextWake() ?? NaN) - clock.now();
  await clock.advance(passed);
  return passed;
}

describe('Reflector', () => {
  let clock: SimulatedClock;
  let server: ScriptedServer;
  let reflector: Reflector<Thing>;
  let told: string[];
  let troubles: string[];

  const listen = (change: CacheChange<Thing>): void => {
    told.push(`${change.type} ${change.object.metadata.name}@${change.object.metadata.resourceVersion}`);
  };

  beforeEach(() => {
    clock = createSimulatedClock(0);
    server = new ScriptedServer();
    server.lists = [[thing('a', '5')]];
    told = [];
    troubles = [];
    reflector = new Reflector(server, { clock, random: () => 0.5, onTrouble: (error) => troubles.push(`${error.class}: ${error.message}`) });
  });

  afterEach(async () => {
    await reflector.close();
  });

  it('lists, then reports each change of the watch from there', async () => {
    reflector.subscribe(listen);
    reflector.start();
    await clock.settle();
    expect(server.last().resourceVersion).to.equal('10');
    server.last().emit({ kind: 'Changed', object: thing('b', '11') });
    server.last().emit({ kind: 'Changed', object: thing('a', '12') });
    server.last().emit({ kind: 'Deleted', object: thing('b', '13') });
    expect(told).to.deep.equal(['Added a@5', 'Added b@11', 'Modified a@12', 'Deleted b@13']);
  });

  it('tells a late subscriber of what exists before any later change, and not within the call', async () => {
    reflector.start();
    await clock.settle();
    reflector.subscribe(listen);
    server.last().emit({ kind: 'Changed', object: thing('a', '11') });
    expect(told).to.deep.equal([]);
    await clock.settle();
    server.last().emit({ kind: 'Changed', object: thing('a', '12') });
    expect(told).to.deep.equal(['Added a@11', 'Modified a@12']);
  });

  it('tells a closed subscription nothing, not even what was pending', async () => {
    reflector.start();
    await clock.settle();
    const subscription = reflector.subscribe(listen);
    subscription.close();
    await clock.settle();
    server.last().emit({ kind: 'Changed', object: thing('a', '11') });
    expect(told).to.deep.equal([]);
  });

  it('goes on from the last bookmark when the server closes the watch', async () => {
    reflector.start();
    await clock.settle();
    server.last().emit({ kind: 'Bookmark', resourceVersion: '77' });
    server.last().end({ kind: 'Closed' });
    await clock.settle();
    expect(server.watches.map(({ resourceVersion }) => resourceVersion)).to.deep.equal(['10', '77']);
    expect(server.listed).to.equal(1);
  });

  it('lists again when the watch is too old, and reports what was deleted meanwhile', async () => {
    server.lists = [[thing('a', '5'), thing('b', '6')], [thing('b', '40'), thing('c', '41')]];
    reflector.subscribe(listen);
    reflector.start();
    await clock.settle();
    await clock.advance(5_000);
    server.version = 42;
    server.last().end({ kind: 'Expired' });
    await clock.settle();
    expect(told.slice(2)).to.deep.equal(['Deleted a@5', 'Modified b@40', 'Added c@41']);
    expect(server.last().resourceVersion).to.equal('42');
  });

  it('reports an object that was replaced under its name as deleted and added', async () => {
    reflector.subscribe(listen);
    reflector.start();
    await clock.settle();
    server.last().emit({ kind: 'Changed', object: thing('a', '20', 'another') });
    expect(told).to.deep.equal(['Added a@5', 'Deleted a@5', 'Added a@20']);
  });

  it('waits longer after each failure in a row, deletes nothing meanwhile, and has no cache to offer', async () => {
    reflector.subscribe(listen);
    reflector.start();
    await clock.settle();
    expect(reflector.cached()?.values()).to.have.length(1);
    await clock.advance(3_000);
    server.watch = async () => ({ kind: 'Failed', error: away });
    server.last().end({ kind: 'Failed', error: away });
    await clock.settle();
    expect(reflector.cached()).to.equal(undefined);
    const waits: number[] = [];
    for (let round = 0; round < 12; round += 1) waits.push(await toNextWake(clock));
    expect(waits.slice(0, 4)).to.deep.equal([150, 300, 600, 1200]);
    expect(Math.max(...waits)).to.equal(22_500);
    expect(told).to.deep.equal(['Added a@5']);
    expect(troubles).to.have.length.greaterThan(10);
  });

  it('survives a first list that fails', async () => {
    server.lists = [away, away, [thing('a', '5')]];
    reflector.subscribe(listen);
    reflector.start();
    await clock.settle();
    expect(reflector.cached()).to.equal(undefined);
    await clock.advance(1_000);
    expect(told).to.deep.equal(['Added a@5']);
    expect(reflector.cached()?.values()).to.have.length(1);
  });

  it('does not hammer a server that ends each watch at once', async () => {
    reflector.start();
    await clock.settle();
    for (let second = 0; second < 60; second += 1) {
      server.last().end({ kind: 'Closed' });
      await clock.advance(1_000);
    }
    expect(server.watches.length).to.be.lessThan(15);
  });

  it('does not hammer a server whose lists are always too old', async () => {
    reflector.start();
    await clock.settle();
    for (let second = 0; second < 60; second += 1) {
      server.last().end({ kind: 'Expired' });
      await clock.advance(1_000);
    }
    expect(server.listed).to.be.lessThan(15);
  });

  it('ends a watch that outlives its time, as one on a dead connection does', async () => {
    reflector.start();
    await clock.settle();
    const { timeoutSeconds } = server.last();
    await clock.advance((timeoutSeconds + 9) * 1000);
    expect(server.watches).to.have.length(1);
    await clock.advance(2_000);
    expect(server.watches).to.have.length(2);
  });

  it('lists anew after ten minutes, which heals a lost event', async () => {
    server.lists = [[thing('a', '5')], []];
    reflector.subscribe(listen);
    reflector.start();
    await clock.settle();
    for (let minute = 0; minute < 11; minute += 1) {
      await clock.advance(60_000);
      server.last().end({ kind: 'Closed' });
      await clock.settle();
    }
    expect(server.listed).to.equal(2);
    expect(told).to.deep.equal(['Added a@5', 'Deleted a@5']);
  });

  it('keeps telling the others when one listener throws', async () => {
    reflector.subscribe(() => {
      throw new Error('mine');
    });
    reflector.subscribe(listen);
    reflector.start();
    await clock.settle();
    expect(told).to.deep.equal(['Added a@5']);
    expect(troubles).to.deep.equal(['Defect: a listener of the watch threw: mine']);
  });

  it('tells nothing after close, and close waits for nothing', async () => {
    reflector.subscribe(listen);
    reflector.start();
    await clock.settle();
    const watch = server.last();
    await reflector.close();
    watch.emit({ kind: 'Changed', object: thing('z', '99') });
    expect(told).to.deep.equal(['Added a@5']);
    expect(clock.nextWake()).to.equal(undefined);
  });
});
