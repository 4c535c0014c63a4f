import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ClassifiedError, isClass, seconds } from '../../../model/index.ts';
import type { Clock, DeployTarget, LockRef, RoleRef } from '../../../ports/index.ts';
import { extraVariable } from './app-names.ts';
import { configArguments, secretsArguments, versionArguments } from './arguments.ts';
import { batched } from './batched.ts';
import { type KamalConfig, readKamalConfig } from './config-output.ts';
import type { KamalRuns } from './kamal-runs.ts';
import { addressOf, checkConfig, checkKamalVersion, checkOverlay, checkSecrets, declaredSecrets, readSecrets } from './project-checks.ts';
import type { Projects } from './projects.ts';
import { failureOfEnd } from './read-end.ts';
import { type Redact, createRedactor, secretsOf } from './redact.ts';
import type { ProcessEnd } from './run-process.ts';
import { type WorkingCopy, useOwnSshSettings } from './working-copy.ts';

/** A project in which Kamal may be run for a host. */
export interface Ready {
  folder: string;
  config: KamalConfig;
  /** Lets the line in deploy.yml list the host. */
  environment: Record<string, string>;
  redact: Redact;
}

/** Looks at a project before Kamal works with it. Every rejection is a ClassifiedError with one sentence and its mend. */
export interface Preflight {
  /** For work on a host that deploy.yml may not list yet. */
  ofHost(target: DeployTarget, version: string): Promise<Ready>;
  /** For work on hosts that it lists; `version` absent: the configuration as it stands now. */
  ofProject(lock: LockRef, hooks: RoleRef['hooks'], version: string | undefined): Promise<Ready>;
}

export interface PreflightSettings {
  runs: Pick<KamalRuns, 'run'>;
  projects: Pick<Projects, 'copyOf' | 'currentCopy'>;
  /** What pools say of the hosts that people own. */
  fixedHosts(lock: LockRef): Promise<readonly DeployTarget[]>;
  environment: Record<string, string | undefined>;
  clock: Clock;
}

/** What one revision says, without any host added. */
interface Base {
  copy: WorkingCopy;
  config: KamalConfig;
  redact: Redact;
}

/** How further hosts of one role come into one revision. */
interface Overlay {
  /** The configuration with this host and those that are asked about at the same time. */
  look(address: string): Promise<{ environment: Record<string, string>; config: KamalConfig }>;
  /** By address: what was found right. */
  checked: Map<string, Record<string, string>>;
}

const CONFIG_SECONDS = 60;
/** ERB may read what is no file of the project, and a password may change: a project that did not change is asked again. */
const ANSWER_KEPT_MILLISECONDS = seconds(300);
const ANSWERS_KEPT = 50;

