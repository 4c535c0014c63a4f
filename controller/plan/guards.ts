import { type ErrorClass, type HostFacts, type Instant, seconds, wantedVersion } from '../model/index.ts';
import { OPERATION_TRIES, startExpired } from './deadlines.ts';
import { drainStep, stopBegan } from './drain.ts';
import { answersItself, mayServe, membershipText, notLeft, serverOf, settledAt, vanished, wasMember } from './evidence.ts';
import type { HostView } from './host-view.ts';
import { identityProblem, isAdopted } from './identity.ts';
import type { Guard } from './lifecycle.ts';
import { heldBack, notJoining } from './joining.ts';
import { isApart } from './quarantine.ts';
import { changed, maySpare, seenDown } from './unfit.ts';

/** What a guard says when it lets a host go on to the next phase. */
export interface Passed {
  why: string;
  /** Counts as a failed start of the pool. */
  failure?: { class: ErrorClass; message: string };
}

type Check = (host: HostView, facts: HostFacts, now: Instant) => Passed | undefined;

/** Guards of the lifecycle table, by name. A guard that lacks a fact says nothing: Unknown never moves a host. */
export const GUARDS: Record<Guard, Check> = {
  Vanished(host, facts) {
    if (host.phase === 'Departing' || host.phase === 'Deprovisioning' || host.phase === 'Released' || isApart(host)) return undefined;
    if (!vanished(host, facts) || answersItself(facts)) return undefined;
    return { why: `the provider lists server ${host.providerID ?? host.hostID} no more` };
  },

  MemberUnwanted(host, facts) {
    // A deploy that still runs could start the app again after the drain has stopped it.
    if (facts.operation.kind === 'Running' || !wasMember(host, facts)) return undefined;
    return unwanted(host);
  },

  Unwanted: (host, facts) => (!isApart(host) && canGoAtOnce(host, facts) ? unwanted(host) : undefined),

  SetApart(host, facts) {
    // What still runs on it is seen to its end, as in a drain.
    const quiet = serverOf(facts.server) !== undefined && facts.operation.kind !== 'Running' && canGoAtOnce(host, facts);
    return isApart(host) && quiet ? { why: APART } : undefined;
  },

  Stored: (host) => (isUnwanted(host) ? undefined : { why: 'stored with its finalizer' }),

  ServerRuns(host, { server: fact }) {
    const server = serverOf(fact);
    if (isUnwanted(host) || server?.state !== 'Running' || server.address === undefined) return undefined;
    return { why: `server ${server.providerID} runs at ${server.address}` };
  },

  MachineReady(host, { machine }) {
    return !isUnwanted(host) && machine.kind === 'Ready' ? { why: 'the machine is ready' } : undefined;
  },

  AppReady(host, facts) {
    if (isUnwanted(host) || facts.operation.kind === 'Running' || notJoining(host, facts) !== undefined) return undefined;
    return { why: `runs version ${wantedVersion(facts)}` };
  },

  MemberStartFailed: (host, facts, now) => (wasMember(host, facts) ? failedStart(host, facts, now) : undefined),

  StartFailed: (host, facts, now) => (canGoAtOnce(host, facts) ? failedStart(host, facts, now) : undefined),

  ServingUnwanted: (host) => unwanted(host),

  SeenDown: (host, facts) => checkedAnew(facts, seenDown(host, facts)),

  Changed: (host, facts) => checkedAnew(facts, changed(host, facts)),

  ErrorsExceed(host, facts) {
    return host.joinHold?.host === host.key.name && facts.app.kind === 'Running' && facts.app.version === host.joinHold.version ? checkedAnew(facts, host.joinHold.why) : undefined;
  },

  MemberPowerGone: (host, facts, now) => (wasMember(host, facts) ? GUARDS.PowerGone(host, facts, now) : undefined),

  Confirmed(host, { membership }, now) {
    if (membership.kind === 'NoLoadBalancer') return { why: 'the role has no load balancer' };
    if (membership.kind !== 'ListedUp' || now < confirmedAt(host)) return undefined;
    return { why: 'every load balancer lists it up, one health-check interval later still' };
  },

  JoinFailed(host, facts, now) {
    const { membership } = facts;
    // A load balancer that cannot be asked says nothing against the host: a successor would fare no better.
    if (!startExpired(host, now) || membership.kind === 'Unknown' || membership.kind === 'ListedUp') return undefined;
    return expired(host, facts, membershipText(membership));
  },

  PowerGone(host, facts) {
    const server = serverOf(facts.server);
    // Who set it apart may have switched it off.
    if (isApart(host)) return undefined;
    if (server?.state === 'Leaving') return { why: `the provider removes server ${server.providerID}` };
    if (server?.state === 'Off' && !answersItself(facts)) return { why: `the provider says that server ${server.providerID} is off` };
    return undefined;
  },

  TakenBack(host, facts, now) {
    const { app, machine, operation } = facts;
    if (isUnwanted(host) || stopBegan(host) || machine.kind === 'Unreachable' || identityProblem(host, facts) !== undefined || neverServed(host, now)) return undefined;
    // Else the quiesce would take effect after the host has joined again.
    if (operation.kind === 'Running' && app.kind !== 'Quiesced') return undefined;
    return { why: 'the drain was taken back' };
  },

  DrainedApart(host, facts, now) {
    if (!isApart(host)) return undefined;
    const step = drainStep(host, facts, now);
    // Without requests a web app may be looked at as it is; a worker takes jobs for as long as it runs.
    const idle = step.kind === 'Drained' || (step.kind === 'StartOperation' && step.operation === 'Stop' && !stopBegan(host) && host.roleKind !== 'Job');
    return idle ? { why: `${APART}, out of the load balancers` } : undefined;
  },

  Freed: (host) => (isUnwanted(host) ? undefined : { why: 'released from quarantine: all is looked at anew' }),

  Drained(host, facts, now) {
    const step = drainStep(host, facts, now);
    return host.deleting && step.kind === 'Drained' ? { why: step.why } : undefined;
  },

  ServerBack(_host, facts) {
    const server = serverOf(facts.server);
    if (server?.state !== 'Running' || !(answersItself(facts) || facts.app.kind === 'Running')) return undefined;
    return { why: `server ${server.providerID} runs and answers again` };
  },

  Departed(host, facts, now) {
    return host.deleting && notLeft(host, facts, now) === undefined ? { why: 'no load balancer lists it' } : undefined;
  },

  ServerGone(host, { server }) {
    if (!host.deleting || server.kind !== 'Absent' || server.asOf < settledAt(host)) return undefined;
    return { why: 'the provider has no server of this host' };
  },

  ServerAppeared(_host, { server }) {
    return server.kind === 'Found' || server.kind === 'Duplicate' ? { why: 'the provider lists a server of this host after all' } : undefined;
  },
};

