import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { HostPool, ScalingPolicy } from '../../../controller/api/index.ts';
import { ClassifiedError } from '../../../controller/model/index.ts';
import { APPLIER_ERRORS_DOCUMENT, createFolderApplier, problemText } from '../../../controller/runtime/applier/index.ts';
import type { ApplyReport } from '../../../controller/runtime/applier/index.ts';
import { createMemoryStore } from '../../../controller/runtime/store/memory-store.ts';
import type { MemoryStore } from '../../../controller/runtime/store/memory-store.ts';
import { createSimulatedClock } from '../../support/clock.ts';
import type { SimulatedClock } from '../../support/clock.ts';
import { until } from '../../support/real/until.ts';
import { policy, pool } from './documents.ts';

const KEY = { namespace: 'default', name: 'web' };

describe('applier', () => {
  let folder: string;
  let clock: SimulatedClock;
  let store: MemoryStore;
  let reports: ApplyReport[];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'applier-'));
    clock = createSimulatedClock(Date.UTC(2027, 0, 1));
    let made = 0;
    store = createMemoryStore({ clock, ids: () => `uid-${made += 1}` });
    reports = [];
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);
  const applier = (over: Partial<Parameters<typeof createFolderApplier>[0]> = {}): ReturnType<typeof createFolderApplier> =>
    createFolderApplier({ folder, store, documents: store, clock, onReport: (report) => reports.push(report), ...over });
  const apply = async (): Promise<{ outcomes: string[]; errors: string[] }> => {
    const { applied, errors } = await applier().apply();
    return { outcomes: applied.map(({ kind, key, outcome }) => `${outcome} ${kind} ${key.name}`), errors: errors.map((error) => problemText(error).replaceAll(folder, 'DIR')) };
  };
  const storedPool = async (): Promise<HostPool> => (await store.get('HostPool', KEY))!;
  const storedPolicy = async (): Promise<ScalingPolicy> => (await store.get('ScalingPolicy', KEY))!;

  it('creates, updates when the file differs, and leaves alone what is the same', async () => {
    write('b-policy.yaml', policy());
    write('c-pool.yml', pool('  replicas: 2\n', ', labels: {team: shop}, annotations: {note: hello}'));
    write('notes.txt', 'not YAML');
    expect(await apply()).to.deep.equal({ outcomes: ['Created HostPool web', 'Created ScalingPolicy web'], errors: [] });
    const made = await storedPool();
    expect(made.spec.replicas).to.equal(2);
    expect(made.metadata).to.deep.include({ labels: { team: 'shop' } });
    expect(made.metadata.annotations).to.include({ note: 'hello' });
    expect(await apply()).to.deep.equal({ outcomes: ['Unchanged HostPool web', 'Unchanged ScalingPolicy web'], errors: [] });
    expect(await storedPool()).to.deep.equal(made);
    write('c-pool.yml', pool('  replicas: 3\n'));
    expect((await apply()).outcomes).to.deep.equal(['Updated HostPool web', 'Unchanged ScalingPolicy web']);
    const changed = await storedPool();
    expect(changed.spec.replicas).to.equal(3);
    expect(changed.metadata.generation).to.equal(2);
    expect(changed.metadata).not.to.have.property('labels');
    expect(changed.metadata.annotations).not.to.have.property('note');
  });

  describe('keeps', () => {
    it('replicas and paused that the file does not have', async () => {
      write('pool.yaml', pool());
      await apply();
      await store.scale(KEY, 5);
      const scaled = await storedPool();
      await store.update('HostPool', { ...scaled, spec: { ...scaled.spec, paused: true } });
      write('pool.yaml', pool('  deletionPolicy: Drain\n'));
      await apply();
      expect((await storedPool()).spec).to.include({ replicas: 5, paused: true, deletionPolicy: 'Drain' });
    });

    it('a hold that the file does not have', async () => {
      write('policy.yaml', policy());
      await apply();
      const stored = await storedPolicy();
      const hold = { hosts: 3, until: '2027-01-01T02:00:00Z' };
      await store.update('ScalingPolicy', { ...stored, spec: { ...stored.spec, hold } });
      write('policy.yaml', policy('  minHosts: 2\n'));
      await apply();
      expect((await storedPolicy()).spec).to.deep.include({ hold, minHosts: 2 });
    });

    it('what was scaled or paused since, until the file changes that very field', async () => {
      write('pool.yaml', pool('  replicas: 2\n  paused: false\n'));
      await apply();
      await store.scale(KEY, 5);
      const scaled = await storedPool();
      await store.update('HostPool', { ...scaled, spec: { ...scaled.spec, paused: true } });
      write('pool.yaml', pool('  replicas: 2\n  paused: false\n  deletionPolicy: Drain\n'));
      await apply();
      expect((await storedPool()).spec).to.include({ replicas: 5, paused: true, deletionPolicy: 'Drain' });
      write('pool.yaml', pool('  replicas: 3\n  paused: false\n'));
      await apply();
      expect((await storedPool()).spec).to.include({ replicas: 3, paused: true });
      await store.scale(KEY, 6);
      write('pool.yaml', pool());
      await apply();
      expect((await storedPool()).spec).to.include({ replicas: 6 });
    });

    it('labels and annotations that others wrote', async () => {
      write('pool.yaml', pool('', ', labels: {team: shop}'));
      await apply();
      const stored = await storedPool();
      await store.update('HostPool', { ...stored, metadata: { ...stored.metadata, labels: { ...stored.metadata.labels, seen: 'yes' }, annotations: { ...stored.metadata.annotations, by: 'hand' } } });
      write('pool.yaml', pool('', ', labels: {tier: front}'));
      await apply();
      const { labels, annotations } = (await storedPool()).metadata;
      expect(labels).to.deep.equal({ tier: 'front', seen: 'yes' });
      expect(annotations).to.include({ by: 'hand' });
    });
  });

  it('drops a field that was taken out of the file, and restores one that was changed by hand', async () => {
    write('pool.yaml', pool('  replicas: 2\n  deletionPolicy: Drain\n  health: {path: /ready, hostname: shop.example}\n'));
    await apply();
    const stored = await storedPool();
    await store.update('HostPool', { ...stored, spec: { ...stored.spec, health: { ...stored.spec.health, path: '/other' } } });
    await apply();
    expect((await storedPool()).spec.health.path).to.equal('/ready');
    write('pool.yaml', pool());
    await apply();
    const { spec } = await storedPool();
    expect(spec).not.to.have.property('replicas');
    expect(spec.deletionPolicy).to.equal('Retain');
    expect(spec.health).to.deep.equal({ path: '/up', intervalSeconds: 3, timeoutSeconds: 2, unhealthyAfterSeconds: 60 });
  });

  it('deletes nothing when a file or the folder vanishes, and says which', async () => {
    write('pool.yaml', pool());
    write('policy.yaml', policy());
    await apply();
    const before = [await storedPool(), await storedPolicy()];
    rmSync(join(folder, 'pool.yaml'));
    expect(await apply()).to.deep.equal({ outcomes: ['Unchanged ScalingPolicy web'], errors: [] });
    rmSync(folder, { recursive: true });
    expect(await apply()).to.deep.equal({ outcomes: [], errors: ['DIR:1:1: is not there: what was applied from it stays'] });
    expect([await storedPool(), await storedPolicy()]).to.deep.equal(before);
  });

  describe('of a broken edit', () => {
    beforeEach(async () => {
      write('both.yaml', `${pool()}---\n${policy()}`);
      await apply();
    });

    it('changes nothing of that file, and keeps the error for other commands', async () => {
      const before = await storedPool();
      write('both.yaml', `${pool('  replicas: 2\n')}---\n${policy('  minHosts: 9\n')}`);
      write('good.yaml', policy('', 'second'));
      const { outcomes, errors } = await apply();
      expect(outcomes).to.deep.equal(['Created ScalingPolicy second']);
      expect(errors).to.deep.equal(['DIR/both.yaml:11:1: ScalingPolicy default/web is invalid: spec.minHosts: Invalid value: 9: minHosts is greater than maxHosts: write a minHosts that is at most maxHosts']);
      expect(await storedPool()).to.deep.equal(before);
      const noted = (await store.load(APPLIER_ERRORS_DOCUMENT))?.value as { since: string; folder: string; errors: unknown[] };
      expect(noted).to.include({ folder, since: '2027-01-01T00:00:00.000Z' });
      expect(noted.errors).to.have.length(1);
      await clock.advance(1000);
      await apply();
      expect((await store.load(APPLIER_ERRORS_DOCUMENT))?.value).to.deep.equal(noted);
      write('both.yaml', `${pool('  replicas: 2\n')}---\n${policy()}`);
      expect((await apply()).errors).to.deep.equal([]);
      expect((await store.load(APPLIER_ERRORS_DOCUMENT))?.value).to.deep.include({ errors: [], since: '2027-01-01T00:00:01.000Z' });
      expect((await storedPool()).spec.replicas).to.equal(2);
    });

    it('changes nothing of that file when only the stored state refuses it', async () => {
      await store.scale(KEY, 8);
      write('both.yaml', `${pool().replace('maxReplicas: 9', 'maxReplicas: 7')}---\n${policy('  minHosts: 2\n')}`);
      const { outcomes, errors } = await apply();
      expect(outcomes).to.deep.equal([]);
      expect(errors).to.deep.equal(['DIR/both.yaml:1:1: HostPool default/web is invalid: spec.replicas: Invalid value: 8: replicas is greater than maxReplicas: write replicas that are at most maxReplicas, or raise maxReplicas (together with what HostPool default/web has in the store)']);
      expect((await storedPolicy()).spec.minHosts).to.equal(1);
    });
  });

  it('tries again when somebody wrote in between', async () => {
    write('pool.yaml', pool());
    await apply();
    write('pool.yaml', pool('  deletionPolicy: Drain\n'));
    let raced = false;
    const racing: MemoryStore = {
      ...store,
      update: async (kind, object) => {
        if (!raced) await store.scale(KEY, 3);
        raced = true;
        return store.update(kind, object);
      },
    };
    const { applied } = await applier({ store: racing }).apply();
    expect(applied.map(({ outcome }) => outcome)).to.deep.equal(['Updated']);
    expect((await storedPool()).spec).to.include({ replicas: 3, deletionPolicy: 'Drain' });
  });

  it('reports a store that is away, and applies when it is back', async () => {
    write('pool.yaml', pool());
    let away = true;
    const gone = (): Promise<never> => Promise.reject(new ClassifiedError('Unavailable', 'store s.db: database or disk is full'));
    const flaky: MemoryStore = { ...store, get: (kind, key) => (away ? gone() : store.get(kind, key)), load: (name) => (away ? gone() : store.load(name)) };
    const running = new AbortController();
    const ended = applier({ store: flaky, documents: flaky }).run(running.signal);
    await clock.settle();
    await until('the first report', async () => {
      await clock.advance(100);
      return reports.length > 0;
    }, { everyMs: 5 });
    expect(reports[0]?.errors.map(({ message }) => message)).to.deep.equal([
      'could not be applied, tried again soon: store s.db: database or disk is full',
      'errors of this folder could not be stored for other commands: store s.db: database or disk is full',
    ]);
    away = false;
    await until('the pool', async () => {
      await clock.advance(500);
      return storedPool();
    }, { everyMs: 5 });
    expect(reports.at(-1)?.errors).to.deep.equal([]);
    running.abort();
    await ended;
  });
});
