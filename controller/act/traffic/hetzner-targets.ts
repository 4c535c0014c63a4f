import { type InstanceListing, type PoolMembership, httpURL } from '../../model/index.ts';
import { allAddressesIn } from '../cloud/hetzner/servers.ts';
import { markingIn } from '../cloud/hetzner/labels.ts';
import { ownerIn } from '../cloud/rest/marking.ts';
import { isRecord, listOf, numberOf, recordIn, textOf } from '../cloud/rest/wire.ts';

/** A target as the API takes and gives it. */
export type TargetRef = { type: 'server'; server: { id: number }; use_private_ip: boolean } | { type: 'ip'; ip: { ip: string } };

/** A server of the project, as far as targets go. */
export interface ProjectServer {
  id: number;
  private: string[];
  public: string[];
  /** The pool that bought it, where this installation did. */
  ours: string | undefined;
}

export function projectServer(record: Record<string, unknown>, installation: string): ProjectServer {
  const owner = ownerIn(markingIn(recordIn(record, 'labels')));
  return { id: numberOf(record, 'id'), ...allAddressesIn(record), ours: owner?.installation === installation ? `${owner.pool.namespace}/${owner.pool.name}` : undefined };
}

/** What is to be done to a load balancer: additions first, so that at no moment fewer serve than before and after. */
export interface TargetChange {
  add: TargetRef[];
  remove: TargetRef[];
}

/**
 * Members that are no target join; targets that are no member leave only where this installation bought their server for
 * this pool. All others are somebody else's, and so are label selectors.
 */
export function targetChange({ pool, members }: PoolMembership, targets: readonly TargetRef[], servers: readonly ProjectServer[]): TargetChange {
  const wanted = members.map(({ address }): TargetRef => {
    const server = servers.find((one) => [...one.private, ...one.public].includes(address));
    return server === undefined ? { type: 'ip', ip: { ip: address } } : { type: 'server', server: { id: server.id }, use_private_ip: server.private.includes(address) };
  });
  const keys = new Set(wanted.map(keyOfTarget));
  const there = new Set(targets.map(keyOfTarget));
  const leaves = (target: TargetRef): boolean => target.type === 'server' && !keys.has(keyOfTarget(target))
    && servers.find(({ id }) => id === target.server.id)?.ours === `${pool.namespace}/${pool.name}`;
  return { add: wanted.filter((target, index) => !there.has(keyOfTarget(target)) && wanted.findIndex((one) => keyOfTarget(one) === keyOfTarget(target)) === index), remove: targets.filter(leaves) };
}

const keyOfTarget = (target: TargetRef): string => (target.type === 'server' ? `server ${target.server.id}` : `ip ${target.ip.ip}`);

/** Targets by server and by address, those of label selectors left out: nobody but the selector adds or removes them. */
export const targetsIn = (balancer: Record<string, unknown>): TargetRef[] => listOf(balancer, 'targets').flatMap((target) => refIn(target) ?? []);

function refIn(target: Record<string, unknown>): TargetRef | undefined {
  switch (target['type']) {
    case 'server': return { type: 'server', server: { id: numberOf(recordIn(target, 'server'), 'id') }, use_private_ip: target['use_private_ip'] === true };
    case 'ip': return { type: 'ip', ip: { ip: textOf(recordIn(target, 'ip'), 'ip') } };
    default: return undefined;
  }
}

/**
 * What a load balancer lists, by all addresses at which a target may be known: one that is listed must not pass for
 * one that is not because it was bought under another address. Up is what every service that sends there calls healthy.
 */
export function listedIn(balancer: Record<string, unknown>, servers: readonly ProjectServer[]): Extract<InstanceListing, { kind: 'Listing' }>['servers'] {
  const ports = Map.groupBy(listOf(balancer, 'services'), (service) => numberOf(service, 'destination_port'));
  const targets = listOf(balancer, 'targets').flatMap((target) => (target['type'] === 'label_selector' ? listOf(target, 'targets') : [target]));
  return targets.flatMap((target) => [...ports].flatMap(([port, services]) => {
    const listens = services.map((service) => numberOf(service, 'listen_port'));
    const health = listOf(target, 'health_status').filter(({ listen_port: listen }) => listens.includes(Number(listen)));
    const state = health.length > 0 && health.every(({ status }) => status === 'healthy') ? 'Up' as const : 'Down' as const;
    return addressesOf(target, servers).map((address, index) => ({ url: httpURL(address, port), state, ...(index === 0 ? {} : { alias: true as const }) }));
  }));
}

function addressesOf(target: Record<string, unknown>, servers: readonly ProjectServer[]): string[] {
  const { ip, server } = target;
  if (target['type'] === 'ip') return isRecord(ip) ? [textOf(ip, 'ip')] : [];
  const found = isRecord(server) ? servers.find(({ id }) => id === server['id']) : undefined;
  if (found === undefined) return [];
  // The one that requests go to comes first.
  return target['use_private_ip'] === true ? [...found.private, ...found.public] : [...found.public, ...found.private];
}
