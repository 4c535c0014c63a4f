import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setImmediate } from 'node:timers/promises';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { ClassifiedError } from '../../../controller/model/index.ts';
import { systemClock } from '../../../controller/runtime/clock.ts';
import { classify } from '../../../controller/runtime/store/sqlite-database.ts';
import { openSqliteStore } from '../../../controller/runtime/store/sqlite-store.ts';
import type { SqliteStore, SqliteStoreOptions } from '../../../controller/runtime/store/sqlite-store.ts';
import { createSimulatedClock } from '../../support/clock.ts';
import { policyDraft, poolDraft } from '../../support/drafts.ts';
import { until } from '../../support/real/until.ts';
import { storeContract } from '../../support/store-contract.ts';

const OTHER = join(import.meta.dirname, 'other-process.ts');
const run = promisify(execFile);

let folder: string;
let opened: SqliteStore[];
let made = 0;
const open = (options: Partial<SqliteStoreOptions> = {}): SqliteStore => {
  const store = openSqliteStore({ path: join(folder, 'store.db'), clock: createSimulatedClock(Date.UTC(2027, 0, 1)), ids: () => `uid-${made += 1}`, ...options });
  opened.push(store);
  return store;
};
const prepare = (): void => {
  folder = mkdtempSync(join(tmpdir(), 'store-'));
  opened = [];
};
const clear = (): void => {
  for (const store of opened) store.close();
  rmSync(folder, { recursive: true });
};

storeContract('sqlite', async () => {
  prepare();
  const store = open();
  return { store, documents: store, namespace: 'shop', otherNamespace: 'other', close: async () => clear() };
});

