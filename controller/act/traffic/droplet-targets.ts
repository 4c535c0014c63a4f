import { ClassifiedError, type Instant, type ListedServer, type PoolMembership, httpURL, seconds } from '../../model/index.ts';
import { allAddressesIn } from '../cloud/digitalocean/droplets.ts';
import { markingIn } from '../cloud/digitalocean/tags.ts';
import { ownerIn } from '../cloud/rest/marking.ts';
import { idOf, isRecord, listOf, numberOf, portOf, textOf, textsOf } from '../cloud/rest/wire.ts';
import type { TargetCheck } from './target-check.ts';

/** A Droplet of the account, as far as load balancers go. */
export interface Droplet {
  id: number;
  /** The one that load balancers of its VPC use comes first. */
  addresses: string[];
  tags: string[];
  /** The pool that bought it, where this installation did. */
  ours: string | undefined;
}

export function dropletIn(record: Record<string, unknown>, installation: string): Droplet {
  const tags = textsOf(record, 'tags');
  const owner = ownerIn(markingIn(tags));
  return { id: idOf(record), addresses: allAddressesIn(record), tags, ours: owner?.installation === installation ? `${owner.pool.namespace}/${owner.pool.name}` : undefined };
}

/** A load balancer as the API describes it. */
export interface DropletBalancer {
  id: string;
  name: string;
  status: string;
  /** Undefined: its Droplets are named one by one. */
  tag: string | undefined;
  /** Whatever they came by. */
  droplets: number[];
  /** To which requests are sent. */
  ports: number[];
  check: TargetCheck;
  /** How long a Droplet has to pass the check until it is sent requests. */
  provenAfterSeconds: number;
}

const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
/** What does not begin with a slash would make another host of a URL. */
const PATH = /^\/[^\s]{0,1000}$/;
const LONGEST_NAME = 255;
/** A pass must not wait for long for one that is down. */
const LONGEST_CHECK_SECONDS = 2;

/** Throws Invalid for a kind that takes no Droplets, and Unavailable for an answer that is not understood: it must not pass for an empty one. */
export function balancerIn(record: Record<string, unknown>): DropletBalancer {
  const [id, name, ids, check] = [textOf(record, 'id'), textOf(record, 'name').slice(0, LONGEST_NAME), record['droplet_ids'], record['health_check']];
  if (record['type'] === 'GLOBAL') throw new ClassifiedError('Invalid', `load balancer ${name} is a global one, which takes no Droplets`, { mend: 'Write the name of a regional one.' });
  if (!ID.test(id) || !Array.isArray(ids) || !ids.every((one) => Number.isSafeInteger(one))) {
    throw new ClassifiedError('Unavailable', `what DigitalOcean says of load balancer ${name} is not understood`, { mend: 'check the endpoint, or update kamal-autoscaler' });
  }
  const tag = record['tag'];
  const health = isRecord(check) ? check : {};
  const amount = (key: string, usual: number): number => (health[key] === undefined ? usual : numberOf(health, key));
  const protocol = health['protocol'];
  const path = health['path'];
  return {
    id, name, status: textOf(record, 'status'), tag: typeof tag === 'string' && tag !== '' ? tag : undefined, droplets: ids as number[],
    ports: [...new Set(listOf(record, 'forwarding_rules').map((rule) => portOf(rule, 'target_port')))],
    check: {
      protocol: protocol === 'tcp' || protocol === 'https' ? protocol : 'http', port: health['port'] === undefined ? 80 : portOf(health, 'port'), path: typeof path === 'string' && PATH.test(path) ? path : '/',
      timeoutSeconds: Math.min(LONGEST_CHECK_SECONDS, amount('response_timeout_seconds', 5)),
    },
    provenAfterSeconds: amount('healthy_threshold', 3) * amount('check_interval_seconds', 10),
  };
}

/** What is to be done so that the members are targets. `strangers`: members that are no Droplet of the account. */
export interface DropletChange {
  add: number[];
  remove: number[];
  strangers: PoolMembership['members'];
}

/**
 * Members that are no target join; targets that are no member leave only where this installation bought their Droplet
 * for this pool. By a tag they are those that have it, or are listed because of it: either may be late.
 */
export function dropletChange({ pool, members }: PoolMembership, balancer: DropletBalancer, droplets: readonly Droplet[]): DropletChange {
  const { tag } = balancer;
  const at = (address: string): Droplet | undefined => droplets.find(({ addresses }) => addresses.includes(address));
  const wanted = new Set(members.flatMap(({ address }) => at(address)?.id ?? []));
  const has = ({ id, tags }: Droplet): boolean => (tag === undefined ? balancer.droplets.includes(id) : tags.includes(tag));
  const ours = ({ ours: by }: Droplet): boolean => by === `${pool.namespace}/${pool.name}`;
  return {
    add: droplets.filter((droplet) => wanted.has(droplet.id) && !has(droplet)).map(({ id }) => id),
    remove: droplets.filter((droplet) => !wanted.has(droplet.id) && ours(droplet) && (has(droplet) || balancer.droplets.includes(droplet.id))).map(({ id }) => id),
    strangers: members.filter(({ address }) => at(address) === undefined),
  };
}

/** What a load balancer lists; `up` are the ids of Droplets that it is taken to send requests to. */
export const listedDroplets = ({ droplets: ids, ports }: DropletBalancer, droplets: readonly Droplet[], up: ReadonlySet<number>): ListedServer[] =>
  ids.flatMap((id) => ports.flatMap((port): ListedServer[] => {
    const found = droplets.find((droplet) => droplet.id === id);
    const [url, ...aliases] = (found?.addresses ?? []).map((address) => httpURL(address, port));
    return url === undefined ? [] : [{ url, state: up.has(id) ? 'Up' : 'Down', ...(aliases.length === 0 ? {} : { aliases }), ...(found?.ours === undefined ? { foreign: true } : {}) }];
  }));

/**
 * Since when the Droplets of each load balancer pass its check, as this process saw it. DigitalOcean does not say whether
 * a Droplet is healthy, so the same check is made from here, and one that has just joined, or has failed, counts once it
 * has passed for as long as the load balancer wants it to. Of those that were there when this process first looked
 * nothing older is known: they count at once.
 */
export function createProof(): (balancer: DropletBalancer, passing: ReadonlySet<number>, now: Instant) => Set<number> {
  const since = new Map<string, Map<number, Instant>>();
  return ({ id, droplets, provenAfterSeconds }, passing, now) => {
    const before = since.get(id);
    const next = new Map(droplets.filter((droplet) => passing.has(droplet)).map((droplet): [number, Instant] => [droplet, before === undefined ? -Infinity : before.get(droplet) ?? now]));
    since.set(id, next);
    return new Set([...next].filter(([, start]) => now - start >= seconds(provenAfterSeconds)).map(([droplet]) => droplet));
  };
}