const checkedAnew = (facts: HostFacts, why: string | undefined): Passed | undefined =>
  (why === undefined || !maySpare(facts) ? undefined : { why: `leaves until it passes the checks of a newcomer: ${why}` });

const APART = 'a person set it apart (quarantine)';

const isUnwanted = ({ intent, deleting, quarantined }: HostView): boolean => deleting || quarantined || intent === 'Drain';

function unwanted(host: HostView): Passed | undefined {
  if (host.deleting) return { why: 'the KamalHost was deleted' };
  if (host.quarantined) return host.phase === 'Quarantined' ? undefined : { why: APART };
  return host.intent === 'Drain' ? { why: 'it is no longer wanted' } : undefined;
}

/**
 * Whether nothing of the host can serve, so that it may skip the drain. A provider that cannot be asked may hold a
 * server that serves, unless there never was one.
 */
function canGoAtOnce(host: HostView, facts: HostFacts): boolean {
  const neverBought = host.createAttempts === 0 && host.providerID === undefined;
  if (facts.server.kind === 'Unknown') return neverBought;
  // Its end is bounded; given up before, the run would go on without the lock that is released with the host.
  if (host.worksUnder === 'DeployLock' && facts.operation.kind === 'Running') return false;
  return !wasMember(host, facts) && !mayServe(facts);
}

