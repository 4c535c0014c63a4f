import { type HostPool, type KamalHost, PROTECTED_ANNOTATION, QUARANTINED_ANNOTATION } from '../api/index.ts';
import type { ConditionDraft } from './conditions.ts';

/** Set apart by a person: it serves nothing, and is there and paid for until it is released or deleted. */
export const isQuarantined = ({ metadata }: KamalHost): boolean =>
  metadata.annotations?.[QUARANTINED_ANNOTATION] === 'true' && metadata.deletionTimestamp === undefined;

/** What people's own marks on hosts keep the pool from doing. `total`: hosts that serve or are on the way to it. Pure. */
export function keptConditions(pool: HostPool, hosts: readonly KamalHost[], total: number): ConditionDraft[] {
  return [quarantineCondition(pool, hosts, total), scaleInCondition(pool, hosts, total)];
}

function quarantineCondition({ spec }: HostPool, hosts: readonly KamalHost[], total: number): ConditionDraft {
  const type = 'Quarantine';
  const apart = hosts.filter(isQuarantined);
  if (apart.length === 0) return { type, status: 'False', reason: 'None', message: 'no host is in quarantine' };
  const names = namesOf(apart);
  const [first] = apart;
  const missing = Math.min(spec.replicas ?? 0, spec.maxReplicas) - total;
  const noRoom = missing > 0 && (spec.fixedHosts?.length ?? 0) + hosts.length >= spec.maxReplicas;
  const room = noRoom ? `; maxReplicas ${spec.maxReplicas} is reached with ${apart.length === 1 ? 'it' : 'them'}, so ${missing} of the ${spec.replicas} hosts that are wanted cannot be bought: raise maxReplicas, or end it` : '';
  return {
    type, status: 'True', reason: noRoom ? 'NoRoomBeside' : 'HostsKept',
    message: `${names} ${apart.length === 1 ? 'is' : 'are'} out of service and kept, paid for, and counted against maxReplicas and budget${room}; to end it: kamal-autoscaler quarantine ${first?.metadata.name} --release`,
  };
}

/** More hosts than are wanted, and those that could leave are protected. */
function scaleInCondition({ spec }: HostPool, hosts: readonly KamalHost[], total: number): ConditionDraft {
  const type = 'ScaleInAllowed';
  const apart = hosts.filter(isQuarantined);
  const leaving = (host: KamalHost): boolean => host.spec.intent === 'Drain' || host.metadata.deletionTimestamp !== undefined;
  const staying = hosts.filter((host) => !apart.includes(host) && !leaving(host));
  const kept = staying.filter(({ metadata }) => metadata.annotations?.[PROTECTED_ANNOTATION] === 'true');
  const surplus = spec.replicas === undefined ? 0 : total - spec.replicas;
  if (surplus <= 0 || kept.length === 0 || kept.length < staying.length) return { type, status: 'True', reason: 'NothingAgainstIt', message: 'no protected host stands in the way of a scale-in' };
  return {
    type, status: 'False', reason: 'HostsProtected',
    message: `${total} hosts are there and ${spec.replicas} wanted, and every one that could leave is protected: ${namesOf(kept)}; to let one go: kamal-autoscaler protect ${kept[0]?.metadata.name} --off`,
  };
}

const SHOWN = 5;

const namesOf = (hosts: readonly KamalHost[]): string =>
  `${hosts.slice(0, SHOWN).map(({ metadata }) => metadata.name).join(', ')}${hosts.length > SHOWN ? ` and ${hosts.length - SHOWN} more` : ''}`;
