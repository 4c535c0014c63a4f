import { expect } from 'chai';
import { type Socket, connect as dial } from 'node:net';
import { NodeSSH } from 'node-ssh';
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { stringify } from 'yaml';
import { ask } from '../support/real-hosts/ask.ts';
import type { BackedServer, ServerAddresses } from '../support/real-hosts/backing.ts';
import type { RealHost } from '../support/real-hosts/host.ts';
import { PROXY_IMAGE, pushApp, pushProxy } from '../support/real-hosts/images.ts';
import { type KeyPair, makeKeyPair } from '../support/real-hosts/keys.ts';
import { HOST_PARTS } from '../support/real-hosts/machine-parts.ts';
import { FRESH_IMAGE, type Rack, startRack } from '../support/real-hosts/rack.ts';
import { type Registry, startRegistry } from '../support/real-hosts/registry.ts';
import { controlGroups, sweepDeadRuns } from '../support/real-hosts/run-id.ts';
import { type Site, startSite } from '../support/real-hosts/site.ts';
import { realSuite, rootOnLinux } from '../support/real/gate.ts';
import { until } from '../support/real/until.ts';

const BOOT = { deadlineMs: 60_000 };

realSuite('real hosts', HOST_PARTS, function () {
  this.timeout(120_000);
  let site: Site;
  let registry: Registry;
  let rack: Rack;
  let person: KeyPair;
  let hostKey: KeyPair;
  let image: string;
  let next = 1;

  before(async () => {
    site = await startSite();
    [registry, rack, person, hostKey] = await Promise.all([startRegistry(site), startRack(site), makeKeyPair('person'), makeKeyPair('host')]);
    [image] = await Promise.all([pushApp(registry, { repository: 'acme/shop', version: 'v1', service: 'shop' }), pushProxy(registry)]);
  });
  after(async () => {
    await site?.stop();
  });

  const userData = (change: Record<string, unknown> = {}): string => `#cloud-config\n${stringify({
    ssh_keys: { ed25519_private: hostKey.privateKey, ed25519_public: hostKey.publicKey },
    ssh_authorized_keys: [person.publicKey],
    ...change,
  })}`;

  async function boot(change: Partial<BackedServer> = {}): Promise<{ host: RealHost; id: number; addresses: ServerAddresses }> {
    const id = next;
    next += 1;
    const addresses = await rack.boot({ id, name: `web-${id}`, userData: userData(), image: FRESH_IMAGE, serverType: 'cx22', location: 'fsn1', authorizedKeys: [], publicNet: 'None', ...change });
    return { host: rack.host(id), id, addresses };
  }

  // A host that lost its power never answers a goodbye, and a socket that waits for one keeps this process from ending.
  const sockets = new Set<Socket>();
  after(() => sockets.forEach((socket) => socket.destroy()));

  /** As root, with the key of the host pinned: any other is refused. */
  async function connect(address: string, pinned: KeyPair = hostKey): Promise<NodeSSH> {
    const ssh = new NodeSSH();
    const sock = dial({ host: address, port: 22 });
    sockets.add(sock);
    const key = pinned.publicKey.split(' ')[1];
    await ssh.connect({ sock, username: 'root', privateKey: person.privateKey, hostVerifier: (offered: Buffer) => offered.toString('base64') === key, readyTimeout: 10_000 });
    // Hosts lose their power under it.
    ssh.connection?.on('error', () => undefined);
    return ssh;
  }

  async function sshTo(address: string): Promise<NodeSSH> {
    return await until(`sshd at ${address}`, () => connect(address), BOOT);
  }

  async function run(ssh: NodeSSH, command: string): Promise<string> {
    const { stdout, stderr, code } = await ssh.execCommand(command);
    if (code !== 0) throw new Error(`${command}: exit ${code}: ${stdout}${stderr}`);
    return stdout.trim();
  }

  /** What Kamal does to a new host, in short. */
  async function deploy(ssh: NodeSSH): Promise<void> {
    await until('Docker', async () => await run(ssh, 'docker info').then(() => true), BOOT);
    await run(ssh, `docker login ${registry.server} -u ${registry.username} -p ${registry.password}`);
    await run(ssh, 'docker network create kamal');
    await run(ssh, `docker run --name kamal-proxy --network kamal --detach --restart unless-stopped --volume kamal-proxy-config:/home/kamal-proxy/.config/kamal-proxy --publish 80:80 --publish 443:443 --expose=9394 --publish 9394:9394 ${registry.server}/${PROXY_IMAGE} kamal-proxy run --metrics-port 9394`);
    const id = await run(ssh, `docker run --detach --restart unless-stopped --name shop-web-v1 --network kamal --env KAMAL_VERSION=v1 --label service=shop ${image}`);
    await run(ssh, `docker exec kamal-proxy kamal-proxy deploy shop-web --target=${id.slice(0, 12)}:80 --host=app.example.com --health-check-interval=1s`);
  }

  const askApp = (address: string, path: string): ReturnType<typeof ask> => ask(address, path, { host: 'app.example.com' });
  const serves = (address: string): Promise<unknown> => until(`the application at ${address}`, async () => (await askApp(address, '/')).body.startsWith('v1'), BOOT);

  describe('one of them', () => {
    let host: RealHost;
    let addresses: ServerAddresses;
    let ssh: NodeSSH;

    before(async () => {
      ({ host, addresses } = await boot({ publicNet: 'IPv4', userData: userData({ write_files: [{ path: '/etc/motto', content: "it's\n", permissions: '0600' }], runcmd: [['sh', '-c', 'echo once >> /root/runs']] }) }));
      ssh = await sshTo(addresses.privateAddress);
    });
    afterEach(async function () {
      if (this.currentTest?.state === 'failed') console.error(await host.tail());
    });
    after(() => {
      ssh?.dispose();
    });

    it('did what its user data says, once, and says when it was done', async () => {
      expect(await run(ssh, 'cloud-init status --wait')).to.match(/status: done$/);
      expect(JSON.parse(await run(ssh, 'cloud-init status --format json'))).to.include({ status: 'done', extended_status: 'done' });
      expect(await run(ssh, 'cat /etc/motto; stat -c %a /etc/motto; hostname; cat /root/runs')).to.equal(`it's\n600\n${host.name}\nonce`);
    });

    it('has the host key that was pinned and no other', async () => {
      const refusal = await connect(addresses.privateAddress, await makeKeyPair('another')).then(() => 'taken', String);
      expect(refusal).to.include('Host denied (verification failed)');
      const listed = await run(ssh, 'ls /etc/ssh/ssh_host_*_key');
      expect(listed).to.equal('/etc/ssh/ssh_host_ed25519_key');
    });

    it('pulls, runs kamal-proxy and the application, and is reached at both its addresses', async () => {
      await deploy(ssh);
      await serves(addresses.privateAddress);
      expect((await askApp(addresses.publicIPv4!, '/up')).status).to.equal(200);
      expect((await ask(addresses.privateAddress, '/up')).status, 'without the Host').to.equal(404);
      expect((await ask(addresses.privateAddress, '/metrics', { port: 9_394 })).body).to.include('kamal_proxy_http_requests_total');
    });

    it('comes back by itself after a power cut, and shows that it was off', async () => {
      const before_ = await run(ssh, 'cat /proc/sys/kernel/random/boot_id');
      ssh.dispose();
      await host.reboot();
      await serves(addresses.privateAddress);
      ssh = await sshTo(addresses.privateAddress);
      expect(await run(ssh, 'cat /proc/sys/kernel/random/boot_id')).not.to.equal(before_);
      expect(await run(ssh, 'cat /root/runs')).to.equal('once');
    });

    it('loses what is sent to it while its network is cut', async () => {
      await host.cutNetwork();
      const answer = await askApp(addresses.privateAddress, '/').then(() => 'answered', String);
      await host.mendNetwork();
      expect(answer).to.include('aborted');
      await serves(addresses.privateAddress);
    });

    it('serves nothing without its engine, and again with it', async () => {
      await host.stopDocker();
      expect(await askApp(addresses.privateAddress, '/').then(() => 'answered', String)).to.include('ECONNREFUSED');
      await host.startDocker();
      await serves(addresses.privateAddress);
    });

    it('has no room on a full disk', async () => {
      const heavy = await pushApp(registry, { repository: 'acme/shop', version: 'heavy', service: 'shop', weightMegabytes: 20 });
      await host.fillDisk();
      expect(await run(ssh, `docker pull ${heavy}`).then(() => 'pulled', String)).to.include('no space left on device');
      await host.emptyDisk();
      await run(ssh, `docker pull ${heavy}`);
    });
  });

  describe('several of them', () => {
    it('start with what was prepared on their image', async () => {
      await rack.prepareImage('snapshot', registry, [image, `${registry.server}/${PROXY_IMAGE}`]);
      const { host, id } = await boot({ image: 'snapshot' });
      const images = await until('the engine', () => host.run('docker', ['images', '--format', '{{.Repository}}:{{.Tag}}']), BOOT);
      expect(images.split('\n')).to.include.members([image, `${registry.server}/${PROXY_IMAGE}`, 'kept:0']);
      await rack.destroy(id);
    });

    it('refuse user data that they would not carry out, and images that nobody made', async () => {
      expect(await boot({ userData: '#cloud-config\nswap: {size: 1}\n' }).then(() => '', String)).to.include('does not carry out swap');
      expect(await boot({ image: 'windows' }).then(() => '', String)).to.include('no server image windows');
      expect(rack.hosts()).to.have.length(1);
    });

    it('come ten at once, each with an address, an engine and an application of its own', async () => {
      const hosts = await Promise.all(Array.from({ length: 10 }, () => boot()));
      const addresses = hosts.map((one) => one.addresses.privateAddress);
      expect(new Set(addresses).size).to.equal(10);
      await Promise.all(addresses.map(async (address) => {
        const ssh = await sshTo(address);
        await deploy(ssh);
        await serves(address);
        ssh.dispose();
      }));
      await Promise.all(hosts.map(({ id }) => rack.destroy(id)));
      const again = await boot();
      expect(addresses).to.include(again.addresses.privateAddress);
      await rack.destroy(again.id);
    });
  });

  describe('when it is over', () => {
    it('leave nothing behind: no process, mount, interface, control group or file', async () => {
      const { folder, name, holder, subnet: { interface: card } } = site;
      await site.stop();
      expect(readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && mountsOf(pid).includes(folder))).to.deep.equal([]);
      expect(existsSync(`/proc/${holder}`)).to.equal(false);
      expect(Object.keys(networkInterfaces())).not.to.include(card);
      expect((await controlGroups()).filter((path) => path.includes(name))).to.deep.equal([]);
      expect(existsSync(folder)).to.equal(false);
    });

    it('end with a test process that is killed; the next run sweeps what is left', async () => {
      const killed = spawn(process.execPath, ['--no-warnings', join(import.meta.dirname, '../support/real-hosts/killed-site.fixture.ts')], { stdio: ['ignore', 'pipe', 'inherit'] });
      const lines = createInterface(killed.stdout)[Symbol.asyncIterator]();
      const { value } = await lines.next();
      const made = JSON.parse(String(value)) as { name: string; interface: string; holder: number; folder: string };
      killed.kill('SIGKILL');
      await until('the end of the namespaces', () => !existsSync(`/proc/${made.holder}`) && !Object.keys(networkInterfaces()).includes(made.interface));
      expect(existsSync(made.folder)).to.equal(true);
      expect((await controlGroups()).some((path) => path.includes(made.name))).to.equal(true);
      await sweepDeadRuns();
      expect(existsSync(made.folder)).to.equal(false);
      expect((await controlGroups()).some((path) => path.includes(made.name))).to.equal(false);
    });
  });
}, [rootOnLinux]);

/** What a process has mounted; a process that is gone by now has nothing. */
function mountsOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/mounts`, 'utf8');
  } catch {
    return '';
  }
}
