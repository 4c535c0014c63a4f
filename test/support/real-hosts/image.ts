/** Container images out of static programs, pushed without a Docker engine. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { MANIFEST_TYPE, type Registry } from './registry.ts';

const run = promisify(execFile);
const LAYER_AT_MOST = 2 ** 30;
const CONFIG_TYPE = 'application/vnd.docker.container.image.v1+json';
const LAYER_TYPE = 'application/vnd.docker.image.rootfs.diff.tar.gzip';

/** What is at a path of the image: a program of this machine, these bytes, or an empty folder that everybody may write. */
export type Entry = { program: string } | { bytes: Uint8Array } | 'Folder';

export interface ImageRecipe {
  /** One for each layer, by absolute path. Equal layers are stored and pulled once. */
  layers: readonly Readonly<Record<string, Entry>>[];
  env: Readonly<Record<string, string>>;
  command: readonly string[];
  labels: Readonly<Record<string, string>>;
  port: number;
}

/** Makes the image and pushes it; answers its full name. `name` is `repository:tag`. */
export async function pushImage(registry: Registry, name: string, recipe: ImageRecipe): Promise<string> {
  const [repository = '', tag = ''] = name.split(':');
  const layers = await Promise.all(recipe.layers.map(tarOf));
  const pushed = await Promise.all(layers.map((tar) => pushBlob(registry, repository, LAYER_TYPE, gzipSync(tar))));
  const config = await pushBlob(registry, repository, CONFIG_TYPE, Buffer.from(JSON.stringify({
    architecture: process.arch === 'x64' ? 'amd64' : process.arch,
    os: 'linux',
    config: {
      Env: Object.entries(recipe.env).map(([key, value]) => `${key}=${value}`),
      Cmd: recipe.command,
      Labels: recipe.labels,
      ExposedPorts: { [`${recipe.port}/tcp`]: {} },
    },
    rootfs: { type: 'layers', diff_ids: layers.map(digestOf) },
  })));
  const manifest = { schemaVersion: 2, mediaType: MANIFEST_TYPE, config, layers: pushed };
  await registry.request('PUT', `${repository}/manifests/${tag}`, [201], { type: MANIFEST_TYPE, bytes: Buffer.from(JSON.stringify(manifest)) });
  return `${registry.server}/${name}`;
}

async function pushBlob(registry: Registry, repository: string, mediaType: string, bytes: Buffer): Promise<{ mediaType: string; size: number; digest: string }> {
  const digest = digestOf(bytes);
  const known = await registry.request('HEAD', `${repository}/blobs/${digest}`, [200, 404]);
  if (known.status === 404) {
    const opened = await registry.request('POST', `${repository}/blobs/uploads/`, [202]);
    const place = new URL(opened.headers.get('location') ?? '');
    place.searchParams.set('digest', digest);
    await registry.request('PUT', place.href, [201], { type: 'application/octet-stream', bytes });
  }
  return { mediaType, size: bytes.length, digest };
}

/** The same entries give the same bytes, whoever makes them and when. */
async function tarOf(entries: Readonly<Record<string, Entry>>): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'image-'));
  try {
    for (const [path, entry] of Object.entries(entries)) await put(join(folder, path), entry);
    const { stdout } = await run('tar', ['--create', '--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner', '--directory', folder, '.'], { encoding: 'buffer', maxBuffer: LAYER_AT_MOST });
    return stdout;
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function put(path: string, entry: Entry): Promise<void> {
  if (entry === 'Folder') {
    await mkdir(path, { recursive: true });
    return await chmod(path, 0o777);
  }
  await mkdir(dirname(path), { recursive: true });
  if ('bytes' in entry) return await writeFile(path, entry.bytes);
  await copyFile(entry.program, path);
  await chmod(path, 0o755);
}

const digestOf = (bytes: Uint8Array): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
