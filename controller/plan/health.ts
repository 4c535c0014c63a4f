import { type HostFacts, type Instant, seconds } from '../model/index.ts';
import { answersItself, serverOf } from './evidence.ts';

export interface HealthJudgement {
  /** `Suspect`: something is wrong, but not for long enough, or nothing that proves the host down. */
  health: 'Healthy' | 'Unhealthy' | 'Suspect';
  /** Since when the evidence has been unbroken; what to store as `unhealthySince`. */
  since?: Instant;
  why: string;
}

/**
 * Whether a host in service must be replaced. Evidence is only what a partition of the controller alone cannot produce:
 * every load balancer calls it down *and* the controller's own probe fails; without a load balancer, the provider says
 * that it has no power *and* the machine does not answer. Unknown listings are no evidence.
 *
 * `was` is the last verdict. Any change of Traefik's configuration lists a dead host as up again for one health-check
 * interval, and a draining one is not listed at all; so a verdict stands until the host itself answers.
 */
export function judgeHealth(
  facts: HostFacts, unhealthySince: Instant | undefined, unhealthyAfterSeconds: number, now: Instant, was: 'Healthy' | 'Unhealthy' = 'Healthy',
): HealthJudgement {
  const finding = weigh(facts);
  switch (finding.kind) {
    case 'Down': {
      const since = unhealthySince ?? now;
      const lasted = now - since >= seconds(unhealthyAfterSeconds) || was === 'Unhealthy';
      return { health: lasted ? 'Unhealthy' : 'Suspect', since, why: finding.why };
    }
    case 'Up':
      return { health: 'Healthy', why: finding.why };
    case 'Unproven':
      if (was === 'Unhealthy' && !answersItself(facts)) return { health: 'Unhealthy', since: unhealthySince ?? now, why: `was proven down and has not answered since; ${finding.why}` };
      return { health: 'Suspect', why: finding.why };
  }
}

/**
 * Whether a host that left service to be checked anew must be replaced instead: it was proven down, and has not answered
 * for as long as the pool allows. No load balancer speaks of it any more, so its own answer is what counts.
 */
export function judgeReturning(facts: HostFacts, unhealthySince: Instant | undefined, unhealthyAfterSeconds: number, now: Instant): HealthJudgement {
  if (answersItself(facts)) return { health: 'Healthy', why: 'it answers again' };
  const since = unhealthySince ?? now;
  return { health: now - since >= seconds(unhealthyAfterSeconds) ? 'Unhealthy' : 'Suspect', since, why: 'it was seen down and has not answered since' };
}

/** Times that are counted, and looked back upon: so many within ten times what one failure may last is flapping. */
export const FLAPS = 5;
const FLAP_WINDOW = 10;

/**
 * A host that goes down and comes back again and again, never for long enough to be replaced for that, as `leftServiceAt`
 * tells: it is Unhealthy also while it answers, until its oldest counted failure is long enough ago. Undefined for others.
 * A clock that was set back leaves times in the future: they say nothing.
 */
export function judgeFlapping(leftServiceAt: readonly Instant[], unhealthyAfterSeconds: number, now: Instant): HealthJudgement | undefined {
  const windowSeconds = FLAP_WINDOW * unhealthyAfterSeconds;
  const counted = leftServiceAt.filter((at) => at <= now && now - at < seconds(windowSeconds));
  if (counted.length < FLAPS) return undefined;
  return { health: 'Unhealthy', since: Math.min(...counted), why: `it was seen down ${counted.length} times in ${windowSeconds} s: it comes back each time, and does not stay` };
}

/** Every load balancer calls it down *and* the controller's own probe fails. */
export const provenDown = ({ membership, probe }: Pick<HostFacts, 'membership' | 'probe'>): boolean =>
  membership.kind === 'ListedDown' && membership.everywhere && probe.kind === 'Fails';

type Finding = { kind: 'Down' | 'Up' | 'Unproven'; why: string };

function weigh(facts: HostFacts): Finding {
  return facts.membership.kind === 'NoLoadBalancer' ? weighByMachine(facts) : weighByListing(facts);
}

function weighByListing(facts: HostFacts): Finding {
  const { membership, probe } = facts;
  const own = probe.kind === 'Fails' ? `the controller's probe fails: ${probe.why}` : 'the controller did not probe it';
  switch (membership.kind) {
    case 'ListedDown':
      if (probe.kind === 'Answers') return { kind: 'Unproven', why: 'a load balancer calls it down, but it answers the controller' };
      if (provenDown(facts)) return { kind: 'Down', why: `every load balancer calls it down; ${own}` };
      return { kind: 'Unproven', why: `${membership.everywhere ? 'every load balancer calls' : 'some load balancers call'} it down; ${own}` };
    case 'ListedUp':
      return probe.kind === 'Fails'
        ? { kind: 'Unproven', why: `every load balancer calls it up, but ${own}` }
        : { kind: 'Up', why: 'every load balancer calls it up' };
    case 'Unknown':
    case 'Partial':
      return probe.kind === 'Answers'
        ? { kind: 'Up', why: 'it answers the controller' }
        : { kind: 'Unproven', why: `${membership.why}; ${own}` };
    case 'NotListed':
    case 'NoLoadBalancer':
      return probe.kind === 'Answers'
        ? { kind: 'Up', why: 'it answers the controller' }
        : { kind: 'Unproven', why: `no load balancer lists it; ${own}` };
  }
}

function weighByMachine(facts: HostFacts): Finding {
  const { server, machine, app } = facts;
  if (serverOf(server)?.state === 'Off' && !answersItself(facts)) return { kind: 'Down', why: 'the provider says that it is off, and the machine does not answer' };
  if (machine.kind !== 'Ready') return { kind: 'Unproven', why: machine.kind === 'Unreachable' ? `the machine does not answer: ${machine.why}` : 'the machine could not be asked' };
  // A stopped job may be a person's wish: a successor would start the jobs that they stopped.
  if (app.kind !== 'Running') return { kind: 'Unproven', why: app.kind === 'Unknown' ? 'the app could not be asked' : 'the machine answers, but the app does not run' };
  return { kind: 'Up', why: 'the app runs' };
}
