import { execFile } from 'node:child_process';
import { lstat, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ClassifiedError } from '../../../model/index.ts';

/** The folder of one service, as people keep it. It is read, and never written. */
export type ProjectSource =
  /** Its files are what they are. */
  | { kind: 'Folder'; folder: string }
  /** A Git checkout: the configuration is that of the revision which is deployed. */
  | { kind: 'Git'; folder: string };

export const PROJECTS_SETTING = '--kamal-projects (KAMAL_AUTOSCALER_KAMAL_PROJECTS)';

/** Rejects with Invalid where the projects hold no such service. */
export async function openSource(projects: string, service: string): Promise<ProjectSource> {
  const folder = join(projects, service);
  if (!(await isThere(stat, folder))) throw new ClassifiedError('Invalid', `there is no project ${folder}`, { mend: `put the project of service ${service} there: a folder or a Git checkout with config/deploy.yml; ${PROJECTS_SETTING} names the folder above` });
  if (await isThere(lstat, join(folder, '.git'))) return { kind: 'Git', folder };
  if (!(await isThere(stat, join(folder, 'config', 'deploy.yml')))) throw new ClassifiedError('Invalid', `${folder} has no config/deploy.yml`, { mend: "copy the application's config/deploy.yml and .kamal there" });
  return { kind: 'Folder', folder };
}

async function isThere(look: (path: string) => Promise<unknown>, path: string): Promise<boolean> {
  try {
    await look(path);
    return true;
  } catch {
    return false;
  }
}

const UNCOMMITTED = /^([0-9a-f]{40})_uncommitted_[0-9a-f]+$/;
const GIT_SECONDS = 60;

/**
 * The commit that a deployed version names: a commit, a tag, or the commit under changes that were never committed.
 * Fetches when the checkout does not know it. Rejects with Invalid where no fetch brings it, with Unavailable where the
 * remote cannot be asked.
 */
export async function commitOf({ folder }: ProjectSource, version: string): Promise<string> {
  const name = UNCOMMITTED.exec(version)?.[1] ?? version;
  const known = await parseCommit(folder, name);
  if (known !== undefined) return known;
  await fetchRemote(folder);
  const fetched = await parseCommit(folder, name);
  if (fetched !== undefined) return fetched;
  throw new ClassifiedError('Invalid', `version ${version} is no revision of the Git checkout ${folder}`, {
    mend: 'push the deployed commit, deploy with a version that is a commit or a tag, or give the controller a plain folder without .git',
  });
}

export async function fetchRemote(folder: string): Promise<void> {
  try {
    await git(folder, ['fetch', '--quiet', '--tags', '--no-recurse-submodules', '--no-write-fetch-head']);
  } catch (error) {
    throw new ClassifiedError('Unavailable', `git fetch in ${folder} failed: ${gitWords(error)}`, { mend: 'let the user of the controller fetch there without being asked for anything', cause: error });
  }
}

async function parseCommit(folder: string, name: string): Promise<string | undefined> {
  try {
    return (await git(folder, ['rev-parse', '--verify', '--quiet', '--end-of-options', `${name}^{commit}`])).trim();
  } catch (error) {
    // 1 and no word: no such revision.
    if ((error as { code?: unknown }).code === 1) return undefined;
    throw new ClassifiedError('Invalid', `git cannot read ${folder}: ${gitWords(error)}`, { mend: 'make the checkout belong to the user of the controller', cause: error });
  }
}

/** Writes the files of a commit into a folder; the checkout's own files and index stay as they are. */
export async function writeCommit(source: ProjectSource, commit: string, folder: string, index: string): Promise<void> {
  try {
    await git(source.folder, ['read-tree', commit], { GIT_INDEX_FILE: index });
    await git(source.folder, ['checkout-index', '--all', `--prefix=${folder}/`], { GIT_INDEX_FILE: index });
  } catch (error) {
    throw new ClassifiedError('Invalid', `the files of ${commit} cannot be taken from ${source.folder}: ${gitWords(error)}`, { cause: error });
  }
}

/** Files under `.kamal` and `config` that no commit holds: secrets, keys, a published inventory. */
export async function untrackedFiles({ folder }: ProjectSource): Promise<string[]> {
  const listed = await git(folder, ['ls-files', '--others', '-z', '--', '.kamal', 'config']);
  return listed.split('\0').filter((path) => path !== '');
}

function git(folder: string, words: readonly string[], environment: Record<string, string> = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile('git', ['-C', folder, ...words], {
      timeout: GIT_SECONDS * 1_000, maxBuffer: 16 * 1024 * 1024,
      // It must fail rather than ask.
      env: { ...process.env, GIT_TERMINAL_PROMPT: '0', GIT_SSH_COMMAND: process.env['GIT_SSH_COMMAND'] ?? 'ssh -o BatchMode=yes -o ConnectTimeout=10', ...environment },
    }, (error, stdout) => {
      if (error === null) resolve(stdout);
      else reject(error);
    });
  });
}

/** A remote's URL may hold a password. */
function gitWords(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'there is no git on PATH';
  return message.split('\n').slice(1).join(' ').trim().replace(/(\/\/[^\s/:@]+:)[^\s/@]+@/g, '$1[REDACTED]@').slice(0, 300) || `it ended with ${String(code)}`;
}
