/** The Kamal deployer over hosts of this process: the stand-in for kamal runs here too, and reaches them over SSH. */
import { createKamalLock } from '../../../controller/act/deploy/kamal/deploy-lock.ts';
import { createKamalDeployer } from '../../../controller/act/deploy/kamal/deployer.ts';
import { createFleets } from '../../../controller/act/deploy/kamal/fleets.ts';
import type { KamalOrder, KamalRuns } from '../../../controller/act/deploy/kamal/kamal-runs.ts';
import { createPreflight } from '../../../controller/act/deploy/kamal/preflight.ts';
import { createProjects } from '../../../controller/act/deploy/kamal/projects.ts';
import { createRedactor } from '../../../controller/act/deploy/kamal/redact.ts';
import type { RunOnHost } from '../../../controller/act/deploy/kamal/remote-look.ts';
import type { ProcessEnd } from '../../../controller/act/deploy/kamal/run-process.ts';
import { ClassifiedError, type Endpoint } from '../../../controller/model/index.ts';
import type { DeployLock, DeployTarget, Deployer } from '../../../controller/ports/index.ts';
import { systemClock } from '../../../controller/runtime/clock.ts';
import { type FakeHost, type Override } from '../fake-hosts/host.ts';
import { type Stage, makeStage } from '../fake-hosts/stage.ts';
import { POOL_NEEDS } from '../pool-needs.ts';
import { runOnFakeHost } from './docker-program.ts';

export const ROLE = { service: 'app', role: 'web' };
export const STATIC_HOST = '10.0.0.2';
const REGISTRY = 'registry.test:5000';
const IMAGE = `${REGISTRY}/acme/app`;

export interface KamalWorld extends AsyncDisposable {
  stage: Stage;
  deployer: Deployer;
  lock: DeployLock;
  /** What Kamal was run with, in order: words, then variables that matter. */
  runs: { words: string; lock: KamalOrder['lock']; environment: Record<string, string>; folder: string }[];
  /** Answers of the next runs whose words fit, instead of the stand-in's. */
  instead: { words: RegExp; end: ProcessEnd; after?: () => Promise<void> | void }[];
  /** What pools say of hosts that people own. */
  fixed: DeployTarget[];
  endpoint(address: string): Endpoint;
  target(address: string, own?: Partial<DeployTarget>): DeployTarget;
  host(address: string): FakeHost;
  publish(...versions: string[]): void;
  deployFile(text: string): Promise<void>;
}

export const deployFile = (servers = `web:\n    hosts: <%= (%w[${STATIC_HOST}] + ENV.fetch("KAMAL_AUTOSCALE_EXTRA_WEB","").split(",")).uniq.to_json %>`): string => `service: app
image: acme/app
servers:
  ${servers}
registry:
  server: ${REGISTRY}
  username: deployer
  password: [KAMAL_REGISTRY_PASSWORD]
env:
  clear: {GREETING: hello}
  secret: [SECRET_KEY_BASE]
builder: {arch: amd64}
proxy: {ssl: false, app_port: 80}
ssh: {user: root, keys_only: true, keys: [ssh/id_ed25519]}
`;

