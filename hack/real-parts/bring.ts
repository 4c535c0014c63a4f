/** Brings one part into the cache: compiled from pinned Go modules, or unpacked from a Debian package. */
import { execFile } from 'node:child_process';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder, moduleFolder, putInCache } from './cache.ts';
import { isAcceptable, versionIn } from './parts.ts';
import type { Origin, Part, Version } from './parts.ts';
import { runWithProgress } from './progress.ts';

const run = promisify(execFile);
const OLDEST_GO: Version = [1, 26, 0];
/** From this version on, Go fetches by itself the newer toolchain that a module asks for, unless told not to. */
const OLDEST_GO_WITH_TOOLCHAINS: Version = [1, 21, 0];

export interface Bringing {
  say: (line: string) => void;
  signal: AbortSignal;
}

/** Puts the part's folder into the cache, or throws an error that names the part and what to install. */
export async function bring(part: Part, { say, signal }: Bringing): Promise<void> {
  const origin = part.origin;
  switch (origin.kind) {
    case 'GoModule':
      await requireGo(part);
      return await putInCache(part, (folder) => compile(part, origin, folder, { say, signal }));
    case 'DebianPackage':
      await requirePrograms(part, ['apt-get', 'dpkg-deb']);
      return await putInCache(part, (folder) => unpack(part, origin, folder, { say, signal }));
  }
}

async function compile(part: Part, origin: Extract<Origin, { kind: 'GoModule' }>, folder: string, { say, signal }: Bringing): Promise<void> {
  say(`${part.name}: building ${origin.package} ${origin.version} from Go modules (about ${part.firstTime} with empty caches)`);
  const stamps = Object.entries(origin.stamps).map(([name, value]) => `-X ${name}=${value}`);
  await runWithProgress({
    label: part.name,
    command: 'go',
    // -v prints each package as it is compiled: the heart-beat shows that the build moves on.
    args: ['build', '-v', '-mod=readonly', '-buildvcs=false', '-trimpath', '-ldflags', ['-s', '-w', ...stamps].join(' '), '-o', join(folder, part.name), origin.package],
    cwd: moduleFolder(origin),
    env: { ...process.env, CGO_ENABLED: '0', GOWORK: 'off' },
    logFile: logFileOf(part),
    say,
    signal,
  });
}

/** Unpacks without installing: no service starts, no system file changes, and root is not needed. */
async function unpack(part: Part, origin: Extract<Origin, { kind: 'DebianPackage' }>, folder: string, { say, signal }: Bringing): Promise<void> {
  const step = (label: string, command: string, args: string[]): Promise<void> =>
    runWithProgress({ label: `${part.name}: ${label}`, command, args, cwd: folder, logFile: logFileOf(part), say, signal });
  const download = ['download', origin.package];
  try {
    await step(`download package ${origin.package}`, 'apt-get', download);
  } catch (error) {
    if (signal.aborted) throw error;
    // Package lists are empty on a fresh machine and in images; they can be renewed by root alone.
    if (process.getuid?.() !== 0) throw new Error(`${part.name}: no package ${origin.package} to download; run apt-get update as root, or set ${part.variable} to a binary of your own`, { cause: error });
    await step('renew the package lists', 'apt-get', ['update']);
    await step(`download package ${origin.package} again`, 'apt-get', download);
  }
  const file = (await readdir(folder)).find((name) => name.endsWith('.deb'));
  if (file === undefined) throw new Error(`${part.name}: apt-get download ${origin.package} left no .deb file`);
  await step('unpack', 'dpkg-deb', ['-x', file, '.']);
  await rm(join(folder, file));

  const { stdout, stderr } = await run(join(folder, origin.program), [...(part.versionArguments ?? [])]);
  const version = versionIn(stdout + stderr);
  if (version === undefined || !isAcceptable(version, part.oldest)) {
    throw new Error(`${part.name}: this distribution's package has version ${version?.join('.') ?? 'unknown'}, needed is ${part.oldest.join('.')} or newer; set ${part.variable} to a binary of your own`);
  }
}

async function requireGo(part: Part): Promise<void> {
  const missing = `${part.name} is built by Go ${OLDEST_GO.join('.')} or newer`;
  const mend = `install Go and put it on PATH, or set ${part.variable} to a binary of your own`;
  let go: { version: string; toolchain: string };
  try {
    const { stdout } = await run('go', ['env', 'GOVERSION', 'GOTOOLCHAIN']);
    const [version = '', toolchain = ''] = stdout.split('\n');
    go = { version, toolchain };
  } catch (error) {
    throw new Error(`${missing}, and there is no go on PATH; ${mend}`, { cause: error });
  }
  const numbers = versionIn(`${go.version}.0`);
  const oldest = go.toolchain === 'local' ? OLDEST_GO : OLDEST_GO_WITH_TOOLCHAINS;
  if (numbers === undefined || !isAcceptable(numbers, oldest)) {
    throw new Error(`${missing}, and the go on PATH is ${go.version} (GOTOOLCHAIN=${go.toolchain}); ${mend}`);
  }
}

async function requirePrograms(part: Part, programs: readonly string[]): Promise<void> {
  for (const program of programs) {
    try {
      await run(program, ['--version']);
    } catch (error) {
      throw new Error(`${part.name} is unpacked from a Debian package, and there is no ${program} on PATH; run on Debian or Ubuntu, or set ${part.variable} to a binary of your own`, { cause: error });
    }
  }
}

function logFileOf(part: Part): string {
  return join(cacheFolder(), 'logs', `${part.name}.log`);
}
