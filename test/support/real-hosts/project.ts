/** A person's project: deploy.yml with the line that takes the controller's hosts in, secrets, and the person's own SSH. */
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { planted } from '../planted.ts';
import { PROXY_IMAGE } from './images.ts';
import { type Kamal, type KamalEnd, runKamal } from './kamal.ts';
import type { KeyPair } from './keys.ts';
import type { Registry } from './registry.ts';
import { SYSTEM_PATH } from './run-program.ts';

export const PROXY_METRICS_PORT = 9_394;
/** Of the application's environment. */
export const APP_SECRET = planted('secret-key-base');

export interface ProjectOptions {
  service: string;
  /** Such as `acme/shop`. */
  image: string;
  /** Kamal's `proxy.host`. */
  hostname: string;
  /** Hosts that people own, by role; the first one of `web` is the primary. */
  roles: Readonly<Record<string, readonly string[]>>;
  registry: Registry;
  key: KeyPair;
  /** Lines of known_hosts. */
  knownHosts: readonly string[];
  env?: Readonly<Record<string, string>>;
  /** Seconds that a new container has to become healthy; Kamal's own default is 30. */
  deployTimeout?: number;
}

export interface Project {
  folder: string;
  /** What Kamal and its secrets read: HOME with the person's SSH, and the registry's password. */
  environment: Readonly<Record<string, string>>;
  /** The file behind the line in deploy.yml, as JSON: addresses by role. */
  inventoryFile: string;
  knownHostsFile: string;
  /** As the person in the project's folder. `env` is over the project's own. */
  kamal(args: readonly string[], env?: Readonly<Record<string, string>>, signal?: AbortSignal): Promise<KamalEnd>;
}

/** Writes it to an empty folder. */
export async function writeProject(folder: string, kamal: Kamal, options: ProjectOptions): Promise<Project> {
  const home = join(folder, 'home');
  const [inventoryFile, knownHostsFile] = [join(folder, 'config', 'autoscale.json'), join(home, '.ssh', 'known_hosts')];
  await Promise.all([mkdir(join(folder, 'config'), { recursive: true }), mkdir(join(folder, '.kamal'), { recursive: true }), mkdir(join(home, '.ssh'), { recursive: true, mode: 0o700 })]);
  await writeFile(inventoryFile, JSON.stringify(Object.fromEntries(Object.keys(options.roles).map((role) => [role, []]))));
  await writeFile(join(folder, 'config', 'deploy.yml'), deployFile(options));
  await writeFile(join(folder, '.kamal', 'secrets'), 'KAMAL_REGISTRY_PASSWORD=$KAMAL_REGISTRY_PASSWORD\nSECRET_KEY_BASE=$SECRET_KEY_BASE\n');
  const identity = join(home, '.ssh', 'id_ed25519');
  await writeFile(identity, options.key.privateKey);
  await chmod(identity, 0o600);
  await writeFile(`${identity}.pub`, `${options.key.publicKey}\n`);
  await writeFile(knownHostsFile, options.knownHosts.map((line) => `${line}\n`).join(''));
  await writeFile(join(home, '.ssh', 'config'), ['Host *', '  StrictHostKeyChecking yes', `  UserKnownHostsFile ${knownHostsFile}`, '  ConnectTimeout 5', ''].join('\n'));
  const environment = { PATH: SYSTEM_PATH, HOME: home, LANG: 'C.UTF-8', KAMAL_REGISTRY_PASSWORD: options.registry.password, SECRET_KEY_BASE: APP_SECRET };
  return {
    folder, environment, inventoryFile, knownHostsFile,
    kamal: (args, env = {}, signal) => runKamal(kamal, folder, args, { ...environment, ...env }, signal),
  };
}

function deployFile({ service, image, hostname, roles, registry, env = {}, deployTimeout }: ProjectOptions): string {
  const [proxyRepository = ''] = PROXY_IMAGE.split(':');
  const configuration = {
    service, image,
    servers: Object.fromEntries(Object.keys(roles).map((role) => [role, { hosts: `HOSTS OF ${role}` }])),
    registry: { server: registry.server, username: registry.username, password: ['KAMAL_REGISTRY_PASSWORD'] },
    builder: { arch: process.arch === 'arm64' ? 'arm64' : 'amd64' },
    env: { clear: env, secret: ['SECRET_KEY_BASE'] },
    proxy: {
      host: hostname, app_port: 80, ssl: false, healthcheck: { interval: 1, path: '/up', timeout: 5 },
      run: { registry: registry.server, repository: proxyRepository, metrics_port: PROXY_METRICS_PORT, options: { publish: `${PROXY_METRICS_PORT}:${PROXY_METRICS_PORT}` } },
    },
    ...(deployTimeout !== undefined && { deploy_timeout: deployTimeout }),
    ssh: { user: 'root', forward_agent: false },
  };
  return Object.entries(roles).reduce((text, [role, hosts]) => text.replace(`HOSTS OF ${role}`, hostsLine(role, hosts)), stringify(configuration));
}

/** ERB as the documents say it: own hosts first, then those of the inventory, then those of the environment. It fails closed. */
const hostsLine = (role: string, hosts: readonly string[]): string =>
  `<%= (%w[${hosts.join(' ')}] + JSON.parse(File.read("config/autoscale.json")).fetch("${role}") + ENV.fetch("KAMAL_AUTOSCALE_EXTRA_${role.toUpperCase().replaceAll('-', '_')}","").split(",")).uniq.to_json %>`;
