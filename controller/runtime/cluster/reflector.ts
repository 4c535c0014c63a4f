import { ClassifiedError, messageOf } from '../../model/index.ts';
import type { Instant } from '../../model/index.ts';
import type { Clock, Subscription } from '../../ports/index.ts';
import { classifyApiError } from './api-errors.ts';
import { WatchCache } from './watch-cache.ts';
import type { ApiObject, CacheChange } from './watch-cache.ts';
import type { WatchEnd } from './watch-stream.ts';

/** What a watch reports: that it was accepted, a change, or a bookmark: no change up to this resourceVersion. */
export type WatchEvent<T> =
  | { kind: 'Opened' }
  | { kind: 'Changed'; object: T }
  | { kind: 'Deleted'; object: T }
  | { kind: 'Bookmark'; resourceVersion: string };

/** List and watch of one kind. `list` throws ClassifiedErrors; `watch` never rejects. */
export interface ListWatch<T extends ApiObject> {
  list(): Promise<{ objects: T[]; resourceVersion: string }>;
  watch(from: { resourceVersion: string; timeoutSeconds: number }, onEvent: (event: WatchEvent<T>) => void, signal: AbortSignal): Promise<WatchEnd>;
}

export interface ReflectorOptions {
  clock: Clock;
  /** A number from 0 up to 1, for jitter. */
  random: () => number;
  /** Told of each failure; the reflector itself goes on. */
  onTrouble?: (error: ClassifiedError) => void;
}

/** Longest watch. Short, because the reconnection is what shows that the other side is still there. */
const WATCH_SECONDS = 60;
/** A watch that outlives its time by this much is a dead connection. */
const WATCH_GRACE_SECONDS = 10;
/** A full list after so long heals whatever a watch may have lost. */
const RESYNC_SECONDS = 600;
const FIRST_BACKOFF_MILLISECONDS = 200;
const LONGEST_BACKOFF_MILLISECONDS = 30_000;
/** A watch that ends sooner than this without news is a failure in a row; else a server that hangs up makes a busy loop. */
const SHORT_WATCH_MILLISECONDS = 1000;

/**
 * Keeps a cache of one kind equal to the API server's and tells subscribers what changed: list, then watch from there;
 * list again when the watch is too old. Whatever fails is tried again with jittered back-off; nothing is thrown out of band.
 * While the server cannot be read nothing is reported as deleted.
 */
export class Reflector<T extends ApiObject> {
  readonly #source: ListWatch<T>;
  readonly #options: ReflectorOptions;
  readonly #cache = new WatchCache<T>();
  readonly #listeners = new Set<(change: CacheChange<T>) => void>();
  readonly #closing = new AbortController();
  #resourceVersion: string | undefined;
  #listedAt: Instant = 0;
  /** Failures in a row, for the back-off. */
  #failures = 0;
  #connected = false;
  #subscriptions = 0;
  #running: Promise<void> | undefined;

  constructor(source: ListWatch<T>, options: ReflectorOptions) {
    this.#source = source;
    this.#options = options;
  }

  /** Starts listing and watching; again has no effect. */
  start(): void {
    this.#running ??= this.#run();
  }

  /** Ends the watch; no listener call follows. Resolves when nothing of it runs any more. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#listeners.clear();
    await this.#running;
  }

  /** The cache, or undefined while it is not known to be near the truth: before the first list and during an outage. */
  cached(): WatchCache<T> | undefined {
    return this.#connected && this.#resourceVersion !== undefined ? this.#cache : undefined;
  }

  /** Whether anybody still subscribes. */
  isWatched(): boolean {
    return this.#subscriptions > 0;
  }

