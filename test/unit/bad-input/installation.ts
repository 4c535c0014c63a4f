/** A standalone controller as `run` starts it, in this process, over folders of its own. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { Kind, ObjectKey, ResourceByKind } from '../../../controller/api/index.ts';
import { type Io, runProgram } from '../../../controller/cli/index.ts';
import { audit } from '../../../controller/compose/audit.ts';
import { offline } from '../../../controller/compose/offline.ts';
import { open } from '../../../controller/compose/open.ts';
import { readFiles } from '../../../controller/compose/read-files.ts';
import { run } from '../../../controller/compose/run.ts';
import { simulator } from '../../../controller/compose/simulate/index.ts';
import { type RunningController, startStandalone } from '../../../controller/compose/standalone.ts';
import { systemClock } from '../../../controller/runtime/clock.ts';
import { type RunFlags, readSettings } from '../../../controller/runtime/settings.ts';
import { until } from '../../support/real/until.ts';

export const WEB: ObjectKey = { namespace: 'default', name: 'web' };

/** Folders of an installation; nothing runs yet. */
export interface Place {
  folder: string;
  config: string;
  state: string;
  write(file: string, text: string): Promise<void>;
  remove(): Promise<void>;
}

export async function createPlace(): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), 'bad-input-'));
  const [config, state] = [join(folder, 'config'), join(folder, 'state')];
  await mkdir(config);
  return {
    folder, config, state,
    write: (file, text) => writeFile(join(config, file), text),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

export interface Installation {
  running: RunningController;
  /** What was logged as error. */
  problems: string[];
  object<K extends Kind>(kind: K, name?: string): Promise<ResourceByKind[K]>;
  /** The condition once it has this reason. */
  condition(kind: 'ScalingPolicy' | 'HostPool', type: string, reason: string, name?: string): Promise<{ status: string; message: string }>;
  /** The first logged problem that matches. */
  problem(pattern: RegExp): Promise<string>;
}

/** Starts on free ports; rejects as `run` does. */
export async function startInstallation(place: Place, flags: RunFlags = {}, environment: Record<string, string> = {}): Promise<Installation> {
  const settings = readSettings({ config: place.config, state: place.state, installation: 'test', listen: '127.0.0.1:0', ...flags }, environment);
  const { mode } = settings;
  if (mode.kind !== 'Standalone') throw new Error('standalone expected');
  const problems: string[] = [];
  const running = await startStandalone({ ...settings, mode }, {
    clock: systemClock,
    log: { log: (level, message, fields) => void (level === 'error' && problems.push(String(fields?.['problem'] ?? message))) },
  });
  const { store } = running.controller.context;
  const object: Installation['object'] = async (kind, name = 'web') => {
    const found = await store.get(kind, { namespace: 'default', name });
    if (found === undefined) throw new Error(`no ${kind} ${name}`);
    return found;
  };
  return {
    running, problems, object,
    condition: (kind, type, reason, name = 'web') => until(`${type} ${reason} of ${kind} ${name}`, async () => {
      const { status } = await object(kind, name);
      const seen = status?.conditions?.find((condition) => condition.type === type);
      if (seen?.reason !== reason) throw new Error(JSON.stringify(status?.conditions));
      return { status: seen.status, message: seen.message ?? '' };
    }, { everyMs: 50 }),
    problem: (pattern) => until(`a problem like ${pattern}`, () => problems.find((problem) => pattern.test(problem)), { everyMs: 20 }),
  };
}

/** One command line of the real program; a `run` that starts is ended at once. */
export async function call(args: readonly string[], env: Record<string, string> = {}): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  let [stdout, stderr] = ['', ''];
  const io: Io = {
    stdout: (text) => void (stdout += text), stderr: (text) => void (stderr += text), stdin: async function* () {}, env, now: systemClock.now, columns: 80, isTTY: false, signal: AbortSignal.abort(),
  };
  const notAsked = async (): Promise<number> => { throw new Error('not asked here'); };
  const composition = { audit, run, open, offline, readFiles, simulator, version: '0', demo: notAsked, evaluate: notAsked };
  return { exitCode: await runProgram(args, composition, io), stdout, stderr };
}

type Fields = Record<string, unknown>;

const document = (kind: Kind, name: string, spec: Fields): string => stringify({ apiVersion: 'kamal-autoscaler.dev/v1alpha1', kind, metadata: { name }, spec });

/** A pool that holds its one fixed host: no server is bought by any test here. */
export const poolText = (spec: Fields = {}, name = 'web'): string => document('HostPool', name, {
  kamal: { service: 'shop', role: 'web' }, maxReplicas: 4, fixedHosts: [{ name: 'primary', address: '127.0.0.1', ports: { http: 9 } }],
  placements: [{ name: 'here', provider: 'Local' }], loadBalancer: { traefik: { service: name, apiURLs: ['http://127.0.0.1:9'] } }, ...spec,
});

export const policyText = (spec: Fields = {}, name = 'web'): string =>
  document('ScalingPolicy', name, { targetRef: { name: 'web' }, mode: 'Recommend', maxHosts: 3, metrics: [{ name: 'rps', target: 10 }], ...spec });
