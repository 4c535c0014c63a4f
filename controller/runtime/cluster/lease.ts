import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { classOf, ClassifiedError, messageOf } from '../../model/index.ts';
import type { Clock, Leadership } from '../../ports/index.ts';
import type { LeaseObject, LeaseRecord, LeaseSpec } from './lease-record.ts';
import { toMicroTime } from './micro-time.ts';

export interface LeaseOptions {
  clock: Clock;
  /** Milliseconds of a clock that never steps back, such as `performance.now`. */
  monotonic: () => number;
  /** A number from 0 up to 1, for jitter. */
  random: () => number;
  /** Unique to this process, never kept: a successor with the same name would believe it leads. */
  identity: string;
  /** How long others wait without a renewal before they take over. */
  leaseDurationSeconds?: number;
  /** How long this process believes that it leads after its last renewal. Shorter, so that work already sent can end. */
  renewDeadlineSeconds?: number;
  retryPeriodSeconds?: number;
  onTrouble?: (error: ClassifiedError) => void;
}

/** Requests about the Lease must end well before the renew deadline, so that there is time for a second try. */
export const LEASE_TIMEOUT_MILLISECONDS = 4000;

/** An identity that no other process has, before or after. */
export const processIdentity = (): string => `${hostname()}_${process.pid}_${randomUUID()}`;

/** The moment at which this process saw the Lease in its present version. */
interface Sighting {
  resourceVersion: string;
  at: number;
}

/**
 * Leader election on a Lease. Others' clocks are never compared: a candidate takes over when it has seen the same
 * version for a whole lease duration of its own clock.
 *
 * `isLeader()` is computed from the time since the last renewal was sent, so a process that was frozen knows as soon
 * as it wakes that it leads no more. The instant between that answer and an effect remains: the effects themselves are
 * conditioned on resourceVersion.
 */
export class LeaseElection implements Leadership {
  readonly #lease: LeaseObject;
  readonly #options: LeaseOptions;
  readonly #duration: number;
  readonly #deadline: number;
  readonly #retry: number;
  readonly #listeners = new Set<(leader: boolean) => void>();
  readonly #stopping = new AbortController();
  /** When the last successful renewal was sent, on both clocks. */
  #renewed: { monotonic: number; wall: number } | undefined;
  #record: LeaseRecord | undefined;
  #sighting: Sighting | undefined;
  #expiry = new AbortController();
  #announced = false;
  #running: Promise<void> | undefined;

