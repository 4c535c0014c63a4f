/** The Kamal deployer over real hosts: sshd, Docker, a registry, kamal-proxy, and Kamal itself or its stand-in. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createKamalLock } from '../../../controller/act/deploy/kamal/deploy-lock.ts';
import { createKamalDeployer } from '../../../controller/act/deploy/kamal/deployer.ts';
import { createFleets } from '../../../controller/act/deploy/kamal/fleets.ts';
import { type KamalRuns, createKamalRuns } from '../../../controller/act/deploy/kamal/kamal-runs.ts';
import { createPreflight } from '../../../controller/act/deploy/kamal/preflight.ts';
import { createProjects } from '../../../controller/act/deploy/kamal/projects.ts';
import { createRedactor } from '../../../controller/act/deploy/kamal/redact.ts';
import { createKamalHomes, createMachineInspector, createRotate, createSSH, readClientKey } from '../../../controller/act/ssh/index.ts';
import type { Endpoint } from '../../../controller/model/index.ts';
import type { DeployLock, DeployTarget, Deployer, HostIdentity } from '../../../controller/ports/index.ts';
import { systemClock } from '../../../controller/runtime/clock.ts';
import { POOL_NEEDS } from '../pool-needs.ts';
import { type Kamal, findKamal } from '../real-hosts/kamal.ts';
import { type Estate, type OwnHost, pushVersions, startEstate } from '../real-hosts/people.ts';
import { type Project, writeProject } from '../real-hosts/project.ts';

export const ROLE = { service: 'app', role: 'web' };
export const HOSTNAME = 'app.example.com';

export interface RealWorld extends AsyncDisposable {
  kamal: Kamal;
  estate: Estate;
  project: Project;
  primary: OwnHost;
  /** Not in deploy.yml. */
  newcomers: readonly OwnHost[];
  deployer: Deployer;
  lock: DeployLock;
  runs: KamalRuns;
  target(host: OwnHost, own?: Partial<DeployTarget>): DeployTarget;
  endpoint(host: OwnHost): Endpoint;
  identity(endpoint: Endpoint): HostIdentity;
  at(endpoint: Endpoint): OwnHost;
  /** Leaves hosts as they came, images aside. */
  clear(...hosts: OwnHost[]): Promise<void>;
}

/** One host that deploy.yml lists, and `newcomers` that it does not. */
export async function startRealWorld(newcomers: number): Promise<RealWorld> {
  const [kamal, estate, folder] = [await findKamal(), await startEstate(), await mkdtemp(join(tmpdir(), 'kamal-world-'))];
  try {
    return await furnish(kamal, estate, folder, newcomers);
  } catch (error) {
    await estate[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
    throw error;
  }
}

async function furnish(kamal: Kamal, estate: Estate, folder: string, count: number): Promise<RealWorld> {
  const names = ['primary', ...Array.from({ length: count }, (_, index) => `new-${index + 1}`)];
  const [primary, ...newcomers] = await estate.ownHosts(names) as [OwnHost, ...OwnHost[]];
  await pushVersions(estate.registry, ROLE.service, 'acme/app', ['v1', 'v2']);
  const project = await writeProject(join(folder, 'projects', ROLE.service), kamal, {
    service: ROLE.service, image: 'acme/app', hostname: HOSTNAME, roles: { web: [primary.address] }, registry: estate.registry, key: estate.key,
    knownHosts: [primary, ...newcomers].map(({ knownHost }) => knownHost), env: { GREETING: 'hello' }, deployTimeout: 6,
  });
  await writeFile(join(folder, 'key'), estate.key.privateKey, { mode: 0o600 });
  const clientKey = await readClientKey({ file: join(folder, 'key'), names: { file: 'the key', passphrase: 'its passphrase' } });
  const ssh = createSSH({ installation: 'real', clientKey, clock: systemClock });
  const { environment } = project;
  const runs = createKamalRuns({
    scope: `real-${process.pid}`, begunBy: 'the suite', program: kamal.program, clock: systemClock, environment, reach: 'ThisMachine',
    home: createKamalHomes(join(folder, 'homes'), { clientKey, clock: systemClock, path: environment['PATH'] ?? '' }),
  });
  const all = [primary, ...newcomers];
  const endpoint = ({ address }: OwnHost): Endpoint => ({ address, ports: { http: 80 } });
  const at = ({ address }: Endpoint): OwnHost => all.find((host) => host.address === address) ?? newcomers[0] as OwnHost;
  const target = (host: OwnHost, own: Partial<DeployTarget> = {}): DeployTarget => ({
    host: { namespace: 'default', name: host.name }, endpoint: endpoint(host), role: ROLE, ssh: POOL_NEEDS.ssh,
    identity: host === primary ? { kind: 'Fixed', hostKey: host.hostKey } : { kind: 'Bought', hostID: host.name, ownKey: host.hostKey }, ...own,
  });
  const [fleets, redact, fixedHosts] = [createFleets(), createRedactor([]), async () => [target(primary)]];
  const projects = createProjects({ projects: join(folder, 'projects'), copies: join(folder, 'copies'), clock: systemClock });
  const preflight = createPreflight({ runs, projects, fixedHosts, environment, clock: systemClock });
  return {
    kamal, estate, project, primary, newcomers, runs, target, endpoint, at,
    deployer: createKamalDeployer({
      runs, preflight, fleets, redact, onHost: (to, command, options) => ssh.run(to, command, options), readOnHost: (to, command, options) => ssh.run(to, command, { ...options, trust: 'FirstContact' }),
      inspectMachine: createMachineInspector(ssh, redact), rotate: createRotate(ssh, systemClock, redact),
    }),
    lock: createKamalLock({ runs, preflight, fixedHosts, fleets, clock: systemClock }),
    identity: (there) => target(at(there)).identity,
    async clear(...hosts) {
      await Promise.all(hosts.map(({ host }) => host.run('sh', ['-c', 'docker ps --all --quiet | xargs --no-run-if-empty docker rm --force; docker volume prune --force --all 2>/dev/null || docker volume prune --force; rm -rf /root/.kamal'])));
    },
    async [Symbol.asyncDispose]() {
      await runs.suspend();
      await ssh.close();
      await estate[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
}
