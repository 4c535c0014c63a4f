import { expect } from 'chai';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ask } from '../support/real-hosts/ask.ts';
import { pushApp } from '../support/real-hosts/images.ts';
import { type Kamal, type KamalEnd, findKamal } from '../support/real-hosts/kamal.ts';
import { HOST_PARTS } from '../support/real-hosts/machine-parts.ts';
import { type Estate, type OwnHost, pushVersions, startEstate } from '../support/real-hosts/people.ts';
import { PROXY_METRICS_PORT, type Project, writeProject } from '../support/real-hosts/project.ts';
import { realSuite, rootOnLinux } from '../support/real/gate.ts';
import { until } from '../support/real/until.ts';

const HOSTNAME = 'app.example.com';

/** What a person does with Kamal on real hosts, as the controller will do it too: what it relies on is seen here. */
realSuite('kamal on real hosts', HOST_PARTS, function () {
  this.timeout(120_000);
  let kamal: Kamal;
  let estate: Estate;
  let folder: string;
  let project: Project;
  let one: OwnHost;
  let two: OwnHost;
  /** Not in deploy.yml. */
  let newcomer: OwnHost;

  before(async () => {
    kamal = await findKamal();
    console.log(`    with ${kamal.which}`);
    estate = await startEstate();
    [[one, two, newcomer], folder] = await Promise.all([estate.ownHosts(['one', 'two', 'new']) as Promise<[OwnHost, OwnHost, OwnHost]>, mkdtemp(join(tmpdir(), 'project-'))]);
    await pushVersions(estate.registry, 'shop', 'acme/shop', ['v1', 'v2']);
    project = await writeProject(folder, kamal, {
      service: 'shop', image: 'acme/shop', hostname: HOSTNAME, roles: { web: [one.address, two.address] }, registry: estate.registry, key: estate.key,
      knownHosts: [one, two, newcomer].map(({ knownHost }) => knownHost), env: { GREETING: 'hello' }, deployTimeout: 6,
    });
  });
  after(async () => {
    if (folder !== undefined) await rm(folder, { recursive: true });
    await estate?.[Symbol.asyncDispose]();
  });

  const serves = async (host: OwnHost): Promise<string> => (await ask(host.address, '/', { host: HOSTNAME })).body;
  const containers = (host: OwnHost): Promise<string> => host.host.run('docker', ['ps', '--format', '{{.ID}} {{.Names}}']);
  const withNewcomer = (): Record<string, string> => ({ KAMAL_AUTOSCALE_EXTRA_WEB: newcomer.address });
  function expectDone(end: KamalEnd): void {
    expect(end.status, `${end.stdout}${end.stderr}`).to.equal(0);
  }
  async function expectFailure(end: Promise<KamalEnd>, word: string | RegExp): Promise<void> {
    const { status, stdout } = await end;
    expect(status, stdout).to.equal(1);
    expect(stdout).to.match(typeof word === 'string' ? new RegExp(word.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')) : word);
  }

  it('sets the hosts of deploy.yml up', async () => {
    expectDone(await project.kamal(['setup', '--skip-push', '--version=v1']));
    expect(await Promise.all([one, two].map(serves))).to.deep.equal([`v1 ${one.address}`, `v1 ${two.address}`]);
    expect((await ask(one.address, '/up')).status, 'without the Host').to.equal(404);
  });

  it('sets one more host up and leaves the others alone', async () => {
    const before_ = await Promise.all([one, two].map(containers));
    expectDone(await project.kamal(['setup', '--skip-push', `--hosts=${newcomer.address}`, '--version=v1'], withNewcomer()));
    expect(await serves(newcomer)).to.equal(`v1 ${newcomer.address}`);
    expect(await Promise.all([one, two].map(containers))).to.deep.equal(before_);
    expect((await ask(newcomer.address, '/metrics', { port: PROXY_METRICS_PORT })).body).to.include('kamal_proxy_http_requests_total');
  });

  it('refuses a second deploy while somebody holds the lock on the primary', async () => {
    expectDone(await project.kamal(['lock', 'acquire', '-p', '-q', '--version=v1', '-m', 'Automatic deploy lock (kamal-autoscaler op-1)']));
    await expectFailure(project.kamal(['deploy', '-P', '--version=v2']), /LockError/);
    expect((await project.kamal(['lock', 'status', '-q', '-p'])).stdout).to.include('op-1');
    expectDone(await project.kamal(['setup', '--skip-push', `--hosts=${newcomer.address}`, '--version=v1'], { ...withNewcomer(), KAMAL_LOCK: 'true' }));
    expectDone(await project.kamal(['lock', 'release', '-p', '-q', '--version=v1']));
  });

  it('deploys a new version everywhere, newcomers of the inventory too', async () => {
    await writeFile(project.inventoryFile, JSON.stringify({ web: [newcomer.address] }));
    expectDone(await project.kamal(['deploy', '-P', '--version=v2']));
    expect(await Promise.all([one, two, newcomer].map(serves))).to.deep.equal([one, two, newcomer].map(({ address }) => `v2 ${address}`));
  });

  it('rolls back nowhere and says nothing where one host lacks the container, and everywhere where all have it', async () => {
    await newcomer.host.run('docker', ['rm', '--force', 'shop-web-v1']);
    expectDone(await project.kamal(['rollback', 'v1', '--version=v2']));
    expect(await serves(one)).to.equal(`v2 ${one.address}`);
    const image = `${estate.registry.server}/acme/shop:v1`;
    expectDone(await project.kamal(['server', 'exec', `--hosts=${newcomer.address}`, '--version=v2', `docker pull -q ${image} && docker create --name shop-web-v1 --label service=shop --label role=web --label destination= ${image}`]));
    expectDone(await project.kamal(['rollback', 'v1', '--version=v2']));
    // A created container has none of the environment, so it does not know its version: that it answers is what counts here.
    expect((await containers(newcomer)).split('\n').some((line) => line.endsWith('shop-web-v1'))).to.equal(true);
    expect(await serves(one)).to.equal(`v1 ${one.address}`);
  });

  it('drains by maintenance, which outlives a power cut while the health path answers, until it is live again', async () => {
    const at = `--hosts=${newcomer.address}`;
    expectDone(await project.kamal(['app', 'maintenance', at, '--drain-timeout=5', '--version=v1']));
    await newcomer.host.reboot();
    await until('the health path', async () => (await ask(newcomer.address, '/up', { host: HOSTNAME })).status === 200, { deadlineMs: 30_000 });
    expect((await ask(newcomer.address, '/', { host: HOSTNAME })).status).to.equal(503);
    expectDone(await project.kamal(['app', 'live', at, '--version=v1']));
    expect((await ask(newcomer.address, '/', { host: HOSTNAME })).status).to.equal(200);
  });

  describe('fails in words that name what is wrong', () => {
    const toNewcomer = (version: string): Promise<KamalEnd> => project.kamal(['deploy', '-P', `--hosts=${newcomer.address}`, `--version=${version}`]);

    it('an image that does not exist', () => expectFailure(toNewcomer('v404'), /manifest for .*v404 not found/));

    it('an application that never gets healthy', async () => {
      await pushApp(estate.registry, { repository: 'acme/shop', version: 'sick', service: 'shop', env: { HEALTH: 'failing' } });
      await expectFailure(toNewcomer('sick'), /target failed to become healthy/);
    });

    it('an application that ends at once', async () => {
      await pushApp(estate.registry, { repository: 'acme/shop', version: 'dead', service: 'shop', env: { EXIT: '3' } });
      await expectFailure(toNewcomer('dead'), /target failed to become healthy/);
    });

    it('a wrong password', () => expectFailure(project.kamal(['deploy', '-P', `--hosts=${newcomer.address}`, '--version=v2'], { KAMAL_REGISTRY_PASSWORD: 'wrong' }), /401 Unauthorized/));

    it('a full disk', async () => {
      await pushApp(estate.registry, { repository: 'acme/shop', version: 'heavy', service: 'shop', weightMegabytes: 20 });
      await newcomer.host.fillDisk();
      try {
        await expectFailure(toNewcomer('heavy'), 'no space left on device');
      } finally {
        await newcomer.host.emptyDisk();
      }
    });

    it('another host key', async () => {
      const other = one.hostKey;
      await writeFile(project.knownHostsFile, `${newcomer.address} ${other}\n`);
      await expectFailure(toNewcomer('v2'), 'HostKeyMismatch');
    });
  });
}, [rootOnLinux]);