  constructor(lease: LeaseObject, options: LeaseOptions) {
    this.#lease = lease;
    this.#options = options;
    this.#duration = options.leaseDurationSeconds ?? 15;
    this.#deadline = options.renewDeadlineSeconds ?? 10;
    this.#retry = options.retryPeriodSeconds ?? 2;
    if (!(this.#retry < this.#deadline && this.#deadline < this.#duration)) {
      throw new ClassifiedError('Invalid', `lease: retry period ${this.#retry} s, renew deadline ${this.#deadline} s, lease duration ${this.#duration} s`, {
        mend: 'Each must be shorter than the next.',
      });
    }
  }

  isLeader(): boolean {
    if (this.#renewed === undefined || this.#stopping.signal.aborted) return false;
    return this.#sinceRenewal() < this.#deadline * 1000;
  }

  onChange(listener: (leader: boolean) => void): void {
    this.#listeners.add(listener);
  }

  /** Who holds the Lease as this process saw it last; undefined before the first look or when nobody does. */
  holder(): string | undefined {
    return this.#record?.spec.holderIdentity || undefined;
  }

  /** Begins to compete for the Lease; again has no effect. */
  start(): void {
    this.#running ??= this.#run();
  }

  /** Leads no more from now on and, where it did, empties the Lease so that another takes it at once. Call it when the work has ended. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    this.#announce();
    const record = this.#record;
    if (record?.spec.holderIdentity !== this.#options.identity) return;
    try {
      this.#record = await this.#lease.replace({ ...record, spec: { ...record.spec, holderIdentity: '', leaseDurationSeconds: 1, renewTime: this.#now() } });
    } catch (error) {
      // Then others wait for the lease duration, as after a crash.
      this.#trouble(error);
    }
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      try {
        await this.#compete();
      } catch (error) {
        this.#lost(error);
      }
      this.#announce();
      await this.#pause();
    }
  }

  /** One round: renew what is ours, take what is free or abandoned, else look on. */
  async #compete(): Promise<void> {
    const { identity } = this.#options;
    if (this.#record?.spec.holderIdentity === identity) {
      await this.#write(async (record) => await this.#lease.replace({ ...record, spec: { ...record.spec, renewTime: this.#now() } }), this.#record);
      return;
    }
    const seen = await this.#look();
    if (seen === undefined) {
      await this.#write(async () => await this.#lease.create(this.#claim(0)), seen);
    } else if (seen.spec.holderIdentity === identity) {
      // An earlier write of ours whose answer was lost did arrive.
      await this.#write(async (record) => await this.#lease.replace({ ...record, spec: { ...record.spec, renewTime: this.#now() } }), seen);
    } else if (this.#isFree(seen)) {
      await this.#write(async (record) => await this.#lease.replace({ ...record, spec: this.#claim(record.spec.leaseTransitions + 1) }), seen);
    }
  }

  /** The time counts from before the write was sent: later would credit us with what the network took. */
  async #write<R extends LeaseRecord | undefined>(write: (record: R) => Promise<LeaseRecord>, record: R): Promise<void> {
    const sent = { monotonic: this.#options.monotonic(), wall: this.#options.clock.now() };
    this.#remember(await write(record));
    this.#renewed = sent;
    this.#expireUnlessRenewed();
  }

  /** The end is told on time even while a renewal hangs. */
  #expireUnlessRenewed(): void {
    this.#expiry.abort();
    this.#expiry = new AbortController();
    const signal = AbortSignal.any([this.#expiry.signal, this.#stopping.signal]);
    void this.#options.clock.sleep(Math.max(0, this.#deadline * 1000 - this.#sinceRenewal()), signal).then(() => this.#announce());
  }

  async #look(): Promise<LeaseRecord | undefined> {
    const record = await this.#lease.read();
    this.#remember(record);
    return record;
  }

  #remember(record: LeaseRecord | undefined): void {
    this.#record = record;
    if (record === undefined) this.#sighting = undefined;
    else if (record.resourceVersion !== this.#sighting?.resourceVersion) {
      this.#sighting = { resourceVersion: record.resourceVersion, at: this.#options.monotonic() };
    }
  }

  #isFree({ spec }: LeaseRecord): boolean {
    if (spec.holderIdentity === '') return true;
    const seenFor = this.#options.monotonic() - (this.#sighting?.at ?? Infinity);
    // The holder's own duration counts where it is longer than ours.
    return seenFor >= Math.max(this.#duration, spec.leaseDurationSeconds) * 1000;
  }

  #claim(leaseTransitions: number): LeaseSpec {
    const now = this.#now();
    return { holderIdentity: this.#options.identity, leaseDurationSeconds: this.#duration, acquireTime: now, renewTime: now, leaseTransitions };
  }

  #lost(error: unknown): void {
    const errorClass = classOf(error);
    if (errorClass === 'Conflict' || errorClass === 'AlreadyExists' || errorClass === 'NotFound') {
      // Somebody else wrote: what we know is old, and we hold nothing until a look says so.
      this.#record = undefined;
      this.#renewed = undefined;
      return;
    }
    // After a lost answer our resourceVersion may be old: the next round must look before it writes.
    if (errorClass === 'OutcomeUnknown') this.#record = undefined;
    this.#trouble(error);
  }

  #trouble(error: unknown): void {
    this.#options.onTrouble?.(error instanceof ClassifiedError ? error : new ClassifiedError('Defect', `lease: ${messageOf(error)}`, { cause: error }));
  }

  /** Tells of a change; a deadline that passes while nothing is heard is one too. */
  #announce(): void {
    const leader = this.isLeader();
    if (leader === this.#announced) return;
    this.#announced = leader;
    for (const listener of this.#listeners) {
      try {
        listener(leader);
      } catch (error) {
        // A listener's fault must not end the renewals.
        this.#trouble(error);
      }
    }
  }

  async #pause(): Promise<void> {
    const { clock, random } = this.#options;
    await clock.sleep(this.#retry * 1000 * (0.8 + 0.4 * random()), this.#stopping.signal);
  }

  /** The larger of both clocks: one stands still while the machine sleeps, the other may be set back. */
  #sinceRenewal(): number {
    if (this.#renewed === undefined) return Infinity;
    return Math.max(this.#options.monotonic() - this.#renewed.monotonic, this.#options.clock.now() - this.#renewed.wall);
  }

  #now(): string {
    return toMicroTime(this.#options.clock.now());
  }
}
