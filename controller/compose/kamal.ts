import { createHash, randomBytes } from 'node:crypto';
import { join, resolve } from 'node:path';
import { createAbsentDeployer, createAbsentLock } from '../act/deploy/absent.ts';
import { createKamalLock } from '../act/deploy/kamal/deploy-lock.ts';
import { createKamalDeployer } from '../act/deploy/kamal/deployer.ts';
import { createFleets } from '../act/deploy/kamal/fleets.ts';
import { createKamalRuns } from '../act/deploy/kamal/kamal-runs.ts';
import { createPreflight } from '../act/deploy/kamal/preflight.ts';
import { PROJECTS_SETTING, openSource } from '../act/deploy/kamal/project-source.ts';
import { createProjects } from '../act/deploy/kamal/projects.ts';
import { createRedactor, secretsOf } from '../act/deploy/kamal/redact.ts';
import { createKamalHomes, createMachineInspector, createRotate } from '../act/ssh/index.ts';
import { messageOf } from '../model/index.ts';
import type { Clock, DeployLock, DeployTarget, Deployer, Leadership, LockRef, Store } from '../ports/index.ts';
import { fixedTargets } from '../reconcile/host-endpoint.ts';
import type { Log } from '../runtime/log.ts';
import type { Settings } from '../runtime/settings.ts';
import type { OpenSSH } from './ssh.ts';

/** Kamal, as far as it is set up. */
export interface OpenKamal {
  deployer: Deployer;
  deployLock: DeployLock;
  /** Whether there is a project of this service. */
  hasProject(service: string): Promise<boolean>;
  /** Brings a project up to date after somebody deployed. Rejects with Invalid or Unavailable. */
  refresh(service: string): Promise<void>;
  /** Ends what runs, and starts nothing more. */
  stop(): Promise<void>;
}

const NOT_SET_UP = `no projects of Kamal are set up: write ${PROJECTS_SETTING}`;

export interface KamalParts {
  clock: Clock;
  log: Log;
  store: Store;
  leadership: Leadership;
  /** Present wherever Kamal is set up. */
  ssh: OpenSSH | undefined;
  /** What runs of one installation have in common: the store that its controllers share. */
  sharedStore: string;
}

/** Starts nothing yet; what an earlier controller left running is ended when this one leads. */
export function openKamal(settings: Settings, { clock, log, store, leadership, ssh: open, sharedStore }: KamalParts): OpenKamal {
  const { kamal } = settings;
  if (kamal === undefined || open === undefined) return absent();
  const { ssh, clientKey } = open;
  const state = join(resolve(settings.stateFolder), 'kamal');
  const fixedHosts = (lock: LockRef): Promise<DeployTarget[]> => fixedHostsOf(store, lock);
  const runs = createKamalRuns({
    scope: createHash('sha256').update(sharedStore).digest('hex').slice(0, 16), begunBy: `${process.pid}-${randomBytes(6).toString('hex')}`,
    program: kamal.program, clock, environment: kamal.environment, reach: settings.mode.kind === 'Standalone' ? 'ThisMachine' : 'OtherMachinesToo',
    home: createKamalHomes(join(state, 'homes'), { clientKey, clock, path: kamal.environment['PATH'] ?? '', ...(open.knownHosts === undefined ? {} : { knownHosts: open.knownHosts }) }),
  });
  const redact = createRedactor(secretsOf(kamal.environment));
  const projects = createProjects({ projects: resolve(kamal.projects), copies: join(state, 'projects'), clock });
  const fleets = createFleets();
  const preflight = createPreflight({ runs, projects, fixedHosts, environment: kamal.environment, clock });

  async function lead(leads: boolean): Promise<void> {
    if (!leads) return runs.suspend();
    runs.resume();
    return runs.endStrays();
  }
  leadership.onChange((leads) => void lead(leads).catch((error: unknown) => log.log('warn', 'Kamal processes of an earlier controller could not be looked for', { error: messageOf(error) })));

  return {
    deployer: createKamalDeployer({
      runs, preflight, fleets, redact, onHost: (target, command, options) => ssh.run(target, command, options),
      readOnHost: (target, command, options) => ssh.run(target, command, { ...options, trust: 'FirstContact' }), inspectMachine: createMachineInspector(ssh, redact), rotate: createRotate(ssh, clock, redact),
    }),
    deployLock: createKamalLock({ runs, preflight, fixedHosts, fleets, clock }),
    hasProject: (service) => openSource(resolve(kamal.projects), service).then(() => true, () => false),
    refresh: (service) => projects.refresh(service),
    async stop() {
      await runs.suspend();
      await ssh.close();
    },
  };
}

const absent = (): OpenKamal => ({
  deployer: createAbsentDeployer(NOT_SET_UP), deployLock: createAbsentLock(NOT_SET_UP), hasProject: async () => false, refresh: async () => undefined, stop: async () => undefined,
});

/** Fixed hosts of every pool of a service and destination, each address once: Kamal's primary is one of them. */
async function fixedHostsOf(store: Store, { service, destination }: LockRef): Promise<DeployTarget[]> {
  const pools = await store.list('HostPool', { from: 'Cached' });
  const targets = pools.filter(({ spec: { kamal } }) => kamal.service === service && kamal.destination === destination).flatMap(fixedTargets);
  const seen = new Set<string>();
  return targets.filter(({ endpoint: { address, sshAddress = address } }) => !seen.has(sshAddress) && seen.add(sshAddress));
}
