/** Where built parts are kept, outside the tree, and how a half-made one is kept from ever being seen. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { GoModule } from './origin.ts';
import type { Part } from './parts.ts';

const MODULES = fileURLToPath(new URL('./modules/', import.meta.url));
const PARTIAL = '.partial-';

type Environment = Readonly<Record<string, string | undefined>>;

/** The folder of all built parts: `$KAMAL_AUTOSCALER_CACHE`, else the user's cache folder. */
export function cacheFolder(environment: Environment = process.env): string {
  const own = environment['KAMAL_AUTOSCALER_CACHE'];
  if (own) return join(own, 'real-parts');
  const userCache = environment['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  return join(userCache, 'kamal-autoscaler', 'real-parts');
}

/** The folder with the go.mod and go.sum of a Go module. */
export function moduleFolder(origin: GoModule): string {
  return join(MODULES, origin.module);
}

/**
 * The folder of one part, named after all that decides its content: another version, pin or linker flag gives
 * another folder, so a stale binary cannot be taken for a fresh one.
 */
export async function partFolder(part: Part): Promise<string> {
  return join(cacheFolder(), await stamp(part));
}

/** Where the part's program is, or would be, in the cache. */
export async function cachedProgram(part: Part): Promise<string> {
  const folder = await partFolder(part);
  return join(folder, part.origin.kind === 'GoModule' ? part.name : part.origin.program);
}

async function stamp(part: Part): Promise<string> {
  const origin = part.origin;
  switch (origin.kind) {
    case 'GoModule': {
      const hash = createHash('sha256').update(JSON.stringify(origin));
      for (const file of await pinningFiles(moduleFolder(origin))) hash.update(await readFile(file));
      const digest = hash.digest('hex').slice(0, 10);
      return `${part.name}-${origin.version}-${process.platform}-${process.arch}-${digest}`;
    }
    case 'DebianPackage':
      return `${origin.package}-${await distribution()}-${process.arch}`;
    case 'DebianPackages':
      return `${origin.folder}-${await distribution()}-${process.arch}-${createHash('sha256').update(origin.packages.join()).digest('hex').slice(0, 10)}`;
  }
}

/** What pins a module, and the sources of one that is our own. */
async function pinningFiles(folder: string): Promise<string[]> {
  const sources = (await readdir(folder)).filter((name) => name.endsWith('.go')).toSorted();
  return ['go.mod', 'go.sum', ...sources].map((name) => join(folder, name));
}

async function distribution(): Promise<string> {
  if (!existsSync('/etc/os-release')) return process.platform;
  const text = await readFile('/etc/os-release', 'utf8');
  const value = (key: string): string => new RegExp(`^${key}="?([\\w.-]*)`, 'm').exec(text)?.[1] ?? '';
  return `${value('ID')}${value('VERSION_ID')}`;
}

/**
 * Lets `make` fill an empty folder and moves the whole of it into place when it has succeeded.
 * A run that was killed leaves only a partial folder, which nobody looks at and `sweepPartial` removes.
 */
export async function putInCache(part: Part, make: (folder: string) => Promise<void>): Promise<void> {
  const target = await partFolder(part);
  await mkdir(cacheFolder(), { recursive: true });
  const partial = await mkdtemp(join(cacheFolder(), PARTIAL));
  try {
    await make(partial);
    await chmod(partial, 0o755);
    await rm(target, { recursive: true, force: true });
    await rename(partial, target);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

/** Removes what killed runs left. Call it under the lock only: a partial folder may belong to a run at work. */
export async function sweepPartial(): Promise<void> {
  for (const name of await readdir(cacheFolder())) {
    if (name.startsWith(PARTIAL)) await rm(join(cacheFolder(), name), { recursive: true, force: true });
  }
}

/** Takes what the last bringing of the part printed. */
export function logFileOf(part: Part): string {
  return join(cacheFolder(), 'logs', `${part.name}.log`);
}
