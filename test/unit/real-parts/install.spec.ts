import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { withLock } from '../../../hack/real-parts/lock.ts';

const INSTALL = fileURLToPath(new URL('../../../hack/real-parts/install.ts', import.meta.url));

describe('bringing real parts', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'real-parts-'));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  async function install(parts: readonly string[], environment: Record<string, string> = {}): Promise<{ status: number; stdout: string; stderr: string }> {
    const child = spawn(process.execPath, [INSTALL, ...parts], {
      env: { PATH: folder, HOME: folder, KAMAL_AUTOSCALER_CACHE: join(folder, 'cache'), ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [stdout, stderr, [status]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
    return { status: status as number, stdout, stderr };
  }

  it('names the part and what to install where Go or apt is missing, and goes on with the next part', async () => {
    const result = await install(['etcd', 'prometheus']);
    expect(result.status).to.equal(1);
    expect(result.stderr).to.match(/etcd is built by Go 1\.26\.0 or newer, and there is no go on PATH; install Go .*set ETCD/);
    expect(result.stderr).to.match(/prometheus is unpacked from a Debian package, and there is no apt-get on PATH; .*set PROMETHEUS/);
    expect(result.stdout).to.match(/^etcd +- +missing/m).and.to.match(/^prometheus +- +missing/m);
  });

  it('does not build over a variable that points nowhere', async () => {
    const result = await install(['etcd'], { ETCD: join(folder, 'absent') });
    expect(result.status).to.equal(1);
    expect(result.stderr).to.include(`ETCD=${join(folder, 'absent')} is not a program that can be run`);
    expect(result.stderr).not.to.include('Go 1.26');
  });

  it('refuses a part that it does not know, with those that it knows', async () => {
    const result = await install(['nginx']);
    expect(result.status).to.equal(1);
    expect(result.stderr).to.include("'nginx' is invalid").and.to.include('kamal-proxy');
  });

  it('removes what a killed run left half-made', async () => {
    const partial = join(folder, 'cache', 'real-parts', '.partial-killed');
    await mkdir(partial, { recursive: true });
    await install(['etcd']);
    expect(await readdir(join(folder, 'cache', 'real-parts'))).not.to.include('.partial-killed');
  });

  it('works one run at a time', async () => {
    const order: string[] = [];
    const release = Promise.withResolvers<void>();
    const held = Promise.withResolvers<void>();
    const waits = Promise.withResolvers<void>();
    const first = withLock(folder, () => order.push('first waits'), async () => {
      held.resolve();
      await release.promise;
      order.push('first ends');
    });
    await held.promise;
    const second = withLock(folder, () => waits.resolve(), async () => {
      order.push('second begins');
    });
    await waits.promise;
    release.resolve();
    await Promise.all([first, second]);
    expect(order).to.deep.equal(['first ends', 'second begins']);
  });
});
