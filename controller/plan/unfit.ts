import type { HostFacts } from '../model/index.ts';
import type { HostView } from './host-view.ts';
import { identityProblem } from './identity.ts';
import { ROLES } from './role.ts';

/**
 * Why a host in service is taken for down, as a clause. Its app may return by itself within seconds, with an old version;
 * so what was down once comes back only by the checks of a newcomer, unless it passes them where it stands.
 */
export function seenDown(host: HostView, facts: HostFacts): string | undefined {
  const { membership, probe } = facts;
  switch (membership.kind) {
    case 'ListedDown':
      if (probe.kind === 'Fails') return `a load balancer calls it down, and it does not answer: ${probe.why}`;
      if (!membership.everywhere || probe.kind === 'Unknown') return undefined;
      return prefixed('every load balancer calls it down, and', idle(facts) ?? startedAnew(host, facts));
    case 'ListedUp':
    case 'Partial':
      // No load balancer has had the time to call the others down that fail by the same cause at the same moment: the next look knows of them.
      if (host.wasHealthy === true) return undefined;
      return probe.kind === 'Fails' ? prefixed('it does not answer, and', idle(facts)) : undefined;
    case 'NotListed':
    case 'NoLoadBalancer':
    case 'Unknown': return undefined;
  }
}

/** Why a host in service that no load balancer calls down must still be checked like a newcomer, as a clause. */
export function changed(host: HostView, facts: HostFacts): string | undefined {
  const problem = identityProblem(host, facts);
  if (problem !== undefined) return `the machine is not who it should be: ${problem}`;
  // A stopped or old job serves nobody wrongly at once; it is mended where it is.
  if (facts.membership.kind === 'NoLoadBalancer' || facts.fleet.kind !== 'Agreed') return undefined;
  if (facts.app.kind === 'Quiesced') return 'its proxy refuses requests, as in maintenance, while the fleet serves';
  return startedAnew(host, facts);
}

/** The app that does not serve, by its own word. */
function idle({ machine, app }: HostFacts): string | undefined {
  if (machine.kind !== 'Ready') return undefined;
  switch (app.kind) {
    case 'NotRunning': return 'no app runs there';
    case 'Running': return app.routed ? undefined : 'its proxy routes to no app of this version';
    case 'Quiesced':
    case 'Unknown': return undefined;
  }
}

/** The machine was started again, and what runs there since is not known to be right. */
function startedAnew(host: HostView, facts: HostFacts): string | undefined {
  return wasStartedAnew(host, facts) ? prefixed('it was started anew, and', ROLES[host.roleKind].notReady(facts)) : undefined;
}

export const wasStartedAnew = ({ bootID }: HostView, { machine }: HostFacts): boolean =>
  machine.kind === 'Ready' && machine.bootID !== undefined && bootID !== undefined && machine.bootID !== bootID;

const prefixed = (prefix: string, clause: string | undefined): string | undefined => (clause === undefined ? undefined : `${prefix} ${clause}`);

/**
 * Whether the pool can do without the host: at least half of the others are up. Where most look down at once, what looks
 * is more likely to be wrong than they are, and an empty pool serves nobody.
 */
export function maySpare({ membership, siblings }: HostFacts): boolean {
  if (membership.kind === 'NoLoadBalancer') return true;
  return siblings !== undefined && siblings.up > 0 && siblings.up * 2 >= siblings.listed;
}
