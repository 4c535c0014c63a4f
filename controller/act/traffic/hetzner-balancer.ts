import { ClassifiedError, type InstanceListing, type Instant, type Membership, type PoolMembership, adviceOf, isClass, seconds } from '../../model/index.ts';
import type { Clock, Leadership, LoadBalancer, LoadBalancerSpec } from '../../ports/index.ts';
import { actionOf } from '../cloud/hetzner/wire.ts';
import type { CloudAPI } from '../cloud/rest/http.ts';
import { listIn, numberOf, recordIn } from '../cloud/rest/wire.ts';
import { type ProjectServer, listedIn, projectServer, targetChange, targetsIn } from './hetzner-targets.ts';
import { emptiness } from './traefik-document.ts';
import { type Upkeep, createUpkeep, patiently } from './upkeep.ts';

export interface HetznerBalancersParts {
  clock: Clock;
  leadership: Leadership;
  installation: string;
  /** Undefined where no token is set up. */
  http: CloudAPI | undefined;
}

/** Passes within this time share one answer: the project's requests are counted. */
const SHARED_FOR_MILLISECONDS = 900;
const ACTION_LOOKS = 20;

const NO_TOKEN = 'no token of Hetzner Cloud is set up: set HCLOUD_TOKEN';

/** Load balancers of Hetzner Cloud, which exist already. Members become targets; services and health checks are people's. */
export class HetznerBalancers implements LoadBalancer {
  readonly #parts: HetznerBalancersParts;
  readonly #answers = new Map<string, { askedAt: Instant; listing: Promise<InstanceListing> }>();
  #generation: number | undefined;
  #kept = new Map<string, Upkeep<PoolMembership>>();

  constructor(parts: HetznerBalancersParts) {
    this.#parts = parts;
    // What another leader has done since is newer.
    parts.leadership.onChange(() => {
      this.#generation = undefined;
      this.#kept.clear();
    });
  }

  /** Resolves when every load balancer that answers in time has it; `confirm` says what is in the way of the others. Throws `Invalid` for a membership that must not be served; the one before it stays. */
  async apply(membership: Membership): Promise<void> {
    if (!this.#parts.leadership.isLeader()) return;
    if (this.#generation === undefined || membership.generation > this.#generation) {
      this.#kept = this.#keptFor(membership);
      this.#generation = membership.generation;
    }
    this.#answers.clear();
    await patiently(this.#parts.clock, [...this.#kept.values()].map((upkeep) => upkeep.ensure()));
  }

  async confirm({ hetzner }: LoadBalancerSpec): Promise<InstanceListing[]> {
    if (hetzner === undefined) return [];
    const why = this.#kept.get(hetzner.name)?.behind();
    const listing = await this.#listing(hetzner.name);
    return why === undefined || listing.kind === 'Unknown' ? [listing] : [listing, { instance: instanceOf(hetzner.name), kind: 'Unwritten', why }];
  }

  #keptFor({ generation, pools }: Membership): Map<string, Upkeep<PoolMembership>> {
    const named = pools.flatMap((pool) => (pool.hetzner === undefined ? [] : [{ pool, name: pool.hetzner.name }]));
    for (const { pool, name } of named) {
      const why = emptiness(pool) ?? (named.some((other) => other.name === name && other.pool !== pool) ? 'two pools name it: give one of them another' : undefined);
      if (why !== undefined) throw new ClassifiedError('Invalid', `membership ${generation} is not given to ${instanceOf(name)}: ${why}`);
    }
    return new Map(named.map(({ pool, name }) => {
      const upkeep = this.#kept.get(name) ?? createUpkeep(pool, { leadership: this.#parts.leadership, put: (wanted) => this.#put(name, wanted), tried: () => this.#answers.clear() });
      upkeep.want(pool);
      return [name, upkeep];
    }));
  }

  async #put(name: string, pool: PoolMembership): Promise<void> {
    const http = this.#http();
    const [balancer, servers] = await Promise.all([balancerNamed(http, name), this.#servers()]);
    const id = numberOf(balancer, 'id');
    const { add, remove } = targetChange(pool, targetsIn(balancer), servers);
    for (const target of add) await this.#act(http, `/load_balancers/${id}/actions/add_target`, target, 'AlreadyExists');
    for (const target of remove) await this.#act(http, `/load_balancers/${id}/actions/remove_target`, target.type === 'server' ? { type: 'server', server: target.server } : target, 'NotFound');
  }

  /** One change after the other, each to its end: the load balancer is locked meanwhile. `done`: the refusal that says so already. */
  async #act(http: CloudAPI, path: string, body: object, done: 'AlreadyExists' | 'NotFound'): Promise<void> {
    let action;
    try {
      action = actionOf(recordIn(await http.change('POST', path, body), 'action'));
    } catch (error) {
      if (isClass(error, done)) return;
      throw error;
    }
    for (let looks = 0; action.status === 'Running' && looks < ACTION_LOOKS; looks += 1) {
      await this.#parts.clock.sleep(seconds(Math.min(2, 0.25 * 1.5 ** looks)));
      const [seen] = listIn(await http.get('/actions', { id: [action.id] }), 'actions', '/actions');
      // An action that the API knows no more has ended; how, the next look at the targets tells.
      if (seen === undefined) return;
      action = actionOf(seen);
    }
    if (action.status === 'Running') throw new ClassifiedError('Transient', `Hetzner has not ended ${path} yet`);
    if (action.status !== 'Success') throw new ClassifiedError(action.status.class, action.status.message);
  }

  #listing(name: string): Promise<InstanceListing> {
    const now = this.#parts.clock.now();
    const known = this.#answers.get(name);
    if (known !== undefined && Math.abs(now - known.askedAt) < SHARED_FOR_MILLISECONDS) return known.listing;
    const listing = this.#ask(name).catch((error: unknown): InstanceListing => ({ instance: instanceOf(name), kind: 'Unknown', why: adviceOf(error) }));
    this.#answers.set(name, { askedAt: now, listing });
    return listing;
  }

  async #ask(name: string): Promise<InstanceListing> {
    // Servers after targets: one that was made in between is known then.
    const balancer = await balancerNamed(this.#http(), name);
    return { instance: instanceOf(name), kind: 'Listing', servers: listedIn(balancer, await this.#servers()) };
  }

  async #servers(): Promise<ProjectServer[]> {
    const records = await this.#http().list('/servers', 'servers', { sort: 'id:asc' });
    return records.map((record) => projectServer(record, this.#parts.installation));
  }

  #http(): CloudAPI {
    if (this.#parts.http === undefined) throw new ClassifiedError('Unauthorized', NO_TOKEN);
    return this.#parts.http;
  }
}

const instanceOf = (name: string): string => `Hetzner load balancer ${name}`;

/** Names are unique in a project. Throws Invalid where there is none: what is not there lists nothing, but is no answer. */
async function balancerNamed(http: CloudAPI, name: string): Promise<Record<string, unknown>> {
  const [balancer] = await http.list('/load_balancers', 'load_balancers', { name });
  if (balancer === undefined) throw new ClassifiedError('Invalid', `the project has no load balancer ${name}`, { mend: 'Make it, with its services and health checks, or write the name of one that exists.' });
  return balancer;
}
