import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { ClassifiedError } from '../../../controller/model/index.ts';
import { acquireInstanceLock } from '../../../controller/runtime/store/instance-lock.ts';
import { openSqliteStore } from '../../../controller/runtime/store/sqlite-store.ts';
import { createSimulatedClock } from '../../support/clock.ts';

const OTHER = join(import.meta.dirname, 'other-process.ts');

describe('instance lock', () => {
  let folder: string;
  beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'lock-')); });
  afterEach(() => { rmSync(folder, { recursive: true }); });

  const attempt = (path: string): unknown => {
    try {
      acquireInstanceLock(path).release();
      return 'acquired';
    } catch (error) {
      if (!(error instanceof ClassifiedError)) throw error;
      return { class: error.class, message: error.message };
    }
  };

  it('is held by one, until it is released', () => {
    const store = join(folder, 'store.db');
    const lock = acquireInstanceLock(store);
    expect(attempt(store)).to.deep.equal({ class: 'Conflict', message: `another kamal-autoscaler runs on the store ${store}` });
    expect(attempt(join(folder, 'another.db'))).to.equal('acquired');
    lock.release();
    expect(attempt(store)).to.equal('acquired');
  });

  it('leaves the store open to others', async () => {
    const path = join(folder, 'store.db');
    const lock = acquireInstanceLock(path);
    const store = openSqliteStore({ path, clock: createSimulatedClock(0), ids: () => 'uid' });
    expect(await store.save('switches', {}, undefined)).to.equal('1');
    store.close();
    lock.release();
  });

  it('ends with a process that is killed', async () => {
    const store = join(folder, 'store.db');
    const child = spawn(process.execPath, [OTHER, 'lock', store], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      await once(child.stdout, 'data');
      expect(attempt(store)).to.have.property('class', 'Conflict');
    } finally {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    expect(attempt(store)).to.equal('acquired');
  });

  it('names the file that it cannot make', () => {
    writeFileSync(join(folder, 'file'), '');
    expect(attempt(join(folder, 'file', 'store.db'))).to.have.property('class', 'Unavailable');
  });
});