function failedStart(host: HostView, facts: HostFacts, now: Instant): Passed | undefined {
  const { operation, server } = facts;
  if (isApart(host)) return undefined;
  if (operation.kind === 'Failed' && startsHere(host)) {
    const { class: errorClass, message, replaceHost } = operation;
    const what = host.operation?.kind.toLowerCase();
    if (replaceHost) return { why: `${what} failed, the host is replaced: ${message}`, failure: { class: errorClass, message } };
    if (host.operationFailures + 1 >= OPERATION_TRIES) {
      return { why: `${what} failed ${OPERATION_TRIES} times, the host is replaced: ${message}`, failure: { class: errorClass, message } };
    }
  }
  // Whoever adopts servers after a lost store knows none of their keys: all of them would be replaced at once.
  if (isAdopted(host) && identityProblem(host, facts) !== undefined) return undefined;
  const trouble = host.phase === 'Provisioning' ? serverOf(server)?.trouble : undefined;
  if (trouble !== undefined) return { why: `its server will not come up: ${trouble.message}`, failure: trouble };
  // Its successor would be held back too, or fail by the same cause.
  if (host.phase === 'Deploying' && (host.replacementHeld !== undefined || heldBack(host, facts) !== undefined)) return undefined;
  // Without a version to bring up a successor would fare no better, and an adopted server may be serving right now.
  if (!startExpired(host, now) || (host.phase === 'Deploying' && wantedVersion(facts) === undefined)) return undefined;
  if (host.phase === 'Provisioning' && server.kind === 'Unknown') return undefined;
  return expired(host, facts, (host.phase === 'Deploying' ? notJoining(host, facts) : undefined) ?? `it was still ${host.phase}`);
}

/** The operation that was started last belongs to the phase: a broken-off drain leaves a quiesce behind. */
function startsHere({ phase, phaseSince, operation }: HostView): boolean {
  if (operation === undefined || operation.startedAt < phaseSince) return false;
  switch (operation.kind) {
    case 'Rotate': return phase === 'Bootstrapping';
    case 'Deploy':
    case 'Resume': return phase === 'Deploying';
    case 'Quiesce':
    case 'Stop':
    case 'Preseed': return false;
  }
}

function expired(host: HostView, facts: HostFacts, state: string): Passed {
  const problem = identityProblem(host, facts);
  const message = `not in service within ${host.startTimeoutSeconds} s (startTimeoutSeconds): ${problem ?? state}`;
  return { why: message, failure: { class: problem === undefined ? 'Unavailable' : 'HostKey', message } };
}

/** When a listing that is up has lasted one health-check interval: a new server starts up and is probed only then. */
export const confirmedAt = (host: HostView): Instant =>
  (host.listedUpSince ?? Math.max(host.joiningSince ?? host.phaseSince, host.phaseSince)) + seconds(host.healthIntervalSeconds);

/** The drain began because the start failed; taken back it would fail the same way, again and again. */
function neverServed({ drainOrigin, createdAt, startTimeoutSeconds }: HostView, now: Instant): boolean {
  switch (drainOrigin) {
    case undefined:
    case 'InService':
    case 'Draining':
    case 'Quarantined':
    case 'Departing': return false;
    case 'Joining': return now >= createdAt + seconds(startTimeoutSeconds);
    case 'Pending':
    case 'Provisioning':
    case 'Bootstrapping':
    case 'Deploying':
    case 'Deprovisioning':
    case 'Released': return true;
  }
}
