import { ClassifiedError } from '../../../model/index.ts';
import type { Operation } from '../../../ports/index.ts';
import type { OperationEnd } from '../operation-table.ts';
import { isDeployable } from './app-names.ts';
import { type SeenApp, type Served, servedBy, unlikeFleet } from './app-state.ts';
import { type HostRun, bootArguments, deployArguments, liveArguments, maintenanceArguments, setupArguments, stopArguments } from './arguments.ts';
import type { Fleets } from './fleets.ts';
import type { KamalRuns } from './kamal-runs.ts';
import { type Preflight, type Ready, lockOf } from './preflight.ts';
import { addressOf } from './project-checks.ts';
import { failureOfEnd } from './read-end.ts';
import type { Redact } from './redact.ts';
import { type RunOnHost, keepLayers, missingFor, preseed } from './remote-look.ts';
import type { RunOutputs } from './run-outputs.ts';
import type { ProcessEnd } from './run-process.ts';

/** What the slow work on hosts is done with. */
export interface OperationTools {
  runs: Pick<KamalRuns, 'run'>;
  preflight: Pick<Preflight, 'ofHost'>;
  onHost: RunOnHost;
  look(operation: Operation): Promise<SeenApp>;
  rotate(target: Operation['target']): Promise<void>;
  fleets: Fleets;
  outputs: Pick<RunOutputs, 'note'>;
  /** For words of hosts, before a project's secrets are known. */
  redact: Redact;
}

const DEFAULT_SECONDS = 300;
/** A deploy that was killed leaves two containers that run, and each stop takes one of them. */
const STOPS = 3;
const DONE: OperationEnd = { kind: 'Succeeded' };

/** Does one operation, looking first and afterwards: what is done already is not done again, and facts count, not exit codes. */
export function perform(tools: OperationTools, operation: Operation): Promise<OperationEnd> {
  switch (operation.kind) {
    case 'Rotate': return tools.rotate(operation.target).then(() => DONE);
    case 'Deploy': return deploy(tools, operation);
    case 'Resume': return resume(tools, operation);
    case 'Quiesce': return quiesce(tools, operation);
    case 'Stop': return stop(tools, operation);
    case 'Preseed': return seed(tools, operation);
  }
}

async function deploy(tools: OperationTools, operation: Operation): Promise<OperationEnd> {
  const { target } = operation;
  const version = versionOf(operation);
  const before = await tools.look(operation);
  if (alreadyRuns(tools, operation, before, version)) return DONE;
  const ready = await tools.preflight.ofHost(target, version);
  const run: HostRun = { role: target.role, host: addressOf(target), version };
  const end = await kamal(tools, operation, ready, await chooseArguments(tools, operation, before, ready, run), version);
  return judge(tools, operation, ready, end, (after) => (alreadyRuns(tools, operation, after, version) ? undefined : `version ${version} does not run there as it should: ${stateText(servedBy(after, target.role))}`));
}

/** A restart is never risked for what runs already: the proxy serves this version, or refuses requests to it, and it is the fleet's. */
function alreadyRuns({ fleets }: OperationTools, { target: { role } }: Operation, seen: SeenApp, version: string): boolean {
  const served = servedBy(seen, role);
  if (served.kind === 'Nothing' || served.container.version !== version) return false;
  if (served.kind === 'Unrouted' && fleets.isProxied(role)) return false;
  return unlikeFleet(served.container, fleets.of(role)) === undefined;
}

async function chooseArguments(tools: OperationTools, { target }: Operation, before: SeenApp, { config, redact }: Ready, run: HostRun): Promise<string[]> {
  if (servedBy(before, target.role).kind !== 'Nothing') return deployArguments(run);
  const missing = await missingFor(tools.onHost, target, config.repository, run.version, redact);
  if (missing.length === 0) return bootArguments(run);
  if (!missing.includes('image')) await keepLayers(tools.onHost, target, config.repository, run.version);
  return setupArguments(run);
}

async function resume(tools: OperationTools, operation: Operation): Promise<OperationEnd> {
  const { target } = operation;
  const served = servedBy(await tools.look(operation), target.role);
  if (served.kind === 'Nothing') return { kind: 'Failed', class: 'NotFound', message: 'no app runs there that could take requests again', replaceHost: false };
  if (served.kind !== 'Routed' || served.requests === 'Taken') return DONE;
  const version = versionFor(tools, target, served.container.version);
  const ready = await tools.preflight.ofHost(target, version);
  const end = await kamal(tools, operation, ready, liveArguments({ role: target.role, host: addressOf(target), version }), version);
  return judge(tools, operation, ready, end, (after) => {
    const now = servedBy(after, target.role);
    return now.kind === 'Routed' && now.requests === 'Taken' ? undefined : `its proxy still refuses requests: ${stateText(now)}`;
  });
}

