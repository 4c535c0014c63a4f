import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { defaultHostSettings } from '../../../controller/act/cloud/local/host/settings.ts';
import { createProcessTable } from '../../../controller/act/cloud/local/processes.ts';
import { type ProcessIdentity, identify, isAlive } from '../../../controller/act/cloud/local/process-identity.ts';
import type { HostOrder, HostRecord, ProcessTable } from '../../../controller/act/cloud/local/process-table.ts';
import { orderFile, readPart, writePart } from '../../../controller/act/cloud/local/record-files.ts';
import { classOf } from '../../../controller/model/index.ts';
import { systemClock } from '../../../controller/runtime/clock.ts';
import { until } from '../../support/real/until.ts';

const order = (id: string, bootMilliseconds: HostOrder['bootMilliseconds'] = 0): HostOrder =>
  ({ id, name: `web-${id}`, placement: 'here', createdAt: systemClock.now(), bootMilliseconds });

/** Numbers of the processes that carry out this order. */
async function hostProcesses(folder: string, id: string): Promise<number[]> {
  const { stdout } = await promisify(execFile)('ps', ['-eo', 'pid=,args=']);
  return stdout.split('\n').filter((line) => line.endsWith(orderFile(folder, id))).map((line) => Number.parseInt(line, 10));
}

