import { expect } from 'chai';
import { parse } from 'yaml';
import { createUserData } from '../../../controller/act/cloud/user-data/index.ts';
import { createRedactor } from '../../../controller/act/deploy/kamal/redact.ts';
import { type ClientKey, type SSH, createMachineInspector, createRotate, createSSH } from '../../../controller/act/ssh/index.ts';
import type { KamalHost } from '../../../controller/api/index.ts';
import type { CreateRequest } from '../../../controller/ports/index.ts';
import { systemClock } from '../../../controller/runtime/clock.ts';
import { worthOf } from '../../support/real-world/user-data.ts';
import { type SshMachine, canPlayMachine, startSshMachine } from '../../support/ssh-machine.ts';
import { type SshServer, newKey, publicHalf, startSshServer } from '../../support/ssh-server.ts';
import { clientKeyOf, sshTarget } from '../../support/ssh-targets.ts';
import { planted } from '../../support/planted.ts';

const hostID = 'host-id-1';
const OWN = 'var/lib/kamal-autoscaler/ssh_host_ed25519_key';
const ORDER: CreateRequest = {
  name: 'web-1-c0ffee00', owner: { installation: 'shop', pool: { namespace: 'default', name: 'web' }, hostID }, pool: { kamal: { service: 'shop', role: 'web' }, ssh: { user: 'root', port: 22 } },
  placement: { name: 'near', provider: 'Hetzner', hetzner: { serverType: 'cpx21', location: 'nbg1', image: 'ubuntu-24.04', publicNetwork: 'Both' } },
};

/** Every program on a host may read its user data from the cloud's metadata, and so may whoever has the cloud's token. */
describe('user data, in the hands of somebody else', () => {
  const privateKey = newKey();
  let clientKey: ClientKey;
  let userData: string;
  let delivered: string;
  let machine: SshMachine;
  let ssh: SSH;
  before(async function () {
    const lack = await canPlayMachine();
    if (lack !== undefined) {
      if (process.env['CI'] === 'true') throw new Error(lack);
      console.warn(`SKIPPED user data: ${lack}`);
      this.skip();
    }
    clientKey = await clientKeyOf(privateKey);
    userData = createUserData(clientKey)(ORDER);
    delivered = (parse(userData, { version: '1.1' }) as { ssh_keys: { ed25519_private: string } }).ssh_keys.ed25519_private;
  });
  beforeEach(async () => {
    // The machine has what its user data gave it, and nothing more.
    machine = await startSshMachine({ hostKey: delivered, authorizedKeys: [clientKey.publicKey] });
    machine.says = { docker: { code: 0, stdout: '27.3.1\n' }, cloudInit: { code: 0, json: '{"status": "done", "errors": []}', lines: 'status: done\n' }, bootID: '0b6f1d2e-8d6c-4a4e-9d55-0f1f0a5d3c11' };
    ssh = createSSH({ installation: 'shop', clientKey, clock: systemClock });
  });
  afterEach(async () => {
    await ssh?.close();
    await machine?.close();
  });

  const target = (port: number, ownKey?: string) => sshTarget(port, { kind: 'Bought', hostID, ...(ownKey === undefined ? {} : { ownKey }) });
  const inspect = (port: number, ownKey?: string) => createMachineInspector(ssh, createRedactor([]))(target(port, ownKey));
  const host = (hostKey?: string): KamalHost => ({ metadata: { name: 'web-1' }, status: { address: '127.0.0.1', ...(hostKey === undefined ? {} : { hostKey }) } }) as KamalHost;
  const worth = (hostKey?: string): Promise<string[]> => worthOf(userData, host(hostKey), machine.server.port, privateKey.split('\n').slice(2, -2));

  async function bringUp(): Promise<string> {
    await machine.makeKey(OWN);
    const fact = await inspect(machine.server.port);
    if (fact.kind !== 'Delivered') throw new Error(JSON.stringify(fact));
    await createRotate(ssh, systemClock, createRedactor([]))(target(machine.server.port, fact.ownKey));
    return fact.ownKey;
  }

  it('is worth the host\'s identity until its own key takes over, and nothing afterwards', async () => {
    expect(await worth()).to.deep.equal(['web-1 still shows the key that is in its user data', 'web-1 shows another key than the pinned one']);
    const ownKey = await bringUp();
    expect(await worth(ownKey)).to.deep.equal([]);
  });

  it('lets nobody in: its private key is no key of a user', async () => {
    const ownKey = await bringUp();
    const thief = createSSH({ installation: 'shop', clientKey: await clientKeyOf(delivered), clock: systemClock });
    try {
      const failed: unknown = await thief.run(sshTarget(machine.server.port, { kind: 'Fixed', hostKey: ownKey }), ['id'], { what: 'a test' }).catch((error: unknown) => error);
      expect(failed).to.have.property('class', 'Unauthorized');
    } finally {
      await thief.close();
    }
  });

  describe('who stands in the host\'s place with it', () => {
    let impostor: SshServer;
    afterEach(() => impostor?.close());

    it('gets no order, no secret and no app', async () => {
      const ownKey = await bringUp();
      // It lets everybody in that it is told of, and answers what a good host would.
      impostor = await startSshServer({ hostKeys: [delivered], authorizedKeys: [clientKey.publicKey], run: (command) => ({ kind: 'Exits', code: 0, stdout: command.includes('cloud-init') ? '{"status": "done"}' : command.includes('.pub') ? `${publicHalf(newKey())}\n` : 'boot 0b6f1d2e-8d6c-4a4e-9d55-0f1f0a5d3c11\n27.3.1\n' }) });
      const fact = await inspect(impostor.port, ownKey);
      expect(fact).to.have.property('kind', 'Mismatch');
      const refused: unknown = await ssh.run(target(impostor.port, ownKey), ['docker', 'login', '-p', planted('registry')], { what: 'a test' }).catch((error: unknown) => error);
      expect(refused).to.have.property('class', 'HostKey');
      // Looks alone came through, of fixed text.
      expect(impostor.commands.length).to.be.above(0);
      for (const command of impostor.commands) expect(command).to.match(/cloud-init status|docker version|cat .*\.pub/);
      expect(impostor.commands.filter((command) => command.includes(planted('registry')))).to.deep.equal([]);
    });
  });
});
