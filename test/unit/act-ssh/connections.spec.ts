import { expect } from 'chai';
import { createSSH, deliveredKey, fingerprintOf } from '../../../controller/act/ssh/index.ts';
import { type Dial, dialDirectly } from '../../../controller/act/ssh/connection.ts';
import { systemClock } from '../../../controller/runtime/clock.ts';
import { createSimulatedClock } from '../../support/clock.ts';
import { type SshBench, failure, fixed, openSshBench } from '../../support/ssh-bench.ts';
import { type SshServer, type SshServerOptions, newKey, publicHalf } from '../../support/ssh-server.ts';
import { sshTarget } from '../../support/ssh-targets.ts';

const hostID = 'host-id-1';

describe('SSH to hosts', () => {
  let bench: SshBench;
  before(async () => {
    bench = await openSshBench();
  });
  afterEach(() => bench.clear());

  describe('files', () => {
    it('are not worked on where a machine offers no SFTP, and what to write is said', async () => {
      const host = await bench.server();
      const error = await failure(bench.client().files(sshTarget(host.port, fixed(host)), (files) => files.read('/etc/hostname', 100), { what: 'reading a file' }));
      expect([error.class, error.message, error.mend]).to.deep.equal(['Invalid', `web-primary (127.0.0.1:${host.port}) offers no SFTP, for reading a file`, 'Write `Subsystem sftp internal-sftp` into its sshd_config and reload sshd.']);
    });
  });

  describe('commands', () => {
    it('are quoted, given input, and told with status, output and signal', async () => {
      const host = await bench.server({ run: (command, input) => (command === 'die' ? { kind: 'Killed', signal: 'KILL' } : { kind: 'Exits', code: 3, stdout: `read ${input}`, stderr: 'ü\n' }) });
      const ssh = bench.client();
      const target = sshTarget(host.port, fixed(host));
      expect(await ssh.run(target, ['docker', 'ps', '--format', '{{.Names}}'], { what: 'a test', input: 'words' })).to.deep.equal({ code: 3, stdout: 'read words', stderr: 'ü\n' });
      expect(await ssh.run(target, ['die'], { what: 'a test' })).to.deep.equal({ code: undefined, signal: 'SIGKILL', stdout: '', stderr: '' });
      expect(host.commands[0]).to.equal("docker ps --format '{{.Names}}'");
    });

    it('share one connection, also while it is made', async () => {
      const host = await bench.server();
      const ssh = bench.client();
      const target = sshTarget(host.port, fixed(host));
      await Promise.all(['a', 'b', 'c'].map((word) => ssh.run(target, [word], { what: 'a test' })));
      await ssh.run(target, ['d'], { what: 'a test' });
      expect(host.accepted).to.equal(1);
      expect(host.commands).to.have.members(['a', 'b', 'c', 'd']);
    });

    it('are cut off where they print without end', async () => {
      const host = await bench.server({ run: () => ({ kind: 'Exits', code: 0, stdout: Buffer.alloc(200_000, 'x') }) });
      const error = await failure(bench.client({ limits: { outputBytes: 50_000 } }).run(sshTarget(host.port, fixed(host)), ['yes'], { what: 'reading it all' }));
      expect(error.class).to.equal('Unrecognised');
      expect(error.message).to.match(/^reading it all on web-primary \(127\.0\.0\.1:\d+\) printed more than 50000 bytes$/);
    });

    it('end at their limit, with an outcome nobody knows; the next one dials anew', async () => {
      const clock = createSimulatedClock(0);
      const asked = Promise.withResolvers<void>();
      const host = await bench.server({ run: (command) => {
        if (command !== 'hang') return { kind: 'Exits', code: 0 };
        asked.resolve();
        return { kind: 'Hangs' };
      } });
      const ssh = bench.client({ clock });
      const target = sshTarget(host.port, fixed(host));
      const hanging = failure(ssh.run(target, ['hang'], { what: 'a long wait', seconds: 7 }));
      await asked.promise;
      await clock.advance(7_000);
      const error = await hanging;
      expect([error.class, error.message]).to.deep.equal(['OutcomeUnknown', `a long wait on web-primary (127.0.0.1:${host.port}) did not end within 7 s`]);
      await ssh.run(target, ['next'], { what: 'a test' });
      expect(host.accepted).to.equal(2);
    });

    it('have an unknown outcome when the connection is lost, and the next one dials anew', async () => {
      const host = await bench.server({ run: (command) => (command === 'drop' ? { kind: 'Drops' } : { kind: 'Exits', code: 0 }) });
      const ssh = bench.client();
      const target = sshTarget(host.port, fixed(host));
      expect((await failure(ssh.run(target, ['drop'], { what: 'a test' }))).class).to.equal('OutcomeUnknown');
      expect((await ssh.run(target, ['next'], { what: 'a test' })).code).to.equal(0);
    });

    it('are told of a loss before the connection itself, and who asks in between does not get it', async () => {
      const host = await bench.server();
      const ssh = bench.client();
      const target = sshTarget(host.port, fixed(host));
      await ssh.run(target, ['first'], { what: 'a test' });
      host.reset();
      const lost = ssh.run(target, ['second'], { what: 'a test' });
      const contacted = lost.catch(async () => ssh.contact(target, 'Own'));
      expect((await failure(lost)).class).to.equal('OutcomeUnknown');
      await contacted;
      expect(host.accepted).to.equal(2);
    });

    it('wait for one another above the limit of the whole', async () => {
      let running = 0;
      let most = 0;
      const host = await bench.server({ run: async () => {
        most = Math.max(most, running += 1);
        await new Promise((resolve) => { setImmediate(resolve); });
        running -= 1;
        return { kind: 'Exits', code: 0 };
      } });
      const ssh = bench.client({ limits: { concurrency: 2 } });
      await Promise.all(Array.from({ length: 8 }, (_, index) => ssh.run(sshTarget(host.port, fixed(host)), [String(index)], { what: 'a test' })));
      expect(most).to.equal(2);
      expect(host.commands).to.have.length(8);
    });
  });

  describe('host keys', () => {
    it('name both fingerprints when another machine answers, and nothing is run there', async () => {
      const host = await bench.server();
      const other = publicHalf(newKey());
      const error = await failure(bench.client().run(sshTarget(host.port, { kind: 'Fixed', hostKey: other }), ['id'], { what: 'a test' }));
      expect(error.class).to.equal('HostKey');
      expect(error.message).to.equal(`web-primary (127.0.0.1:${host.port}) shows host key ${fingerprintOf(host.hostKeys[0]!)} (ssh-ed25519), expected is the pinned ${fingerprintOf(other)} (ssh-ed25519)`);
      expect(error.mend).to.match(/before you pin another key/);
      expect(host.commands).to.deep.equal([]);
    });

    it('are asked for by the kind that is pinned', async () => {
      const [ed25519, ecdsa, rsa] = [newKey(), newKey('ecdsa'), newKey('rsa')];
      const host = await bench.server({ hostKeys: [ed25519, rsa, ecdsa] });
      for (const key of [ed25519, ecdsa, rsa]) {
        const answered = await bench.client().contact(sshTarget(host.port, { kind: 'Fixed', hostKey: publicHalf(key) }), 'Own');
        expect(answered).to.deep.equal({ kind: 'Pinned', key: publicHalf(key) });
      }
    });

    it('of fixed hosts come from the known_hosts file, and a missing one is named with the command that shows it', async () => {
      const host = await bench.server();
      const target = sshTarget(host.port, { kind: 'Fixed' });
      const error = await failure(bench.client().run(target, ['id'], { what: 'a test' }));
      expect(error.class).to.equal('HostKey');
      expect(error.mend).to.include(`ssh-keyscan -t ed25519 -p ${host.port} 127.0.0.1`).and.include('hostKey of web-primary under fixedHosts');
      expect(host.accepted).to.equal(0);
      const unreadable = await failure(bench.client({ knownHosts: { file: '/nowhere/known_hosts', setting: 'KNOWN_HOSTS_FILE' } }).run(target, ['id'], { what: 'a test' }));
      expect([unreadable.class, unreadable.message]).to.deep.equal(['HostKey', 'KNOWN_HOSTS_FILE: /nowhere/known_hosts cannot be read (ENOENT)']);
    });

    it('of bought hosts: the delivered one counts at first contact alone', async () => {
      const { privateKey, publicKey } = deliveredKey(bench.clientKey, 'shop', hostID);
      const host = await bench.server({ hostKeys: [privateKey] });
      const own = publicHalf(newKey());
      const ssh = bench.client();
      expect(await ssh.contact(sshTarget(host.port, { kind: 'Bought', hostID }), 'FirstContact')).to.deep.equal({ kind: 'Delivered', key: publicKey });
      expect(await ssh.contact(sshTarget(host.port, { kind: 'Bought', hostID, ownKey: own }), 'FirstContact')).to.deep.equal({ kind: 'Delivered', key: publicKey });
      // The connection that is there answered under the delivered key, so it does not count either.
      expect((await failure(ssh.run(sshTarget(host.port, { kind: 'Bought', hostID, ownKey: own }), ['id'], { what: 'a test' }))).message).to.match(/shows host key .* expected is its own SHA256/);
      expect((await failure(ssh.run(sshTarget(host.port, { kind: 'Bought', hostID }), ['id'], { what: 'a test' }))).class).to.equal('HostKey');
      expect((await failure(bench.client().contact(sshTarget(host.port, { kind: 'Bought', hostID: 'host-id-2', ownKey: own }), 'FirstContact'))).message)
        .to.match(/expected is its own SHA256:\S+ \(ssh-ed25519\) or the delivered SHA256/);
      expect(host.commands).to.deep.equal([]);
    });

    it('tell hosts apart that get the same address one after the other', async () => {
      const host = await bench.server();
      const ssh = bench.client();
      await ssh.run(sshTarget(host.port, { kind: 'Bought', hostID, ownKey: host.hostKeys[0]! }), ['first'], { what: 'a test' });
      const next = newKey();
      host.setHostKeys([next]);
      await ssh.run(sshTarget(host.port, { kind: 'Bought', hostID: 'host-id-2', ownKey: publicHalf(next) }), ['second'], { what: 'a test' });
      expect(host.accepted).to.equal(2);
      expect(host.commands).to.deep.equal(['first', 'second']);
    });
  });

  describe('hosts that do not let us in', () => {
    it('are named with the user, and how to mend it', async () => {
      const host = await bench.server({ authorizedKeys: [] });
      const error = await failure(bench.client().run(sshTarget(host.port, fixed(host)), ['id'], { what: 'a test' }));
      expect([error.class, error.message]).to.deep.equal(['Unauthorized', `web-primary (127.0.0.1:${host.port}) does not let root in with the controller's SSH key`]);
      expect(error.mend).to.include('~root/.ssh/authorized_keys');
    });

    const CASES: [behaviour: NonNullable<SshServerOptions['behaviour']>, words: RegExp][] = [
      ['Shuts', /does not complete an SSH handshake/], ['NoSsh', /does not complete an SSH handshake/],
    ];
    for (const [behaviour, words] of CASES) {
      it(`are unavailable when they do as ${behaviour}`, async () => {
        const host = await bench.server({ behaviour });
        const error = await failure(bench.client().run(sshTarget(host.port, fixed(host)), ['id'], { what: 'a test' }));
        expect(error.class).to.equal('Unavailable');
        expect(error.message).to.match(words);
      });
    }

    it('are unavailable when nothing listens', async () => {
      const host = await bench.server();
      const target = sshTarget(host.port, fixed(host));
      await host.close();
      const error = await failure(bench.client().run(target, ['id'], { what: 'a test' }));
      expect([error.class, error.message]).to.deep.equal(['Unavailable', `web-primary (127.0.0.1:${host.port}) cannot be reached: nothing listens there yet`]);
    });

    it('do not take the process with them when they send garbage after the login', async () => {
      const host = await bench.server({ behaviour: 'Garbage', run: () => ({ kind: 'Hangs' }) });
      const error = await failure(bench.client().run(sshTarget(host.port, fixed(host)), ['id'], { what: 'a test' }));
      expect(error.class).to.be.oneOf(['OutcomeUnknown', 'Unavailable', 'Transient']);
    });

    /** A dial that tells when the client has come so far. */
    function watched(): { dial: Dial; dialled: Promise<void>; heard: Promise<void> } {
      const [dialled, heard] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      const dial: Dial = async (address, port, signal) => {
        const socket = await dialDirectly(address, port, signal);
        socket.once('data', () => heard.resolve());
        dialled.resolve();
        return socket;
      };
      return { dial, dialled: dialled.promise, heard: heard.promise };
    }

    const HANGING: [behaviour: NonNullable<SshServerOptions['behaviour']>, until: (seen: ReturnType<typeof watched>, host: SshServer) => Promise<void>, words: string][] = [
      ['Silent', ({ dialled }) => dialled, 'accepts the connection and says nothing within 6 s'],
      ['Stalls', ({ heard }) => heard, 'does not complete the SSH handshake within 6 s'],
      ['NeverAnswersLogin', (_seen, host) => host.loginAsked, 'does not complete the login within 6 s'],
    ];
    for (const [behaviour, until, words] of HANGING) {
      it(`are given up within seconds when they hang as ${behaviour}`, async () => {
        const clock = createSimulatedClock(0);
        const host = await bench.server({ behaviour });
        const seen = watched();
        const hanging = failure(bench.client({ clock, dial: seen.dial }).run(sshTarget(host.port, fixed(host)), ['id'], { what: 'a test' }));
        await until(seen, host);
        await clock.advance(6_000);
        const error = await hanging;
        expect([error.class, error.message]).to.deep.equal(['Unavailable', `web-primary (127.0.0.1:${host.port}) ${words}`]);
      });
    }

    it('are given up when not even TCP is answered', async () => {
      const clock = createSimulatedClock(0);
      const host = await bench.server();
      let given: AbortSignal | undefined;
      const dial: Dial = (_address, _port, signal) => {
        given = signal;
        return new Promise(() => undefined);
      };
      const hanging = failure(bench.client({ clock, dial }).run(sshTarget(host.port, fixed(host)), ['id'], { what: 'a test' }));
      await clock.advance(6_000);
      expect((await hanging).message).to.match(/does not answer within 6 s$/);
      expect(given?.aborted).to.equal(true);
    });
  });

  describe('connections', () => {
    it('are closed when nobody used them for a while, and not before', async () => {
      const clock = createSimulatedClock(0);
      const host = await bench.server();
      const ssh = bench.client({ clock, limits: { idleSeconds: 60 } });
      const target = sshTarget(host.port, fixed(host));
      await ssh.run(target, ['a'], { what: 'a test' });
      await clock.advance(59_000);
      await ssh.run(target, ['b'], { what: 'a test' });
      await clock.advance(59_000);
      expect(host.open).to.equal(1);
      await clock.advance(1_000);
      await ssh.run(target, ['c'], { what: 'a test' });
      expect(host.accepted).to.equal(2);
    });

    it('under a delivered key are not used for long, for the host is still being made', async () => {
      const clock = createSimulatedClock(0);
      const host = await bench.server({ hostKeys: [deliveredKey(bench.clientKey, 'shop', hostID).privateKey] });
      const ssh = bench.client({ clock });
      const look = () => ssh.run(sshTarget(host.port, { kind: 'Bought', hostID }), ['id'], { what: 'a test', trust: 'FirstContact' });
      await look();
      await look();
      expect(host.accepted).to.equal(1);
      await clock.advance(5_000);
      await look();
      expect(host.accepted).to.equal(2);
    });

    it('end with the process, those that are being made too', async () => {
      const [host, silent] = [await bench.server({ run: () => ({ kind: 'Hangs' }) }), await bench.server({ behaviour: 'Silent' })];
      const ssh = createSSH({ installation: 'shop', clientKey: bench.clientKey, clock: systemClock });
      const running = failure(ssh.run(sshTarget(host.port, fixed(host)), ['id'], { what: 'a test' }));
      const opening = failure(ssh.run(sshTarget(silent.port, fixed(silent)), ['id'], { what: 'a test' }));
      await Promise.all([host.loginAsked, silent.whenAccepted(1)]);
      await ssh.close();
      expect((await running).class).to.be.oneOf(['OutcomeUnknown', 'Unavailable']);
      expect((await opening).class).to.equal('Unavailable');
      expect((await failure(ssh.run(sshTarget(host.port, fixed(host)), ['id'], { what: 'a test' }))).message).to.match(/this process ends$/);
    });
  });
});
