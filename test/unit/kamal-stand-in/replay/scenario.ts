/** How a recording is played again: its hosts, and what its operator did between the commands. */
import type { Ending } from '../../../support/fake-hosts/shell/evaluate.ts';
import { answering, type FakeHost, type Override } from '../../../support/fake-hosts/host.ts';
import { newContainer, startContainer } from '../../../support/fake-hosts/docker/state.ts';
import { makeStage, type Stage } from '../../../support/fake-hosts/stage.ts';

export interface Scenario {
  file: string;
  stage(): Promise<Stage>;
  /** What happens before the invocation at this place in the file, counted from 0. */
  before?: Readonly<Record<number, (stage: Stage) => Promise<unknown>>>;
  /** What must hold at the end besides. */
  after?: (stage: Stage) => Promise<unknown>;
  /** Arguments of an invocation whose recorded line cannot be split back. */
  argv?: Readonly<Record<number, readonly string[]>>;
  /** Invocations that are not played, and why. */
  leftOut?: Readonly<Record<number, string>>;
  /** Invocations of which only the steps were recorded. */
  stepsOnly?: readonly number[];
}

export const COMMIT = '2fa4c3d2eddb5b5c617878484730236a36a2b990';
export const LAB_HOSTS = { web: ['127.0.0.2', '127.0.0.3'], job: ['127.0.0.2'] };

const HOOKS = ['pre-connect', 'docker-setup', 'pre-deploy', 'pre-app-boot', 'post-app-boot', 'post-deploy'];

export interface LabOptions {
  web?: readonly string[];
  job?: readonly string[];
  hosts?: readonly string[];
  more?: string;
  proxy?: string;
  hooks?: readonly string[];
  versions?: readonly string[];
  ssh?: string;
}

/** The lab of 01 to 25: a stub of docker, two roles, hooks, a Git work tree. */
export async function lab(options: LabOptions = {}): Promise<Stage> {
  const { web = LAB_HOSTS.web, job = LAB_HOSTS.job, hosts = [...new Set([...web, ...job])], hooks = HOOKS, versions = ['abc', 'def', 'v3', 'v4', 'prev1', 'cur2', 'latest'] } = options;
  const stage = await makeStage({ registry: 'registry.test', env: { KAMAL_REGISTRY_PASSWORD: 'regpw', RAILS_MASTER_KEY: 'key' } });
  stage.git = { commit: COMMIT, userName: 'Op Erator', userEmail: 'op@example.com', missing: false };
  await stage.write('config/deploy.yml', labConfig(stage, { ...options, web, job }));
  await stage.write('.kamal/secrets', 'KAMAL_REGISTRY_PASSWORD=$KAMAL_REGISTRY_PASSWORD\nRAILS_MASTER_KEY=$RAILS_MASTER_KEY\n');
  for (const hook of hooks) await stage.write(`.kamal/hooks/${hook}`, '');
  for (const version of versions) stage.registry.publish(`registry.test/acme/shop:${version}`, { says: 'stub log line\n' });
  stage.registry.publish('basecamp/kamal-proxy:v0.9.2', { labels: { 'org.opencontainers.image.title': 'kamal-proxy' } });
  for (const host of hosts) await stage.raise(host);
  return stage;
}

export function labConfig(stage: Stage, { web = LAB_HOSTS.web, job = LAB_HOSTS.job, more = '', proxy = '  app_port: 3000\n', ssh }: LabOptions): string {
  return `service: shop
image: acme/shop
servers:
  web:
    hosts: ${JSON.stringify(web)}
${job.length === 0 ? '' : `  job:\n    hosts: ${JSON.stringify(job)}\n    cmd: bin/jobs\n`}registry:
  server: registry.test
  username: deployer
  password: [KAMAL_REGISTRY_PASSWORD]
builder:
  arch: amd64
env:
  clear:
    RAILS_ENV: production
  secret:
    - RAILS_MASTER_KEY
proxy:
${proxy}ssh:
  user: root
  port: 2222
${ssh ?? `  keys_only: true\n  keys: ["${stage.folder}/ssh/id_ed25519"]\n`}${more}`;
}

