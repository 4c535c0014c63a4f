import { type HostFacts, type HostStep, type Instant, seconds, wantedVersion } from '../model/index.ts';
import { nextCreateAt, retryAt } from './deadlines.ts';
import { membershipText, mayServe, serverOf, settledAt } from './evidence.ts';
import { confirmedAt } from './guards.ts';
import type { HostView, Work } from './host-view.ts';
import { identityProblem } from './identity.ts';
import { notJoining } from './joining.ts';
import { isApart, keptApart } from './quarantine.ts';

/** Every phase on the way into service: what it does while no guard lets it go. */
export const PENDING: Work = (host, facts) => leavesNext(host, facts) ?? wait('is about to be provisioned', 1);

/** The only place in which a server is bought. */
export const PROVISIONING: Work = (host, facts, now) => {
  const leaves = leavesNext(host, facts);
  if (leaves !== undefined) return leaves;
  switch (facts.server.kind) {
    case 'Unknown': return wait(`the provider cannot be asked, so nothing is bought: ${facts.server.why}`, 5);
    case 'Found':
    case 'Duplicate': return wait(bootText(facts), 1);
    case 'Absent': return create(host, facts.server.asOf, now);
  }
};

function create(host: HostView, asOf: Instant, now: Instant): HostStep {
  const { createAttempts, lastCreateIntentAt, settleSeconds, providerID } = host;
  if (providerID !== undefined) return wait(`server ${providerID} is recorded, but the provider does not list it: it may have vanished`, 1);
  if (createAttempts === 0) return { kind: 'CreateServer', attempt: 1, why: 'first create attempt' };
  if (lastCreateIntentAt === undefined) return wait(`attempt ${createAttempts} was counted without its time, so its server may still appear; the start deadline decides`, 5);
  const next = nextCreateAt(lastCreateIntentAt, settleSeconds, createAttempts);
  if (now < next) return { ...wait(`attempt ${createAttempts} may still have its effect: looks again before attempt ${createAttempts + 1}`, (next - now) / seconds(1)), until: next };
  // The clock alone proves nothing: the list itself must be younger than anything the last attempt can have done.
  if (asOf < settledAt(host)) return wait(`attempt ${createAttempts + 1} needs a list of servers that is younger than attempt ${createAttempts}`, 1);
  return { kind: 'CreateServer', attempt: createAttempts + 1, why: `attempt ${createAttempts} made no server` };
}

function bootText(facts: HostFacts): string {
  const server = serverOf(facts.server);
  if (server === undefined) return 'the provider lists no server';
  switch (server.state) {
    case 'Starting': return `server ${server.providerID} starts`;
    case 'Running': return `server ${server.providerID} has no address yet`;
    case 'Off': return `server ${server.providerID} is off: start it, or its start deadline replaces it`;
    case 'Leaving': return `the provider removes server ${server.providerID}`;
  }
}

export const BOOTSTRAPPING: Work = (host, facts, now) => {
  const leaves = leavesNext(host, facts) ?? distrust(host, facts);
  if (leaves !== undefined) return leaves;
  switch (facts.machine.kind) {
    case 'Unknown': return wait('the machine was not asked yet', 2);
    case 'Unreachable': return wait(`the machine does not answer yet: ${facts.machine.why}`, 1);
    case 'Preparing': return wait(`the machine prepares: ${facts.machine.why}`, 1);
    case 'Mismatch': return wait(facts.machine.why, 5);
    case 'Delivered': return takeOver(host, facts, facts.machine.ownKey, now);
    case 'Ready': return wait('the machine is ready', 1);
  }
};

/** What stood in user data is worthless afterwards: the machine's own key is pinned, and only then takes over. */
function takeOver(host: HostView, facts: HostFacts, ownKey: string, now: Instant): HostStep {
  if (host.ownKey === undefined) return { kind: 'PinHostKey', hostKey: ownKey, why: 'reached under the delivered host key: the one that it made itself is pinned' };
  if (host.operation !== undefined && facts.operation.kind === 'Running') return wait('its own host key takes over', 1);
  return start(host, facts, { kind: 'StartOperation', operation: 'Rotate', why: 'its own host key is pinned and takes over' }, now);
}

