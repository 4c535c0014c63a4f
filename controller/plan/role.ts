import { type HostFacts, type Instant } from '../model/index.ts';
import { drainDeadline } from './deadlines.ts';
import type { HostView, RoleKind } from './host-view.ts';

/** How a kind of role gets ready and how it drains; the lifecycle is the same for all. */
interface Role {
  /** What is missing until a host of this role may join, as a clause; undefined when it is ready. */
  notReady(facts: HostFacts): string | undefined;
  /** In what a running app differs from a fleet that agrees, as a clause. */
  unlikeFleet(facts: HostFacts): string | undefined;
  /** The proxy is told to refuse new requests before the app is stopped. WebSockets would be cut by it at once. */
  quiesces: boolean;
  /** What the drain still waits for, as a clause; undefined when the app may be stopped. */
  undrained(host: HostView, facts: HostFacts, now: Instant): string | undefined;
}

export const ROLES: Record<RoleKind, Role> = {
  Web: {
    notReady: (facts) => notServing(facts),
    unlikeFleet: (facts) => notFleets(facts) ?? notRouted(facts),
    quiesces: true,
    undrained(host, { inFlight }, now) {
      if (now >= drainDeadline(host)) return undefined;
      if (inFlight.kind === 'Unknown') return 'the proxy publishes no count of requests in flight, so the drain waits for its deadline';
      return inFlight.requests === 0 ? undefined : `${inFlight.requests} requests are in flight`;
    },
  },
  Cable: {
    notReady: (facts) => notServing(facts),
    unlikeFleet: (facts) => notFleets(facts) ?? notRouted(facts),
    quiesces: false,
    undrained: (host, _facts, now) => (now >= drainDeadline(host) ? undefined : 'open WebSockets cannot be counted, so the drain waits for its deadline'),
  },
  Job: {
    notReady: (facts) => notFleets(facts),
    unlikeFleet: (facts) => notFleets(facts),
    quiesces: false,
    // A worker takes new jobs until it is told to stop; the stop itself lets it finish or hand back what it holds.
    undrained: () => undefined,
  },
};

/** Whether a host of this role is as it must be to serve. */
export const isReady = (roleKind: RoleKind, facts: HostFacts): boolean => ROLES[roleKind].notReady(facts) === undefined;

/** In what a running app of this role differs from a fleet that agrees, as a clause. */
export const unlikeFleet = (roleKind: RoleKind, facts: HostFacts): string | undefined => ROLES[roleKind].unlikeFleet(facts);

function notFleets({ app, fleet }: HostFacts): string | undefined {
  if (fleet.kind === 'Disagree') return `the hosts that it must be like do not agree, as in a deploy, so it waits: ${fleet.why}`;
  if (fleet.kind === 'Unknown') return `what the fleet runs is not known: ${fleet.why}`;
  if (app.kind !== 'Running') return 'the app does not run';
  if (app.version !== fleet.version) return `the app runs version ${app.version}, the fleet ${fleet.version}`;
  if (!app.matchesFleet) return `the app runs, but not as the fleet does${app.why === undefined ? '' : `: ${app.why}`}`;
  return undefined;
}

const notRouted = ({ app }: HostFacts): string | undefined =>
  (app.kind === 'Running' && !app.routed ? 'the app runs, but the proxy does not route to it' : undefined);

function notServing(facts: HostFacts): string | undefined {
  const missing = notFleets(facts) ?? notRouted(facts);
  if (missing !== undefined) return missing;
  switch (facts.probe.kind) {
    case 'Answers': return undefined;
    case 'Fails': return `the health path does not answer: ${facts.probe.why}`;
    case 'Unknown': return 'the health path was not probed';
  }
}
