import { ClassifiedError, type PoolMembership, isClass, seconds } from '../../model/index.ts';
import type { Clock } from '../../ports/index.ts';
import { createDropletTags } from '../cloud/digitalocean/tagging.ts';
import type { CloudAPI } from '../cloud/rest/http.ts';
import { recordIn } from '../cloud/rest/wire.ts';
import { type BalancerCloud, checkWanted } from './cloud-balancers.ts';
import { type Droplet, type DropletBalancer, balancerIn, createProof, dropletChange, dropletIn, listedDroplets } from './droplet-targets.ts';
import { passes } from './target-check.ts';
import type { IsWanted } from './upkeep.ts';

export interface DigitalOceanBalancersParts {
  clock: Clock;
  installation: string;
  /** Undefined where no token is set up. */
  http: CloudAPI | undefined;
}

type Ref = NonNullable<PoolMembership['digitalocean']>;

/** 5,000 requests an hour and 250 a minute are for everything with this token. */
const SHARED_FOR_MILLISECONDS = 2_000;
const BUSY_LOOKS = 20;

const NO_TOKEN = 'no token of DigitalOcean is set up: set DIGITALOCEAN_ACCESS_TOKEN';

/** Load balancers of DigitalOcean: members become targets one by one, or get the tag by which the load balancer finds them. */
export function createDigitalOceanBalancers({ clock, installation, http: api }: DigitalOceanBalancersParts): BalancerCloud<Ref> {
  const proven = createProof();
  const ids = new Map<string, string>();
  /** Addresses of a Droplet do not change, and its id is never given again: only one that is new has to be asked for. */
  let known: Droplet[] = [];

  const http = (): CloudAPI => {
    if (api === undefined) throw new ClassifiedError('Unauthorized', NO_TOKEN);
    return api;
  };

  async function droplets(): Promise<Droplet[]> {
    known = (await http().list('/v2/droplets', 'droplets')).map((record) => dropletIn(record, installation));
    return known;
  }

  /** Throws Invalid where there is none: what is not there lists nothing, but is no answer. */
  async function named({ name, tag }: Ref): Promise<DropletBalancer> {
    const record = await byID(name) ?? await byName(name);
    const balancer = balancerIn(record);
    ids.set(name, balancer.id);
    if (balancer.tag === tag) return balancer;
    throw tag === undefined
      ? new ClassifiedError('Invalid', `load balancer ${name} takes its Droplets by the tag ${balancer.tag}, and none by itself`, { mend: `Write spec.loadBalancer.digitalocean.tag: ${balancer.tag}, or give it Droplets instead of the tag.` })
      : new ClassifiedError('Invalid', `load balancer ${name} takes its Droplets ${balancer.tag === undefined ? 'one by one, and not by the tag' : `by the tag ${balancer.tag}, and not by`} ${tag}`, { mend: `Give it the tag (doctl compute load-balancer update ${balancer.id} --tag-name ${tag}), or change spec.loadBalancer.digitalocean.tag.` });
  }

  /** The one of this name when it was last looked up; it may have been deleted or renamed since. */
  async function byID(name: string): Promise<Record<string, unknown> | undefined> {
    const id = ids.get(name);
    if (id === undefined) return undefined;
    const record = await http().get(`/v2/load_balancers/${id}`).then((answer) => recordIn(answer, 'load_balancer'), (error: unknown) => {
      if (isClass(error, 'NotFound')) return undefined;
      throw error;
    });
    return record?.['name'] === name ? record : undefined;
  }

  async function byName(name: string): Promise<Record<string, unknown>> {
    const [found, ...others] = (await http().list('/v2/load_balancers', 'load_balancers')).filter((record) => record['name'] === name);
    if (found === undefined) throw new ClassifiedError('Invalid', `the account has no load balancer ${name}`, { mend: 'Make it, with its forwarding rules and health check, or write the name of one that exists.' });
    if (others.length > 0) throw new ClassifiedError('Invalid', `the account has ${others.length + 1} load balancers ${name}`, { mend: 'Give one of them another name.' });
    return found;
  }

  /** It takes no change before the one before it has ended. */
  async function idle(ref: Ref): Promise<void> {
    for (let looks = 0; ; looks += 1) {
      const balancer = await named(ref);
      if (balancer.status === 'active') return;
      if (balancer.status !== 'new' || looks === BUSY_LOOKS) throw notActive(balancer);
      await clock.sleep(seconds(Math.min(4, 1.5 ** looks)));
    }
  }

  async function change(method: 'POST' | 'DELETE', { ref, id, isWanted }: { ref: Ref; id: string; isWanted: IsWanted }, dropletIDs: number[]): Promise<void> {
    if (dropletIDs.length === 0) return;
    await idle(ref);
    checkWanted(isWanted);
    await http().change(method, `/v2/load_balancers/${id}/droplets`, { droplet_ids: dropletIDs });
  }

  return {
    title: 'DigitalOcean load balancer',
    sharedForMilliseconds: SHARED_FOR_MILLISECONDS,
    refIn: ({ digitalocean }) => digitalocean,
    async put(ref, pool, isWanted) {
      const [balancer, all] = await Promise.all([named(ref), droplets()]);
      const { add, remove, strangers: [stranger] } = dropletChange(pool, balancer, all);
      if (ref.tag === undefined) {
        const to = { ref, id: balancer.id, isWanted };
        await change('POST', to, add);
        await change('DELETE', to, remove);
      } else {
        const tags = createDropletTags(http());
        for (const id of [...add, ...remove]) {
          checkWanted(isWanted);
          await (add.includes(id) ? tags.add(id, ref.tag) : tags.remove(id, ref.tag));
        }
      }
      if (stranger !== undefined) throw new ClassifiedError('Invalid', `member ${stranger.name} at ${stranger.address} is no Droplet of the account`, { mend: 'Take it out of the pool, or use Traefik.' });
    },
    async servers(ref) {
      const balancer = await named(ref);
      // What it lists is what it was told, and in effect once that change has ended.
      if (balancer.status !== 'active') throw notActive(balancer);
      // Droplets after targets: one that was made in between is known then.
      const all = balancer.droplets.every((id) => known.some((droplet) => droplet.id === id && droplet.addresses.length > 0)) ? known : await droplets();
      const passing = await Promise.all(all.filter(({ id }) => balancer.droplets.includes(id)).map(async ({ id, addresses }) => (await passes(addresses, balancer.check) ? [id] : [])));
      return listedDroplets(balancer, all, proven(balancer, new Set(passing.flat()), clock.now()));
    },
  };
}

const notActive = ({ name, status }: DropletBalancer): ClassifiedError => (status === 'new'
  ? new ClassifiedError('Transient', `load balancer ${name} is at work on a change: what it lists is not in effect yet`)
  : new ClassifiedError('Unavailable', `load balancer ${name} is ${status}`, { mend: 'Look at it in the control panel.' }));
