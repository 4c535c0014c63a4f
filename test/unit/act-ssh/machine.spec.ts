import { expect } from 'chai';
import { type ClientKey, type MachineInspector, type Rotate, type SSH, createMachineInspector, createRotate, createSSH, deliveredKey, fingerprintOf } from '../../../controller/act/ssh/index.ts';
import { createRedactor } from '../../../controller/act/deploy/kamal/redact.ts';
import { readCloudInit } from '../../../controller/act/ssh/cloud-init-status.ts';
import type { HostIdentity } from '../../../controller/ports/index.ts';
import { systemClock } from '../../../controller/runtime/clock.ts';
import { createSimulatedClock } from '../../support/clock.ts';
import { type MachineSays, type SshMachine, canPlayMachine, startSshMachine } from '../../support/ssh-machine.ts';
import { newKey, publicHalf } from '../../support/ssh-server.ts';
import { newClientKey, sshTarget } from '../../support/ssh-targets.ts';

const hostID = 'host-id-1';
const bootID = '0b6f1d2e-8d6c-4a4e-9d55-0f1f0a5d3c11';
const OWN = 'var/lib/kamal-autoscaler/ssh_host_ed25519_key';
const LIVE = 'etc/ssh/ssh_host_ed25519_key';
const prepared: MachineSays = { docker: { code: 0, stdout: '27.3.1\n' }, cloudInit: { code: 0, json: '{"status": "done", "errors": []}', lines: 'status: done\n' }, bootID };

describe('what cloud-init says', () => {
  const CASES: [text: string, expected: ReturnType<typeof readCloudInit>][] = [
    ['{\n "status": "running", "extended_status": "running", "errors": []}', { kind: 'Running', why: 'cloud-init: running' }],
    ['{"status": "done", "extended_status": "degraded done", "recoverable_errors": {"WARNING": ["x"]}, "errors": []}', { kind: 'Done' }],
    ['{"status": "degraded done"}', { kind: 'Done' }],
    ['{"status": "error", "detail": "DataSourceHetzner", "errors": ["(\'scripts_user\', RuntimeError(\'failed\'))"]}', { kind: 'Failed', why: "cloud-init failed: ('scripts_user', RuntimeError('failed'))" }],
    ['{"status": "not started"}', { kind: 'Running', why: 'cloud-init: not started' }],
    ['{"status": "disabled"}', { kind: 'None' }],
    ['status: none\n', { kind: 'None' }],
    ['status: done\ntime: Thu\ndetail:\nDataSourceHetzner\n', { kind: 'Done' }],
    ['status: error\ntime: Thu\ndetail:\nrunning module ssh failed\n', { kind: 'Failed', why: 'cloud-init failed: running module ssh failed' }],
    ['', { kind: 'Running', why: 'cloud-init says ""' }],
    ['{broken', { kind: 'Running', why: 'cloud-init says ""' }],
  ];
  for (const [text, expected] of CASES) it(`reads ${JSON.stringify(text.slice(0, 60))}`, () => expect(readCloudInit(text)).to.deep.equal(expected));
});

