import { ClassifiedError, type InstanceListing, type Instant, type ListedServer, type Membership, type PoolMembership, adviceOf } from '../../model/index.ts';
import type { Clock, Leadership, LoadBalancer, LoadBalancerSpec } from '../../ports/index.ts';
import { type KeptMembership, keepMembership } from './kept-membership.ts';
import { emptiness } from './traefik-document.ts';
import type { IsWanted } from './upkeep.ts';

/** The load balancers of one cloud, which exist already. Members become targets; rules and health checks are people's. */
export interface BalancerCloud<Ref extends { name: string }> {
  /** Before a name, such as `Hetzner load balancer`. */
  title: string;
  /** Passes within this time share one answer: the account's requests are counted. */
  sharedForMilliseconds: number;
  /** The load balancer that a pool, or its membership, names; undefined where it names one of another kind. */
  refIn(of: { hetzner?: PoolMembership['hetzner']; digitalocean?: PoolMembership['digitalocean'] }): Ref | undefined;
  /**
   * Makes the members targets, and takes away the others that this installation bought for this pool. Rejects where that
   * is not the state that the cloud has taken over in the end, with words that say what is in the way. `isWanted` is
   * asked before each change.
   */
  put(ref: Ref, pool: PoolMembership, isWanted: IsWanted): Promise<void>;
  /** What it sends requests to now. Rejects where nobody can tell: it is never empty by silence. */
  servers(ref: Ref): Promise<ListedServer[]>;
}

/** Throws Transient before a change that nobody wants any more. */
export function checkWanted(isWanted: IsWanted): void {
  if (!isWanted()) throw new ClassifiedError('Transient', 'a newer membership is to be told, or another instance leads');
}

export class CloudBalancers<Ref extends { name: string }> implements LoadBalancer {
  readonly #clock: Clock;
  readonly #cloud: BalancerCloud<Ref>;
  readonly #kept: KeptMembership;
  readonly #answers = new Map<string, { askedAt: Instant; listing: Promise<InstanceListing> }>();

  constructor(clock: Clock, leadership: Leadership, cloud: BalancerCloud<Ref>) {
    this.#clock = clock;
    this.#cloud = cloud;
    this.#kept = keepMembership({
      clock, leadership, wantedIn: (membership) => this.#wantedIn(membership), put: ({ ref, pool }, isWanted) => cloud.put(ref, pool, isWanted), touched: () => this.#answers.clear(),
    });
  }

  /** Resolves when every load balancer that answers in time has it; `confirm` says what is in the way of the others. Throws `Invalid` for a membership that must not be served; the one before it stays. */
  apply(membership: Membership): Promise<void> {
    return this.#kept.apply(membership);
  }

  async confirm(spec: LoadBalancerSpec): Promise<InstanceListing[]> {
    const ref = this.#cloud.refIn(spec);
    if (ref === undefined) return [];
    const why = this.#kept.behind(ref.name);
    const listing = await this.#listing(ref);
    return why === undefined || listing.kind === 'Unknown' ? [listing] : [listing, { instance: this.#instanceOf(ref), kind: 'Unwritten', why }];
  }

  #wantedIn({ generation, pools }: Membership): Map<string, { ref: Ref; pool: PoolMembership }> {
    const named = pools.flatMap((pool) => {
      const ref = this.#cloud.refIn(pool);
      return ref === undefined ? [] : [{ ref, pool }];
    });
    for (const { ref, pool } of named) {
      const why = emptiness(pool) ?? (named.some((other) => other.ref.name === ref.name && other.pool !== pool) ? 'two pools name it: give one of them another' : undefined);
      if (why !== undefined) throw new ClassifiedError('Invalid', `membership ${generation} is not given to ${this.#instanceOf(ref)}: ${why}`);
    }
    return new Map(named.map((one) => [one.ref.name, one]));
  }

  #listing(ref: Ref): Promise<InstanceListing> {
    const [now, instance, key] = [this.#clock.now(), this.#instanceOf(ref), JSON.stringify(ref)];
    const known = this.#answers.get(key);
    if (known !== undefined && Math.abs(now - known.askedAt) < this.#cloud.sharedForMilliseconds) return known.listing;
    const listing = this.#cloud.servers(ref).then(
      (servers): InstanceListing => ({ instance, kind: 'Listing', servers }),
      (error: unknown): InstanceListing => ({ instance, kind: 'Unknown', why: adviceOf(error) }),
    );
    this.#answers.set(key, { askedAt: now, listing });
    return listing;
  }

  #instanceOf = ({ name }: Ref): string => `${this.#cloud.title} ${name}`;
}