describe('host processes', () => {
  let folder: string;
  let table: ProcessTable;
  /** Every process that a test started, so that none is left even when it fails. */
  let started: ProcessIdentity[];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hosts-'));
    table = await createProcessTable({ folder, clock: systemClock, untilPid: process.pid });
    started = [];
  });
  afterEach(async () => {
    for (const identity of started) if (await isAlive(identity)) process.kill(identity.pid, 'SIGKILL');
    await rm(folder, { recursive: true, force: true });
  });

  const record = async (id: string): Promise<HostRecord | undefined> => (await table.list()).find((candidate) => candidate.id === id);
  const inState = (id: string, state: HostRecord['state']) => until(`${id} ${state}`, async () => {
    const found = await record(id);
    return found?.state === state && found;
  }, { everyMs: 20 });
  async function processOf(id: string): Promise<ProcessIdentity> {
    const identity = await until(`process of ${id}`, () => readPart<ProcessIdentity>(folder, id, 'process'), { everyMs: 10 });
    started.push(identity);
    return identity;
  }
  const end = (what: string, identity: ProcessIdentity) => until(what, async () => !(await isAlive(identity)), { everyMs: 50, deadlineMs: 10_000 });

  it('exists before it answers, and tells its ports once it does', async () => {
    await table.start(order('silent', 'Never'));
    const identity = await processOf('silent');
    const silent = await record('silent');
    expect(silent).to.include({ state: 'Starting' });
    expect(silent?.ports).to.equal(undefined);
    expect(await isAlive(identity)).to.equal(true);
    await table.start(order('quick'));
    await processOf('quick');
    expect((await inState('quick', 'Running')).ports).to.have.all.keys('http', 'proxyMetrics', 'nodeMetrics', 'appMetrics', 'control');
  });

  it('is off when it dies, recorded still', async () => {
    await table.start(order('a'));
    process.kill((await processOf('a')).pid, 'SIGKILL');
    await inState('a', 'Off');
    await table.stop('a');
    expect(await table.list()).to.deep.equal([]);
  });

  it('is stopped by force when it does not listen', async () => {
    await table.start(order('a', 'Never'));
    const identity = await processOf('a');
    process.kill(identity.pid, 'SIGSTOP');
    await table.stop('a');
    expect(await isAlive(identity)).to.equal(false);
    expect(await table.list()).to.deep.equal([]);
  });

  it('is not mistaken for another process that has its number now', async () => {
    const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore', detached: true });
    const identity = await until('the other process', async () => other.pid === undefined ? undefined : identify(other.pid), { everyMs: 10 });
    started.push(identity);
    await table.start(order('a', 'Never'));
    process.kill((await processOf('a')).pid, 'SIGKILL');
    await inState('a', 'Off');
    await writePart(folder, 'a', 'process', { pid: identity.pid, startedAt: 'long ago' });
    expect(await record('a')).to.include({ state: 'Off' });
    await table.stop('a');
    expect(await isAlive(identity)).to.equal(true);
  });

  it('is taken over by the table of the next controller', async () => {
    await table.start(order('a'));
    const identity = await processOf('a');
    await inState('a', 'Running');
    const next = await createProcessTable({ folder, clock: systemClock });
    expect(await next.list()).to.have.length(1);
    await next.stop('a');
    expect(await isAlive(identity)).to.equal(false);
    expect(await next.list()).to.deep.equal([]);
  });

  it('counts as off when its start was recorded but never came', async () => {
    await writePart(folder, 'a', 'order', { order: { ...order('a'), createdAt: systemClock.now() - 60_000 }, settings: {} });
    expect(await record('a')).to.include({ state: 'Off' });
    await table.stop('a');
    expect(await table.list()).to.deep.equal([]);
  });

  it('is started by the next controller when the first died before it could, and once only', async () => {
    const forgotten = { ...order('a'), createdAt: systemClock.now() - 60_000 };
    await writePart(folder, 'a', 'order', { order: forgotten, settings: defaultHostSettings, until: await identify(process.pid) });
    expect(await record('a')).to.include({ state: 'Off' });
    const tables = [table, await createProcessTable({ folder, clock: systemClock, untilPid: process.pid })];
    const watches = tables.map((one) => one.watch(() => undefined));
    try {
      await inState('a', 'Running');
      const identity = await processOf('a');
      await until('one process', async () => (await hostProcesses(folder, 'a')).length === 1);
      expect(await hostProcesses(folder, 'a')).to.deep.equal([identity.pid]);
    } finally {
      for (const watch of watches) watch.close();
    }
    await table.stop('a');
    expect(await table.list()).to.deep.equal([]);
  });

  it('is leaving from the begin of its end on, also for who takes it up later', async () => {
    await table.start(order('a'));
    await processOf('a');
    await inState('a', 'Running');
    await writePart(folder, 'a', 'leaving', true);
    expect(await record('a')).to.include({ state: 'Leaving' });
    await table.stop('a');
    expect(await table.list()).to.deep.equal([]);
  });

  it('survives its controller, and ends with the process that owns its world', async () => {
    const owner = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    if (owner.pid === undefined) throw new Error('no owner');
    started.push(await until('the owner', async () => identify(owner.pid ?? 0), { everyMs: 10 }));
    const controller = join(folder, 'controller.ts');
    const here = new URL('../../../controller/', import.meta.url).href;
    await writeFile(controller, `
      import { createProcessTable } from '${here}act/cloud/local/processes.ts';
      import { systemClock } from '${here}runtime/clock.ts';
      const table = await createProcessTable({ folder: ${JSON.stringify(folder)}, clock: systemClock, untilPid: ${owner.pid} });
      await table.start(${JSON.stringify(order('a'))});
      process.kill(process.pid, 'SIGKILL');
    `);
    await once(spawn(process.execPath, [controller], { stdio: 'inherit' }), 'exit');
    const identity = await processOf('a');
    await inState('a', 'Running');
    owner.kill('SIGKILL');
    await end('the host after its owner', identity);
    expect(await record('a')).to.include({ state: 'Off' });
  });

  it('ends when the records vanish, and an unreadable folder is no empty one', async () => {
    await table.start(order('a'));
    const identity = await processOf('a');
    await inState('a', 'Running');
    await rm(folder, { recursive: true });
    expect(await table.list().catch(classOf)).to.equal('Unavailable');
    await end('the host after its records', identity);
  });

  it('cannot be bound to a process that does not run', async () => {
    const gone = spawn(process.execPath, ['-e', ''], { stdio: 'ignore' });
    await once(gone, 'exit');
    expect(await createProcessTable({ folder, clock: systemClock, untilPid: gone.pid ?? 0 }).catch(classOf)).to.equal('Invalid');
  });

  it('tells of a death at once', async () => {
    await table.start(order('a'));
    const identity = await processOf('a');
    await inState('a', 'Running');
    const told: string[] = [];
    const watch = table.watch(({ id, state }) => told.push(`${id} ${state}`));
    try {
      await table.start(order('b', 'Never'));
      await processOf('b');
      await until('word of the second', () => told.includes('b Starting'), { everyMs: 10 });
      process.kill(identity.pid, 'SIGKILL');
      await until('word of the death', () => told.includes('a Off'), { everyMs: 10 });
    } finally {
      watch.close();
    }
  });
});