  /** Tells the listener of everything that exists as `Added`, soon but not within this call, and then of each change. */
  subscribe(listener: (change: CacheChange<T>) => void): Subscription {
    let open = true;
    this.#subscriptions += 1;
    const deliver = (change: CacheChange<T>): void => {
      if (open) this.#tell(listener, change);
    };
    queueMicrotask(() => {
      if (!open || this.#closing.signal.aborted) return;
      // The snapshot and the registration happen in one turn, so that no change falls between them.
      this.#listeners.add(deliver);
      for (const change of this.#cache.asAdded()) deliver(change);
    });
    return {
      close: () => {
        if (open) this.#subscriptions -= 1;
        open = false;
        this.#listeners.delete(deliver);
      },
    };
  }

  async #run(): Promise<void> {
    while (!this.#closing.signal.aborted) {
      try {
        await this.#once();
      } catch (error) {
        this.#failed(classifyApiError(error, { verb: 'Read', what: 'list' }));
      }
      if (this.#failures > 0) await this.#options.clock.sleep(this.#backoff(), this.#closing.signal);
    }
  }

  /** Lists where needed, then watches until the watch ends. */
  async #once(): Promise<void> {
    const { clock } = this.#options;
    if (this.#resourceVersion === undefined || clock.now() - this.#listedAt >= RESYNC_SECONDS * 1000) await this.#list();
    const resourceVersion = this.#resourceVersion;
    if (resourceVersion === undefined || this.#closing.signal.aborted) return;

    const startedAt = clock.now();
    let news = false;
    const end = await this.#watch(resourceVersion, (event) => {
      if (this.#closing.signal.aborted) return;
      if (event.kind !== 'Opened') news = true;
      this.#apply(event);
    });
    if (this.#closing.signal.aborted) return;
    const useful = news || clock.now() - startedAt >= SHORT_WATCH_MILLISECONDS;
    if (useful) this.#failures = 0;
    switch (end.kind) {
      case 'Closed':
        if (!useful) this.#failed(new ClassifiedError('Unavailable', 'the API server ended a watch at once'));
        break;
      case 'Expired':
        this.#resourceVersion = undefined;
        if (!useful && this.#listedAt >= startedAt) this.#failed(new ClassifiedError('Unavailable', 'a list just read is too old for a watch'));
        break;
      case 'Failed':
        this.#failed(end.error);
        break;
    }
  }

  async #list(): Promise<void> {
    const { objects, resourceVersion } = await this.#source.list();
    if (this.#closing.signal.aborted) return;
    this.#listedAt = this.#options.clock.now();
    this.#resourceVersion = resourceVersion;
    this.#connected = true;
    this.#publish(this.#cache.replace(objects));
  }

  /** One watch, ended from here when its time is over and the server has not ended it. */
  async #watch(resourceVersion: string, onEvent: (event: WatchEvent<T>) => void): Promise<WatchEnd> {
    const timeoutSeconds = Math.round(WATCH_SECONDS * (0.8 + 0.2 * this.#options.random()));
    const overdue = new AbortController();
    const finished = new AbortController();
    const limit = (timeoutSeconds + WATCH_GRACE_SECONDS) * 1000;
    void this.#options.clock.sleep(limit, finished.signal).then(() => overdue.abort());
    const signal = AbortSignal.any([overdue.signal, this.#closing.signal]);
    try {
      return await this.#source.watch({ resourceVersion, timeoutSeconds }, onEvent, signal);
    } finally {
      finished.abort();
    }
  }

  #apply(event: WatchEvent<T>): void {
    this.#connected = true;
    switch (event.kind) {
      case 'Opened':
        break;
      case 'Bookmark':
        this.#resourceVersion = event.resourceVersion;
        break;
      case 'Changed':
        this.#resourceVersion = event.object.metadata.resourceVersion;
        this.#publish(this.#cache.put(event.object));
        break;
      case 'Deleted':
        this.#resourceVersion = event.object.metadata.resourceVersion;
        this.#publish(this.#cache.remove(event.object));
        break;
    }
  }

  #publish(changes: readonly CacheChange<T>[]): void {
    for (const change of changes) for (const listener of this.#listeners) listener(change);
  }

  #tell(listener: (change: CacheChange<T>) => void, change: CacheChange<T>): void {
    try {
      listener(change);
    } catch (error) {
      // A listener's fault must not end the watch of the others.
      this.#options.onTrouble?.(new ClassifiedError('Defect', `a listener of the watch threw: ${messageOf(error)}`, { cause: error }));
    }
  }

  #failed(error: ClassifiedError): void {
    this.#failures += 1;
    this.#connected = false;
    this.#options.onTrouble?.(error);
  }

  #backoff(): number {
    const longest = Math.min(LONGEST_BACKOFF_MILLISECONDS, FIRST_BACKOFF_MILLISECONDS * 2 ** (this.#failures - 1));
    return longest * (0.5 + 0.5 * this.#options.random());
  }
}