export function createPreflight(settings: PreflightSettings): Preflight {
  const { runs, projects, clock } = settings;
  const bases = new Map<string, { at: number; base: Promise<Base> }>();
  const overlays = new Map<string, Overlay>();
  const environmentSecrets = secretsOf(settings.environment);
  let program: { at: number; version: Promise<string> } | undefined;

  const kamal = (lock: LockRef, folder: string, version: string, words: readonly string[], environment: Record<string, string> = {}): Promise<ProcessEnd> => runs.run({
    arguments: words, folder, version, environment, timeoutSeconds: CONFIG_SECONDS, targets: [], lock: 'None', mark: { ...lockOf(lock), operationID: 'preflight' },
  });

  function kamalVersion(lock: LockRef, folder: string): Promise<string> {
    if (program !== undefined && clock.now() - program.at < ANSWER_KEPT_MILLISECONDS) return program.version;
    const version = askVersion(lock, folder);
    program = { at: clock.now(), version };
    version.catch(() => { program = undefined; });
    return version;
  }

  async function askVersion(lock: LockRef, folder: string): Promise<string> {
    const end = await kamal(lock, folder, 'unknown', versionArguments());
    if (end.kind !== 'Exited' || end.code !== 0) throw refusal('kamal version', end, createRedactor(environmentSecrets));
    return end.stdout.trim();
  }

  async function baseOf(lock: LockRef, copy: WorkingCopy, version: string): Promise<Base> {
    const key = JSON.stringify([lock.service, lock.destination, copy.revision]);
    const known = bases.get(key);
    if (known !== undefined && clock.now() - known.at < ANSWER_KEPT_MILLISECONDS) return known.base;
    const base = lookAt(lock, copy, version);
    bases.set(key, { at: clock.now(), base });
    overlays.clear();
    base.catch(() => bases.delete(key));
    for (const oldest of bases.keys()) if (bases.size > ANSWERS_KEPT) bases.delete(oldest);
    return base;
  }

  async function lookAt(lock: LockRef, copy: WorkingCopy, version: string): Promise<Base> {
    const [installed, lockfile] = [await kamalVersion(lock, copy.folder), await textOf(join(copy.folder, 'Gemfile.lock'))];
    checkKamalVersion(installed, lockfile);
    const config = await configOf(lock, copy, version, createRedactor(environmentSecrets));
    await useOwnSshSettings(copy, config.sshFiles);
    return { copy, config, redact: createRedactor([...await secretsIn(lock, copy, version), ...environmentSecrets]) };
  }

  async function secretsIn(lock: LockRef, { folder }: WorkingCopy, version: string): Promise<Iterable<string>> {
    const texts = await Promise.all(['secrets-common', lock.destination === undefined ? 'secrets' : `secrets.${lock.destination}`].map((name) => textOf(join(folder, '.kamal', name))));
    const declared = texts.flatMap((text) => declaredSecrets(text ?? ''));
    if (declared.length === 0) return [];
    const end = await kamal(lock, folder, version, secretsArguments({ ...lockOf(lock), version }));
    // What it printed on the way may be half of a secret that nobody knows to mask.
    if (end.kind !== 'Exited' || end.code !== 0) throw refusal('kamal secrets print', { ...end, stdout: errorLines(end.stdout) }, createRedactor(environmentSecrets));
    const values = readSecrets(end.stdout, declared.map(({ name }) => name));
    checkSecrets(values, declared, lock.service);
    return values.values();
  }

  async function configOf(lock: LockRef, { folder }: WorkingCopy, version: string, redact: Redact, environment?: Record<string, string>): Promise<KamalConfig> {
    const end = await kamal(lock, folder, version, configArguments({ ...lockOf(lock), version }), environment);
    if (end.kind !== 'Exited' || end.code !== 0) throw refusal('kamal config', end, redact);
    return readKamalConfig(end.stdout);
  }

  /** Hosts that come at the same time are looked at together, for each look costs half a second of a core. */
  async function overlayOf(role: RoleRef, base: Base, version: string, address: string): Promise<Record<string, string>> {
    const key = JSON.stringify([role.service, role.destination, role.role, base.copy.revision]);
    const overlay = overlays.get(key) ?? openOverlay(role, base, version);
    overlays.set(key, overlay);
    const checked = overlay.checked.get(address);
    if (checked !== undefined) return checked;
    const { environment, config } = await overlay.look(address);
    checkOverlay(config, base.config, role, [address]);
    overlay.checked.set(address, environment);
    return environment;
  }

  const openOverlay = (role: RoleRef, base: Base, version: string): Overlay => ({
    checked: new Map(),
    look: batched(async (addresses) => {
      const environment = { [extraVariable(role.role)]: addresses.join(',') };
      return { environment, config: await configOf(role, base.copy, version, base.redact, environment) };
    }),
  });

  return {
    async ofHost(target, version) {
      const { role } = target;
      const [copy, fixed] = await Promise.all([projects.copyOf(role, version), settings.fixedHosts(lockOf(role))]);
      const base = await baseOf(role, copy, version);
      checkConfig(base.config, role, target.ssh, fixed);
      const environment = target.identity.kind === 'Fixed' ? {} : await overlayOf(role, base, version, addressOf(target));
      return { folder: copy.folder, config: base.config, environment, redact: base.redact };
    },
    async ofProject(lock, hooks, version) {
      const role = { ...lockOf(lock), ...(hooks === undefined ? {} : { hooks }) };
      const copy = version === undefined ? await projects.currentCopy(role) : await projects.copyOf(role, version);
      const { config, redact } = await baseOf(lock, copy, version ?? 'current');
      return { folder: copy.folder, config, environment: {}, redact };
    },
  };
}

export const lockOf = ({ service, destination }: LockRef): LockRef => ({ service, ...(destination === undefined ? {} : { destination }) });

const textOf = (path: string): Promise<string | undefined> => readFile(path, 'utf8').catch(() => undefined);

const errorLines = (text: string): string => /^.*ERROR \([\s\S]*/m.exec(text)?.[0] ?? '';

/** What a person reads when the project itself cannot be used. */
function refusal(what: string, end: ProcessEnd, redact: Redact): ClassifiedError {
  const failure = failureOfEnd(end, CONFIG_SECONDS, redact);
  // A project that raises an error of its own making needs its person, whatever the words are.
  const errorClass = failure.class === 'Unrecognised' ? 'Invalid' : failure.class;
  return new ClassifiedError(errorClass, `${what}: ${failure.message}`, isClass(failure, 'Invalid') ? { mend: `run ${what} in the project yourself` } : {});
}
