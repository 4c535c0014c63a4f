import { expect } from 'chai';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type HetznerProvider, createHetznerProvider } from '../../controller/act/cloud/hetzner/provider.ts';
import { createUserData } from '../../controller/act/cloud/user-data/index.ts';
import { type MachineInspector, type Rotate, type SSH, createMachineInspector, createRotate, createSSH, deliveredKey, readClientKey } from '../../controller/act/ssh/index.ts';
import type { MachineFact, ServerOwner } from '../../controller/model/index.ts';
import type { DeployTarget } from '../../controller/ports/index.ts';
import { systemClock } from '../../controller/runtime/clock.ts';
import { type HetznerSim, startHetznerSim } from '../support/hetzner-sim/index.ts';
import type { RealHost } from '../support/real-hosts/host.ts';
import { HOST_PARTS } from '../support/real-hosts/machine-parts.ts';
import { type Estate, startEstate } from '../support/real-hosts/people.ts';
import { placement, poolDocument } from '../support/real-world/documents.ts';
import { realSuite, rootOnLinux } from '../support/real/gate.ts';
import { until } from '../support/real/until.ts';

const BOOT = { deadlineMs: 60_000, everyMs: 200 };
const INSTALLATION = 'real';
/** Nothing secret is shown here. */
const plain = (text: string): string => text;

