import type { SFTPWrapper } from 'ssh2';
import { ClassifiedError, inOneLine, messageOf } from '../../model/index.ts';

/** Files of one machine, for as long as one piece of work takes. Rejections that come from the machine's answers are ClassifiedErrors. */
export interface RemoteFiles {
  /** The whole text; undefined where there is no such file. Rejects with Invalid for one that is larger than this. */
  read(path: string, largestBytes: number): Promise<string | undefined>;
  /**
   * Puts this text in the place of a file, which is never seen half: written beside it under `aside`, brought to the disk,
   * then renamed over it. Needs what OpenSSH's server adds to SFTP; rejects with Invalid where it is not there.
   */
  replace(path: string, text: string, aside: string): Promise<void>;
}

/** For everybody to read: who serves often runs as another user than who writes. */
const MODE = 0o644;
const NO_SUCH_FILE = 2;
const PERMISSION_DENIED = 3;
/** Of the server's own words. */
const LONGEST_WORDS = 200;

export function remoteFiles(sftp: SFTPWrapper): RemoteFiles {
  const call = <T>(what: string, begin: (done: (error: Error | null | undefined, value: T) => void) => void): Promise<T> =>
    new Promise((resolve, reject) => {
      try {
        begin((error, value) => (error ? reject(fileFailure(what, error)) : resolve(value)));
      } catch (error) {
        // Thrown at once where the server did not announce the extension.
        reject(/does not support/.test(messageOf(error)) ? new ClassifiedError('Invalid', `${what}: its SFTP server cannot do that`, { mend: 'Use the SFTP server of OpenSSH there (`Subsystem sftp internal-sftp`).', cause: error }) : error as Error);
      }
    });

  async function closing<T>(handle: Buffer, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } finally {
      await call<unknown>('closing a file', (done) => sftp.close(handle, (error) => done(error, undefined))).catch(() => undefined);
    }
  }

  async function write(path: string, content: Buffer): Promise<void> {
    const handle = await call<Buffer>(`making ${path}`, (done) => sftp.open(path, 'w', { mode: MODE }, done));
    await closing(handle, async () => {
      // The mode above is less what the server's umask takes away.
      await call<unknown>(`making ${path} readable`, (done) => sftp.fsetstat(handle, { mode: MODE }, (error) => done(error, undefined)));
      await call<unknown>(`writing ${path}`, (done) => sftp.write(handle, content, 0, content.length, 0, (error) => done(error, undefined)));
      await call<unknown>(`bringing ${path} to the disk`, (done) => sftp.ext_openssh_fsync(handle, done));
    });
  }

  return {
    async read(path, largestBytes) {
      const handle = await call<Buffer>(`reading ${path}`, (done) => sftp.open(path, 'r', done)).catch((error: unknown) => {
        if (error instanceof ClassifiedError && error.class === 'NotFound') return undefined;
        throw error;
      });
      if (handle === undefined) return undefined;
      return await closing(handle, async () => {
        const { size = Number.NaN } = await call<{ size?: number }>(`reading ${path}`, (done) => sftp.fstat(handle, done));
        if (!Number.isSafeInteger(size)) throw new ClassifiedError('Unrecognised', `${path}: its SFTP server does not say how long it is`);
        if (size > largestBytes) throw new ClassifiedError('Invalid', `${path} has ${size} bytes, more than the ${largestBytes} that it may have`);
        const content = Buffer.alloc(size);
        let at = 0;
        while (at < size) {
          const read = await call<number>(`reading ${path}`, (done) => sftp.read(handle, content, at, size - at, at, done));
          if (read === 0) break;
          at += read;
        }
        return content.toString('utf8', 0, at);
      });
    },
    async replace(path, text, aside) {
      try {
        await write(aside, Buffer.from(text, 'utf8'));
        await call<unknown>(`renaming ${aside} to ${path}`, (done) => sftp.ext_openssh_rename(aside, path, (error) => done(error, undefined)));
      } catch (error) {
        await call<unknown>(`removing ${aside}`, (done) => sftp.unlink(aside, (failed) => done(failed, undefined))).catch(() => undefined);
        throw error;
      }
    },
  };
}

/** What a status of the server means. Anything else is a lost connection, for the caller to name. */
function fileFailure(what: string, error: Error): Error {
  const { code } = error as { code?: unknown };
  if (code === NO_SUCH_FILE) return new ClassifiedError('NotFound', `${what}: there is no such file or folder`, { cause: error });
  if (code === PERMISSION_DENIED) return new ClassifiedError('Forbidden', `${what}: its user may not`, { cause: error });
  return typeof code === 'number' && code > 0 && code < 6 ? new ClassifiedError('Transient', `${what}: ${inOneLine(error.message).slice(0, LONGEST_WORDS)}`, { cause: error }) : error;
}
