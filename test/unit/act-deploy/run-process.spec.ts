import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type KamalRuns, type KamalRunsSettings, createKamalRuns } from '../../../controller/act/deploy/kamal/kamal-runs.ts';
import { markVariable, markedProcesses } from '../../../controller/act/deploy/kamal/run-marks.ts';
import { type ProcessOrder, runProcess } from '../../../controller/act/deploy/kamal/run-process.ts';
import type { Clock } from '../../../controller/ports/index.ts';
import { systemClock } from '../../../controller/runtime/clock.ts';
import { until } from '../../support/real/until.ts';

/** Time passes when it is told to; whoever sleeps wakes then. */
function handClock(): Clock & { pass(milliseconds: number): void; sleepers(): number } {
  let now = 0;
  const waiting = new Set<{ at: number; wake(): void }>();
  return {
    now: () => now,
    sleep: (milliseconds, signal) => new Promise((resolve) => {
      const entry = { at: now + milliseconds, wake: () => { waiting.delete(entry); resolve(); } };
      if (signal?.aborted === true) return resolve();
      waiting.add(entry);
      signal?.addEventListener('abort', entry.wake, { once: true });
    }),
    pass(milliseconds) {
      now += milliseconds;
      for (const entry of waiting) if (entry.at <= now) entry.wake();
    },
    sleepers: () => waiting.size,
  };
}

const gone = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return false;
  } catch {
    return true;
  }
};

