import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { startApplier } from '../../../controller/runtime/applier/index.ts';
import { systemClock } from '../../../controller/runtime/clock.ts';
import { createMemoryStore } from '../../../controller/runtime/store/memory-store.ts';
import type { MemoryStore } from '../../../controller/runtime/store/memory-store.ts';
import { until } from '../../support/real/until.ts';
import { pool } from './documents.ts';

describe('applier watches', () => {
  let folder: string;
  let store: MemoryStore;
  let started: Awaited<ReturnType<typeof startApplier>> | undefined;
  let problems: string[];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'applier-'));
    let made = 0;
    store = createMemoryStore({ clock: systemClock, ids: () => `uid-${made += 1}` });
  });
  afterEach(async () => {
    await started?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);

  const start = async (lookMilliseconds: number): Promise<void> => {
    problems = [];
    started = await startApplier({ folder, store, documents: store, clock: systemClock, lookMilliseconds, report: (fresh) => problems.push(...fresh) });
  };
  const storedReplicas = async (): Promise<number | undefined> => (await store.get('HostPool', { namespace: 'default', name: 'web' }))?.spec.replicas;
  const replicas = (wanted: number): Promise<unknown> => until(`${wanted} replicas`, async () => await storedReplicas() === wanted, { everyMs: 20, deadlineMs: 8000 });
  // So long that only the notice of the file system can have been the cause.
  const NEVER = 3_600_000;

  it('applies the folder before it says that it started', async () => {
    write('pool.yaml', pool('  replicas: 1\n'));
    await start(NEVER);
    expect(await storedReplicas()).to.equal(1);
  });

  it('sees writes, atomic renames, and a broken edit followed by a good one', async () => {
    write('pool.yaml', pool('  replicas: 1\n'));
    await start(NEVER);
    write('pool.yaml', pool('  replicas: 2\n'));
    await replicas(2);
    write('.pool.yaml.swp', 'editor: [');
    write('pool.yaml.new', pool('  replicas: 3\n'));
    renameSync(join(folder, 'pool.yaml.new'), join(folder, 'pool.yaml'));
    await replicas(3);
    write('pool.yaml', pool('  replicas: [\n'));
    await until('the problem', () => problems.length > 0, { everyMs: 20 });
    expect(problems).to.have.length(1);
    expect(problems[0]).to.match(/pool\.yaml:\d+:\d+: cannot be parsed as YAML/);
    expect(await storedReplicas()).to.equal(3);
    write('pool.yaml', pool('  replicas: 4\n'));
    await replicas(4);
  });

  it('sees the swapped link of a mounted ConfigMap', async () => {
    const version = (name: string, count: number): void => {
      mkdirSync(join(folder, name));
      writeFileSync(join(folder, name, 'pool.yaml'), pool(`  replicas: ${count}\n`));
    };
    version('..v1', 1);
    symlinkSync('..v1', join(folder, '..data'));
    symlinkSync('..data/pool.yaml', join(folder, 'pool.yaml'));
    await start(NEVER);
    expect(await storedReplicas()).to.equal(1);
    version('..v2', 2);
    symlinkSync('..v2', join(folder, '..data_tmp'));
    renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
    await replicas(2);
  });

  it('sees a folder that went and came back, by looking', async () => {
    write('pool.yaml', pool('  replicas: 1\n'));
    await start(50);
    renameSync(folder, `${folder}-away`);
    await until('the problem', () => problems.length > 0, { everyMs: 20 });
    expect(problems).to.deep.equal([`${folder}:1:1: is not there: what was applied from it stays`]);
    expect(await storedReplicas()).to.equal(1);
    renameSync(`${folder}-away`, folder);
    write('pool.yaml', pool('  replicas: 2\n'));
    await replicas(2);
  });
});