/** Nothing is sent to a machine that may be another one: neither secrets nor an app. */
function distrust(host: HostView, facts: HostFacts): HostStep | undefined {
  const problem = identityProblem(host, facts);
  return problem === undefined ? undefined : wait(`the machine is not who it should be, so nothing is done on it: ${problem}`, 5);
}

export const DEPLOYING: Work = (host, facts, now) => {
  const leaves = leavesNext(host, facts) ?? distrust(host, facts);
  if (leaves !== undefined) return leaves;
  const { machine, app, operation } = facts;
  const wanted = wantedVersion(facts);
  // Its end wakes the host; until then a look may be a login.
  if (host.operation !== undefined && operation.kind === 'Running') return wait(`its ${host.operation.kind.toLowerCase()} runs`, host.worksUnder === 'DeployLock' ? 5 : 1);
  if (machine.kind !== 'Ready') return wait('why' in machine ? `the machine does not answer: ${machine.why}` : 'the machine could not be asked', 2);
  // Whatever runs there may serve; it is not replaced unseen.
  if (app.kind === 'Unknown') return wait('what runs on the machine could not be asked, so nothing is deployed', 2);
  const missing = notJoining(host, facts) ?? 'the app is ready';
  // Also what is quiesced waits: its fleet may be in maintenance, by a person's wish.
  if (wanted === undefined) return wait(missing, 5);
  if (app.kind === 'Quiesced') return start(host, facts, { kind: 'StartOperation', operation: 'Resume', why: 'the app runs, but its proxy refuses requests' }, now);
  if (app.kind === 'Running' && app.version === wanted && app.matchesFleet && (app.routed || operation.kind === 'Succeeded')) return wait(missing, 1);
  return start(host, facts, { kind: 'StartOperation', operation: 'Deploy', version: wanted, why: missing }, now);
};

/** Starts an operation unless the last one of this phase ended without success so recently that it would fail again. */
function start(host: HostView, { operation }: HostFacts, step: HostStep & { kind: 'StartOperation' }, now: Instant): HostStep {
  const last = host.operation;
  const ended = operation.kind === 'Failed' || operation.kind === 'Succeeded';
  if (last?.kind !== step.operation || last.startedAt < host.phaseSince || !ended) return step;
  const again = retryAt(last.startedAt, host.operationFailures);
  if (now >= again) return step;
  const why = operation.kind === 'Failed' ? `${last.kind.toLowerCase()} failed and is tried again: ${operation.message}` : `${last.kind.toLowerCase()} ended, but ${step.why}`;
  return { ...wait(why, (again - now) / seconds(1)), until: again };
}

export const JOINING: Work = (host, { membership }, now) => {
  const at = confirmedAt(host);
  // The health-check interval counts from when the listing was first seen, so what is seen late delays the host. The answer serves all of its pool.
  if (membership.kind !== 'ListedUp' || now >= at) return wait(`joins: ${membershipText(membership)}`, 0.5);
  return { ...wait('every load balancer lists it up; it must still be up one health-check interval later', (at - now) / seconds(1)), until: at };
};

/** A host that is to leave, but that something may still reach: it buys and deploys nothing more. */
function leavesNext(host: HostView, facts: HostFacts): HostStep | undefined {
  if (isApart(host)) return keptApart(facts.server, facts.membership);
  if (host.intent === 'Serve' && !host.deleting) return undefined;
  if (facts.server.kind === 'Unknown') return wait(`is to leave, but the provider cannot be asked for its server: ${facts.server.why}`, 5);
  if (facts.operation.kind === 'Running') return wait('is to leave when the operation that runs has ended', 1);
  return wait(mayServe(facts) ? `is to leave: ${membershipText(facts.membership)}` : 'is to leave', 1);
}

const wait = (why: string, afterSeconds: number): HostStep & { kind: 'Wait' } => ({ kind: 'Wait', why, afterSeconds });
