import { once } from 'node:events';
import { type Server, type Socket, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import fc from 'fast-check';
import { createRedactor } from '../../../controller/act/deploy/kamal/redact.ts';
import { type ClientKey, createMachineInspector, createSSH } from '../../../controller/act/ssh/index.ts';
import { HTTPHostProbe } from '../../../controller/act/traffic/index.ts';
import { ClassifiedError, isPrintable } from '../../../controller/model/index.ts';
import { systemClock } from '../../../controller/runtime/clock.ts';
import { type CommandEnd, newKey, publicHalf, startSshServer } from '../../support/ssh-server.ts';
import { clientKeyOf, sshTarget } from '../../support/ssh-targets.ts';
import { hostile, longestTurn, runs } from './bounds.ts';

const MB = 1024 * 1024;
const HEALTH = { path: '/up', intervalSeconds: 1, timeoutSeconds: 1, unhealthyAfterSeconds: 60 };

/** A host that somebody else runs now: it answers what it likes, as long and as fast as it likes. */
describe('a hostile host', () => {
  const [key, hostKey] = [newKey(), newKey()];
  let clientKey: ClientKey;
  before(async () => { clientKey = await clientKeyOf(key); });

  /** What becomes of a look at it, over SSH. */
  async function over<T>(run: (command: string) => CommandEnd, work: (ssh: ReturnType<typeof createSSH>, target: ReturnType<typeof sshTarget>) => Promise<T>, shown = hostKey): Promise<T> {
    const server = await startSshServer({ hostKeys: [shown], authorizedKeys: [publicHalf(key)], run });
    const ssh = createSSH({ installation: 'shop', clientKey, clock: systemClock, limits: { commandSeconds: 1.5 } });
    try {
      return await work(ssh, sshTarget(server.port, { kind: 'Fixed', hostKey: publicHalf(hostKey) }));
    } finally {
      await ssh.close();
      await server.close();
    }
  }
  const asked = (run: (command: string) => CommandEnd): Promise<unknown> => over(run, (ssh, target) => ssh.run(target, ['docker', 'ps'], { what: 'asking' }).catch((error: unknown) => error));

  for (const [what, end, errorClass] of [
    ['prints megabytes', { kind: 'Exits', code: 0, stdout: 'x'.repeat(5 * MB) }, 'Unrecognised'],
    ['prints megabytes on the other stream', { kind: 'Exits', code: 0, stderr: 'x'.repeat(5 * MB) }, 'Unrecognised'],
    ['never ends', { kind: 'Hangs' }, 'OutcomeUnknown'], ['drops the line', { kind: 'Drops' }, 'OutcomeUnknown'],
  ] as [string, CommandEnd, string][]) {
    it(`that ${what} is one error, and holds nobody up`, async () => {
      let result: unknown;
      const longest = await longestTurn(async () => { result = await asked(() => end); });
      expect(result).to.be.instanceOf(ClassifiedError).and.have.property('class', errorClass);
      expect((result as Error).message.length).to.be.below(300);
      expect(longest).to.be.below(100);
    });
  }

  it('that shows another host key is told no command', async () => {
    let told = 0;
    const result = await over(() => { told += 1; return { kind: 'Exits', code: 0 }; }, (ssh, target) => ssh.run(target, ['docker', 'ps'], { what: 'asking' }).catch((error: unknown) => error), newKey());
    expect(result).to.have.property('class', 'HostKey');
    expect(told).to.equal(0);
  });

  it('gives words that a terminal shows and does not obey', async () => {
    await fc.assert(fc.asyncProperty(fc.oneof(hostile, fc.constantFrom('\u001b[2J', '\u009b31m', '\u202e')), async (text) => {
      const fact = await over(() => ({ kind: 'Exits', code: 1, stdout: text, stderr: `${text}\nCannot ${text} connect` }), (ssh, target) => createMachineInspector(ssh, createRedactor([]))(target));
      expect(fact.kind).to.equal('Preparing');
      expect('why' in fact && isPrintable(fact.why.replaceAll(/[\n\t]/g, ''))).to.equal(true);
    }), runs(15));
  });

  describe('over HTTP', () => {
    const sockets = new Set<Socket>();
    let server: Server;
    let speak: (socket: Socket) => void;
    before(async () => {
      server = createServer((socket) => {
        sockets.add(socket);
        socket.on('error', () => undefined).once('close', () => sockets.delete(socket)).once('data', () => speak(socket));
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
    });
    after(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    const endpoint = () => ({ address: '127.0.0.1', ports: { http: (server.address() as AddressInfo).port, proxyMetrics: (server.address() as AddressInfo).port } });
    const forever = (head: string, piece: string) => (socket: Socket): void => {
      socket.write(head, 'latin1');
      const go = (): void => { if (!socket.destroyed) socket.write(piece, 'latin1', () => setImmediate(go)); };
      go();
    };
    const OK = 'HTTP/1.1 200 OK\r\nConnection: close\r\n';

    for (const [what, says] of [
      ['headers without end', forever('HTTP/1.1 200 OK\r\n', `X: ${'a'.repeat(1_000)}\r\n`)], ['a body without end', forever(`${OK}\r\n`, 'x'.repeat(64 * 1024))], ['chunks without end', forever(`${OK}Transfer-Encoding: chunked\r\n\r\n`, '1\r\nx\r\n')],
      ['no line', forever('', 'x'.repeat(64 * 1024))], ['1xx answers without end', forever('', 'HTTP/1.1 103 Early Hints\r\n\r\n')], ['series without end', forever(`${OK}\r\n`, 'kamal_proxy_http_requests_total{service="app",status="200"} 1\n'.repeat(500))],
    ] as const) {
      it(`that sends ${what} is a fact, and holds nobody up`, async () => {
        speak = says;
        const probe = new HTTPHostProbe();
        let facts: { kind: string }[] = [];
        const longest = await longestTurn(async () => { facts = await Promise.all([probe.up(endpoint(), HEALTH), probe.requests(endpoint(), 'app'), probe.inFlight(endpoint())]); });
        expect(facts.map(({ kind }) => kind).slice(1)).to.deep.equal(['Unknown', 'Unknown']);
        expect(longest).to.be.below(100);
      }).timeout(10_000);
    }

    it('tells where it leads in a line that is shown', async () => {
      await fc.assert(fc.asyncProperty(hostile.map((text) => text.replaceAll(/[\0\r\n]/g, '')), async (where) => {
        speak = (socket) => void socket.end(`HTTP/1.1 302 Found\r\nLocation: ${where}\u009b31m\r\nConnection: close\r\n\r\n`, 'latin1');
        const fact = await new HTTPHostProbe().up(endpoint(), HEALTH);
        expect(fact.kind).to.equal('Fails');
        expect('why' in fact && fact.why.length < 400 && isPrintable(fact.why), JSON.stringify(fact)).to.equal(true);
      }), runs(40));
    });
  });
});
