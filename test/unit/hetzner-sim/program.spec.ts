import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect } from 'chai';
import { hetznerSuite } from '../act-cloud/hetzner/world.ts';

const PROGRAM = join(import.meta.dirname, '../../support/hetzner-sim/main.ts');

hetznerSuite('the simulator as a program', function () {
  this.timeout(30_000);
  let child: ChildProcess | undefined;
  afterEach(() => void child?.kill('SIGKILL'));

  it('says where it listens, on the loopback address, answers, and ends when it is asked to', async () => {
    const started = spawn(process.execPath, ['--no-warnings', PROGRAM, '--token', 'mine', '--max-servers', '1'], { stdio: ['ignore', 'pipe', 'inherit'] });
    child = started;
    const exited = once(started, 'exit');
    let endpoint: string | undefined;
    for await (const line of createInterface({ input: started.stdout })) {
      endpoint = /^HCLOUD_ENDPOINT=(http:\/\/127\.0\.0\.1:\d+\/v1)$/.exec(line)?.[1];
      break;
    }
    const ask = async (path: string, init: RequestInit = {}) => fetch(`${endpoint}${path}`, { ...init, headers: { authorization: 'Bearer mine' } });
    expect((await ask('/servers')).status).to.equal(200);
    const order = (name: string): RequestInit => ({ method: 'POST', body: JSON.stringify({ name, server_type: 'cpx11', image: 'docker-ce' }) });
    expect((await ask('/servers', order('a'))).status).to.equal(201);
    expect((await ask('/servers', order('b'))).status).to.equal(403);
    started.kill('SIGTERM');
    expect(await exited).to.deep.equal([0, null]);
  });
});