describe('sqlite store', () => {
  beforeEach(prepare);
  afterEach(clear);

  const failure = (work: () => unknown): ClassifiedError => {
    try {
      work();
    } catch (error) {
      if (error instanceof ClassifiedError) return error;
      throw error;
    }
    throw new Error('nothing was refused');
  };

  it('keeps objects, documents, events and decisions over a restart', async () => {
    const before = open();
    const pool = await before.create('HostPool', poolDraft('shop'));
    await before.save('ledger', { spent: 3 }, undefined);
    const event = { kind: 'HostPool', key: { namespace: 'shop', name: 'web' }, uid: pool.metadata.uid, type: 'Normal', reason: 'Made', message: 'as a test' } as const;
    await before.recordEvent(event);
    await before.recordEvent(event);
    before.close();
    const after = open();
    expect(await after.get('HostPool', { namespace: 'shop', name: 'web' })).to.deep.equal(pool);
    expect(await after.load('ledger')).to.deep.equal({ value: { spent: 3 }, version: '1' });
    expect(await after.events('HostPool', event.key)).to.deep.equal([{ ...event, count: 2, firstAt: Date.UTC(2027, 0, 1), lastAt: Date.UTC(2027, 0, 1) }]);
    const scaled = await after.update('HostPool', { ...pool, spec: { ...pool.spec, replicas: 2 } });
    expect(Number(scaled.metadata.resourceVersion)).to.be.greaterThan(Number(pool.metadata.resourceVersion));
  });

  it('keeps a bounded number of events, the latest', async () => {
    const store = open();
    const key = { namespace: 'shop', name: 'web' };
    for (let count = 0; count <= 1000; count += 1) {
      await store.recordEvent({ kind: 'HostPool', key, uid: 'u', type: 'Normal', reason: 'Counted', message: `number ${count}` });
    }
    const events = await store.events('HostPool', key);
    expect(events).to.have.length(1000);
    expect([events[0]?.message, events.at(-1)?.message]).to.deep.equal(['number 1', 'number 1000']);
  });

  it('shows a write of another process to its watches within 250 ms', async () => {
    const store = open({ clock: systemClock });
    await store.create('HostPool', poolDraft('shop'));
    const seen: { replicas: number | undefined; at: number }[] = [];
    store.watch('HostPool', ({ object }) => seen.push({ replicas: object.spec.replicas, at: Date.now() }));
    await run(process.execPath, [OTHER, 'scale', join(folder, 'store.db'), '7']);
    const ended = Date.now();
    await until('the write of the other process', () => seen.some(({ replicas }) => replicas === 7), { everyMs: 5 });
    expect(seen.at(-1)!.at - ended).to.be.lessThan(250);
  });

  it('tells a conflict when another process wrote in between', async () => {
    const store = open();
    const pool = await store.create('HostPool', poolDraft('shop'));
    await run(process.execPath, [OTHER, 'scale', join(folder, 'store.db'), '7']);
    const error = await store.update('HostPool', { ...pool, spec: { ...pool.spec, replicas: 2 } }).catch((caught: unknown) => caught);
    expect((error as ClassifiedError).class).to.equal('Conflict');
    expect((await store.get('HostPool', { namespace: 'shop', name: 'web' }))?.spec.replicas).to.equal(7);
  });

  it('scales without a word of versions while another process writes the same pool', async () => {
    const store = open({ clock: systemClock });
    await store.create('HostPool', poolDraft('shop'));
    const other = run(process.execPath, [OTHER, 'scale-many', join(folder, 'store.db'), '400']);
    let isOver = false;
    const over = other.then(() => { isOver = true; });
    for (let count = 0; !isOver; count += 1) {
      await store.scale({ namespace: 'shop', name: 'web' }, 3 + (count % 2));
      await setImmediate();
    }
    await over;
  });

  it('loses no write of processes that write at the same time', async () => {
    const store = open({ clock: systemClock });
    const seen: string[] = [];
    store.watch('HostPool', ({ object }) => seen.push(object.metadata.resourceVersion));
    const others = [1, 2].map(() => run(process.execPath, [OTHER, 'create-many', join(folder, 'store.db'), '40']));
    for (let slot = 0; slot < 40; slot += 1) await store.create('HostPool', poolDraft('shop', `mine-${slot}`));
    await Promise.all(others);
    await until('all of them', () => seen.length >= 120, { everyMs: 5 });
    expect(seen).to.deep.equal(Array.from({ length: 120 }, (_, index) => String(index + 1)));
  });

  it('is whole after a process was killed in the middle of its writes', async () => {
    const store = open({ clock: systemClock });
    let last = 0;
    store.watch('HostPool', ({ object }) => { last = Number(object.metadata.resourceVersion); });
    const child = spawn(process.execPath, [OTHER, 'create-many', join(folder, 'store.db'), '1000000'], { stdio: 'inherit' });
    try {
      await until('some writes', () => last > 20, { everyMs: 1 });
    } finally {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    const pools = await store.list('HostPool');
    expect(new Set(pools.map(({ metadata }) => Number(metadata.resourceVersion)))).to.deep.equal(new Set(pools.map((_, index) => index + 1)));
    const next = await store.create('HostPool', poolDraft('shop'));
    expect(next.metadata.resourceVersion).to.equal(String(pools.length + 1));
    await until('the same in the watch', () => last === pools.length + 1, { everyMs: 5 });
  });

  it('lists again for a watch that fell behind other processes', async () => {
    const clock = createSimulatedClock(0);
    const store = open({ clock });
    const seen: string[] = [];
    store.watch('HostPool', ({ type, object }) => seen.push(`${type} ${object.metadata.name} ${object.spec.replicas ?? '-'}`));
    const other = open();
    await other.create('HostPool', poolDraft('shop', 'gone'));
    await other.create('HostPool', poolDraft('shop', 'kept'));
    await clock.advance(200);
    await other.delete('HostPool', { namespace: 'shop', name: 'gone' });
    for (let count = 0; count < 2200; count += 1) await other.scale({ namespace: 'shop', name: 'kept' }, count % 2);
    await clock.advance(200);
    expect(seen).to.deep.equal(['Added gone -', 'Added kept -', 'Deleted gone -', 'Modified kept 1']);
  });

  describe('refuses, naming the file,', () => {
    it('a file that is missing where none may be made', () => {
      const error = failure(() => open({ missing: 'Refuse' }));
      expect(error.class).to.equal('Unavailable');
      expect(error.message).to.equal(`store ${join(folder, 'store.db')} does not exist`);
    });

    it('a folder in the place of the file', () => {
      const error = failure(() => open({ path: folder }));
      expect(error.class).to.equal('Unavailable');
      expect(error.mend).to.equal(`Make the folder of ${folder} readable and writable for this user.`);
    });

    it('a path below a file', () => {
      writeFileSync(join(folder, 'file'), '');
      const path = join(folder, 'file', 'store.db');
      const error = failure(() => open({ path }));
      expect(error.class).to.equal('Unavailable');
      expect(error.message).to.include(path);
    });

    it('a file that is no database, and leaves it as it is', () => {
      writeFileSync(join(folder, 'store.db'), 'metrics: yes\n'.repeat(100));
      const error = failure(() => open());
      expect(error.class).to.equal('Unavailable');
      expect(error.mend).to.match(/store\.db is no SQLite database: name another file/);
    });

    it('a database of another program', () => {
      const foreign = new DatabaseSync(join(folder, 'store.db'));
      foreign.exec('CREATE TABLE users (name TEXT)');
      foreign.close();
      expect(failure(() => open()).message).to.equal(`${join(folder, 'store.db')} is a database of another program`);
    });

    it('a store of a newer version', () => {
      open().close();
      const newer = new DatabaseSync(join(folder, 'store.db'));
      newer.exec('PRAGMA user_version = 2');
      newer.close();
      const error = failure(() => open());
      expect(error.class).to.equal('Unavailable');
      expect(error.message).to.equal(`store ${join(folder, 'store.db')} was written by a newer kamal-autoscaler: it has version 2, this program knows 1`);
    });
  });

  describe('classifies what SQLite says', () => {
    const said = (options: { readOnly?: boolean; pages?: number }): ClassifiedError => {
      const path = join(folder, 'any.db');
      const plain = new DatabaseSync(path);
      plain.exec('CREATE TABLE IF NOT EXISTS t (x TEXT)');
      plain.close();
      const database = new DatabaseSync(path, { readOnly: options.readOnly ?? false });
      try {
        if (options.pages !== undefined) database.exec(`PRAGMA max_page_count = ${options.pages}`);
        database.prepare('INSERT INTO t VALUES (?)').run('x'.repeat(100_000));
      } catch (error) {
        return classify(error, path) as ClassifiedError;
      } finally {
        database.close();
      }
      throw new Error('the write was not refused');
    };

    it('of a read-only disk', () => {
      const error = said({ readOnly: true });
      expect([error.class, error.mend]).to.deep.equal(['Unavailable', `Make ${join(folder, 'any.db')} and its folder writable for this user.`]);
    });

    it('of a full disk', () => {
      const error = said({ pages: 2 });
      expect([error.class, error.mend]).to.deep.equal(['Unavailable', `Free space on the disk of ${join(folder, 'any.db')}.`]);
    });
  });

  it('goes on watching after a time in which it could not read', async () => {
    const clock = createSimulatedClock(0);
    const errors: unknown[] = [];
    const store = open({ clock, onError: (error) => errors.push(error) });
    const seen: string[] = [];
    store.watch('ScalingPolicy', ({ type }) => seen.push(type));
    await clock.settle();
    const other = new DatabaseSync(join(folder, 'store.db'));
    other.exec('ALTER TABLE changes RENAME TO hidden');
    const third = new DatabaseSync(join(folder, 'store.db'));
    third.exec("INSERT INTO documents VALUES ('any', 1, '1')");
    await clock.advance(150);
    expect(errors.map((error) => (error as ClassifiedError).class)).to.deep.equal(['Defect']);
    other.exec('ALTER TABLE hidden RENAME TO changes');
    other.close();
    third.close();
    await store.create('ScalingPolicy', policyDraft('shop'));
    await clock.advance(150);
    expect(seen).to.deep.equal(['Added']);
  });
});
