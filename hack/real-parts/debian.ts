/** Debian packages, unpacked and not installed: no service starts, no system file changes, and root is not needed. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { logFileOf, partFolder } from './cache.ts';
import type { DebianPackage, DebianPackages } from './origin.ts';
import { isAcceptable, versionIn } from './parts.ts';
import type { Part } from './parts.ts';
import { runWithProgress } from './progress.ts';

const run = promisify(execFile);

export interface Bringing {
  say: (line: string) => void;
  signal: AbortSignal;
}

/** Throws an error that says what to do where packages cannot be unpacked. */
export async function requireDebian(part: Part): Promise<void> {
  for (const program of ['apt-get', 'dpkg-deb']) {
    try {
      await run(program, ['--version']);
    } catch (error) {
      throw new Error(`${part.name} is unpacked from a Debian package, and there is no ${program} on PATH; run on Debian or Ubuntu, or set ${part.variable} to a binary of your own`, { cause: error });
    }
  }
}

export async function unpackPackage(part: Part, origin: DebianPackage, folder: string, bringing: Bringing): Promise<void> {
  await download(part, origin.package, ['download', origin.package], folder, bringing);
  await unpackInto(part, folder, folder, bringing);
  await requireVersion(part, origin.program, folder);
}

export async function unpackPackages(part: Part, origin: DebianPackages, folder: string, bringing: Bringing): Promise<void> {
  const archives = join(folder, 'archives');
  await mkdir(join(archives, 'partial'), { recursive: true });
  const settings = ['-o', `Dir::Cache::archives=${archives}`, '-o', 'Debug::NoLocking=1'];
  // Those that are installed come too: they may be too old, or go tomorrow.
  const arguments_ = ['install', '--download-only', '--reinstall', '--yes', '--no-install-recommends', ...settings, ...origin.packages];
  await download(part, origin.packages.join(', '), arguments_, folder, bringing);
  await unpackInto(part, archives, folder, bringing);
  await rm(archives, { recursive: true });
  await mergeUsr(folder);
  await requireVersion(part, origin.program, folder);
}

/** Environment under which a program of unpacked packages finds the libraries that came with it. */
export async function librariesOf(part: Part, path: string): Promise<Record<string, string>> {
  if (part.origin.kind !== 'DebianPackages') return {};
  const folder = await partFolder(part);
  return path.startsWith(`${folder}/`) ? await libraryPath(folder) : {};
}

async function libraryPath(folder: string): Promise<Record<string, string>> {
  const libraries = join(folder, 'usr', 'lib');
  const names = existsSync(libraries) ? await readdir(libraries) : [];
  const folders = await Promise.all(names.filter((name) => name.endsWith('-linux-gnu')).map((name) => withPrivateLibraries(join(libraries, name))));
  return { LD_LIBRARY_PATH: folders.flat().join(':') };
}

/** A library that only its own package uses may lie in a folder of the package, where its run path finds it once installed. */
async function withPrivateLibraries(folder: string): Promise<string[]> {
  const below = (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isDirectory()).map(({ name }) => join(folder, name));
  const private_ = await Promise.all(below.map(async (path) => ((await readdir(path)).some((name) => /^lib.*\.so/.test(name)) ? [path] : [])));
  return [folder, ...private_.flat()];
}

async function download(part: Part, what: string, args: readonly string[], folder: string, { say, signal }: Bringing): Promise<void> {
  const step = (label: string, aptArguments: readonly string[]): Promise<void> =>
    runWithProgress({ label: `${part.name}: ${label}`, command: 'apt-get', args: aptArguments, cwd: folder, logFile: logFileOf(part), say, signal });
  try {
    await step(`download ${what}`, args);
  } catch (error) {
    if (signal.aborted) throw error;
    // Package lists are empty on a fresh machine and in images; they can be renewed by root alone.
    if (process.getuid?.() !== 0) throw new Error(`${part.name}: no package ${what} to download; run apt-get update as root, or set ${part.variable} to a binary of your own`, { cause: error });
    await step('renew the package lists', ['update']);
    await step(`download ${what} again`, args);
  }
}

async function unpackInto(part: Part, archives: string, folder: string, { say, signal }: Bringing): Promise<void> {
  const files = (await readdir(archives)).filter((name) => name.endsWith('.deb')).map((name) => join(archives, name));
  if (files.length === 0) throw new Error(`${part.name}: apt-get left no .deb file in ${archives}`);
  for (const file of files) {
    await runWithProgress({ label: `${part.name}: unpack`, command: 'dpkg-deb', args: ['-x', file, folder], cwd: folder, logFile: logFileOf(part), say: () => undefined, signal });
    await rm(file);
  }
  say(`${part.name}: unpacked ${files.length} packages`);
}

/** As on the machine, where `/lib` and the like are links into `/usr`; packages may still have folders of these names. */
async function mergeUsr(folder: string): Promise<void> {
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) {
    const apart = join(folder, name);
    if (!existsSync(apart)) continue;
    await cp(apart, join(folder, 'usr', name), { recursive: true, verbatimSymlinks: true });
    await rm(apart, { recursive: true });
  }
}

async function requireVersion(part: Part, program: string, folder: string): Promise<void> {
  const { stdout, stderr } = await run(join(folder, program), [...(part.versionArguments ?? [])], { env: { ...process.env, ...await libraryPath(folder) } });
  const version = versionIn(stdout + stderr);
  if (version === undefined || !isAcceptable(version, part)) {
    throw new Error(`${part.name}: this distribution's package has version ${version?.join('.') ?? 'unknown'}, needed is ${part.oldest.join('.')} or newer${part.newerMajors === 'Accepted' ? '' : ' of the same major version'}; set ${part.variable} to a binary of your own`);
  }
}
