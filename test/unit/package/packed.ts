/** The package as a stranger gets it: packed by npm from a copy of the sources, unpacked beside its production dependencies alone. */
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, readdir, realpath, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '..', '..', '..');

export interface PackedPackage {
  /** Of the unpacked package, below a `node_modules`. */
  folder: string;
  /** The program as `npm install` links it. */
  bin: string;
  /** What lies in the tarball, sorted, without the leading `package/`. */
  files: string[];
  manifest: { name: string; version: string; bin: Record<string, string>; dependencies: Record<string, string> };
  remove(): Promise<void>;
}

/** Packs a copy, so that nothing else that uses the repository's `dist` is disturbed; nothing is asked of the network. */
export async function packedPackage(): Promise<PackedPackage> {
  const place = await realpath(await mkdtemp(join(tmpdir(), 'package-')));
  try {
    const tarball = await pack(place);
    const modules = join(place, 'installed', 'node_modules');
    const folder = join(modules, 'kamal-autoscaler');
    await mkdir(folder, { recursive: true });
    await run('tar', ['-xzf', tarball, '-C', folder, '--strip-components=1']);
    await copyProductionDependencies(modules);
    const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as PackedPackage['manifest'];
    return { folder, bin: await linkBin(modules, manifest), files: await filesBelow(folder), manifest, remove: () => rm(place, { recursive: true, force: true }) };
  } catch (error) {
    await rm(place, { recursive: true, force: true });
    throw error;
  }
}

/** `npm pack` with its `prepack`, as `npm publish` runs it. */
async function pack(place: string): Promise<string> {
  const sources = join(place, 'sources');
  const entries = ['controller', 'hack', 'test', 'crds', 'manifests', 'docs', 'package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json', 'README.md', 'LICENSE'];
  for (const entry of entries) await cp(join(ROOT, entry), join(sources, entry), { recursive: true });
  await symlink(join(ROOT, 'node_modules'), join(sources, 'node_modules'));
  const packing = ['pack', '--offline', '--silent', '--json', '--pack-destination', place, '--cache', join(place, 'npm-cache')];
  await run('npm', packing, { cwd: sources, env: { ...process.env, NO_UPDATE_NOTIFIER: '1' } });
  const tarballs = (await readdir(place)).filter((name) => name.endsWith('.tgz'));
  const [tarball] = tarballs;
  if (tarball === undefined || tarballs.length > 1) throw new Error(`npm pack made ${tarballs.length} tarballs`);
  return join(place, tarball);
}

/** Copies, since Node follows a link to where the development dependencies lie too. */
async function copyProductionDependencies(modules: string): Promise<void> {
  const { packages } = JSON.parse(await readFile(join(ROOT, 'package-lock.json'), 'utf8')) as { packages: Record<string, { dev?: boolean }> };
  const needed = Object.entries(packages).filter(([path, { dev }]) => dev !== true && /^node_modules\/(@[^/]+\/)?[^/]+$/.test(path));
  await Promise.all(needed.map(async ([path]) => {
    const target = join(modules, '..', path);
    await mkdir(dirname(target), { recursive: true });
    // Declarations and maps are most of what lies there, and nothing reads them at run time.
    await cp(join(ROOT, path), target, { recursive: true, filter: (source) => !/\.(map|d\.[cm]?ts)$/.test(source) });
  }));
}

async function linkBin(modules: string, { name, bin }: PackedPackage['manifest']): Promise<string> {
  const link = join(modules, '.bin', 'kamal-autoscaler');
  await mkdir(dirname(link), { recursive: true });
  await symlink(join('..', name, bin['kamal-autoscaler'] ?? 'no bin of this name'), link);
  return link;
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1)).sort();
}
