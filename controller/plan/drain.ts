import { type HostFacts, type HostStep, type Instant, type OperationFact, seconds } from '../model/index.ts';
import { drainDeadline, retryAt, stopGivenUp } from './deadlines.ts';
import { membershipText, notLeft, serverOf } from './evidence.ts';
import type { HostView } from './host-view.ts';
import { identityProblem } from './identity.ts';
import { ROLES } from './role.ts';

/** Next act of a drain, or that nothing of the host serves any more. */
export type DrainStep = (HostStep & { kind: 'Wait' | 'StartOperation' }) | { kind: 'Drained'; why: string };

const AGAIN_SECONDS = 1;
/** For requests that nobody counted, where those in flight had their time already. */
const LAST_REQUESTS_SECONDS = 5;
/** Longer than a load balancer takes from reading a membership to acting on it: 7 s with Traefik's defaults. */
const LATE_LISTING_SECONDS = 10;

/**
 * Out of every load balancer first, and confirmed so in this very pass before anything is stopped; then the role's own
 * drain; then the stop. Listings that cannot be had are waited for, at least as long as the pool says.
 */
export function drainStep(host: HostView, facts: HostFacts, now: Instant): DrainStep {
  const listed = notLeft(host, facts, now);
  if (listed !== undefined) return wait(`leaves the load balancers: ${listed}`);
  if (mayYetBeListed(host, facts, now)) return wait('no load balancer lists it, but one may have read a moment ago that it is a member');
  const step = unlistedStep(host, facts, now);
  return facts.membership.kind === 'Unknown' ? { ...step, why: `${step.why}; no longer waited for: ${membershipText(facts.membership)}` } : step;
}

/** One that never came into service is on no list from before: that it is missing does not say that the list is younger than its leave. */
const mayYetBeListed = ({ drainOrigin, unlistedSince }: HostView, { membership }: HostFacts, now: Instant): boolean =>
  drainOrigin === 'Joining' && membership.kind === 'NotListed' && now < (unlistedSince ?? now) + seconds(LATE_LISTING_SECONDS);

function unlistedStep(host: HostView, facts: HostFacts, now: Instant): DrainStep {
  if (facts.app.kind === 'NotRunning') return { kind: 'Drained', why: 'no load balancer lists it and its app is stopped' };
  if (facts.machine.kind === 'Unreachable') return drainUnreachable(host, facts, facts.machine.why, now);
  const problem = identityProblem(host, facts);
  if (problem !== undefined) return drainUntrusted(host, problem, now);
  if (host.operation !== undefined && facts.operation.kind === 'Running') return waitForOperation(host, facts, now);
  if (facts.app.kind === 'Unknown') return drainUnasked(host, facts, now);
  return stopBegan(host) ? stop(host, facts, now) : quiesce(host, facts, now);
}

/** From here on the drain cannot be taken back. */
export const stopBegan = ({ operation, phaseSince }: HostView): boolean => operation?.kind === 'Stop' && operation.startedAt >= phaseSince;

function quiesce(host: HostView, facts: HostFacts, now: Instant): DrainStep {
  const role = ROLES[host.roleKind];
  const tried = host.operation?.kind === 'Quiesce' && host.operation.startedAt >= host.phaseSince && facts.operation.kind !== 'Lost';
  const undrained = role.undrained(host, facts, now);
  if (role.quiesces && !tried && facts.app.kind !== 'Quiesced') {
    // Under the lock people cannot deploy: it is not held while requests come to their end.
    const locked = host.worksUnder === 'DeployLock';
    if (locked && undrained !== undefined) return waitForDeadline(host, undrained, now);
    return {
      kind: 'StartOperation', operation: 'Quiesce', why: 'no load balancer lists it: its proxy refuses new requests and lets those in flight finish',
      ...(locked ? { drainSeconds: Math.min(LAST_REQUESTS_SECONDS, host.drainSeconds) } : {}),
    };
  }
  if (undrained !== undefined) return waitForDeadline(host, undrained, now);
  return { kind: 'StartOperation', operation: 'Stop', why: now >= drainDeadline(host) ? 'the drain deadline passed: the app stops' : 'the drain is done: the app stops' };
}