describe('running Kamal', () => {
  let folder: string;
  beforeEach(async () => { folder = await mkdtemp(join(tmpdir(), 'run-')); });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const order = (script: string, own: Partial<ProcessOrder> = {}): ProcessOrder =>
    ({ program: 'sh', arguments: ['-c', script], folder, environment: { PATH: process.env['PATH'] ?? '', HOME: folder }, timeoutSeconds: 60, ...own });
  const pidIn = (file: string): Promise<number> => until(file, async () => Number(await readFile(join(folder, file), 'utf8')) || undefined, { everyMs: 10 });

  it('takes arguments as they are, and tells output and exit status', async () => {
    const end = await runProcess(order('printf "%s|" "$0" "$@"; echo oops >&2; exit 3', { arguments: ['-c', 'printf "%s|" "$0" "$@"; echo oops >&2; exit 3', 'a b', '$(id)', '"'] }), systemClock);
    expect(end).to.deep.equal({ kind: 'Exited', code: 3, stdout: 'a b|$(id)|"|', stderr: 'oops\n' });
  });

  it('keeps the end of what is printed without end', async () => {
    const { stdout } = await runProcess(order('i=0; while [ $i -lt 40000 ]; do echo "line $i of a long story"; i=$((i+1)); done'), systemClock);
    expect(stdout.length).to.be.at.most(256 * 1024);
    expect(stdout.split('\n').at(-2)).to.equal('line 39999 of a long story');
    expect(stdout).to.match(/^line \d+ of a long story\n/);
  });

  it('says that there is no such program', async () => {
    expect(await runProcess(order('', { program: join(folder, 'kamal') }), systemClock)).to.include({ kind: 'NotStarted', code: 'ENOENT' });
  });

  it('ends the whole group at its limit, and by force what does not listen', async () => {
    const clock = handClock();
    const run = runProcess(order(`trap '' TERM; sh -c 'echo $$ > below; while :; do sleep 1; done' & echo $$ > above; wait`, { timeoutSeconds: 5 }), clock);
    const [above, below] = [await pidIn('above'), await pidIn('below')];
    clock.pass(5_000);
    await until('the wait for the end', () => clock.sleepers() === 1, { everyMs: 10 });
    expect([gone(above), gone(below)], 'asked to end').to.deep.equal([false, false]);
    clock.pass(5_000);
    expect((await run).kind).to.equal('TimedOut');
    await until('nothing left of the group', () => gone(above) && gone(below), { everyMs: 10 });
  });

  it('is ended early by a signal, and then is no failure of the host', async () => {
    const stop = new AbortController();
    const run = runProcess(order('echo $$ > above; exec sleep 60', { signal: stop.signal }), systemClock);
    const above = await pidIn('above');
    stop.abort();
    expect((await run).kind).to.equal('Aborted');
    expect(gone(above)).to.equal(true);
  });

  it('does not wait for a program that outlives it', async () => {
    const end = await runProcess(order('sleep 60 & echo $! > left; echo done'), systemClock);
    process.kill(await pidIn('left'), 'SIGKILL');
    expect(end).to.deep.equal({ kind: 'Exited', code: 0, stdout: 'done\n', stderr: '' });
  });

  it('says who ended it where somebody else did', async () => {
    const run = runProcess(order('kill -KILL $$'), systemClock);
    expect(await run).to.include({ kind: 'Killed', signal: 'SIGKILL' });
  });

  describe('with an environment of its own', () => {
    let program: string;
    let homes: string[];
    let nextScope = 0;
    beforeEach(async () => {
      homes = [];
      program = join(folder, 'kamal');
      await writeFile(program, '#!/bin/sh\necho $$ > "$RECORDS/pid"; env > "$RECORDS/env"; echo "$*"; [ "$1" = wait ] && exec sleep 60; exit 0\n');
      await chmod(program, 0o755);
    });

    const runs = (own: Partial<KamalRunsSettings> = {}): KamalRuns => createKamalRuns({
      scope: `scope-${process.pid}-${nextScope}`, program, clock: systemClock, begunBy: 'me', reach: 'ThisMachine',
      environment: { PATH: process.env['PATH'], RECORDS: folder, KAMAL_REGISTRY_PASSWORD: 'regpw', KAMAL_AUTOSCALER_TRAEFIK_TOKEN: 'ours', HCLOUD_TOKEN: 'ours', DIGITALOCEAN_ACCESS_TOKEN: 'ours', DIGITALOCEAN_ACCESS_TOKEN_FILE: 'ours', VERSION: 'mine', KAMAL_LOCK: 'true', VERBOSE: '1', KAMAL_AUTOSCALE_EXTRA_WEB: 'mine' },
      async home() {
        const home = join(folder, `home-${homes.length}`);
        homes.push(home);
        return { environment: { HOME: home }, release: async () => { homes[homes.indexOf(home)] = 'released'; } };
      },
      ...own,
    });
    const mark = { service: 'shop', operationID: 'op-1' };
    const environment = async (): Promise<Record<string, string>> => Object.fromEntries((await readFile(join(folder, 'env'), 'utf8')).split('\n').map((line): [string, string] => [line.split('=')[0] ?? '', line.slice(line.indexOf('=') + 1)]));
    beforeEach(() => { nextScope += 1; });

    it('gives secrets of the project, a home of its own and a version, and none of our own secrets', async () => {
      const end = await runs().run({ arguments: ['setup', '--hosts=x'], folder, version: 'v1', timeoutSeconds: 10, mark, targets: [], lock: 'Ours', environment: { KAMAL_AUTOSCALE_EXTRA_WEB: '10.0.0.4' } });
      expect(end).to.include({ kind: 'Exited', code: 0, stdout: 'setup --hosts=x\n' });
      const seen = await environment();
      expect(seen).to.include({ KAMAL_REGISTRY_PASSWORD: 'regpw', VERSION: 'v1', KAMAL_LOCK: 'true', KAMAL_AUTOSCALE_EXTRA_WEB: '10.0.0.4', HOME: join(folder, 'home-0'), LANG: 'C.UTF-8', GIT_CONFIG_VALUE_0: 'kamal-autoscaler' });
      expect(seen).not.to.have.any.keys('KAMAL_AUTOSCALER_TRAEFIK_TOKEN', 'HCLOUD_TOKEN', 'DIGITALOCEAN_ACCESS_TOKEN', 'DIGITALOCEAN_ACCESS_TOKEN_FILE', 'VERBOSE');
      expect(homes).to.deep.equal(['released']);
    });

    it('leaves the lock to Kamal where none is ours', async () => {
      await runs().run({ arguments: ['config'], folder, version: 'v1', timeoutSeconds: 10, mark, targets: [], lock: 'None' });
      expect(await environment()).not.to.have.any.keys('KAMAL_LOCK', 'KAMAL_AUTOSCALE_EXTRA_WEB');
    });

    it('is known by its operation to a controller that was started again, until it has ended', async () => {
      const old = runs({ begunBy: 'the one before' });
      const left = old.run({ arguments: ['wait'], folder, version: 'v1', timeoutSeconds: 60, mark: { ...mark, destination: 'eu', operationID: 'op-7' }, targets: [], lock: 'Ours' });
      const pid = await pidIn('pid');
      const later = runs();
      await until('the mark', async () => (await later.survives('op-7')) === 'Running', { everyMs: 10 });
      expect(await later.survives('op-8')).to.equal('Ended');
      expect(await runs({ reach: 'OtherMachinesToo' }).survives('op-8')).to.equal('Unknown');
      expect(await runs({ scope: 'another installation' }).survives('op-7'), 'of another installation').to.equal('Ended');
      await later.endStrays();
      expect((await left).kind).to.equal('Killed');
      expect(gone(pid)).to.equal(true);
      expect(await later.survives('op-7')).to.equal('Ended');
    });

    it('ends what it runs when it no longer leads, starts nothing more, and goes on when it leads again', async () => {
      const own = runs();
      const waiting = own.run({ arguments: ['wait'], folder, version: 'v1', timeoutSeconds: 60, mark, targets: [], lock: 'Ours' });
      await pidIn('pid');
      await own.suspend();
      expect((await waiting).kind).to.equal('Aborted');
      const order_ = { arguments: ['version'], folder, version: 'v1', timeoutSeconds: 10, mark, targets: [], lock: 'None' } as const;
      expect((await own.run(order_)).kind).to.equal('Aborted');
      own.resume();
      expect((await own.run(order_)).kind).to.equal('Exited');
    });
  });

  it('reads its marks back', async () => {
    const mark = { scope: `scope-${process.pid}`, service: 'shop', destination: 'eu', operationID: 'web-1-deploy-abc', begunBy: 'me' };
    const run = runProcess(order('echo $$ > pid; exec sleep 60', { environment: { PATH: process.env['PATH'] ?? '', ...markVariable(mark) } }), systemClock);
    const pid = await pidIn('pid');
    expect((await markedProcesses()).filter(({ mark: seen }) => seen.scope === mark.scope)).to.deep.equal([{ pid, mark }]);
    process.kill(pid, 'SIGKILL');
    await run;
  });
});
