import { type HostFacts, type Instant, type Server, type ServerFact, type MembershipFact, seconds, toTimestamp } from '../model/index.ts';
import type { HostView } from './host-view.ts';

/** The server that stands for the host, also while a twin waits for its deletion. */
export function serverOf(fact: ServerFact): Server | undefined {
  switch (fact.kind) {
    case 'Found': return fact.server;
    case 'Duplicate': return fact.keep;
    case 'Absent':
    case 'Unknown': return undefined;
  }
}

/** The earliest snapshot in which an absence says that no create call is still on its way. */
export const settledAt = ({ phaseSince, lastCreateIntentAt, settleSeconds }: HostView): Instant =>
  Math.max(phaseSince, (lastCreateIntentAt ?? 0) + seconds(settleSeconds));

/** No load balancer sends it requests, and that was asked and answered. */
export const outOfMembership = ({ kind }: MembershipFact): boolean => kind === 'NotListed' || kind === 'NoLoadBalancer';

/**
 * What is still in the way of counting as out of every load balancer; undefined when nothing is. One that was silent
 * since the host began to leave is not waited for without end: its own health check is left to notice. It takes the word
 * of another one, for where none answers it is more likely we who are cut off.
 */
export function notLeft({ phaseSince, silentSeconds }: HostView, { membership }: HostFacts, now: Instant): string | undefined {
  if (outOfMembership(membership)) return undefined;
  const text = membershipText(membership);
  if (membership.kind !== 'Unknown' || membership.others === undefined) return text;
  const until = phaseSince + seconds(silentSeconds);
  return now >= until ? undefined : `${text}; the others do not list it; waited for until ${toTimestamp(until)} (drain.silentLoadBalancerSeconds)`;
}

/** Some load balancer lists it, whatever it thinks of it. */
export const isListed = ({ kind }: MembershipFact): boolean => kind === 'ListedUp' || kind === 'ListedDown' || kind === 'Partial';

/** Something answers in the host's name; then a provider that calls it absent or off may be wrong (a token of another project). */
export const answersItself = ({ machine, probe }: HostFacts): boolean => machine.kind === 'Ready' || probe.kind === 'Answers';

/** A server that was there is there no more: recorded, or beyond the phase that finds it. */
export function vanished(host: HostView, facts: HostFacts): boolean {
  const wasThere = host.providerID !== undefined || (host.phase !== 'Pending' && host.phase !== 'Provisioning');
  return wasThere && facts.server.kind === 'Absent' && facts.server.asOf >= settledAt(host);
}

/** The host was behind a load balancer, or still is: it may only leave by a drain. */
export const wasMember = (host: HostView, { membership }: HostFacts): boolean => host.joiningSince !== undefined || isListed(membership);

/** Whether a server that never joined may be deleted without a drain. Without an address nobody can send it requests. */
export const mayServe = ({ server, membership }: HostFacts): boolean =>
  serverOf(server)?.address !== undefined && !outOfMembership(membership);

/** What the load balancers say, as a clause for people. */
export function membershipText(membership: MembershipFact): string {
  switch (membership.kind) {
    case 'NoLoadBalancer': return 'the role has no load balancer';
    case 'Unknown': return `a load balancer cannot be asked (${membership.why})`;
    case 'ListedUp': return 'every load balancer lists it up';
    case 'ListedDown': return membership.everywhere ? 'every load balancer lists it, but down' : 'every load balancer lists it, some of them down';
    case 'Partial': return `some load balancers list it (${membership.why})`;
    case 'NotListed': return 'no load balancer lists it';
  }
}
