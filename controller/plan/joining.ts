import { type HostFacts, wantedVersion } from '../model/index.ts';
import type { HostView } from './host-view.ts';
import { ROLES } from './role.ts';

/** What is missing until a host may join, as a clause: what its role asks for, then what its pool does. */
export function notJoining(host: HostView, facts: HostFacts): string | undefined {
  return ROLES[host.roleKind].notReady(facts) ?? notAnswering(facts) ?? notWarm(facts) ?? heldBack(host, facts);
}

function notAnswering({ preJoin }: HostFacts): string | undefined {
  switch (preJoin?.kind) {
    case undefined:
    case 'Answers': return undefined;
    case 'Fails': return `a path that must answer before it joins does not: ${preJoin.why}`;
    case 'Unknown': return 'the paths that must answer before it joins were not asked';
  }
}

function notWarm({ warmUp }: HostFacts): string | undefined {
  switch (warmUp) {
    case undefined:
    case 'Done': return undefined;
    case 'Running': return 'its warm-up paths are asked';
    case 'NotBegun': return 'its warm-up paths were not asked';
  }
}

/** Another version than the one that failed may join: it may be the one that mends it. */
export function heldBack({ joinHold }: HostView, facts: HostFacts): string | undefined {
  return joinHold !== undefined && joinHold.version === wantedVersion(facts) ? `no host of version ${joinHold.version} joins: ${joinHold.why}` : undefined;
}