export async function startKamalWorld(addresses: readonly string[], environment: Record<string, string> = { THE_PASSWORD: 'regpw', SECRET_KEY_BASE: 'hunter2hunter2' }): Promise<KamalWorld> {
  const stage = await makeStage({ registry: REGISTRY, env: environment });
  stage.registry.publish('basecamp/kamal-proxy:v0.9.2');
  await Promise.all([STATIC_HOST, ...addresses].map((address) => stage.raise(address)));
  await Promise.all([
    stage.write('projects/app/config/deploy.yml', deployFile()),
    stage.write('projects/app/.kamal/secrets', 'KAMAL_REGISTRY_PASSWORD=$THE_PASSWORD\nSECRET_KEY_BASE=$SECRET_KEY_BASE\n'),
    stage.write('projects/app/ssh/id_ed25519', await readKey(stage)),
  ]);
  const world = { stage, runs: [] as KamalWorld['runs'], instead: [] as KamalWorld['instead'], fixed: [] as DeployTarget[] };

  const runs: Pick<KamalRuns, 'run' | 'survives'> = {
    async run(order) {
      const words = order.arguments.join(' ');
      const variables = { ...order.environment, VERSION: order.version, ...(order.lock === 'Ours' ? { KAMAL_LOCK: 'true' } : {}) };
      world.runs.push({ words, lock: order.lock, environment: variables, folder: order.folder });
      const at = world.instead.findIndex((answer) => answer.words.test(words));
      if (at >= 0) {
        const [answer] = world.instead.splice(at, 1);
        await answer?.after?.();
        return answer?.end as ProcessEnd;
      }
      const { status, stdout, stderr } = await stage.kamal(order.arguments, variables, order.folder);
      return { kind: 'Exited', code: status, stdout, stderr };
    },
    survives: async () => 'Ended',
  };
  const onHost: RunOnHost = async (target, command) => {
    const address = target.endpoint.address;
    const host = existing(stage, address);
    if (host === undefined) throw new ClassifiedError('Unavailable', `${address} does not answer`);
    return runOnFakeHost(host, stage.registry, command);
  };
  const fleets = createFleets();
  const fixedHosts = async (): Promise<readonly DeployTarget[]> => world.fixed;
  const projects = createProjects({ projects: `${stage.folder}/projects`, copies: `${stage.folder}/copies`, clock: systemClock });
  const preflight = createPreflight({ runs, projects, fixedHosts, environment, clock: systemClock });
  const endpoint = (address: string): Endpoint => ({ address, ports: { http: 80 } });

  return Object.assign(world, {
    deployer: createKamalDeployer({
      runs, preflight, onHost, readOnHost: onHost, fleets, redact: createRedactor([]), rotate: async () => undefined,
      inspectMachine: async ({ endpoint: { address } }) => (existing(stage, address) === undefined ? { kind: 'Unreachable', why: 'nothing answers' } : { kind: 'Ready' }),
    }),
    lock: createKamalLock({ runs, preflight, fixedHosts, fleets, clock: systemClock }),
    endpoint,
    target: (address: string, own: Partial<DeployTarget> = {}): DeployTarget => ({
      host: { namespace: 'default', name: `web-${address.split('.').at(-1)}` }, endpoint: endpoint(address), role: ROLE, ssh: POOL_NEEDS.ssh, identity: { kind: 'Bought', hostID: 'id' }, ...own,
    }),
    host: (address: string) => stage.host(address),
    publish: (...versions: string[]) => versions.forEach((version) => stage.registry.publish(`${IMAGE}:${version}`, { labels: { service: 'app' } })),
    deployFile: (text: string) => stage.write('projects/app/config/deploy.yml', text),
    [Symbol.asyncDispose]: () => stage[Symbol.asyncDispose](),
  });
}

function existing(stage: Stage, address: string): FakeHost | undefined {
  try {
    return stage.host(address);
  } catch {
    return undefined;
  }
}

async function readKey(stage: Stage): Promise<string> {
  const { readFile } = await import('node:fs/promises');
  return readFile(`${stage.folder}/ssh/id_ed25519`, 'utf8');
}

/** Status of a request to a fake host, as its proxy would answer it. */
export function requestStatus(host: FakeHost, path: string, service = 'app-web'): number {
  const entry = host.docker.services.get(service);
  const target = host.docker.containers.find(({ id, status }) => status === 'running' && entry !== undefined && id.startsWith(entry.target.split(':')[0] ?? ''));
  if (entry === undefined || target === undefined) return 404;
  return entry.state === 'stopped' && path !== '/up' ? 503 : 200;
}

/** How often containers of the app were run on a host. */
export const startsOn = (host: FakeHost): number => host.dockerCalls.filter((call) => /^docker run .*--name app-web-/.test(call)).length;

export type { Override };
