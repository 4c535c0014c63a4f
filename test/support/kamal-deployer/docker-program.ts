/**
 * A `docker` for our own scripts on a fake host. A real shell runs the script; the program answers from files that were
 * written for it beforehand and notes what would change something, which is carried out on the fake host afterwards.
 */
import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { docker } from '../fake-hosts/docker/docker.ts';
import type { Registry } from '../fake-hosts/docker/registry.ts';
import type { Container } from '../fake-hosts/docker/state.ts';
import type { FakeHost } from '../fake-hosts/host.ts';

export interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

const STARTED = Date.UTC(2026, 10, 23, 13);

const PROGRAM = `#!/bin/sh
here=$(dirname "$0")
answer() { cat "$here/$1" 2>/dev/null || { echo "$2" >&2; exit 1; }; }
if [ -f "$here/down" ]; then echo 'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?' >&2; exit 1; fi
case "$*" in
  'ps '*) answer ps; exit ;;
  'version '*) echo 20.10.24; exit ;;
  'inspect --format container '*) answer containers; exit ;;
  'inspect --format {{.Image}} '*) answer image-ids; exit ;;
  'inspect --format {{.State.Running}} kamal-proxy') answer proxy 'Error: No such object: kamal-proxy'; exit ;;
  'image inspect --format '*) answer digests; exit ;;
  'exec kamal-proxy kamal-proxy list') answer list 'Error: No such container: kamal-proxy'; exit ;;
  'network inspect kamal') answer network 'Error: No such network: kamal'; exit ;;
esac
for last; do :; done
case "$1 $2" in
  'container inspect' | 'image inspect') grep -qxF -e "$last" "$here/$1-names" || { echo "Error: No such object: $last" >&2; exit 1; }; exit ;;
esac
printf '%s\\n' "$@" . >> "$here/changes"
case "$1" in pull) grep -qxF -e "$last" "$here/pullable" || { echo "Error response from daemon: manifest for $last not found: manifest unknown: manifest unknown" >&2; exit 1; } ;; esac
`;

/** Runs a command, as it would come over SSH, on a fake host. */
export async function runOnFakeHost(host: FakeHost, registry: Registry, command: readonly string[]): Promise<Ended> {
  const folder = await mkdtemp(join(tmpdir(), 'fake-docker-'));
  try {
    await writeAnswers(folder, host, registry);
    const ended = await run(command, folder);
    for (const argv of await changesIn(folder)) docker(host.docker, registry, host.address, argv);
    return ended;
  } finally {
    await rm(folder, { recursive: true });
  }
}

function run([program = '', ...words]: readonly string[], folder: string): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(program === 'docker' ? join(folder, 'docker') : program, words, { env: { PATH: `${folder}:${process.env['PATH']}`, HOME: folder } }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

async function changesIn(folder: string): Promise<string[][]> {
  const text = await readFile(join(folder, 'changes'), 'utf8').catch(() => '');
  return text.split('\n.\n').filter((call) => call !== '').map((call) => call.split('\n'));
}

async function writeAnswers(folder: string, { docker: state, hasDocker }: FakeHost, registry: Registry): Promise<void> {
  const write = (name: string, lines: readonly string[]): Promise<void> => writeFile(join(folder, name), lines.map((line) => `${line}\n`).join(''));
  const apps = state.containers.filter(({ name }) => name !== 'kamal-proxy');
  const proxy = state.containers.find(({ name }) => name === 'kamal-proxy');
  await write('ps', apps.map(({ id }) => id));
  await write('containers', apps.map((one, index) => `container ${JSON.stringify(inspected(one, STARTED + (apps.length - index) * 1_000))}`));
  await write('image-ids', apps.map(({ imageId }) => `sha256:${imageId}`));
  await write('digests', [...state.images].map(([reference, { id }]) => `image sha256:${id} ${JSON.stringify([`${reference.replace(/:[^:/]*$/, '')}@sha256:${id}`])}`));
  await write('container-names', state.containers.map(({ name }) => name));
  await write('image-names', [...state.images.keys()]);
  await write('pullable', [...registry.images.keys()]);
  if (!hasDocker) await write('down', []);
  if (proxy !== undefined) await write('proxy', [String(proxy.status === 'running')]);
  if (proxy?.status === 'running') await writeFile(join(folder, 'list'), docker(state, registry, '', ['exec', 'kamal-proxy', 'kamal-proxy', 'list']).stdout);
  if (state.networks.has('kamal')) await write('network', ['[]']);
  await mkdir(join(folder, '.docker'));
  await writeFile(join(folder, '.docker', 'config.json'), JSON.stringify({ auths: state.loggedIn ? { [registry.address]: { auth: 'c2VjcmV0' } } : {} }));
  await writeFile(join(folder, 'docker'), PROGRAM);
  await chmod(join(folder, 'docker'), 0o755);
}

const inspected = ({ id, name, image, imageId, status, env, command }: Container, createdAt: number): object => ({
  Id: id, Name: `/${name}`, Created: new Date(createdAt).toISOString(), Image: `sha256:${imageId}`, State: { Status: status },
  Config: { Image: image, Env: env.map((entry) => entry.replaceAll('"', '')), Cmd: command, Entrypoint: null }, HostConfig: { NetworkMode: 'kamal' },
});
