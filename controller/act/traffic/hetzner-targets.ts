import { ClassifiedError, type ListedServer, type PoolMembership, httpURL } from '../../model/index.ts';
import { allAddressesIn } from '../cloud/hetzner/servers.ts';
import { markingIn } from '../cloud/hetzner/labels.ts';
import { ownerIn } from '../cloud/rest/marking.ts';
import { addressOf, idOf, isRecord, listIn, listOf, portOf, recordIn, textOf } from '../cloud/rest/wire.ts';

export type HetznerBalancer = NonNullable<PoolMembership['hetzner']>;
type Label = NonNullable<HetznerBalancer['label']>;

/** A target as the API takes and gives it. */
export type TargetRef = { type: 'server'; server: { id: number }; use_private_ip: boolean } | { type: 'ip'; ip: { ip: string } };

/** A server of the project, as far as targets go. */
export interface ProjectServer {
  id: number;
  name: string;
  private: string[];
  public: string[];
  labels: Record<string, unknown>;
  /** The pool that bought it, where this installation did. */
  ours: string | undefined;
}

export function projectServer(record: Record<string, unknown>, installation: string): ProjectServer {
  const labels = recordIn(record, 'labels');
  const owner = ownerIn(markingIn(labels));
  return { id: idOf(record), name: textOf(record, 'name'), ...allAddressesIn(record), labels, ours: owner?.installation === installation ? `${owner.pool.namespace}/${owner.pool.name}` : undefined };
}

const at = (servers: readonly ProjectServer[], address: string): ProjectServer | undefined => servers.find((one) => [...one.private, ...one.public].includes(address));

const isOf = ({ pool }: PoolMembership, server: ProjectServer | undefined): boolean => server?.ours === `${pool.namespace}/${pool.name}`;

/** What is to be done to a load balancer: additions first, so that at no moment fewer serve than before and after. */
export interface TargetChange {
  add: TargetRef[];
  remove: TargetRef[];
}

/**
 * Members that are no target join, unless a label makes them one; targets that are no member leave only where this
 * installation bought their server for this pool. All others are somebody else's, and so are label selectors.
 */
export function targetChange(pool: PoolMembership, balancer: Record<string, unknown>, servers: readonly ProjectServer[], label: Label | undefined): TargetChange {
  const targets = targetsIn(balancer);
  const wanted = pool.members.map(({ address }): TargetRef => {
    const server = at(servers, address);
    return server === undefined ? { type: 'ip', ip: { ip: address } } : { type: 'server', server: { id: server.id }, use_private_ip: server.private.includes(address) };
  });
  const keys = new Set(wanted.map(keyOfTarget));
  const there = new Set(targets.map(keyOfTarget));
  const joins = (target: TargetRef, index: number): boolean => !there.has(keyOfTarget(target)) && (target.type === 'ip' || label === undefined)
    && wanted.findIndex((one) => keyOfTarget(one) === keyOfTarget(target)) === index;
  const leaves = (target: TargetRef): boolean => target.type === 'server' && !keys.has(keyOfTarget(target)) && isOf(pool, servers.find(({ id }) => id === target.server.id));
  return { add: wanted.filter(joins), remove: targets.filter(leaves) };
}

/** Ids of servers that must get the label, and of those that must lose it. Throws Invalid where a server that people own has another value of the key. */
export function labelChange(pool: PoolMembership, { key, value }: Label, servers: readonly ProjectServer[]): { add: number[]; remove: number[] } {
  const members = new Set(pool.members.flatMap(({ address }) => at(servers, address) ?? []));
  const missing = [...members].filter(({ labels }) => labels[key] !== value);
  const taken = missing.find((server) => server.ours === undefined && Object.hasOwn(server.labels, key));
  if (taken !== undefined) throw new ClassifiedError('Invalid', `server ${taken.name} is not this installation's, and has the label ${key}=${String(taken.labels[key])}`, { mend: `Remove that label, or write another key in spec.loadBalancer.hetzner.label.` });
  const leaving = servers.filter((server) => !members.has(server) && isOf(pool, server) && server.labels[key] === value);
  return { add: missing.map(({ id }) => id), remove: leaving.map(({ id }) => id) };
}

