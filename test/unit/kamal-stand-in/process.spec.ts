import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect } from 'chai';
import { type FakeHost, makeHost } from '../../support/fake-hosts/host.ts';
import { makeRegistry } from '../../support/fake-hosts/docker/registry.ts';
import { type HostServer, makeKeyPair, serveHost } from '../../support/fake-hosts/ssh-server.ts';
import { freePort } from '../../support/real/free-port.ts';
import { until } from '../../support/real/until.ts';

const KAMAL = resolve(import.meta.dirname, '../../support/kamal-stand-in/kamal');

interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

describe('the stand-in for kamal as a program', () => {
  const hostKey = makeKeyPair();
  const clientKey = makeKeyPair();
  let folder: string;
  let host: FakeHost;
  let server: HostServer;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kamal-program-'));
    const registry = makeRegistry('registry.test');
    registry.publish('registry.test/acme/shop:v1');
    registry.publish('basecamp/kamal-proxy:v0.9.2');
    host = makeHost('127.0.0.1', registry);
    server = await serveHost(host, [hostKey], clientKey);
    await mkdir(join(folder, 'config'));
    await mkdir(join(folder, '.kamal'));
    await writeFile(join(folder, 'id'), clientKey.privateKey);
    await chmod(join(folder, 'id'), 0o600);
    await writeFile(join(folder, '.kamal/secrets'), 'PASSWORD=$THE_PASSWORD\n');
    await configure(server.port);
  });
  afterEach(async () => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function configure(port: number, sshConfig = 'Host *\n  ConnectTimeout 5\n'): Promise<void> {
    await writeFile(join(folder, 'ssh_config'), sshConfig);
    await writeFile(join(folder, 'config/deploy.yml'), `
service: shop
image: acme/shop
servers: [127.0.0.1]
registry: { server: registry.test, username: deployer, password: [PASSWORD] }
builder: { arch: amd64 }
ssh: { port: ${port}, keys: [id], keys_only: true, config: ssh_config }
`);
  }

  function start(argv: readonly string[]) {
    const { HOME: _home, ...env } = process.env;
    return spawn(KAMAL, argv, { cwd: folder, env: { ...env, HOME: folder, VERSION: 'v1', THE_PASSWORD: 'regpw' }, stdio: ['ignore', 'pipe', 'pipe'] });
  }
  async function end(child: ReturnType<typeof start>): Promise<Ended> {
    const texts = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (texts.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (texts.stderr += text));
    const [code, signal] = await once(child, 'close') as [number | null, NodeJS.Signals | null];
    return { code, signal, ...texts };
  }
  const kamal = (...argv: string[]): Promise<Ended> => end(start(argv));

  it('says which Kamal it stands for', async () => {
    expect(await kamal('version')).to.include({ code: 0, stdout: '2.12.0\n', stderr: '' });
  });

  it('brings a host up, and prints nothing but the times when it is asked to be quiet', async () => {
    const { code, stdout, stderr } = await kamal('setup', '-P', '-q', '--hosts=127.0.0.1', '--version=v1');
    expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' });
    expect(stdout).to.match(/^ {2}Finished all in \d+\.\d seconds\n {2}Finished all in \d+\.\d seconds\n$/);
    expect(host.docker.containers.filter(({ status }) => status === 'running').map(({ name }) => name)).to.deep.equal(['shop-web-v1', 'kamal-proxy']);
    expect(host.files.has('.kamal/lock-shop')).to.equal(false);
  });

  it('ends by SIGTERM, tells its times, and leaves its lock behind', async () => {
    const reached = Promise.withResolvers<void>();
    host.beforeCommand = (command) => {
      if (!command.startsWith('docker pull')) return;
      reached.resolve();
      return new Promise(() => undefined);
    };
    const child = start(['setup', '-P', '-q', '--hosts=127.0.0.1', '--version=v1']);
    const ended = end(child);
    await reached.promise;
    child.kill('SIGTERM');
    const { signal, stdout } = await ended;
    expect(signal).to.equal('SIGTERM');
    expect(stdout.match(/Finished all in/g)).to.have.length(2);
    expect(host.files.has('.kamal/lock-shop')).to.equal(true);
    host.beforeCommand = () => undefined;
    const refused = await kamal('app', 'boot', '-q', '--version=v1');
    expect(refused.code).to.equal(1);
    expect(refused.stdout).to.include('Message: Automatic deploy lock\n').and.to.include('ERROR (Kamal::Cli::LockError): Deploy lock found.');
  });

  it('hangs on a host that takes the connection and says nothing, unless the settings limit it', async () => {
    server.manner = 'Silent';
    await configure(server.port, '');
    const patient = start(['app', 'version', '-q']);
    const patientEnd = end(patient);
    await until('a connection', () => server.connections > 0, { everyMs: 20 });
    await configure(server.port, 'Host *\n  ConnectTimeout 1\n');
    const { code, stdout } = await kamal('app', 'version', '-q');
    expect(patient.exitCode, 'without a limit it waits on').to.equal(null);
    patient.kill('SIGKILL');
    await patientEnd;
    expect(code).to.equal(1);
    expect(stdout).to.include('ERROR (Net::SSH::ConnectionTimeout): Exception while executing on host 127.0.0.1: timeout during server version negotiating');
  });

  it('names a port that nobody listens on as Ruby does', async () => {
    const port = await freePort();
    await configure(port);
    const { code, stdout } = await kamal('app', 'version', '-q');
    expect(code).to.equal(1);
    expect(stdout).to.equal(`  \x1b[31mERROR (Errno::ECONNREFUSED): Exception while executing on host 127.0.0.1: Connection refused - connect(2) for 127.0.0.1:${port}\x1b[0m\n`);
  });

  it('refuses what it cannot do with a status that is none of Kamal\'s', async () => {
    const built = await kamal('deploy', '-q');
    expect(built).to.include({ code: 70 });
    expect(built.stdout).to.include('ERROR (KamalStandIn): the stand-in for kamal builds no images: pass --skip-push');
  });
});
