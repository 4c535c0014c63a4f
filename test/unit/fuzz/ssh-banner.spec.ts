import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { expect } from 'chai';
import { createSSH } from '../../../controller/act/ssh/index.ts';
import { isClass } from '../../../controller/model/index.ts';
import { systemClock } from '../../../controller/runtime/clock.ts';
import { newKey, publicHalf } from '../../support/ssh-server.ts';
import { newClientKey, sshTarget } from '../../support/ssh-targets.ts';
import { longestTurn } from './bounds.ts';

/** What a machine may say where sshd is expected; again and again, as fast as it is read. */
const SPOKEN: [what: string, first: string, then: string][] = [
  ['bytes without a line', '', 'x'.repeat(64 * 1024)],
  ['lines without end before its version', '', 'a line of a banner\r\n'.repeat(3_000)],
  ['a version without end', 'SSH-2.0-', 'v'.repeat(64 * 1024)],
  ['zeros', '', '\0'.repeat(64 * 1024)],
  ['a version, then garbage', 'SSH-2.0-OpenSSH_9.9\r\n', '\u00ff'.repeat(64 * 1024)],
  ['a version, then a packet of 4 GB', 'SSH-2.0-OpenSSH_9.9\r\n\u00ff\u00ff\u00ff\u00ff', '\u0007'.repeat(64 * 1024)],
  ['another protocol', 'HTTP/1.1 400 Bad Request\r\n\r\n', ''],
  ['escape sequences', 'SSH-2.0-\u001b[2J\u001b]0;x\u0007\r\n', '\u001b[31m'.repeat(1_000)],
];

describe('a machine that says what no sshd says', () => {
  for (const [what, first, then] of SPOKEN) {
    it(`is unavailable, and holds nobody up: ${what}`, async () => {
      const sockets = new Set<Socket>();
      const server = createServer((socket) => {
        sockets.add(socket);
        const speak = (): void => { if (then !== '' && !socket.destroyed && socket.write(then, 'latin1')) setImmediate(speak); };
        socket.on('error', () => undefined).on('drain', speak).write(first, 'latin1');
        speak();
      });
      await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
      const ssh = createSSH({ installation: 'shop', clientKey: await newClientKey(), clock: systemClock, limits: { connectSeconds: 0.4 } });
      try {
        let failed: unknown;
        const longest = await longestTurn(async () => {
          failed = await ssh.contact(sshTarget((server.address() as AddressInfo).port, { kind: 'Fixed', hostKey: publicHalf(newKey()) }), 'Own').catch((error: unknown) => error);
        });
        expect(isClass(failed, 'Unavailable'), String(failed)).to.equal(true);
        expect((failed as Error).message.length).to.be.below(500);
        expect(longest).to.be.below(100);
      } finally {
        await ssh.close();
        for (const socket of sockets) socket.destroy();
        server.close();
      }
    });
  }
});
