import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { privateFolder, RealProcess } from '../../support/real/real-process.ts';
import { until } from '../../support/real/until.ts';

const OUTLIVING = fileURLToPath(new URL('../../support/real/outliving.fixture.ts', import.meta.url));
const GATED = fileURLToPath(new URL('../../support/real/gated.fixture.ts', import.meta.url));
const MOCHA = fileURLToPath(new URL('../../../node_modules/mocha/bin/mocha.js', import.meta.url));

/** A zombie still has a process id but runs no more. */
function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('a real process under test', () => {
  const soon = async (): Promise<boolean> => true;

  it('shows the end of its output when it dies before it is ready, and leaves no folder', async () => {
    const folder = await privateFolder('dying');
    const failure = await RealProcess.start(
      { name: 'dying', command: '/bin/sh', args: ['-c', 'echo the last words; exit 3'], ready: async () => false },
      folder,
    ).then(() => 'started', String);
    expect(failure).to.include('dying did not become ready: ended with exit status 3').and.to.include('the last words');
    expect(existsSync(folder)).to.equal(false);
  });

  it('gives up at the deadline and ends the program', async () => {
    const folder = await privateFolder('never');
    const failure = await RealProcess.start(
      { name: 'never', command: '/bin/sh', args: ['-c', 'echo $$; exec sleep 3600'], ready: async () => false, readyWithinMs: 500 },
      folder,
    ).then(() => 'started', String);
    expect(failure).to.include('not within 500 ms');
    expect(runs(Number(/\n(\d+)$/.exec(failure)?.[1]))).to.equal(false);
  });

  it('kills a program that ignores the gentle signal', async () => {
    await using stubborn = await RealProcess.start(
      { name: 'stubborn', command: '/bin/sh', args: ['-c', "trap '' TERM; while :; do sleep 1; done"], ready: soon },
      await privateFolder('stubborn'),
    );
    const pid = stubborn.pid as number;
    await stubborn.halt(200);
    expect(runs(pid)).to.equal(false);
  });

  it('ends a program that was frozen', async () => {
    await using frozen = await RealProcess.start({ name: 'frozen', command: '/bin/sleep', args: ['3600'], ready: soon }, await privateFolder('frozen'));
    const pid = frozen.pid as number;
    frozen.signal('SIGSTOP');
    await frozen.halt();
    expect(runs(pid)).to.equal(false);
  });

  it('does not outlive the test process, even when that one is killed', async function () {
    // Elsewhere no kernel kills for us, and docs/real-parts.md says so.
    if (process.platform !== 'linux') {
      const lack = 'the end of parts with a killed test process: only Linux kills them for us';
      if (process.env['CI'] === 'true') throw new Error(lack);
      console.warn(`SKIPPED ${lack}`);
      return this.skip();
    }
    const parent = spawn(process.execPath, [OUTLIVING], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(parent.stdout.setEncoding('utf8'), 'data')) as [string];
    const [pid, folder] = line.trim().split(' ') as [string, string];
    expect(runs(Number(pid))).to.equal(true);
    parent.kill('SIGKILL');
    await once(parent, 'close');
    await until('the end of the program', () => !runs(Number(pid)));
    await rm(folder, { recursive: true });
  });
});

describe('the gate before suites that need real parts', () => {
  async function gated(environment: Record<string, string>): Promise<{ status: number; output: string }> {
    const { CI: _ci, ...rest } = process.env;
    const child = spawn(process.execPath, [MOCHA, '--no-config', GATED], { env: { ...rest, ...environment }, stdio: ['ignore', 'pipe', 'pipe'] });
    const [stdout, stderr, [status]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
    return { status: status as number, output: stdout + stderr };
  }

  it('skips with one line on a machine of a person', async () => {
    const { status, output } = await gated({ KAMAL_PROXY: '/absent/kamal-proxy' });
    expect(status).to.equal(0);
    expect(output).to.match(/^SKIPPED gated suite: kamal-proxy: .*node hack\/real-parts\/install\.ts kamal-proxy.*$/m);
    expect(output).to.include('1 pending');
  });

  it('fails under CI', async () => {
    const { status, output } = await gated({ KAMAL_PROXY: '/absent/kamal-proxy', CI: 'true' });
    expect(status).not.to.equal(0);
    expect(output).to.include('gated suite: kamal-proxy: ').and.to.include('1 failing');
  });

  it('lets the suite run where the part is', async () => {
    const { status, output } = await gated({ KAMAL_PROXY: process.execPath, CI: 'true' });
    expect(status).to.equal(0);
    expect(output).to.include('1 passing');
  });
});
