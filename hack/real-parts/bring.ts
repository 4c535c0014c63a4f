/** Brings one part into the cache: compiled from pinned Go modules, or unpacked from Debian packages. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { logFileOf, moduleFolder, putInCache } from './cache.ts';
import { requireDebian, unpackPackage, unpackPackages } from './debian.ts';
import type { Bringing } from './debian.ts';
import type { GoModule } from './origin.ts';
import { isAcceptable, versionIn } from './parts.ts';
import type { Part, Version } from './parts.ts';
import { runWithProgress } from './progress.ts';

const run = promisify(execFile);
const OLDEST_GO: Version = [1, 26, 0];
/** From this version on, Go fetches by itself the newer toolchain that a module asks for, unless told not to. */
const OLDEST_GO_WITH_TOOLCHAINS: Version = [1, 21, 0];

/** Puts the part's folder into the cache, or throws an error that names the part and what to install. */
export async function bring(part: Part, { say, signal }: Bringing): Promise<void> {
  const origin = part.origin;
  switch (origin.kind) {
    case 'GoModule':
      await requireGo(part);
      return await putInCache(part, (folder) => compile(part, origin, folder, { say, signal }));
    case 'DebianPackage':
      await requireDebian(part);
      return await putInCache(part, (folder) => unpackPackage(part, origin, folder, { say, signal }));
    case 'DebianPackages':
      await requireDebian(part);
      return await putInCache(part, (folder) => unpackPackages(part, origin, folder, { say, signal }));
  }
}

async function compile(part: Part, origin: GoModule, folder: string, { say, signal }: Bringing): Promise<void> {
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
  if (numbers === undefined || !isAcceptable(numbers, { oldest })) {
    throw new Error(`${missing}, and the go on PATH is ${go.version} (GOTOOLCHAIN=${go.toolchain}); ${mend}`);
  }
}
