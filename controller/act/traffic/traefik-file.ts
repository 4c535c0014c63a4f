import { ClassifiedError, type InstanceListing, type Membership, type PoolMembership, type TraefikFile, adviceOf } from '../../model/index.ts';
import type { Clock, Leadership, LoadBalancer, LoadBalancerSpec } from '../../ports/index.ts';
import type { SSH } from '../ssh/index.ts';
import { type FilePlace, filePlace, placeKey, placeText } from './file-place.ts';
import type { TraefikSettings } from './traefik-http.ts';
import { traefikDocument } from './traefik-document.ts';
import { type TraefikListings, createTraefikListings } from './traefik-listings.ts';

export interface TraefikFileParts {
  clock: Clock;
  leadership: Leadership;
  installation: string;
  /** Undefined where no key to log in with is set up. */
  ssh: Pick<SSH, 'files'> | undefined;
  /** A new random name, for what is written beside a file. */
  newID: () => string;
  settings: Pick<TraefikSettings, 'transport' | 'api'>;
}

/** An apply waits so long for machines that are slow or away; it goes on behind it, so that they do not hold up the others. */
const PATIENCE_MILLISECONDS = 3_000;

/** One file: what it should hold, and what came of that. */
interface Target {
  file: TraefikFile;
  place: FilePlace;
  wanted: string;
  written?: string;
  trouble?: string;
  running?: Promise<void>;
}

/**
 * Traefik instances that read files with their file provider. Every apply brings every file to what it should hold,
 * also one that was there before, for a file may be lost with its machine. What it holds already is not written again:
 * each change makes Traefik rebuild all health checks.
 */
export class TraefikFiles implements LoadBalancer {
  readonly #parts: TraefikFileParts;
  readonly #listings: TraefikListings;
  readonly #head: string;
  #generation: number | undefined;
  #targets = new Map<string, Target>();

  constructor(parts: TraefikFileParts) {
    this.#parts = parts;
    this.#listings = createTraefikListings(parts.clock, parts.settings.api);
    this.#head = `# Written by kamal-autoscaler for installation ${parts.installation}, and overwritten.`;
    // What another leader has written since is newer.
    parts.leadership.onChange(() => {
      this.#generation = undefined;
      this.#targets.clear();
    });
  }

  /** Resolves when every machine that answers in time has it; `confirm` names the others. Throws `Invalid` for a membership that must not be served; the one before it stays. */
  async apply(membership: Membership): Promise<void> {
    if (!this.#parts.leadership.isLeader()) return;
    if (this.#generation === undefined || membership.generation > this.#generation) {
      const targets = this.#targetsFor(membership);
      this.#targets = new Map([...targets].map(([key, target]) => [key, this.#goOn(target, this.#targets.get(key))]));
      this.#generation = membership.generation;
    }
    this.#listings.forget();
    const late = new AbortController();
    await Promise.race([
      Promise.all([...this.#targets.values()].map((target) => this.#ensure(target))),
      this.#parts.clock.sleep(PATIENCE_MILLISECONDS, late.signal),
    ]);
    late.abort();
  }

  async confirm({ traefik: { apiURLs, service, files = [] } }: LoadBalancerSpec): Promise<InstanceListing[]> {
    const listings = await this.#listings.of(apiURLs, `${service}@file`);
    return [...listings, ...files.flatMap((file) => this.#unwritten(file))];
  }

  #unwritten(file: TraefikFile): InstanceListing[] {
    const target = this.#targets.get(placeKey(file));
    if (target === undefined || target.written === target.wanted) return [];
    return [{ instance: placeText(file), kind: 'Unwritten', why: target.trouble ?? 'it was not written yet' }];
  }

  /** All of them are thought through before one is changed. */
  #targetsFor({ generation, pools }: Membership): Map<string, Target> {
    const byPlace = new Map<string, { file: TraefikFile; pools: PoolMembership[] }>();
    for (const pool of pools) {
      for (const file of pool.files ?? []) {
        const entry = byPlace.get(placeKey(file)) ?? { file, pools: [] };
        if (!entry.pools.includes(pool)) entry.pools.push(pool);
        byPlace.set(placeKey(file), entry);
      }
    }
    return new Map([...byPlace].map(([key, { file, pools: named }]): [string, Target] => {
      const document = traefikDocument({ generation, pools: named }, this.#parts.settings.transport);
      if (document.kind === 'Refused') throw new ClassifiedError('Invalid', `membership ${generation} is not written to ${placeText(file)}: ${document.why}`);
      return [key, { file, wanted: `${this.#head}\n${withoutTemplates(document.text)}`, place: filePlace(file, this.#parts.ssh, this.#parts.newID) }];
    }));
  }

  /** A write that is under way is waited for by the next one to the same file. */
  #goOn(target: Target, before: Target | undefined): Target {
    return before !== undefined && JSON.stringify(before.file) === JSON.stringify(target.file) ? Object.assign(before, { wanted: target.wanted }) : target;
  }

  /** One write at a time to a file, and after it what came in meanwhile. */
  #ensure(target: Target): Promise<void> {
    target.running ??= this.#write(target).finally(() => {
      delete target.running;
    });
    return target.running;
  }

  async #write(target: Target): Promise<void> {
    for (let text: string | undefined; text !== target.wanted && this.#parts.leadership.isLeader();) {
      text = target.wanted;
      try {
        await target.place.put(text, (held) => (held.startsWith(`${this.#head}\n`) ? undefined : 'it holds something that this installation did not write'));
        target.written = text;
        delete target.trouble;
      } catch (error) {
        delete target.written;
        target.trouble = adviceOf(error);
      }
      // Who asked while it was on its way may have been told what was before.
      this.#listings.forget();
    }
  }
}

/** Traefik's file provider runs what stands in double braces as a template, with the environment of Traefik at hand. In JSON they can stand only in texts, and there they can be written otherwise. */
const withoutTemplates = (json: string): string => json.replaceAll('{{', String.raw`\u007b\u007b`);
