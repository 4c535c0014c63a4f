import { expect } from 'chai';
import { lockMessage } from '../../../controller/act/deploy/kamal/lock-status.ts';
import { createKamalLock } from '../../../controller/act/deploy/kamal/deploy-lock.ts';
import type { KamalResult } from '../../support/fake-hosts/stage.ts';
import { type KamalWorld, STATIC_HOST, startKamalWorld } from '../../support/kamal-deployer/world.ts';

const lock = { service: 'app' };

describe("Kamal's deploy lock", () => {
  let world: KamalWorld;
  beforeEach(async () => {
    world = await startKamalWorld([]);
    world.publish('v1');
    world.fixed.push(world.target(STATIC_HOST, { host: { namespace: 'default', name: 'primary' }, identity: { kind: 'Fixed' } }));
  });
  afterEach(() => world[Symbol.asyncDispose]());
  const person = (...words: string[]): Promise<KamalResult> => world.stage.kamal(words, { VERSION: 'v1' }, `${world.stage.folder}/projects/app`);

  it('is free, ours, and free again', async () => {
    expect(await world.lock.look(lock)).to.deep.equal({ kind: 'Free' });
    expect(await world.lock.acquire(lock, 'op-1')).to.include({ kind: 'Held', operationID: 'op-1' });
    expect(await world.lock.look(lock)).to.include({ kind: 'Held', operationID: 'op-1', message: lockMessage('op-1') });
    expect(await world.lock.release(lock, 'op-1')).to.deep.equal({ kind: 'Free' });
    // As sessions write them, with the installation.
    expect(await world.lock.acquire(lock, 'shop/9c3872ecdea77640')).to.include({ kind: 'Held', operationID: 'shop/9c3872ecdea77640' });
    expect(await world.lock.look(lock)).to.include({ operationID: 'shop/9c3872ecdea77640' });
    expect(await world.lock.release(lock, 'shop/9c3872ecdea77640')).to.deep.equal({ kind: 'Free' });
    expect(await world.lock.acquire(lock, 'op-1')).to.include({ operationID: 'op-1' });
    expect(await world.lock.release(lock, 'op-1')).to.deep.equal({ kind: 'Free' });
    expect(await world.lock.look(lock)).to.deep.equal({ kind: 'Free' });
  });

  it('keeps people out while it is ours, in words that let them wait', async () => {
    await world.lock.acquire(lock, 'op-1');
    expect((await person('deploy', '-P', '--version=v1')).stdout).to.include('LockError');
    expect((await person('deploy', '-P', '--version=v1', '--lock-wait', '--lock-wait-timeout=0')).stdout, 'it waits').to.include('Timed out waiting for deploy lock').and.not.to.include('held manually');
  });

  it('of a person is seen, not taken, and never released', async () => {
    await person('lock', 'acquire', '-p', '-m', 'manual by ops');
    expect(await world.lock.acquire(lock, 'op-1')).to.include({ kind: 'Held', message: 'manual by ops' }).and.not.to.have.property('operationID');
    expect(await world.lock.release(lock, 'op-1')).to.include({ kind: 'Held', message: 'manual by ops' });
    expect(await world.lock.look(lock)).to.include({ kind: 'Held', message: 'manual by ops' });
  });

  it('of another operation of ours is not released either', async () => {
    await world.lock.acquire(lock, 'op-1');
    expect(await world.lock.release(lock, 'op-2')).to.include({ kind: 'Held', operationID: 'op-1' });
    expect(await world.lock.acquire(lock, 'op-2')).to.include({ kind: 'Held', operationID: 'op-1' });
  });

  it('stays when nobody holds what is to be released', async () => expect(await world.lock.release(lock, 'op-1')).to.deep.equal({ kind: 'Free' }));

  it('is looked at after an acquire that was cut off', async () => {
    world.instead.push({
      words: /^lock acquire/, end: { kind: 'TimedOut', stdout: '', stderr: '' },
      after: async () => { await person('lock', 'acquire', '-p', '-m', lockMessage('op-1')); },
    });
    expect(await world.lock.acquire(lock, 'op-1')).to.include({ kind: 'Held', operationID: 'op-1' });
  });

  it('is unknown, with what a person can do, while the primary is away', async () => {
    await world.stage.fell(STATIC_HOST);
    for (const fact of [await world.lock.look(lock), await world.lock.acquire(lock, 'op-1'), await world.lock.release(lock, 'op-1')]) {
      expect(fact).to.include({ kind: 'Unknown', class: 'Unavailable' });
      expect((fact as { why: string }).why).to.match(/refuses SSH connections.*by hand: kamal lock status -p, and kamal lock release -p/);
    }
  });

  it('is unknown where the primary is no host of a pool, and for a project that cannot be read', async () => {
    world.fixed.splice(0);
    expect(await world.lock.look(lock)).to.include({ kind: 'Unknown', class: 'Invalid' }).and.to.have.property('why').that.includes('10.0.0.2 of app is no fixed host');
    expect(await world.lock.look({ service: 'other', destination: 'eu' })).to.include({ kind: 'Unknown', class: 'Invalid' }).and.to.have.property('why').that.includes('kamal lock status -p -d eu');
  });

  it('is unknown in time even where nothing comes back', async () => {
    const sleeps: number[] = [];
    const hanging = createKamalLock({
      runs: { run: () => new Promise(() => undefined) }, preflight: { ofProject: () => new Promise(() => undefined) }, fixedHosts: async () => [], fleets: { versionOf: () => undefined },
      clock: { now: () => 0, sleep: async (milliseconds) => void sleeps.push(milliseconds) },
    });
    expect(await hanging.look(lock)).to.include({ kind: 'Unknown', class: 'Transient' });
    expect(sleeps).to.deep.equal([28_000]);
  });

  it('takes no lock of Kamal\'s own beside it', async () => {
    await world.lock.acquire(lock, 'op-1');
    expect(world.runs.at(-1)).to.include({ lock: 'None' });
  });
});
