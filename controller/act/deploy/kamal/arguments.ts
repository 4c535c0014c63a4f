import type { RoleRef } from '../../../ports/index.ts';

/** What Kamal is run with. Exactly one host a run: in a shared one, one bad host stops the others. */
export interface HostRun {
  role: RoleRef;
  /** As deploy.yml lists it. */
  host: string;
  version: string;
}

const destination = ({ destination: name }: Pick<RoleRef, 'destination'>): string[] => (name === undefined ? [] : [`--destination=${name}`]);
/** `--skip-hooks` is heard by setup and deploy alone; for the others the working copy holds only the hooks that the pool lists. */
const hooks = ({ hooks: listed = [] }: RoleRef): string[] => (listed.length === 0 ? ['--skip-hooks'] : []);
const at = ({ role, host, version }: HostRun): string[] => [`--hosts=${host}`, `--version=${version}`, ...destination(role)];
const ofRole = (run: HostRun): string[] => [`--roles=${run.role.role}`, ...at(run)];

/** Everything on a host that has nothing yet. */
export const setupArguments = (run: HostRun): string[] => ['setup', '--skip-push', ...at(run), ...hooks(run.role)];
/** Another version, or the same anew, on a host that runs the app. */
export const deployArguments = (run: HostRun): string[] => ['deploy', '--skip-push', ...at(run), ...hooks(run.role)];
/** The app alone, where network, proxy and image are there. */
export const bootArguments = (run: HostRun): string[] => ['app', 'boot', ...ofRole(run)];
export const liveArguments = (run: HostRun): string[] => ['app', 'live', ...ofRole(run)];
export const stopArguments = (run: HostRun): string[] => ['app', 'stop', ...ofRole(run)];
/** `seconds`: how long requests in flight may take. */
export const maintenanceArguments = (run: HostRun, seconds: number): string[] => ['app', 'maintenance', `--drain-timeout=${seconds}`, ...ofRole(run)];

export interface LockRun {
  service: string;
  destination?: string;
  version: string;
}

const onPrimary = (lock: LockRun): string[] => ['--primary', '--quiet', `--version=${lock.version}`, ...destination(lock)];

export const lockStatusArguments = (lock: LockRun): string[] => ['lock', 'status', ...onPrimary(lock)];
export const lockReleaseArguments = (lock: LockRun): string[] => ['lock', 'release', ...onPrimary(lock)];
export const lockAcquireArguments = (lock: LockRun, message: string): string[] => ['lock', 'acquire', ...onPrimary(lock), `--message=${message}`];

export const configArguments = (project: { version: string; destination?: string }): string[] => ['config', `--version=${project.version}`, ...destination(project)];
export const secretsArguments = (project: { version: string; destination?: string }): string[] => ['secrets', 'print', `--version=${project.version}`, ...destination(project)];
export const versionArguments = (): string[] => ['version'];
