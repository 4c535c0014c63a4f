import { expect } from 'chai';
import { createWorkQueue } from '../../../controller/runtime/work-queue.ts';
import { createSimulatedClock } from '../../support/clock.ts';

function setUp(run: (key: string) => Promise<number | undefined>, concurrency = 2) {
  const clock = createSimulatedClock(0);
  const queue = createWorkQueue<string>({ clock, textOf: (key) => key, run, concurrency });
  return { clock, queue };
}

describe('work queue', () => {
  it('runs a key once however often it was added', async () => {
    const ran: string[] = [];
    const { clock, queue } = setUp(async (key) => void ran.push(key));
    queue.add('a');
    queue.add('a');
    await clock.advance(1000);
    expect(ran).to.deep.equal(['a']);
    await queue.stop();
  });

  it('never runs one key twice at the same time, and runs it again when it was added meanwhile', async () => {
    let inside = 0;
    let most = 0;
    let runs = 0;
    const { clock, queue } = setUp(async () => {
      inside += 1;
      runs += 1;
      most = Math.max(most, inside);
      await clock.sleep(100);
      inside -= 1;
      return undefined;
    });
    queue.add('a');
    await clock.advance(10);
    queue.add('a');
    await clock.advance(1000);
    expect({ most, runs }).to.deep.equal({ most: 1, runs: 2 });
    await queue.stop();
  });

  it('keeps to its limit over different keys', async () => {
    let inside = 0;
    let most = 0;
    const { clock, queue } = setUp(async () => {
      inside += 1;
      most = Math.max(most, inside);
      await clock.sleep(100);
      inside -= 1;
      return undefined;
    }, 3);
    for (const key of ['a', 'b', 'c', 'd', 'e']) queue.add(key);
    await clock.advance(1000);
    expect(most).to.equal(3);
    await queue.stop();
  });

  it('runs again after the time that a pass asks for; an earlier wish wins', async () => {
    const at: number[] = [];
    const { clock, queue } = setUp(async () => {
      at.push(clock.now());
      return 5000;
    });
    queue.add('a');
    await clock.advance(6000);
    queue.add('a', 1000);
    await clock.advance(2000);
    expect(at).to.deep.equal([0, 5000, 7000]);
    await queue.stop();
  });

  it('looks again within a minute when the clock was stepped back by an hour', async () => {
    const clock = createSimulatedClock(0);
    let back = 0;
    const at: number[] = [];
    const queue = createWorkQueue<string>({
      clock: { now: () => clock.now() - back, sleep: clock.sleep }, textOf: (key) => key, concurrency: 1,
      run: async () => {
        at.push(clock.now());
        return 5000;
      },
    });
    queue.add('a');
    await clock.advance(1000);
    back = 3600_000;
    await clock.advance(70_000);
    expect(at.length).to.be.greaterThan(2);
    await queue.stop();
  });

  it('lets passes under way end when it stops, and starts no more', async () => {
    let ended = 0;
    const { clock, queue } = setUp(async () => {
      await clock.sleep(100);
      ended += 1;
      return 0;
    }, 1);
    queue.add('a');
    queue.add('b');
    await clock.advance(10);
    const stopped = queue.stop();
    await clock.advance(500);
    await stopped;
    expect(ended).to.equal(1);
  });
});
