import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';

const FIXTURE = join(import.meta.dirname, 'process-io.fixture.ts');
const LAUNCHER = join(import.meta.dirname, '..', '..', '..', 'controller', 'launcher.cjs');

const start = (args: readonly string[]) => spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });

describe('the process', () => {
  it('ends quietly when its reader goes away', async () => {
    const child = start([FIXTURE]);
    const stderr = text(child.stderr);
    await once(child.stdout, 'data');
    child.stdout.destroy();
    const [code] = await once(child, 'exit');
    expect({ code, stderr: await stderr }).to.deep.equal({ code: 0, stderr: '' });
  });

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    it(`finishes what it does on ${signal}`, async () => {
      const child = start([FIXTURE]);
      const stdout = text(child.stdout);
      await once(child.stdout, 'readable');
      child.kill(signal);
      const [code] = await once(child, 'exit');
      expect(code).to.equal(0);
      expect(await stdout).to.match(/^line 1 of 80 columns\n/).and.to.match(/\nstopped\n$/);
    });
  }
});

describe('the launcher', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'launcher-'));
    await copyFile(LAUNCHER, join(folder, 'launcher.cjs'));
    await writeFile(join(folder, 'main.js'), 'console.log("main runs with " + process.argv.slice(2));\n');
    await writeFile(join(folder, 'older.cjs'), 'Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.19.0" } });\n');
  });
  afterEach(async () => await rm(folder, { recursive: true }));

  async function launched(args: readonly string[]): Promise<{ code: unknown; stdout: string; stderr: string }> {
    const child = start(args);
    const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
    return { code, stdout, stderr };
  }

  it('starts the program', async () => {
    expect(await launched([join(folder, 'launcher.cjs'), 'get', 'hp'])).to.deep.equal({ code: 0, stdout: 'main runs with get,hp\n', stderr: '' });
  });

  it('says once which Node it needs on an older one, and fails', async () => {
    const { code, stdout, stderr } = await launched(['--require', join(folder, 'older.cjs'), join(folder, 'launcher.cjs'), 'get']);
    expect({ code, stdout }).to.deep.equal({ code: 1, stdout: '' });
    expect(stderr).to.match(/^error: kamal-autoscaler needs Node 24 or newer, this is Node 20\.19\.0 \(.+\)\nmend: install Node 24 .+\n$/);
  });
});
