import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';

const program = join(import.meta.dirname, 'short-demo.ts');

/** Command lines of all processes that work in the folder. */
async function processesIn(folder: string): Promise<string[]> {
  const { stdout } = await promisify(execFile)('ps', ['-eo', 'args=']);
  return stdout.split('\n').filter((line) => line.includes(folder) && line.includes('order.json'));
}

async function until(condition: () => Promise<boolean>, what: string, milliseconds: number): Promise<void> {
  for (const deadline = Date.now() + milliseconds; !(await condition());) {
    if (Date.now() > deadline) throw new Error(`not within ${milliseconds} ms: ${what}`);
    await new Promise((resolve) => { setTimeout(resolve, 50); });
  }
}

describe('demo, with real processes', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'demo-run-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  function start() {
    // A folder for temporary files of its own shows what is left behind.
    const child = spawn(process.execPath, [program, join(folder, 'demo.svg')], { env: { ...process.env, TMPDIR: folder }, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => { output += text; });
    return { child, ended: once(child, 'close').then(([code]) => code as number | null), output: () => output };
  }

  it('fails no request, follows the load up and down, and leaves nothing running', async function () {
    this.timeout(60_000);
    const { ended, output } = start();
    expect(await ended, output()).to.equal(0);
    // On a machine that is busy with other suites the first host looks loaded while it starts, and has a second one bought.
    expect(output().replace(/\s+/g, ' ')).to.match(/requests [\d,]+ sent, 0 failed/).and.to.match(/hosts [12] → [34] → [12];/).and.not.to.include('FAILED');
    expect(await processesIn(folder)).to.deep.equal([]);
    expect(await readdir(folder), 'a file is left').to.deep.equal(['demo.svg']);
    expect(await readFile(join(folder, 'demo.svg'), 'utf8')).to.match(/^<svg/);
  });

  for (const signal of ['SIGINT', 'SIGHUP', 'SIGTERM'] as const) {
    it(`ends all that it started on ${signal}`, async () => {
      const { child, ended, output } = start();
      await until(async () => (await processesIn(folder)).length > 0, 'a host runs', 10_000);
      child.kill(signal);
      expect(await ended, output()).to.equal(130);
      expect(output()).to.include('ended early');
      expect(await processesIn(folder)).to.deep.equal([]);
      expect(await readdir(folder)).to.deep.equal([]);
    });
  }

  it('takes its hosts with it when it is killed', async () => {
    const { child, ended } = start();
    await until(async () => (await processesIn(folder)).length > 0, 'a host runs', 10_000);
    child.kill('SIGKILL');
    expect(await ended).to.equal(null);
    await until(async () => (await processesIn(folder)).length === 0, 'all hosts have ended', 6_000);
  });
});
