import { open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ClassifiedError, type TraefikFile, messageOf } from '../../model/index.ts';
import type { SSH, SSHTarget } from '../ssh/index.ts';

/** One file that somebody else watches, wherever it is. Every rejection is a ClassifiedError. */
export interface FilePlace {
  /** Brings the file to this text, unless it holds it already. `objection` says why what it holds must stay, if it must; then it rejects with Invalid. */
  put(text: string, objection: (held: string) => string | undefined): Promise<void>;
}

/** A whole document with 500 members has about 50 kB; whatever is larger was written by somebody else. */
const LARGEST_FILE = 4 * 1024 * 1024;
const SECONDS = 15;

/** Such as `edge-1:/etc/traefik/dynamic/pools.yml`, for people. */
export const placeText = ({ name, path }: TraefikFile): string => `${name}:${path}`;

/** Two entries with one key are one file. */
export const placeKey = ({ path, ssh }: TraefikFile): string => JSON.stringify(ssh === undefined ? [path] : [path, ssh.address, ssh.port]);

/** Not of the file's own kind, so that Traefik never reads it. */
const asideOf = (path: string, id: string): string => `${path}.${id}.next`;

/** `ssh` undefined: no key to log in with is set up, which only a file elsewhere needs. */
export function filePlace(file: TraefikFile, ssh: Pick<SSH, 'files'> | undefined, newID: () => string): FilePlace {
  if (file.ssh === undefined) return localPlace(file, newID);
  const target = targetOf(file, file.ssh);
  return {
    async put(text, objection) {
      if (ssh === undefined) throw new ClassifiedError('Invalid', `${placeText(file)} is on another machine, and there is no key to log in with`, { mend: 'Set KAMAL_AUTOSCALER_SSH_KEY_FILE.' });
      await ssh.files(target, async (files) => {
        const held = await files.read(file.path, LARGEST_FILE);
        if (held === text) return;
        refuse(file, held, objection);
        await files.replace(file.path, text, asideOf(file.path, newID()));
      }, { what: `writing ${file.path}`, seconds: SECONDS });
    },
  };
}

function localPlace(file: TraefikFile, newID: () => string): FilePlace {
  return {
    async put(text, objection) {
      try {
        const held = await readHere(file.path);
        if (held === text) return;
        refuse(file, held, objection);
        await replaceHere(file.path, text, asideOf(file.path, newID()));
      } catch (error) {
        throw error instanceof ClassifiedError ? error : localFailure(file, error);
      }
    },
  };
}

function refuse(file: TraefikFile, held: string | undefined, objection: (held: string) => string | undefined): void {
  const why = held === undefined || held === '' ? undefined : objection(held);
  if (why !== undefined) throw new ClassifiedError('Invalid', `${placeText(file)} is not overwritten: ${why}`, { mend: 'Name a file that is the controller\'s alone, or remove this one.' });
}

async function readHere(path: string): Promise<string | undefined> {
  try {
    const { size } = await stat(path);
    if (size > LARGEST_FILE) throw new ClassifiedError('Invalid', `${path} has ${size} bytes, more than the ${LARGEST_FILE} that it may have`);
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function replaceHere(path: string, text: string, aside: string): Promise<void> {
  try {
    const handle = await open(aside, 'w', 0o644);
    try {
      await handle.chmod(0o644);
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(aside, path);
    // Else a power cut may bring the old name back.
    const folder = await open(dirname(path), 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  } catch (error) {
    await rm(aside, { force: true }).catch(() => undefined);
    throw error;
  }
}

function localFailure(file: TraefikFile, error: unknown): ClassifiedError {
  const { code } = error as NodeJS.ErrnoException;
  const folder = dirname(file.path);
  switch (code) {
    case 'ENOENT': return new ClassifiedError('NotFound', `${placeText(file)} cannot be written: there is no folder ${folder}`, { mend: 'Make it, and let `providers.file.directory` of Traefik name it.', cause: error });
    case 'EACCES': case 'EPERM': return new ClassifiedError('Forbidden', `${placeText(file)} cannot be written: this user may not write ${folder}`, { cause: error });
    default: return new ClassifiedError('Transient', `${placeText(file)} cannot be written: ${messageOf(error)}`, { cause: error });
  }
}

const targetOf = (file: TraefikFile, { address, user, port, hostKey }: NonNullable<TraefikFile['ssh']>): SSHTarget => ({
  host: { namespace: 'Traefik', name: file.name }, endpoint: { address, ports: { http: 80 } }, ssh: { user, port },
  identity: { kind: 'Fixed', hostKey },
});