/** From an order at the simulated Hetzner Cloud to a machine that may be deployed to, by the adapters themselves. */
realSuite('first contact with real hosts', HOST_PARTS, function () {
  this.timeout(120_000);
  let folder: string;
  let estate: Estate;
  let cloud: HetznerSim;
  let provider: HetznerProvider;
  let ssh: SSH;
  let inspect: MachineInspector;
  let rotate: Rotate;
  let clientKey: Awaited<ReturnType<typeof readClientKey>>;
  let number = 0;

  before(async () => {
    [estate, folder] = await Promise.all([startEstate(), mkdtemp(join(tmpdir(), 'contact-'))]);
    const file = join(folder, 'id_ed25519');
    await writeFile(file, estate.key.privateKey);
    await chmod(file, 0o600);
    clientKey = await readClientKey({ file, names: { file: 'KEY', passphrase: 'PASSPHRASE' } });
    cloud = await startHetznerSim({ clock: systemClock, backing: estate.rack, createMilliseconds: 200, startMilliseconds: 300, attachMilliseconds: 50 });
    provider = createHetznerProvider({ endpoint: cloud.endpoint, token: { kind: 'Value', value: cloud.token }, clock: systemClock, userData: createUserData(clientKey) });
    ssh = createSSH({ clientKey, installation: INSTALLATION, clock: systemClock });
    inspect = createMachineInspector(ssh, plain);
    rotate = createRotate(ssh, systemClock, plain);
  });
  after(async () => {
    await ssh?.close();
    provider?.close();
    await cloud?.close();
    await estate?.[Symbol.asyncDispose]();
    if (folder !== undefined) await rm(folder, { recursive: true });
  });

  async function buy(user = 'root'): Promise<{ target: DeployTarget; machine: RealHost; owner: ServerOwner; release(): Promise<void> }> {
    number += 1;
    const owner: ServerOwner = { installation: INSTALLATION, pool: { namespace: 'default', name: 'shop' }, hostID: `host-id-${number}` };
    const pool = poolDocument({ service: 'shop', hostname: 'shop.example.com', ownHosts: [], apiURL: 'http://127.0.0.1:1' }, { ssh: { user, port: 22 } }).spec;
    await provider.create({ name: `shop-${number}`, owner, placement: placement(), pool });
    const server = await until('the server', async () => (await provider.find(owner)).find(({ state, addresses }) => state === 'Running' && addresses?.private !== undefined), BOOT);
    const address = server.addresses!.private!;
    const target: DeployTarget = { host: { namespace: 'default', name: `shop-${number}` }, endpoint: { address, ports: { http: 80 } }, role: pool.kamal, ssh: pool.ssh, identity: { kind: 'Bought', hostID: owner.hostID } };
    const machine = estate.rack.host(address);
    return { target, machine, owner, release: async () => { await provider.delete(server); await cloud.project.settled(); } };
  }

  const untilIs = async <K extends MachineFact['kind']>(target: DeployTarget, kind: K): Promise<MachineFact & { kind: K }> => await until(`machine ${kind}`, async () => {
    const fact = await inspect(target);
    if (fact.kind !== kind) throw new Error(JSON.stringify(fact));
    return fact as MachineFact & { kind: K };
  }, BOOT);

  const pinned = (target: DeployTarget, ownKey: string): DeployTarget => ({ ...target, identity: { ...target.identity, ownKey } as DeployTarget['identity'] });

  it('the key of the user data is known, the host\'s own takes over, and what was delivered is worth nothing afterwards', async () => {
    const { target, machine, owner, release } = await buy();
    const { ownKey } = await untilIs(target, 'Delivered');
    const delivered = deliveredKey(clientKey, INSTALLATION, owner.hostID);
    expect(ownKey).not.to.equal(delivered.publicKey);
    const mine = pinned(target, ownKey);
    await rotate(mine);
    const ready = await untilIs(mine, 'Ready');
    expect(ready.bootID).to.equal((await machine.run('cat', ['/proc/sys/kernel/random/boot_id'])).trim());
    expect((await machine.run('sh', ['-c', 'cat /etc/ssh/ssh_host_*_key.pub'])).trim()).to.equal(ownKey);
    // Nothing on its disk tells the delivered private key any more.
    const secret = delivered.privateKey.split('\n')[2]!;
    expect((await machine.run('sh', ['-c', 'grep -rlF "$0" /etc/ssh /var/lib/cloud /var/lib/kamal-autoscaler || true', secret])).trim()).to.equal('');
    await release();
  });

  it('a reboot shows in the boot id, under the same key', async () => {
    const { target, machine, release } = await buy();
    const { ownKey } = await untilIs(target, 'Delivered');
    const mine = pinned(target, ownKey);
    await rotate(mine);
    const before_ = await untilIs(mine, 'Ready');
    await machine.reboot();
    const after_ = await until('the next boot', async () => {
      const fact = await inspect(mine);
      return fact.kind === 'Ready' && fact.bootID !== before_.bootID && fact;
    }, BOOT);
    expect(after_.bootID).to.be.a('string');
    await release();
  });

  it('a machine that shows another key is told apart, and nothing runs on it', async () => {
    const { target, machine, release } = await buy();
    const { ownKey } = await untilIs(target, 'Delivered');
    const mine = pinned(target, ownKey);
    await rotate(mine);
    await untilIs(mine, 'Ready');
    await machine.run('sh', ['-c', "rm /etc/ssh/ssh_host_*; ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key"]);
    // A connection of before goes on under the key that it began with.
    await machine.reboot();
    const { why } = await untilIs(mine, 'Mismatch');
    expect(why).to.include('host key');
    await release();
  });

  it('one that sells under the address of another before is known by its own key', async () => {
    const first = await buy();
    await untilIs(first.target, 'Delivered');
    await first.release();
    const second = await buy();
    expect(second.target.endpoint.address).to.equal(first.target.endpoint.address);
    await untilIs(second.target, 'Delivered');
    await second.release();
  });

  it('a user who is not root may run docker, and its host key takes over as well', async () => {
    const { target, release } = await buy('deploy');
    const { ownKey } = await untilIs(target, 'Delivered');
    const mine = pinned(target, ownKey);
    await rotate(mine);
    await untilIs(mine, 'Ready');
    const { stdout } = await ssh.run(mine, ['docker', 'ps', '--format', '{{.Names}}'], { what: 'listing containers', seconds: 10 });
    expect(stdout).to.equal('');
    await release();
  });

  it('without network, without Docker and off it says so, and never hangs', async () => {
    const { target, machine, release } = await buy();
    const { ownKey } = await untilIs(target, 'Delivered');
    const mine = pinned(target, ownKey);
    await rotate(mine);
    await untilIs(mine, 'Ready');
    await machine.stopDocker();
    expect((await untilIs(mine, 'Preparing')).why).to.match(/Docker/);
    await machine.startDocker();
    await untilIs(mine, 'Ready');
    await machine.cutNetwork();
    const began = performance.now();
    await untilIs(mine, 'Unreachable');
    expect(performance.now() - began).to.be.lessThan(30_000);
    await machine.mendNetwork();
    await untilIs(mine, 'Ready');
    await machine.powerOff();
    await untilIs(mine, 'Unreachable');
    await release();
    expect(estate.rack.hosts()).to.deep.equal([]);
  });
}, [rootOnLinux]);