function stop(host: HostView, { operation }: HostFacts, now: Instant): DrainStep {
  if (stopGivenUp(host, now)) return { kind: 'Drained', why: `no load balancer lists it; the app could not be stopped in ${host.operationFailures} tries and goes with its server` };
  const startedAt = host.operation?.startedAt ?? now;
  const again = operation.kind === 'Failed' || operation.kind === 'Succeeded' ? retryAt(startedAt, host.operationFailures) : now;
  const why = stopText(operation);
  return now < again ? { ...wait(why), until: again } : { kind: 'StartOperation', operation: 'Stop', why };
}

function stopText(operation: OperationFact): string {
  switch (operation.kind) {
    case 'Failed': return `the stop failed: ${operation.message}`;
    case 'Succeeded': return 'the app runs although it was stopped: a deploy may have started it again';
    case 'None':
    case 'Lost':
    case 'Running': return 'the stop was lost with the process that ran it, and the app runs';
  }
}

/** Nothing can be stopped there. A failing probe or a provider that says `Off` shows that nothing serves; jobs have no probe. */
function drainUnreachable(host: HostView, { server, probe }: HostFacts, why: string, now: Instant): DrainStep {
  if (now < drainDeadline(host)) return waitForDeadline(host, `the machine cannot be reached (${why}), so the drain waits for its deadline`, now);
  const silent = probe.kind === 'Fails' || serverOf(server)?.state === 'Off' || (host.roleKind === 'Job' && probe.kind === 'Unknown');
  if (silent) return { kind: 'Drained', why: `no load balancer lists it, the machine cannot be reached (${why}) and nothing answers there` };
  return wait(`the machine cannot be reached (${why}), yet its health path ${probe.kind === 'Answers' ? 'answers' : 'was not probed'}: mend the way to it, or stop its app by hand`);
}

/** The machine is reached, and its app cannot be asked or stopped: Docker is dead. A failing probe shows that nothing serves. */
function drainUnasked(host: HostView, { machine, probe }: HostFacts, now: Instant): DrainStep {
  if (machine.kind === 'Unknown') return wait('the app could not be asked whether it runs');
  const why = machine.kind === 'Preparing' ? `the app cannot be stopped (${machine.why})` : 'the app could not be asked whether it runs';
  if (now < drainDeadline(host)) return waitForDeadline(host, `${why}, so the drain waits for its deadline`, now);
  if (probe.kind === 'Fails') return { kind: 'Drained', why: `no load balancer lists it, ${why} and nothing answers there` };
  return wait(`${why}, yet its health path ${probe.kind === 'Answers' ? 'answers' : 'was not probed'}: mend Docker there, or stop its app by hand`);
}

/** Whatever answers there is given no order, not even to stop; what is deleted is told by the provider's own id. */
function drainUntrusted(host: HostView, problem: string, now: Instant): DrainStep {
  if (now < drainDeadline(host)) return waitForDeadline(host, `the machine is not who it should be (${problem}), so the drain waits for its deadline`, now);
  return { kind: 'Drained', why: `no load balancer lists it; the machine is not who it should be (${problem}), so its app is not stopped and goes with its server` };
}

/** A quiesce that outlasts the deadline does not hold the drain up: what is left in flight was given its time. Under the deploy lock it is short, and no run begins beside it. */
function waitForOperation(host: HostView, facts: HostFacts, now: Instant): DrainStep {
  const kind = host.operation?.kind ?? 'Quiesce';
  if (kind === 'Quiesce' && host.worksUnder === 'NoLock' && facts.app.kind === 'Quiesced' && now >= drainDeadline(host)) return quiesce(host, facts, now);
  return wait(`its ${kind.toLowerCase()} runs`);
}

const wait = (why: string): HostStep & { kind: 'Wait' } => ({ kind: 'Wait', why, afterSeconds: AGAIN_SECONDS });

/** Looks again soon even where the deadline is far: the count in flight falls to 0 before. */
const waitForDeadline = (host: HostView, why: string, now: Instant): HostStep & { kind: 'Wait' } =>
  ({ kind: 'Wait', why, afterSeconds: Math.min(AGAIN_SECONDS, (drainDeadline(host) - now) / seconds(1)) });
