import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { type ClientKey, createKamalHomes, readClientKey, writeKamalHome } from '../../../controller/act/ssh/index.ts';
import { ClassifiedError } from '../../../controller/model/index.ts';
import { createSimulatedClock } from '../../support/clock.ts';
import { newKey, newLockedKey, publicHalf } from '../../support/ssh-server.ts';
import { newClientKey, sshTarget } from '../../support/ssh-targets.ts';

const run = promisify(execFile);

describe('a home for Kamal', () => {
  let folder: string;
  let clientKey: ClientKey;
  const path = process.env['PATH'] ?? '';
  const [primary, own, jump] = [publicHalf(newKey()), publicHalf(newKey()), publicHalf(newKey())];
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kamal-home-'));
    clientKey = await newClientKey();
  });
  afterEach(() => rm(folder, { recursive: true }));
  const read = (name: string): Promise<string> => readFile(join(folder, name), 'utf8');
  const targets = [
    sshTarget(22, { kind: 'Fixed', hostKey: primary }, { endpoint: { address: '198.51.100.2', sshAddress: '10.0.0.2', ports: { http: 80 } } }),
    sshTarget(2222, { kind: 'Bought', hostID: 'host-id-1', ownKey: own }, { endpoint: { address: '10.0.0.4', ports: { http: 80 } } }),
  ];
  const behind = { user: 'deploy', port: 22, jumpHost: { address: '203.0.113.9', user: 'hop', port: 2200, hostKey: jump } };

  it('pins the given hosts by plain lines, and nothing else', async () => {
    const { environment } = await writeKamalHome(folder, targets, { clientKey, path });
    expect(environment).to.deep.equal({ HOME: folder });
    expect(await read('.ssh/known_hosts')).to.equal(`10.0.0.2 ${primary}\n[10.0.0.4]:2222 ${own}\n`);
    await writeKamalHome(folder, targets.slice(1), { clientKey, path });
    expect(await read('.ssh/known_hosts')).to.equal(`[10.0.0.4]:2222 ${own}\n`);
  });

  it('is strict, gives up on hosts that hang, and offers the one key alone', async () => {
    const file = join(folder, 'controller-key');
    await writeFile(file, newKey());
    await writeKamalHome(folder, targets, { clientKey: await readClientKey({ file, names: { file: 'F', passphrase: 'P' } }), path });
    const lines = (await read('.ssh/config')).split('\n').map((line) => line.trim());
    expect(lines).to.include.members([
      'Host *', 'StrictHostKeyChecking yes', `UserKnownHostsFile ${folder}/.ssh/known_hosts`, 'GlobalKnownHostsFile /dev/null',
      `IdentityFile ${file}`, 'IdentitiesOnly yes', 'IdentityAgent none', 'ForwardAgent no', 'ConnectTimeout 5',
    ]);
    expect(await readdir(join(folder, '.ssh'))).to.have.members(['config', 'known_hosts']);
  });

  it('holds an unlocked copy of a key with a passphrase, for this user alone', async () => {
    const file = join(folder, 'controller-key');
    await writeFile(file, newLockedKey('a long one').privateKey);
    const locked = await readClientKey({ file, passphrase: 'a long one', names: { file: 'F', passphrase: 'P' } });
    await writeKamalHome(folder, targets, { clientKey: locked, path });
    expect(await read('.ssh/config')).to.include(`IdentityFile ${folder}/.ssh/identity\n`);
    expect(publicHalf(await read('.ssh/identity'))).to.equal(locked.publicKey);
    expect((await stat(join(folder, '.ssh/identity'))).mode & 0o077).to.equal(0);
    expect((await stat(join(folder, '.ssh'))).mode & 0o077).to.equal(0);
  });

  it('reaches hosts behind a jump host by a pinned ssh of its own', async () => {
    const bin = join(folder, 'real');
    await mkdir(bin);
    await writeFile(join(bin, 'ssh'), '#!/bin/sh\nprintf "%s\\n" "$@"\n', { mode: 0o755 });
    const { environment } = await writeKamalHome(folder, targets.map((target) => ({ ...target, ssh: { ...behind, port: target.ssh.port } })), { clientKey, path: `${bin}:/usr/bin:/bin` });
    const config = `${folder}/.ssh/config`;
    expect(await read('.ssh/known_hosts')).to.equal(`10.0.0.2 ${primary}\n[203.0.113.9]:2200 ${jump}\n[10.0.0.4]:2222 ${own}\n`);
    expect(await read('.ssh/config')).to.include(`Host 10.0.0.4\n  ProxyCommand ssh -F ${config} -l hop -p 2200 -W [%h]:%p 203.0.113.9\n`);
    // What Kamal calls where deploy.yml itself names the jump host.
    const { stdout } = await run('ssh', ['-l', 'hop', '-W', '10.0.0.4:22', '203.0.113.9'], { env: environment });
    expect(stdout.split('\n').slice(0, -1)).to.deep.equal(['-F', config, '-l', 'hop', '-W', '10.0.0.4:22', '203.0.113.9']);
  });

  it('says what is missing', async () => {
    const refusal = async (work: Promise<unknown>): Promise<string> => {
      const error = await work.then(() => undefined, (thrown: unknown) => thrown);
      expect(error).to.be.instanceOf(ClassifiedError);
      return `${(error as ClassifiedError).class}: ${(error as ClassifiedError).message}`;
    };
    expect(await refusal(writeKamalHome(folder, [sshTarget(22, { kind: 'Fixed' })], { clientKey, path }))).to.match(/^HostKey: no host key of fixed host web-primary is pinned/);
    expect(await refusal(writeKamalHome(folder, [sshTarget(22, { kind: 'Bought', hostID: 'host-id-1' })], { clientKey, path }))).to.match(/^HostKey: web-1-c0ffee00 has no host key of its own yet/);
    expect(await refusal(writeKamalHome(`${folder} with space`, targets, { clientKey, path }))).to.match(/^Invalid: state folder/);
    expect(await refusal(writeKamalHome(folder, [{ ...targets[0]!, ssh: behind }], { clientKey, path: '/nowhere' }))).to.match(/^Invalid: a pool has a jumpHost, and no `ssh` program is on PATH/);
  });

  it('takes keys of fixed hosts from the known_hosts file', async () => {
    const file = join(folder, 'known');
    await writeFile(file, `127.0.0.1 ${primary}\n127.0.0.1 ${own}\n`);
    await writeKamalHome(folder, [sshTarget(22, { kind: 'Fixed' })], { clientKey, path, knownHosts: { file, setting: 'KNOWN' } });
    expect(await read('.ssh/known_hosts')).to.equal(`127.0.0.1 ${primary}\n127.0.0.1 ${own}\n`);
  });
});

describe('homes for runs of Kamal', () => {
  it('are one a run, removed at its end, and a day after a run whose end nobody saw', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'kamal-homes-'));
    try {
      const clock = createSimulatedClock(Date.now());
      const homes = createKamalHomes(join(folder, 'homes'), { clientKey: await newClientKey(), path: '', clock });
      const target = sshTarget(22, { kind: 'Fixed', hostKey: publicHalf(newKey()) });
      const [one, two] = await Promise.all([homes([target]), homes([target])]);
      expect(one.environment['HOME']).to.not.equal(two.environment['HOME']);
      await one.release();
      expect(await readdir(join(folder, 'homes'))).to.have.length(1);
      await clock.advance(23 * 3_600_000);
      await (await homes([target])).release();
      expect(await readdir(join(folder, 'homes'))).to.have.length(1);
      await clock.advance(2 * 3_600_000);
      await (await homes([target])).release();
      expect(await readdir(join(folder, 'homes'))).to.deep.equal([]);
      await homes([sshTarget(22, { kind: 'Fixed' })]).then(() => { throw new Error('it was made'); }, (error: unknown) => expect(error).to.have.property('class', 'HostKey'));
      expect(await readdir(join(folder, 'homes'))).to.deep.equal([]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