export const REAL_REGISTRY = '10.77.0.1:5000';

/** The lab of 30 to 44: real Docker, one role, no hooks, no Git. */
export async function realLab(hosts: readonly string[], statics: readonly string[] = ['10.77.0.2', '10.77.0.3']): Promise<Stage> {
  const stage = await makeStage({ registry: REAL_REGISTRY, env: { KAMAL_REGISTRY_PASSWORD: 'regpw' } });
  await stage.write('config/deploy.yml', `service: shop
image: acme/shop
servers:
  web:
    hosts: <%= (%w[${statics.join(' ')}] + ENV.fetch("KAMAL_AUTOSCALE_EXTRA_WEB", "").split(",")).uniq.to_json %>
registry:
  server: ${REAL_REGISTRY}
  username: deployer
  password:
    - KAMAL_REGISTRY_PASSWORD
builder:
  arch: amd64
env:
  clear:
    GREETING: hello
  secret:
    - TOKEN
proxy:
  host: app.example.com
  healthcheck:
    interval: 1
    timeout: 5
    path: /up
  run:
    registry: ${REAL_REGISTRY}
    metrics_port: 9394
    options:
      publish: "9394:9394"
ssh:
  keys: [ssh/id_ed25519]
  keys_only: true
  config: ssh/config
`);
  await stage.write('ssh/config', 'Host *\n  ConnectTimeout 1\n');
  await stage.write('.kamal/secrets', 'KAMAL_REGISTRY_PASSWORD=$KAMAL_REGISTRY_PASSWORD\nTOKEN=secret\n');
  for (const version of ['v1', 'v2', 'v3', 'fat', 'rude']) stage.registry.publish(`${REAL_REGISTRY}/acme/shop:${version}`);
  stage.registry.publish(`${REAL_REGISTRY}/acme/shop:sick`, { behaviour: 'Unhealthy', says: '2026-11-23T16:17:42.271067166Z listening sick 10.77.0.4-0d6adb70ae4d\n' });
  stage.registry.publish(`${REAL_REGISTRY}/acme/shop:crash`, { behaviour: 'Crashing', says: '2026-11-23T16:19:02.814198244Z crashing as asked\n'.repeat(9) });
  stage.registry.publish(`${REAL_REGISTRY}/basecamp/kamal-proxy:v0.9.2`, { labels: { 'org.opencontainers.image.title': 'kamal-proxy' } });
  for (const host of hosts) await stage.raise(host);
  return stage;
}

/** Runs a command that the recording does not show, and insists that it goes well. */
export async function quietly(stage: Stage, argv: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<void> {
  const { status, stdout, stderr } = await stage.kamal(argv, env);
  if (status !== 0) throw new Error(`kamal ${argv.join(' ')} in preparation: ${status}\n${stdout}${stderr}`);
}

/** The stub of 01 to 25 made a container before it missed the network, and had its own words for it. */
export const stubWithoutNetwork = (host: FakeHost): Override => (argv) => {
  const name = /--name (shop-\S+)/.exec(argv.join(' '))?.[1];
  if (argv[0] !== 'run' || name === undefined) return undefined;
  newContainer(host.docker, host.address, { name, image: argv.at(-1) ?? '', labels: {}, command: [], env: [] }).log = 'stub log line\n';
  return ending(125, "Unable to find image 'registry.test/acme/shop:abc' locally\ndocker: Error response from daemon: network kamal not found.\n");
};

export const ending = (status: number, stderr: string, stdout = ''): Ending => ({ status, stdout, stderr });
export const refusing = (pattern: RegExp, stderr: string, status = 1): Override => answering(pattern, { status, stderr });

/** A container as an earlier command left it. */
export function leave(host: FakeHost, name: string, image: string, running: boolean, labels: Readonly<Record<string, string>> = { service: 'shop', role: 'web', destination: '' }): void {
  const container = newContainer(host.docker, host.address, { name, image, labels, command: [], env: [] });
  if (running) startContainer(container);
}
