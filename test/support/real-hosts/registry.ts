/** A real registry that asks for a password, in a site's network: hosts pull from it, this process pushes to it. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { locate } from '../../../hack/real-parts/locate.ts';
import { planted } from '../planted.ts';
import type { Site } from './site.ts';

/** The only format of manifests that is pushed here. */
export const MANIFEST_TYPE = 'application/vnd.docker.distribution.manifest.v2+json';
const PORT = 5_000;
const USERNAME = 'deployer';
const PASSWORD = planted('registry');
/** bcrypt of the password. */
const HTPASSWD = `${USERNAME}:$2b$04$to1o/J9eoTuqebgu6FIuP.y3yYu8rVH2szoRvGDy8h78kzHXZxzMW\n`;

export interface Registry {
  /** `host:port`, the first part of every image's name. */
  server: string;
  username: string;
  password: string;
  /** Takes a tag away, as when somebody cleans up too much. */
  forget(repository: string, tag: string): Promise<void>;
  /** A request as the user, `path` under `/v2/`. Throws unless the status is one of `expected`. */
  request(method: string, path: string, expected: readonly number[], body?: { type: string; bytes: Uint8Array }): Promise<Response>;
}

/** Ends with the site. */
export async function startRegistry(site: Site): Promise<Registry> {
  const folder = join(site.folder, 'registry');
  await mkdir(folder);
  const server = `${site.subnet.site}:${PORT}`;
  await writeFile(join(folder, 'htpasswd'), HTPASSWD);
  await writeFile(join(folder, 'config.yml'), stringify({
    version: 0.1,
    log: { level: 'warn', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: join(folder, 'data') }, delete: { enabled: true } },
    auth: { htpasswd: { realm: 'registry', path: join(folder, 'htpasswd') } },
    http: { addr: server },
  }));
  const authorization = `Basic ${Buffer.from(`${USERNAME}:${PASSWORD}`).toString('base64')}`;
  const request: Registry['request'] = async (method, path, expected, body) => {
    const url = new URL(path, `http://${server}/v2/`);
    const response = await fetch(url, { method, headers: { authorization, accept: MANIFEST_TYPE, ...(body && { 'content-type': body.type }) }, ...(body && { body: body.bytes }) });
    if (!expected.includes(response.status)) throw new Error(`registry: ${method} ${url.pathname} answers ${response.status}: ${await response.text()}`);
    return response;
  };
  await site.start({
    name: 'docker-registry',
    command: await locate('docker-registry'),
    args: ['serve', join(folder, 'config.yml')],
    env: { OTEL_TRACES_EXPORTER: 'none' },
    ready: async () => (await request('GET', '', [200])).ok,
  }, 'registry');
  const forget: Registry['forget'] = async (repository, tag) => {
    const manifest = await request('HEAD', `${repository}/manifests/${tag}`, [200]);
    await request('DELETE', `${repository}/manifests/${manifest.headers.get('docker-content-digest')}`, [202]);
  };
  return { server, username: USERNAME, password: PASSWORD, forget, request };
}