async function quiesce(tools: OperationTools, operation: Operation): Promise<OperationEnd> {
  const { target, drainSeconds = 0 } = operation;
  const served = servedBy(await tools.look(operation), target.role);
  if (served.kind !== 'Routed') return DONE;
  const version = versionFor(tools, target, served.container.version);
  const ready = await tools.preflight.ofHost(target, version);
  const end = await kamal(tools, operation, ready, maintenanceArguments({ role: target.role, host: addressOf(target), version }, drainSeconds), version, drainSeconds);
  return judge(tools, operation, ready, end, (after) => {
    const now = servedBy(after, target.role);
    return now.kind === 'Routed' && now.requests === 'Taken' ? 'its proxy still takes requests' : undefined;
  });
}

async function stop(tools: OperationTools, operation: Operation): Promise<OperationEnd> {
  const { target } = operation;
  for (let left = STOPS; ; left -= 1) {
    const served = servedBy(await tools.look(operation), target.role);
    if (served.kind === 'Nothing') return DONE;
    const version = versionFor(tools, target, served.container.version);
    const ready = await tools.preflight.ofHost(target, version);
    const end = await kamal(tools, operation, ready, stopArguments({ role: target.role, host: addressOf(target), version }), version);
    if (left > 1 && end.kind === 'Exited' && end.code === 0) continue;
    return judge(tools, operation, ready, end, (after) => {
      const now = servedBy(after, target.role);
      return now.kind === 'Nothing' ? undefined : `its app still runs: ${stateText(now)}`;
    });
  }
}

async function seed(tools: OperationTools, operation: Operation): Promise<OperationEnd> {
  const { target } = operation;
  const version = versionOf(operation);
  const served = servedBy(await tools.look(operation), target.role);
  if (served.kind === 'Nothing') throw new ClassifiedError('NotFound', `operation ${operation.id}: no app runs there yet whose previous version could be got ready`);
  await preseed(tools.onHost, target, served.container.repository, version, tools.redact);
  return DONE;
}

const versionFor = ({ fleets }: OperationTools, { identity, role }: Operation['target'], said: string): string => (identity.kind === 'Fixed' ? said : fleets.trusted(lockOf(role), said));

function versionOf({ id, kind, version }: Operation): string {
  if (version === undefined) throw new ClassifiedError('Invalid', `operation ${id} has no version for its ${kind.toLowerCase()}: give one`);
  if (!isDeployable(version)) throw new ClassifiedError('Invalid', `${JSON.stringify(version)} is no version that could be deployed`, { mend: 'deploy once with a version: a commit, or a tag other than latest' });
  return version;
}

async function kamal({ runs: kamalRuns, outputs }: OperationTools, { id, target, timeoutSeconds = DEFAULT_SECONDS }: Operation, ready: Ready, words: readonly string[], version: string, drainSeconds = 0): Promise<ProcessEnd> {
  const end = await kamalRuns.run({
    arguments: words, folder: ready.folder, version, timeoutSeconds: timeoutSeconds + drainSeconds, environment: { ...ready.environment, KAMAL_AUTOSCALER_OPERATION: id },
    targets: [target], lock: 'Ours', mark: { ...lockOf(target.role), operationID: id },
  });
  outputs.note(target, words.join(' '), end, ready.redact);
  return end;
}

/** `missing` says what the facts lack; what Kamal says of itself matters only then. */
async function judge(tools: OperationTools, operation: Operation, { redact }: Ready, end: ProcessEnd, missing: (seen: SeenApp) => string | undefined): Promise<OperationEnd> {
  const failure = end.kind === 'Exited' && end.code === 0 ? undefined : failureOfEnd(end, operation.timeoutSeconds ?? DEFAULT_SECONDS, redact);
  let why: string | undefined;
  try {
    why = missing(await tools.look(operation));
  } catch (error) {
    if (failure === undefined) throw error;
    return { kind: 'Failed', ...failure };
  }
  if (why === undefined) return DONE;
  return { kind: 'Failed', ...(failure ?? { class: 'Transient', replaceHost: false, message: `Kamal said that all went well, but ${why}` }) };
}

function stateText(served: Served): string {
  switch (served.kind) {
    case 'Nothing': return 'no app runs';
    case 'Unrouted': return `version ${served.container.version} runs, and the proxy does not know it`;
    case 'Routed': return `version ${served.container.version} runs, and the proxy ${served.requests === 'Taken' ? 'sends it requests' : 'refuses requests'}`;
  }
}
