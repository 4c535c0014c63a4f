import { expect } from 'chai';
import fc from 'fast-check';
import ssh2, { type Attributes, type SFTPWrapper } from 'ssh2';
import { createSSH } from '../../../controller/act/ssh/index.ts';
import type { RemoteFiles } from '../../../controller/act/ssh/sftp.ts';
import { filePlace } from '../../../controller/act/traffic/file-place.ts';
import { ClassifiedError, isPrintable } from '../../../controller/model/index.ts';
import { systemClock } from '../../../controller/runtime/clock.ts';
import { newKey, publicHalf, startSshServer } from '../../support/ssh-server.ts';
import { clientKeyOf, sshTarget } from '../../support/ssh-targets.ts';
import { hostile, longestTurn, runs, settledOrError } from './bounds.ts';

const { STATUS_CODE } = ssh2.utils.sftp;
const MB = 1024 * 1024;
const HANDLE = Buffer.from('h');
const KEY = newKey();
const HOST_KEY = newKey();

type Files = Pick<Awaited<ReturnType<typeof createSSH>>, 'files'>;

/** What a machine answers whose SFTP server is somebody's own. */
interface Answers {
  open?: (id: number, sftp: SFTPWrapper) => void;
  size?: number;
  more?: Partial<Attributes>;
  data?: (id: number, sftp: SFTPWrapper, at: number, length: number) => void;
}

const serve = ({ open, size, more = {}, data }: Answers) => (sftp: SFTPWrapper): void => {
  sftp.on('OPEN', (id) => (open === undefined ? sftp.handle(id, HANDLE) : open(id, sftp)));
  sftp.on('FSTAT', (id) => sftp.attrs(id, { ...more, ...(size === undefined ? {} : { size }) } as Attributes));
  sftp.on('READ', (id, _, at, length) => (data === undefined ? sftp.status(id, STATUS_CODE.EOF) : data(id, sftp, at, length)));
  sftp.on('CLOSE', (id) => sftp.status(id, STATUS_CODE.OK));
  sftp.on('error', () => undefined);
};

async function withMachine<T>(answers: Answers, work: (ssh: Files, target: ReturnType<typeof sshTarget>) => Promise<T>): Promise<T> {
  const host = await startSshServer({ hostKeys: [HOST_KEY], authorizedKeys: [publicHalf(KEY)], files: serve(answers) });
  const ssh = createSSH({ installation: 'shop', clientKey: await clientKeyOf(KEY), clock: systemClock });
  try {
    return await work(ssh, sshTarget(host.port, { kind: 'Fixed', hostKey: publicHalf(HOST_KEY) }));
  } finally {
    await ssh.close();
    await host.close();
  }
}

const read = (answers: Answers, largest = 4 * MB): Promise<string | undefined | ClassifiedError> => settledOrError(() => withMachine(answers, (ssh, target) =>
  ssh.files(target, (files: RemoteFiles) => files.read('/etc/traefik/pools.yml', largest), { what: 'reading a file', seconds: 0.4 })));

describe('files of a machine that answers as it likes', () => {
  it('are read to the end that it gives, and no further', async () => {
    expect(await read({ size: 5, data: (id, sftp, at) => (at === 0 ? sftp.data(id, Buffer.from('abc')) : sftp.status(id, STATUS_CODE.EOF)) })).to.equal('abc');
    expect(await read({ size: 4 * MB })).to.equal('');
    expect(await read({ size: 10, data: (id, sftp) => sftp.data(id, Buffer.from('0123456789, and what nobody asked for')) })).to.equal('0123456789');
    expect(await read({ size: 3, data: (id, sftp) => sftp.data(id, Buffer.from([0xff, 0x00, 0xfe])) })).to.equal('\ufffd\u0000\ufffd');
  });

  for (const [what, answers, errorClass, message] of [
    ['one whose length it does not say', {}, 'Unrecognised', /does not say how long it is/], ['one of 8,000 TB', { size: 2 ** 53 - 1 }, 'Invalid', /has 9007199254740991 bytes, more than/], ['one that is longer than numbers', { size: 2 ** 63 }, 'Unrecognised', /does not say/],
    ['one that it never opens', { open: () => undefined }, 'OutcomeUnknown', /did not end within 0.4 s/], ['one that it never gives', { size: 10, data: () => undefined }, 'OutcomeUnknown', /did not end within 0.4 s/],
    ['one piece by piece for ever', { size: 4 * MB, data: (id: number, sftp: SFTPWrapper) => sftp.data(id, Buffer.from('x')) }, 'OutcomeUnknown', /did not end within 0.4 s/],
  ] as [string, Answers, string, RegExp][]) {
    it(`are one error, and hold nobody up: ${what}`, async () => {
      let result: unknown;
      const longest = await longestTurn(async () => { result = await read(answers); });
      expect(result).to.be.instanceOf(ClassifiedError).and.have.property('class', errorClass);
      expect((result as Error).message).to.match(message);
      expect(longest).to.be.below(100);
    });
  }

  it('are refused in words of at most a line', async () => {
    await fc.assert(fc.asyncProperty(fc.oneof(hostile, hostile.map((text) => text.repeat(2_000))), fc.constantFrom(STATUS_CODE.FAILURE, STATUS_CODE.PERMISSION_DENIED, STATUS_CODE.BAD_MESSAGE, 77), async (words, code) => {
      const result = await read({ open: (id, sftp) => sftp.status(id, code, words.slice(0, 20_000)) });
      if (!(result instanceof ClassifiedError)) expect.fail(String(result));
      expect(result.message.length).to.be.below(400);
      expect(isPrintable(result.message)).to.equal(true);
    }), runs(15));
  });

  it('are not overwritten where it shows text that is none of ours, and none of it is shown', async () => {
    await fc.assert(fc.asyncProperty(hostile.filter((text) => text !== ''), async (held) => {
      const bytes = Buffer.from(held);
      const answers: Answers = { size: bytes.length, data: (id, sftp, at, length) => sftp.data(id, bytes.subarray(at, at + length)) };
      const error = await settledOrError(() => withMachine(answers, (ssh, { endpoint, ssh: { port } }) =>
        filePlace({ name: 'edge-1', path: '/etc/traefik/pools.yml', ssh: { address: endpoint.address, user: 'root', port, hostKey: publicHalf(HOST_KEY) } }, ssh, () => 'id').put('ours', () => 'it holds something else')));
      expect(error).to.be.instanceOf(ClassifiedError).and.have.property('message', 'edge-1:/etc/traefik/pools.yml is not overwritten: it holds something else');
    }), runs(15));
  });
});
