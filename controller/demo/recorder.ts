import { type HostPool, type KamalHost, type ScalingPolicy, sameKey } from '../api/index.ts';
import { BOOTING, type Instant, type Phase, fromTimestamp } from '../model/index.ts';
import type { Clock, Store, Subscription } from '../ports/index.ts';
import { FIXED_HOST, POOL } from './documents.ts';

/** One host of the pool, from its first mention to its end. */
export interface HostTrack {
  name: string;
  kind: 'Fixed' | 'Bought';
  phase: Phase;
  /** When each phase was first seen. */
  since: Partial<Record<Phase, Instant>>;
  createdAt: Instant;
  /** When it was released. */
  goneAt?: Instant;
}

export interface DecisionSeen {
  at: Instant;
  from: number;
  to: number;
  reason: string;
}

export type Happening = { at: Instant } & ({ kind: 'Host'; host: HostTrack } | { kind: 'HostGone'; host: HostTrack } | { kind: 'Decision'; decision: DecisionSeen });

/** How many hosts there are at one time. */
export interface HostNumbers {
  inService: number;
  booting: number;
  leaving: number;
  /** What the pool is told to have; undefined before the first decision. */
  wanted: number | undefined;
}

/** Watches the controller's store from beside, as a person with `get --watch` would, and keeps what it saw. */
export class Recorder {
  readonly #clock: Clock;
  readonly #hosts = new Map<string, HostTrack>();
  readonly #gone: HostTrack[] = [];
  readonly #decisions: DecisionSeen[] = [];
  readonly #listeners: ((happening: Happening) => void)[] = [];
  readonly #subscriptions: Subscription[];
  #wanted: number | undefined;

  constructor(store: Pick<Store, 'watch'>, clock: Clock) {
    this.#clock = clock;
    this.#subscriptions = [
      store.watch('HostPool', ({ object }) => this.#pool(object)),
      store.watch('KamalHost', ({ type, object }) => (type === 'Deleted' ? this.#release(object) : this.#host(object))),
      store.watch('ScalingPolicy', ({ object }) => this.#policy(object)),
    ];
  }

  /** Listeners must not throw. */
  onHappening(listener: (happening: Happening) => void): void {
    this.#listeners.push(listener);
  }

  /** Hosts that exist, in order of their creation. */
  get hosts(): HostTrack[] {
    return [...this.#hosts.values()];
  }

  /** Every host that there ever was. */
  get allHosts(): HostTrack[] {
    return [...this.#gone, ...this.#hosts.values()];
  }

  /** Oldest first. */
  get decisions(): readonly DecisionSeen[] {
    return this.#decisions;
  }

  numbers(): HostNumbers {
    const { hosts } = this;
    const inService = hosts.filter(({ phase }) => phase === 'InService').length;
    const booting = hosts.filter(({ phase }) => BOOTING.includes(phase)).length;
    return { inService, booting, leaving: hosts.length - inService - booting, wanted: this.#wanted };
  }

  close(): void {
    for (const subscription of this.#subscriptions) subscription.close();
  }

  #pool(pool: HostPool): void {
    if (!sameKey(pool.metadata, POOL)) return;
    this.#wanted = pool.spec.replicas;
    if (this.#hosts.has(FIXED_HOST)) return;
    const now = this.#clock.now();
    this.#note({ name: FIXED_HOST, kind: 'Fixed', phase: 'InService', since: { InService: now }, createdAt: now });
  }

  #host({ metadata, status }: KamalHost): void {
    const phase = status?.phase ?? 'Pending';
    const known = this.#hosts.get(metadata.name);
    if (known?.phase === phase) return;
    const now = this.#clock.now();
    const since = { ...known?.since, [phase]: known?.since[phase] ?? now };
    this.#note({ name: metadata.name, kind: 'Bought', phase, since, createdAt: known?.createdAt ?? now });
  }

  #note(host: HostTrack): void {
    this.#hosts.set(host.name, host);
    this.#tell({ kind: 'Host', at: this.#clock.now(), host });
  }

  #release({ metadata }: KamalHost): void {
    const known = this.#hosts.get(metadata.name);
    if (known === undefined) return;
    const host = { ...known, goneAt: this.#clock.now() };
    this.#hosts.delete(metadata.name);
    this.#gone.push(host);
    this.#tell({ kind: 'HostGone', at: host.goneAt, host });
  }

  #policy({ status }: ScalingPolicy): void {
    const seen = (status?.decisions ?? []).map(({ time, from, to, reason }): DecisionSeen => ({ at: fromTimestamp(time) ?? this.#clock.now(), from, to, reason }));
    const isKnown = (decision: DecisionSeen): boolean => this.#decisions.some(({ at, from, to }) => at === decision.at && from === decision.from && to === decision.to);
    for (const decision of seen.reverse().filter((one) => !isKnown(one))) {
      this.#decisions.push(decision);
      this.#tell({ kind: 'Decision', at: decision.at, decision });
    }
  }

  #tell(happening: Happening): void {
    for (const listener of this.#listeners) listener(happening);
  }
}
