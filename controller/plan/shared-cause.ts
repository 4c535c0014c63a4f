import type { Fleet, FleetHost, Phase } from '../model/index.ts';

/** Whether unhealthy hosts are replaced now. */
export type ReplacementVerdict =
  /** `placementDown`: all that is down is in this placement, and what is elsewhere serves; successors are bought elsewhere. */
  | { kind: 'Allowed'; placementDown?: string }
  /** What one host suffers from, its successor would too. `why` and `liftedBy` are clauses. */
  | { kind: 'Held'; reason: 'FixedHostsDown' | 'TooManyUnhealthy'; why: string; liftedBy: string };

/** Phases in which an unhealthy host still stands for what happens to the pool, whatever is intended with it. */
const JUDGED: readonly Phase[] = ['InService', 'Deploying', 'Joining', 'Draining'];

/**
 * Servers are bought for hosts that fail by themselves. Where many fail at once, or those that people own fail too, the
 * cause is more likely one that they share (a deploy, a database, a secret, the network): new servers would fail the same
 * way, and cost. A placement that is gone as a whole is no such cause while hosts elsewhere serve. Pure.
 */
export function judgeReplacement(fleet: Fleet): ReplacementVerdict {
  const down = fleet.hosts.filter(({ health, phase, failsChecks }) => (health === 'Unhealthy' || failsChecks === true) && JUDGED.includes(phase));
  const up = fleet.hosts.filter(({ health, phase }) => health === 'Healthy' && phase === 'InService');
  const fixedDown = fleet.fixedDown ?? 0;
  if (fixedDown > 0 && fixedDown * 2 >= fleet.fixedHosts && (down.length > 0 || fleet.failedStarts > 0)) {
    return {
      kind: 'Held', reason: 'FixedHostsDown', why: `${fixedDown} of the ${fleet.fixedHosts} fixed hosts are down too, so what is the matter is not the bought hosts`,
      liftedBy: 'it goes on when more than half of the fixed hosts answer again, or when those that are lost are out of spec.fixedHosts',
    };
  }
  const unhealthy = down.length + fixedDown;
  const judged = unhealthy + up.length + fleet.fixedHosts - fixedDown;
  const allowed = Math.max(1, Math.floor((judged * fleet.maxUnhealthyPercent) / 100));
  if (unhealthy <= allowed) return { kind: 'Allowed' };
  const placementDown = fixedDown === 0 ? placementOf(fleet, down, up) : undefined;
  if (placementDown !== undefined) return { kind: 'Allowed', placementDown };
  return {
    kind: 'Held', reason: 'TooManyUnhealthy', why: `${unhealthy} of ${judged} hosts are down, more than the ${allowed} that fail by themselves (limits.maxUnhealthyPercent ${fleet.maxUnhealthyPercent})`,
    liftedBy: `it goes on when at most ${allowed} are down, or with a greater limits.maxUnhealthyPercent; look at what they share: the last deploy, the database, a secret, the network`,
  };
}

/** The one placement in which everything is down, where the pool has another one and a host that is not there serves. */
function placementOf({ placements, fixedHosts }: Fleet, down: readonly FleetHost[], up: readonly FleetHost[]): string | undefined {
  const [placement, ...others] = new Set(down.map((host) => host.placement));
  if (placement === undefined || others.length > 0 || placements.every((name) => name === placement)) return undefined;
  return up.every((host) => host.placement !== placement) && up.length + fixedHosts > 0 ? placement : undefined;
}
