import type { HostFacts, HostStep, Instant, Phase } from '../model/index.ts';
import { DEPARTING, DEPROVISIONING, DRAINING, QUARANTINED, RELEASED } from './leaving.ts';
import { IN_SERVICE } from './in-service.ts';
import { BOOTSTRAPPING, DEPLOYING, JOINING, PENDING, PROVISIONING } from './starting.ts';
import { GUARDS } from './guards.ts';
import type { HostView, Work } from './host-view.ts';
import { LIFECYCLE } from './lifecycle.ts';

const WORK: Record<Phase, Work> = {
  Pending: PENDING, Provisioning: PROVISIONING, Bootstrapping: BOOTSTRAPPING, Deploying: DEPLOYING, Joining: JOINING, InService: IN_SERVICE,
  Draining: DRAINING, Quarantined: QUARANTINED, Departing: DEPARTING, Deprovisioning: DEPROVISIONING, Released: RELEASED,
};

/**
 * The one thing to do for a host now. The pool's state comes first, then a second server with the same UID, then the
 * lifecycle table in its order, then the work of the phase. The phase changes here and nowhere else.
 */
export function nextHostStep(host: HostView, facts: HostFacts, now: Instant): HostStep {
  return heldByPool(host, facts) ?? deleteTwin(facts) ?? transition(host, facts, now) ?? WORK[host.phase](host, facts, now);
}

function transition(host: HostView, facts: HostFacts, now: Instant): HostStep | undefined {
  for (const { from, to, guard } of LIFECYCLE) {
    if (from !== host.phase && from !== 'any') continue;
    const passed = GUARDS[guard](host, facts, now);
    if (passed !== undefined) return { kind: 'Advance', to, ...passed };
  }
  return undefined;
}

/** A pool that pauses changes nothing; one that goes away under Retain leaves servers and membership as they are. */
function heldByPool(host: HostView, { server, operation }: HostFacts): HostStep | undefined {
  switch (host.poolState) {
    case 'Live': return undefined;
    case 'Paused': return { kind: 'Wait', why: 'the pool is paused: nothing changes until it is resumed', afterSeconds: 5 };
    case 'Ending': {
      // Who adopts the server must not begin a second run beside it, and the lock is not released under it.
      if (operation.kind === 'Running') return { kind: 'Wait', why: 'the pool goes away with deletionPolicy Retain: let go when the work on it has ended', afterSeconds: 2 };
      const neverBought = host.createAttempts === 0 && host.providerID === undefined && (server.kind === 'Absent' || server.kind === 'Unknown');
      if (host.phase === 'Released' || (neverBought && (host.phase === 'Pending' || host.phase === 'Provisioning'))) {
        return { kind: 'Release', why: 'the pool goes away and the host has no server' };
      }
      return { kind: 'Retain', why: 'the pool goes away with deletionPolicy Retain: its server stays as it is' };
    }
  }
}

function deleteTwin({ server }: HostFacts): HostStep | undefined {
  if (server.kind !== 'Duplicate') return undefined;
  const twin = server.extra.find(({ state }) => state !== 'Leaving');
  if (twin === undefined) return undefined;
  return { kind: 'DeleteExtra', server: twin, why: `${server.extra.length + 1} servers carry this UID: ${server.keep.providerID} stays, ${twin.providerID} goes` };
}
