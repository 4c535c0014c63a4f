import { createHash } from 'node:crypto';
import { copyFile, lstat, mkdir, mkdtemp, readFile, readdir, realpath, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { ClassifiedError } from '../../../model/index.ts';
import type { RoleRef } from '../../../ports/index.ts';
import { type ProjectSource, untrackedFiles, writeCommit } from './project-source.ts';

/** A project as Kamal is run in it: everything of its source, of the hooks only those that the pool lists. */
export interface WorkingCopy {
  folder: string;
  /** Changes whenever the source does: what was found out about another revision counts no longer. */
  revision: string;
}

/** What a copy is made of, and the name under which it is kept. */
export interface Recipe {
  source: ProjectSource;
  /** Of a Git checkout. */
  commit?: string;
  hooks: NonNullable<RoleRef['hooks']>;
  revision: string;
}

/** Looks at the source without copying anything. */
export async function planCopy(source: ProjectSource, commit: string | undefined, { hooks = [] }: Pick<RoleRef, 'hooks'>): Promise<Recipe> {
  const listed = [...hooks].sort();
  const live = source.kind === 'Git' ? await untrackedFiles(source) : await liveFiles(source.folder);
  const parts = await Promise.all(live.map(async (path) => `${path} ${await signature(join(source.folder, path))}`));
  const revision = createHash('sha256').update(JSON.stringify([source, commit, listed, parts])).digest('hex').slice(0, 16);
  return { source, hooks: listed, revision, ...(commit === undefined ? {} : { commit }) };
}

/** What Kamal's configuration lives in; the rest of an application is only linked to. */
async function liveFiles(folder: string): Promise<string[]> {
  const entries = await Promise.all(['.kamal', 'config'].map(async (name) => {
    try {
      return (await readdir(join(folder, name), { withFileTypes: true, recursive: true })).filter((entry) => !entry.isDirectory()).map((entry) => relative(folder, join(entry.parentPath, entry.name)));
    } catch {
      return [];
    }
  }));
  return [...entries.flat(), 'Gemfile.lock'].sort();
}

async function signature(path: string): Promise<string> {
  try {
    const { size, mtimeMs, mode } = await stat(path);
    return `${size} ${mtimeMs} ${mode}`;
  } catch {
    return 'absent';
  }
}

/** Makes the copy, or finds it made. A folder with its name is always whole. */
export async function makeCopy(copies: string, recipe: Recipe): Promise<WorkingCopy> {
  const folder = join(copies, recipe.revision);
  const copy = { folder, revision: recipe.revision };
  if ((await signature(folder)) !== 'absent') return copy;
  await mkdir(copies, { recursive: true, mode: 0o700 });
  const draft = await mkdtemp(join(copies, 'draft-'));
  try {
    if (recipe.commit === undefined) await linkFolder(recipe.source.folder, draft);
    else await writeRevision(recipe.source, recipe.commit, draft);
    await keepHooks(draft, recipe);
    await rename(draft, folder);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    // Another run may have made the same one meanwhile.
    if ((await signature(folder)) === 'absent') throw error;
  }
  return copy;
}

async function writeRevision(source: ProjectSource, commit: string, draft: string): Promise<void> {
  const index = `${draft}.index`;
  try {
    await writeCommit(source, commit, draft, index);
  } finally {
    await rm(index, { force: true });
  }
  // Linked, not copied: secrets stay where people put them. What the revision has itself is the revision's.
  for (const path of await untrackedFiles(source)) if (!(await exists(join(draft, path)))) await link(join(source.folder, path), join(draft, path), draft);
}

/** Of a plain folder these are folders of the copy, so that something in them can be another. */
const OWN_FOLDERS = ['.kamal', 'config'];

async function linkFolder(source: string, draft: string): Promise<void> {
  for (const name of await readdir(source)) if (!OWN_FOLDERS.includes(name)) await link(join(source, name), join(draft, name), draft);
  for (const folder of OWN_FOLDERS) {
    const names = await readdir(join(source, folder)).catch(() => []);
    for (const name of names) await link(join(source, folder, name), join(draft, folder, name), draft);
  }
}

async function link(target: string, path: string, draft: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await stayWithin(draft, dirname(path));
  await symlink(target, path);
}

const exists = (path: string): Promise<boolean> => lstat(path).then(() => true, () => false);

/** A folder that is a link leads out of the copy, and what is changed there is changed where people keep it. */
async function stayWithin(draft: string, folder: string): Promise<void> {
  if ((await realpath(folder)) === join(await realpath(draft), relative(draft, folder))) return;
  throw new ClassifiedError('Invalid', `${relative(draft, folder)} of the project is a link to another folder`, { mend: 'keep config and .kamal as folders of the project' });
}

/** Subcommands run hooks whatever `--skip-hooks` says, so a hook that must not run must not be there. */
async function keepHooks(draft: string, { hooks, source }: Recipe): Promise<void> {
  const place = await hooksPath(draft);
  const folder = join(draft, place);
  const there = await readdir(folder).catch(() => [] as string[]);
  const missing = hooks.filter((name) => !there.includes(name));
  if (missing.length > 0) throw new ClassifiedError('Invalid', `kamal.hooks of the pool lists ${missing.join(', ')}, and ${source.folder} has no such hook in ${place}`, { mend: 'write only hooks that the project has' });
  const kept = `${draft}.hooks`;
  await mkdir(kept, { mode: 0o700 });
  try {
    for (const name of hooks) await copyFile(join(folder, name), join(kept, name));
    await mkdir(dirname(folder), { recursive: true, mode: 0o700 });
    await stayWithin(draft, dirname(folder));
    await rm(folder, { recursive: true, force: true });
    await rename(kept, folder);
  } finally {
    await rm(kept, { recursive: true, force: true });
  }
}

/**
 * Lets Kamal read the SSH settings of its run instead of the project's: those of the project know no newcomer. Rejects
 * with Invalid where the configuration lets nothing of ours be read.
 */
export async function useOwnSshSettings({ folder }: WorkingCopy, files: boolean | readonly string[]): Promise<void> {
  if (files === true) return;
  const [first] = files === false ? [] : files;
  if (first === undefined) throw new ClassifiedError('Invalid', 'ssh.config: false of deploy.yml lets Kamal accept any host key', { mend: 'leave it out, or name a file of the project' });
  for (const file of files === false ? [] : files) {
    const path = join(folder, file);
    if (file.startsWith('/') || file.startsWith('~') || relative(folder, path).split(sep)[0] === '..') {
      throw new ClassifiedError('Invalid', `ssh.config ${file} of deploy.yml is no file of the project, so the controller's host keys would not be read`, { mend: 'write a file of the project, such as config/ssh_config' });
    }
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await stayWithin(folder, dirname(path));
    await writeFile(`${path}.own`, 'Include ~/.ssh/config\n', { mode: 0o600 });
    await rename(`${path}.own`, path);
  }
}

const DEFAULT_HOOKS_PATH = join('.kamal', 'hooks');

/** `hooks_path` of the configuration. Rejects with Invalid for one that lies outside of the copy. */
async function hooksPath(draft: string): Promise<string> {
  const names = (await readdir(join(draft, 'config'))).filter((name) => /^deploy(\.[^.]+)?\.yml$/.test(name));
  const texts = await Promise.all(names.map((name) => readFile(join(draft, 'config', name), 'utf8')));
  const [path, other] = [...new Set(texts.flatMap((text) => /^hooks_path:[ \t]*(.+)$/m.exec(text)?.[1]?.replace(/\s#.*$/, '').trim() ?? []))];
  if (path === undefined) return DEFAULT_HOOKS_PATH;
  const plain = path.replace(/^(['"])(.*)\1$/, '$2');
  const within = relative(draft, join(draft, plain));
  const [first, ...rest] = within.split(sep);
  // Everything else of a plain folder is a link into what people keep.
  if (other === undefined && !plain.startsWith('/') && !plain.includes('<%') && first === '.kamal' && rest.length === 1) return within;
  throw new ClassifiedError('Invalid', `hooks_path ${path} of deploy.yml: the controller cannot keep hooks out of there`, { mend: 'write one folder directly below .kamal, the same for all destinations' });
}