const selectorsIn = (balancer: Record<string, unknown>): { selector: string; targets: Record<string, unknown>[] }[] => listIn(balancer, 'targets', '/load_balancers')
  .flatMap((target) => (target['type'] === 'label_selector' ? [{ selector: textOf(recordIn(target, 'label_selector'), 'selector'), targets: listOf(target, 'targets') }] : []));

/** Throws Invalid where no target asks for the label: a server that has it would never be sent a request. */
export function checkSelector(balancer: Record<string, unknown>, name: string, { key, value }: Label): void {
  const asks = selectorsIn(balancer).some(({ selector }) => selector.split(',').some((clause) => [`${key}=${value}`, `${key}==${value}`].includes(clause.replaceAll(/\s/g, ''))));
  if (!asks) throw new ClassifiedError('Invalid', `load balancer ${name} has no target that selects by the label ${key}=${value}`, { mend: `hcloud load-balancer add-target ${name} --label-selector ${key}=${value}` });
}

/** Why a server that left is a target still, as a clause: nobody but its label selector can let it go. */
export function leftBySelector(pool: PoolMembership, balancer: Record<string, unknown>, servers: readonly ProjectServer[]): string | undefined {
  const leaving = servers.filter((server) => isOf(pool, server) && pool.members.every(({ address }) => at([server], address) === undefined));
  for (const { selector, targets } of selectorsIn(balancer)) {
    const found = leaving.find(({ id }) => targets.some(({ server }) => isRecord(server) && server['id'] === id));
    if (found !== undefined) return `server ${found.name} is no member any more, and stays a target by the label selector ${selector}`;
  }
  return undefined;
}

const keyOfTarget = (target: TargetRef): string => (target.type === 'server' ? `server ${target.server.id}` : `ip ${target.ip.ip}`);

/** Targets by server and by address, those of label selectors left out: nobody but the selector adds or removes them. */
const targetsIn = (balancer: Record<string, unknown>): TargetRef[] => listIn(balancer, 'targets', '/load_balancers').flatMap((target) => refIn(target) ?? []);

function refIn(target: Record<string, unknown>): TargetRef | undefined {
  switch (target['type']) {
    case 'server': return { type: 'server', server: { id: idOf(recordIn(target, 'server')) }, use_private_ip: target['use_private_ip'] === true };
    case 'ip': return { type: 'ip', ip: { ip: addressOf(textOf(recordIn(target, 'ip'), 'ip')) } };
    default: return undefined;
  }
}

/**
 * What a load balancer lists, by all addresses at which a target may be known: one that is listed must not pass for
 * one that is not because it was bought under another address. Up is what every service that sends there calls healthy.
 */
export function listedIn(balancer: Record<string, unknown>, servers: readonly ProjectServer[]): ListedServer[] {
  const ports = Map.groupBy(listOf(balancer, 'services'), (service) => portOf(service, 'destination_port'));
  const targets = listIn(balancer, 'targets', '/load_balancers').flatMap((target) => (target['type'] === 'label_selector' ? listOf(target, 'targets') : [target]));
  return targets.flatMap((target) => [...ports].flatMap(([port, services]): ListedServer[] => {
    const listens = services.map((service) => portOf(service, 'listen_port'));
    const health = listOf(target, 'health_status').filter(({ listen_port: listen }) => typeof listen === 'number' && listens.includes(listen));
    const { addresses, foreign } = placeOf(target, servers);
    const [url, ...aliases] = addresses.map((address) => httpURL(address, port));
    if (url === undefined) return [];
    const state = health.length > 0 && health.every(({ status }) => status === 'healthy') ? 'Up' : 'Down';
    return [{ url, state, ...(aliases.length === 0 ? {} : { aliases }), ...(foreign ? { foreign: true } : {}) }];
  }));
}

/** The address that requests go to comes first. */
function placeOf(target: Record<string, unknown>, servers: readonly ProjectServer[]): { addresses: string[]; foreign: boolean } {
  const { ip, server } = target;
  if (target['type'] === 'ip') return { addresses: isRecord(ip) ? [addressOf(textOf(ip, 'ip'))] : [], foreign: true };
  const found = isRecord(server) ? servers.find(({ id }) => id === server['id']) : undefined;
  if (found === undefined) return { addresses: [], foreign: true };
  return { addresses: target['use_private_ip'] === true ? [...found.private, ...found.public] : [...found.public, ...found.private], foreign: found.ours === undefined };
}
