import type { Clock, DeployTarget } from '../../../ports/index.ts';
import { type RunMark, markVariable, markedProcesses } from './run-marks.ts';
import { MILLISECONDS_TO_END, type ProcessEnd, endProcess, runProcess } from './run-process.ts';

/** One run of Kamal. */
export interface KamalOrder {
  arguments: readonly string[];
  /** Working copy of the project. */
  folder: string;
  version: string;
  timeoutSeconds: number;
  mark: Omit<RunMark, 'scope' | 'begunBy'>;
  /** Machines that it may log in to; their host keys alone are trusted. */
  targets: readonly DeployTarget[];
  /** `Ours`: our lock guards it, so Kamal takes none of its own. `None`: it needs none, or is about the lock itself. */
  lock: 'Ours' | 'None';
  /** Over everything else. */
  environment?: Record<string, string>;
}

/** Runs Kamal, one process an order. */
export interface KamalRuns {
  run(order: KamalOrder): Promise<ProcessEnd>;
  /** Whether a run of an earlier process goes on under this id without it. */
  survives(operationID: string): Promise<'Running' | 'Ended' | 'Unknown'>;
  /** Ends what earlier processes of this installation left behind on this machine, their hooks included. */
  endStrays(): Promise<void>;
  /** Ends what this process runs, and starts nothing more until `resume`. */
  suspend(): Promise<void>;
  resume(): void;
}

export interface KamalRunsSettings {
  /** The same for every controller of this installation, and for no other. */
  scope: string;
  /** Path or name of the program. */
  program: string;
  clock: Clock;
  /** Identity of this process. */
  begunBy: string;
  /** Environment of this process: `.kamal/secrets` and ERB read it. */
  environment: Record<string, string | undefined>;
  /** Prepares the home folder of one run: SSH keys and pinned host keys. `release` removes it. */
  home(targets: readonly DeployTarget[]): Promise<{ environment: Record<string, string>; release(): Promise<void> }>;
  /** Where runs of earlier controllers of this installation were begun, if there are any. */
  reach: 'ThisMachine' | 'OtherMachinesToo';
}

/** Kamal reads these, so whatever they are for this process must not reach it; our own secrets are none of its business. */
const WITHHELD = /^(VERSION|VERBOSE|KAMAL_LOCK|KAMAL_DESTINATION|KAMAL_AUTOSCALE_EXTRA_.*|HCLOUD_TOKEN.*|DIGITALOCEAN_ACCESS_TOKEN.*|KAMAL_AUTOSCALER_.*(TOKEN|PASSWORD|PASSPHRASE|HEADERS|PARAMETERS)(_FILE)?)$/;

const LOOK_MILLISECONDS = 250;

export function createKamalRuns(settings: KamalRunsSettings): KamalRuns {
  const { clock, scope, begunBy } = settings;
  const inherited = Object.fromEntries(Object.entries(settings.environment).filter((entry): entry is [string, string] => entry[1] !== undefined && !WITHHELD.test(entry[0])));
  const under = new Set<Promise<unknown>>();
  let suspended = new AbortController();

  async function start(order: KamalOrder): Promise<ProcessEnd> {
    const home = await settings.home(order.targets);
    try {
      if (suspended.signal.aborted) return { kind: 'Aborted', stdout: '', stderr: '' };
      return await runProcess({
        program: settings.program, arguments: order.arguments, folder: order.folder, timeoutSeconds: order.timeoutSeconds, signal: suspended.signal,
        environment: {
          LANG: 'C.UTF-8', ...inherited, ...gitIdentity(), VERSION: order.version, ...(order.lock === 'Ours' ? { KAMAL_LOCK: 'true' } : {}),
          ...home.environment, ...order.environment, ...markVariable({ ...order.mark, scope, begunBy }),
        },
      }, clock);
    } finally {
      await home.release();
    }
  }

  const strays = async () => (await markedProcesses()).filter(({ mark }) => mark.scope === scope && mark.begunBy !== begunBy);

  return {
    async run(order) {
      if (suspended.signal.aborted) return { kind: 'Aborted', stdout: '', stderr: '' };
      const work = start(order);
      under.add(work);
      return work.finally(() => under.delete(work));
    },
    async survives(operationID) {
      try {
        if ((await strays()).some(({ mark }) => mark.operationID === operationID)) return 'Running';
        return settings.reach === 'ThisMachine' ? 'Ended' : 'Unknown';
      } catch {
        return 'Unknown';
      }
    },
    async endStrays() {
      for (const { pid } of await strays()) endProcess(pid, 'SIGTERM');
      for (let waited = 0; waited < MILLISECONDS_TO_END && (await strays()).length > 0; waited += LOOK_MILLISECONDS) await clock.sleep(LOOK_MILLISECONDS);
      for (const { pid } of await strays()) endProcess(pid, 'SIGKILL');
    },
    async suspend() {
      suspended.abort();
      await Promise.allSettled(under);
    },
    resume() {
      if (suspended.signal.aborted) suspended = new AbortController();
    },
  };
}

/** Who deploys, in the lock and in Kamal's audit log on each host. */
const gitIdentity = (): Record<string, string> => ({
  GIT_CONFIG_COUNT: '2', GIT_CONFIG_KEY_0: 'user.name', GIT_CONFIG_VALUE_0: 'kamal-autoscaler', GIT_CONFIG_KEY_1: 'user.email', GIT_CONFIG_VALUE_1: 'kamal-autoscaler',
});
