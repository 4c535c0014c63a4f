import type { HostStep, MembershipFact, ServerFact } from '../model/index.ts';
import { isListed, membershipText, serverOf } from './evidence.ts';

const LOOK_AGAIN_SECONDS = 15;

/** A person set the host apart. Its deletion, by a person too, ends that: it then leaves as any other. */
export const isApart = ({ quarantined, deleting }: { quarantined: boolean; deleting: boolean }): boolean => quarantined && !deleting;

/** What is said of a host that is kept as it is: nothing is done on it, nor with its server. */
export function keptApart(server: ServerFact, membership: MembershipFact): HostStep {
  const what = serverOf(server) === undefined
    ? server.kind === 'Absent' ? 'in quarantine, but the provider lists its server no more: release it, or delete this KamalHost' : 'in quarantine; the provider cannot be asked for its server'
    : isListed(membership) ? `in quarantine, yet ${membershipText(membership)}`
    : 'in quarantine: out of the load balancers, its server is kept and paid for until it is released or this KamalHost is deleted';
  return { kind: 'Wait', why: what, afterSeconds: LOOK_AGAIN_SECONDS };
}
