import { expect } from 'chai';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createUserData } from '../../controller/act/cloud/user-data/index.ts';
import { createRedactor } from '../../controller/act/deploy/kamal/redact.ts';
import { type ClientKey, type MachineInspector, type Rotate, type SSH, createMachineInspector, createRotate, createSSH, deliveredKey, writeKamalHome } from '../../controller/act/ssh/index.ts';
import type { KamalHost } from '../../controller/api/index.ts';
import type { MachineFact } from '../../controller/model/index.ts';
import type { DeployTarget } from '../../controller/ports/index.ts';
import { systemClock } from '../../controller/runtime/clock.ts';
import { HOST_PARTS } from '../support/real-hosts/machine-parts.ts';
import { FRESH_IMAGE, type Rack, startRack } from '../support/real-hosts/rack.ts';
import { type Site, startSite } from '../support/real-hosts/site.ts';
import { realSuite, rootOnLinux } from '../support/real/gate.ts';
import { until } from '../support/real/until.ts';
import { worthOf } from '../support/real-world/user-data.ts';
import { newClientKey } from '../support/ssh-targets.ts';

const run = promisify(execFile);
const BOOT = { deadlineMs: 60_000 };

realSuite('first contact with real hosts', HOST_PARTS, function () {
  this.timeout(120_000);
  let site: Site;
  let rack: Rack;
  let clientKey: ClientKey;
  let ssh: SSH;
  let inspect: MachineInspector;
  let rotate: Rotate;
  let folder: string | undefined;
  let next = 1;

  before(async () => {
    [site, clientKey, folder] = await Promise.all([startSite(), newClientKey(), mkdtemp(join(tmpdir(), 'first-contact-'))]);
    rack = await startRack(site, { cloudInitSeconds: 1 });
    ssh = createSSH({ installation: 'shop', clientKey, clock: systemClock });
    inspect = createMachineInspector(ssh, createRedactor([]));
    rotate = createRotate(ssh, systemClock, createRedactor([]));
  });
  after(async () => {
    await ssh?.close();
    await site?.stop();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });

  /** A server that was ordered with our user data. */
  async function boot(user = 'root', more: Partial<DeployTarget['ssh']> = {}): Promise<{ id: number; userData: string; target: DeployTarget }> {
    const id = next;
    next += 1;
    const [name, hostID] = [`web-${id}`, `host-id-${id}`];
    const userData = createUserData(clientKey)({
      name, owner: { installation: 'shop', pool: { namespace: 'default', name: 'web' }, hostID }, placement: { name: 'here', provider: 'Hetzner' },
      pool: { kamal: { service: 'shop', role: 'web' }, ssh: { user, port: 22 } },
    });
    const { privateAddress } = await rack.boot({ id, name, userData, image: FRESH_IMAGE, serverType: 'cx22', location: 'fsn1', authorizedKeys: [], publicNet: 'None' });
    return { id, userData, target: {
      host: { namespace: 'default', name }, endpoint: { address: privateAddress, ports: { http: 80 } }, role: { service: 'shop', role: 'web' },
      ssh: { user, port: 22, ...more }, identity: { kind: 'Bought', hostID },
    } };
  }
  const whenFact = <K extends MachineFact['kind']>(kind: K, target: DeployTarget): Promise<Extract<MachineFact, { kind: K }>> =>
    until(`${target.host.name} to be ${kind}`, async () => {
      const fact = await inspect(target);
      if (fact.kind === kind) return fact as Extract<MachineFact, { kind: K }>;
      throw new Error(JSON.stringify(fact));
    }, BOOT);
  const owning = (target: DeployTarget, ownKey: string): DeployTarget =>
    ({ ...target, identity: { kind: 'Bought', hostID: target.identity.kind === 'Bought' ? target.identity.hostID : '', ownKey } });

  /** As the controller does it: pinned first, then changed. */
  async function bringUp(user?: string, more?: Partial<DeployTarget['ssh']>): Promise<{ id: number; target: DeployTarget; ownKey: string }> {
    const { id, target } = await boot(user, more);
    const { ownKey } = await whenFact('Delivered', target);
    await rotate(owning(target, ownKey));
    return { id, target: owning(target, ownKey), ownKey };
  }
  /** Its own words about the key, told at its console. */
  const liveKey = async (id: number): Promise<string> => (await rack.host(id).run('ssh-keygen', ['-y', '-f', '/etc/ssh/ssh_host_ed25519_key'])).trim().split(' ').slice(0, 2).join(' ');

  it('waits for what is not there yet, pins the key that the host made, and lets it take over', async () => {
    const { id, userData, target } = await boot();
    const seen = new Set<string>();
    const { ownKey } = await until('the first contact', async () => {
      const fact = await inspect(target);
      seen.add(fact.kind);
      if (fact.kind === 'Delivered') return fact;
      throw new Error(JSON.stringify(fact));
    }, BOOT);
    expect([...seen]).to.include('Preparing').and.not.include.members(['Mismatch']);
    expect(await liveKey(id)).to.equal(deliveredKey(clientKey, 'shop', `host-id-${id}`).publicKey).and.not.equal(ownKey);

    await rotate(owning(target, ownKey));
    expect(await liveKey(id)).to.equal(ownKey);
    expect(await inspect(owning(target, ownKey))).to.have.property('kind', 'Ready');
    expect((await inspect(target)).kind, 'under what user data holds').to.equal('Mismatch');
    const host = { metadata: { name: target.host.name }, status: { address: target.endpoint.address, hostKey: ownKey } } as KamalHost;
    expect(await worthOf(userData, host, 22, clientKey.privateKey.split('\n').slice(2, -2))).to.deep.equal([]);
    const left = await rack.host(id).run('sh', ['-c', 'ls -A /var/lib/kamal-autoscaler /etc/ssh /var/lib/cloud/instance']);
    expect(left).to.include('ssh_host_ed25519_key').and.not.match(/\.new|user-data|cloud-config/);
    // Nowhere on its disk, whatever cloud-init calls the file.
    const [, secretLine = ''] = deliveredKey(clientKey, 'shop', `host-id-${id}`).privateKey.split('\n').slice(2);
    expect(userData).to.include(secretLine);
    expect(await rack.host(id).run('sh', ['-c', 'grep -rlF -e "$1" /etc /var/lib/cloud /var/lib/kamal-autoscaler /root /var/log 2>/dev/null || true', 'sh', secretLine])).to.equal('');
  });

  it('comes in as a user who is not root, whom Docker answers', async () => {
    const { target } = await boot('deploy');
    await whenFact('Delivered', target);
    expect(await ssh.run(target, ['sh', '-c', 'id -un; docker info --format {{.ID}}'], { what: 'a test', trust: 'FirstContact' })).to.have.property('stdout').that.matches(/^deploy\n\S+\n$/);
  });

  it('tells a reboot, a stopped Docker and a lost network apart', async () => {
    const { id, target } = await bringUp();
    const before = await whenFact('Ready', target);
    await rack.host(id).stopDocker();
    expect(await inspect(target)).to.have.property('why').that.matches(/^Docker does not answer yet: .*Cannot connect/);
    await rack.host(id).startDocker();
    await whenFact('Ready', target);
    await rack.reboot(id);
    const after = await until('the next boot', async () => {
      const fact = await whenFact('Ready', target);
      expect(fact.bootID).to.not.equal(before.bootID);
      return fact;
    }, BOOT);
    expect(after.bootID).to.match(/^[0-9a-f-]{36}$/);
    await rack.host(id).cutNetwork();
    const started = performance.now();
    const lost = await inspect(target);
    expect(lost).to.have.property('kind', 'Unreachable');
    expect((performance.now() - started) / 1_000, 'seconds until it is said').to.be.below(16);
    await rack.host(id).mendNetwork();
    await whenFact('Ready', target);
  });

  it('takes the next server at an address for another host', async () => {
    const { id, target } = await bringUp();
    await rack.destroy(id);
    const { target: newcomer, ownKey } = await bringUp();
    expect(newcomer.endpoint.address).to.equal(target.endpoint.address);
    expect(await inspect(newcomer)).to.have.property('kind', 'Ready');
    const stranger = await inspect(target);
    expect(stranger).to.have.property('kind', 'Mismatch');
    expect(ownKey).to.be.a('string');
  });

  it('goes through a jump host, and so does the ssh program in the home that Kamal gets', async () => {
    const jump = await bringUp();
    const jumpHost = { address: jump.target.endpoint.address, user: 'root', port: 22, hostKey: jump.ownKey };
    const { target } = await bringUp('root', { jumpHost });
    const { environment } = await writeKamalHome(folder!, [target], { clientKey, path: process.env['PATH'] ?? '' });
    const config = join(folder!, '.ssh', 'config');
    const { stdout } = await run('ssh', ['-F', config, '-l', 'root', target.endpoint.address, 'hostname'], { env: environment });
    expect(stdout.trim()).to.equal(target.host.name);
    const other = { ...target, ssh: { ...target.ssh, jumpHost: { ...jumpHost, hostKey: deliveredKey(clientKey, 'shop', 'nobody').publicKey } } };
    const wrong = await inspect(other);
    expect(wrong).to.have.property('kind', 'Mismatch');
    expect(wrong).to.have.property('why').that.matches(/^jump host /);
    await writeKamalHome(folder!, [other], { clientKey, path: process.env['PATH'] ?? '' });
    const refused = await run('ssh', ['-F', config, '-l', 'root', target.endpoint.address, 'hostname'], { env: environment }).then(() => 'taken', String);
    expect(refused).to.include('Host key verification failed');
  });
}, [rootOnLinux]);
