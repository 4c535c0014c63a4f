import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { planted } from '../../support/planted.ts';
import { startAnswering } from '../../support/real/answering.ts';
import { watchSecrecy } from '../../support/real-world/secrecy.ts';
import { until } from '../../support/real/until.ts';
import { newKey, publicHalf, startSshServer } from '../../support/ssh-server.ts';

const KEY = `-----BEGIN OPENSSH PRIVATE KEY-----\n${'Q0'.repeat(35)}\n-----END OPENSSH PRIVATE KEY-----\n`;

describe('what a real world looks at for secrets', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'secrecy-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  /** A controller that tells `secret` wherever it can, or nothing. */
  async function seen(secret: string): Promise<string[]> {
    await using ending = new AsyncDisposableStack();
    const logFile = join(folder, 'log');
    await Promise.all([writeFile(logFile, `line\n${secret}\n`), writeFile(join(folder, 'state.db'), Buffer.concat([Buffer.from([0, 255]), Buffer.from(secret)]))]);
    const page = await startAnswering((request, response) => void response.end(request.url === '/metrics' ? secret : ''));
    ending.defer(() => page.stop());
    const parent = spawn(process.execPath, ['-e', `require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)', ${JSON.stringify(secret)}], { stdio: 'inherit' }); process.on('SIGTERM', () => process.exit()); console.log('up')`], { stdio: ['ignore', 'pipe', 'ignore'], detached: true });
    ending.defer(() => void process.kill(-parent.pid!, 'SIGKILL'));
    let up = false;
    parent.stdout.once('data', () => { up = true; });
    await until('the child', () => up);
    const secrecy = watchSecrecy({
      plane: undefined, cloud: { project: { servers: new Map() } }, estate: { key: { privateKey: KEY } },
      controller: { url: `http://127.0.0.1:${page.port}`, process: { pid: parent.pid, logFile } },
      store: { list: async (kind: string) => (kind === 'KamalHost' ? [{ metadata: { name: 'web-0' }, status: { reason: secret } }] : []) },
    } as never, folder);
    return await secrecy.end();
  }

  it('finds a planted one, and a key, in every place', async () => {
    for (const secret of [planted('registry'), KEY.split('\n')[1]!]) {
      const places = await seen(secret);
      expect(places).to.include.members(['GET /metrics', 'KamalHost web-0', 'the log', join(folder, 'state.db')]);
      if (process.platform === 'linux') expect(places).to.include(`arguments of ${process.execPath}`);
    }
  });

  it('finds user data that still opens its host, or holds what it must not', async () => {
    const delivered = newKey();
    const server = await startSshServer({ hostKeys: [delivered], authorizedKeys: [] });
    try {
      const userData = stringify({ ssh_keys: { ed25519_private: delivered }, runcmd: [planted('registry')] });
      const host = { metadata: { name: 'web-1', namespace: 'default' }, spec: { poolRef: { name: 'web' } }, status: { phase: 'InService', address: '127.0.0.1', hostKey: publicHalf(newKey()) } };
      const secrecy = watchSecrecy({
        plane: undefined, estate: { key: { privateKey: KEY } }, controller: { url: 'http://127.0.0.1:9', process: { pid: undefined, logFile: '/dev/null' } },
        cloud: { project: { servers: new Map([[1, { name: 'web-1', userData }]]) } },
        store: { list: async (kind: string) => (kind === 'KamalHost' ? [host] : []), get: async () => ({ spec: { ssh: { port: server.port } } }) },
      } as never, folder);
      expect(await secrecy.end()).to.have.members(['the user data of web-1 holds a secret of the installation', 'web-1 still shows the key that is in its user data', 'web-1 shows another key than the pinned one']);
    } finally {
      await server.close();
    }
  });

  it('finds nothing where nothing is told', async () => {
    expect(await seen('nothing to hide')).to.deep.equal([]);
  });
});