describe('a machine over SSH', () => {
  let clientKey: ClientKey;
  let machine: SshMachine;
  let ssh: SSH;
  let inspect: MachineInspector;
  let rotate: Rotate;
  before(async function () {
    const lack = await canPlayMachine();
    if (lack !== undefined) {
      if (process.env['CI'] === 'true') throw new Error(lack);
      console.warn(`SKIPPED machines over SSH: ${lack}`);
      this.skip();
    }
    clientKey = await newClientKey();
  });
  beforeEach(async () => {
    machine = await startSshMachine({ hostKey: deliveredKey(clientKey, 'shop', hostID).privateKey, authorizedKeys: [clientKey.publicKey] });
    machine.says = prepared;
    ssh = createSSH({ installation: 'shop', clientKey, clock: systemClock });
    inspect = createMachineInspector(ssh, createRedactor([]));
    rotate = createRotate(ssh, systemClock, createRedactor([]));
  });
  afterEach(async () => {
    await ssh.close();
    await machine.close();
  });
  const target = (identity: Partial<Extract<HostIdentity, { kind: 'Bought' }>> = {}) => sshTarget(machine.server.port, { kind: 'Bought', hostID, ...identity });

  describe('before its own key took over', () => {
    const CASES: [what: string, says: MachineSays, why: RegExp][] = [
      ['cloud-init runs', { ...prepared, cloudInit: { code: 0, json: '{"status": "running"}', lines: '' } }, /^cloud-init: running$/],
      ['cloud-init failed', { ...prepared, cloudInit: { code: 1, json: '{"status": "error", "errors": ["it broke, password=tiger"]}', lines: '' } }, /^cloud-init failed: it broke, password=\[REDACTED\]$/],
      ['an old cloud-init runs', { ...prepared, cloudInit: { code: 0, lines: 'status: running\n' } }, /^cloud-init: running$/],
      ['Docker is not there', { cloudInit: prepared.cloudInit!, bootID }, /^Docker is not installed yet$/],
      ['Docker does not answer', { ...prepared, docker: { code: 1, stderr: 'Client: x\nCannot connect to the Docker daemon at unix:///var/run/docker.sock.\n' } }, /^Docker does not answer yet: Cannot connect to the Docker daemon/],
    ];
    for (const [what, says, why] of CASES) {
      it(`is being prepared while ${what}`, async () => {
        await machine.makeKey(OWN);
        machine.says = says;
        const fact = await inspect(target());
        expect(fact).to.have.property('kind', 'Preparing');
        expect(fact).to.have.property('why').that.matches(why);
      });
    }

    it('is being prepared while it has no key of its own', async () => {
      expect(await inspect(target())).to.deep.equal({ kind: 'Preparing', why: 'it has made no host key of its own yet' });
    });

    it('hands over the key that it made itself, with cloud-init and on an image without', async () => {
      const ownKey = await machine.makeKey(OWN);
      expect(await inspect(target())).to.deep.equal({ kind: 'Delivered', ownKey });
      machine.says = { docker: prepared.docker!, bootID };
      expect(await inspect(target())).to.deep.equal({ kind: 'Delivered', ownKey });
      expect(await inspect(target({ ownKey }))).to.deep.equal({ kind: 'Delivered', ownKey });
    });

    it('is a mismatch when another own key is pinned: it was installed anew, or is none of ours', async () => {
      const ownKey = await machine.makeKey(OWN);
      const pinned = publicHalf(newKey());
      const fact = await inspect(target({ ownKey: pinned }));
      expect(fact).to.have.property('kind', 'Mismatch');
      expect(fact).to.have.property('why').that.includes(fingerprintOf(ownKey)).and.includes(fingerprintOf(pinned));
    });
  });

  it('is a mismatch when it shows a third key', async () => {
    const stranger = newKey();
    machine.server.setHostKeys([stranger]);
    const ownKey = publicHalf(newKey());
    const fact = await inspect(target({ ownKey }));
    expect(fact).to.have.property('kind', 'Mismatch');
    expect(fact).to.have.property('why').that.includes(fingerprintOf(publicHalf(stranger))).and.includes(fingerprintOf(ownKey)).and.includes(fingerprintOf(deliveredKey(clientKey, 'shop', hostID).publicKey));
  });

  it('is unreachable, with the reason, when nothing answers', async () => {
    await machine.server.close();
    const fact = await inspect(target());
    expect(fact).to.have.property('kind', 'Unreachable');
    expect(fact).to.have.property('why').that.matches(/nothing listens there yet$/);
  });

  it('under its own key is ready with its boot, whatever cloud-init does at a later boot', async () => {
    const own = newKey();
    machine.server.setHostKeys([own]);
    machine.says = { ...prepared, cloudInit: { code: 0, json: '{"status": "running"}', lines: '' } };
    expect(await inspect(target({ ownKey: publicHalf(own) }))).to.deep.equal({ kind: 'Ready', bootID });
    machine.says = { docker: { code: 1, stderr: 'Cannot connect' } };
    expect(await inspect(target({ ownKey: publicHalf(own) }))).to.deep.equal({ kind: 'Preparing', why: 'Docker does not answer yet: Cannot connect' });
  });

  it('that people own is ready under its pinned key', async () => {
    expect(await inspect(sshTarget(machine.server.port, { kind: 'Fixed', hostKey: machine.server.hostKeys[0]! }))).to.deep.equal({ kind: 'Ready', bootID });
  });

  it('whose Docker hangs is told from one that is gone', async () => {
    const clock = createSimulatedClock(0);
    await ssh.close();
    ssh = createSSH({ installation: 'shop', clientKey, clock });
    inspect = createMachineInspector(ssh, createRedactor([]));
    const ownKey = newKey();
    machine.server.setHostKeys([ownKey]);
    machine.says = { docker: 'Hangs' };
    for (const [gone, expected] of [[false, 'Preparing'], [true, 'Unreachable']] as const) {
      const before = machine.server.commands.length;
      const looking = inspect(target({ ownKey: publicHalf(ownKey) }));
      while (machine.server.commands.length === before) await clock.settle();
      if (gone) await machine.server.close();
      await clock.advance(8_000);
      expect(await looking).to.have.property('kind', expected);
    }
  });

  describe('when its own key takes over', () => {
    async function withUserData(): Promise<string> {
      for (const name of ['instance/user-data.txt', 'instance/user-data.txt.i', 'instances/4711/user-data.txt', 'instances/4711/cloud-config.txt', 'instances/4711/vendor-data.txt']) await machine.write(`var/lib/cloud/${name}`, 'a key');
      return machine.makeKey(OWN);
    }
    async function expectRotated(ownKey: string): Promise<void> {
      expect(machine.server.hostKeys).to.deep.equal([ownKey]);
      expect((await machine.read(`${LIVE}.pub`))?.trim()).to.equal(ownKey);
      for (const left of [OWN, `${OWN}.pub`, `${LIVE}.new`, 'var/lib/cloud/instance/user-data.txt', 'var/lib/cloud/instance/user-data.txt.i', 'var/lib/cloud/instances/4711/user-data.txt', 'var/lib/cloud/instances/4711/cloud-config.txt']) {
        expect(await machine.read(left), left).to.equal(undefined);
      }
      expect(await machine.read('var/lib/cloud/instances/4711/vendor-data.txt')).to.equal('a key');
      expect(await inspect(target({ ownKey }))).to.deep.equal({ kind: 'Ready', bootID });
      // What user data holds opens nothing any more.
      expect(await inspect(target())).to.have.property('kind', 'Mismatch');
    }

    it('answers under it, and what user data left behind is gone', async () => {
      const ownKey = await withUserData();
      await rotate(target({ ownKey }));
      await expectRotated(ownKey);
    });

    it('may be told again', async () => {
      const ownKey = await withUserData();
      await rotate(target({ ownKey }));
      await rotate(target({ ownKey }));
      await expectRotated(ownKey);
    });

    for (const line of ['cp "$waits"', 'mv "$live.pub.new"', 'mv "$live.new"', 'restorecon', 'rm -f "$waits"', 'done', 'pid=$$', 'kill -HUP']) {
      it(`goes on where it was broken off after ${line}`, async () => {
        const ownKey = await withUserData();
        machine.breakAt = line;
        await rotate(target({ ownKey })).then(() => { throw new Error('it was not broken off'); }, (error: unknown) => expect(error).to.have.property('class', 'OutcomeUnknown'));
        machine.breakAt = undefined;
        // What is seen then leads to the same step again, or it is done.
        const fact = await inspect(target({ ownKey }));
        expect(fact).to.deep.equal(line === 'kill -HUP' ? { kind: 'Ready', bootID } : { kind: 'Delivered', ownKey });
        await rotate(target({ ownKey }));
        await expectRotated(ownKey);
      });
    }

    it('is told as root by sudo where the user is another', async () => {
      await machine.close();
      machine = await startSshMachine({ hostKey: deliveredKey(clientKey, 'shop', hostID).privateKey, authorizedKeys: [clientKey.publicKey], user: 'deploy' });
      machine.says = prepared;
      const ownKey = await machine.makeKey(OWN);
      const asDeploy = { ...target({ ownKey }), ssh: { user: 'deploy', port: machine.server.port } };
      await rotate(asDeploy);
      expect(machine.server.commands.filter((command) => command.startsWith('sudo -n sh -c '))).to.have.length(1);
      expect(await inspect(asDeploy)).to.deep.equal({ kind: 'Ready', bootID });
    });

    it('is refused when the host holds another key than the pinned one, and nothing changes', async () => {
      await withUserData();
      const before = machine.server.hostKeys;
      const error = await rotate(target({ ownKey: publicHalf(newKey()) })).then(() => undefined, (thrown: unknown) => thrown);
      expect(error).to.have.property('class', 'HostKey');
      expect(machine.server.hostKeys).to.deep.equal(before);
      expect(await machine.read(OWN)).to.be.a('string');
    });

    it('is refused for hosts without a pinned key', async () => {
      const error = await rotate(target()).then(() => undefined, (thrown: unknown) => thrown);
      expect(error).to.have.property('class', 'Invalid');
    });
  });
});
