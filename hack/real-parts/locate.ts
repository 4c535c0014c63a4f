/** Finds a real part: a binary of one's own, one on PATH, or one that `install.ts` put in the cache. */
import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';
import { promisify } from 'node:util';
import { cachedProgram } from './cache.ts';
import { librariesOf } from './debian.ts';
import { isAcceptable, partNamed, versionIn } from './parts.ts';
import type { Part, PartName } from './parts.ts';

const run = promisify(execFile);

export type Came = 'variable' | 'PATH' | 'built' | 'package';

export interface FoundPart {
  path: string;
  /** As the program prints it; of a program that cannot tell, the version it was built from, or `not told`. */
  version: string;
  came: Came;
}

/** A part that a suite needs is not there; the message says how to bring it. */
export class RealPartMissing extends Error {
  override readonly name = 'RealPartMissing';
  readonly part: PartName;

  constructor(part: PartName, why: string) {
    super(
      `${part}: ${why}. Bring it with: node hack/real-parts/install.ts ${part}` +
        ` (or set ${partNamed(part).variable} to the path of a binary)`,
    );
    this.part = part;
  }
}

/** Path of the part's program. Throws `RealPartMissing` when there is none that will do. */
export async function locate(name: PartName): Promise<string> {
  return (await find(name)).path;
}

/** As `locate`, with the version and where the program came from. */
export async function find(name: PartName): Promise<FoundPart> {
  const part = partNamed(name);
  const own = process.env[part.variable];
  if (own) return await fromVariable(part, own);
  const path = await onPath(part);
  if (path) return path;
  const cached = await cachedProgram(part);
  if (!(await isProgram(cached))) throw new RealPartMissing(name, `not on PATH in a version that will do, and not built yet (${cached})`);
  return { path: cached, version: await versionOf(part, cached), came: cameFromCache(part) };
}

function cameFromCache(part: Part): Came {
  switch (part.origin.kind) {
    case 'GoModule':
      return 'built';
    case 'DebianPackage':
    case 'DebianPackages':
      return 'package';
  }
}

async function fromVariable(part: Part, path: string): Promise<FoundPart> {
  if (!isAbsolute(path)) throw new RealPartMissing(part.name, `${part.variable}=${path} is not an absolute path`);
  if (!(await isProgram(path))) throw new RealPartMissing(part.name, `${part.variable}=${path} is not a program that can be run`);
  const version = part.versionArguments === undefined ? 'not told' : await printedVersion(part, path);
  if (version === undefined) throw new RealPartMissing(part.name, `${part.variable}=${path} does not print a version for ${part.versionArguments?.join(' ')}`);
  return { path, version, came: 'variable' };
}

async function onPath(part: Part): Promise<FoundPart | undefined> {
  if (part.versionArguments === undefined) return undefined;
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    if (!isAbsolute(folder)) continue;
    const path = join(folder, part.name);
    if (!(await isProgram(path))) continue;
    const version = await printedVersion(part, path);
    const numbers = versionIn(version ?? '');
    if (version !== undefined && numbers && isAcceptable(numbers, part)) return { path, version, came: 'PATH' };
  }
  return undefined;
}

/** The version of a binary that this project built or unpacked. */
async function versionOf(part: Part, path: string): Promise<string> {
  const printed = await printedVersion(part, path);
  if (printed !== undefined) return printed;
  return part.origin.kind === 'GoModule' ? part.origin.version : 'not told';
}

async function printedVersion(part: Part, path: string): Promise<string | undefined> {
  if (part.versionArguments === undefined) return undefined;
  try {
    const { stdout, stderr } = await run(path, part.versionArguments, { timeout: 20_000, env: { ...process.env, ...await librariesOf(part, path) } });
    return versionIn(stdout + stderr)?.join('.');
  } catch {
    // A program that cannot even print its version is of no use; the caller names it.
    return undefined;
  }
}

async function isProgram(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
