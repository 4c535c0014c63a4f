import { ClassifiedError, type InstanceListing, type Membership, type PoolMembership, type TraefikFile } from '../../model/index.ts';
import type { Clock, Leadership, LoadBalancer, LoadBalancerSpec } from '../../ports/index.ts';
import type { SSH } from '../ssh/index.ts';
import { filePlace, placeKey, placeText } from './file-place.ts';
import { type KeptMembership, keepMembership } from './kept-membership.ts';
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

/** One file, and what it should hold. */
interface Wanted {
  file: TraefikFile;
  text: string;
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
  readonly #kept: KeptMembership;

  constructor(parts: TraefikFileParts) {
    this.#parts = parts;
    this.#listings = createTraefikListings(parts.clock, parts.settings.api);
    this.#head = `# Written by kamal-autoscaler for installation ${parts.installation}, and overwritten.`;
    const objection = (held: string): string | undefined => (held.startsWith(`${this.#head}\n`) ? undefined : 'it holds something that this installation did not write');
    this.#kept = keepMembership({
      ...parts, wantedIn: (membership) => this.#wantedIn(membership), put: ({ file, text }) => filePlace(file, parts.ssh, parts.newID).put(text, objection), touched: () => this.#listings.forget(),
    });
  }

  /** Resolves when every machine that answers in time has it; `confirm` names the others. Throws `Invalid` for a membership that must not be served; the one before it stays. */
  apply(membership: Membership): Promise<void> {
    return this.#kept.apply(membership);
  }

  async confirm({ traefik }: LoadBalancerSpec): Promise<InstanceListing[]> {
    if (traefik === undefined) return [];
    const listings = await this.#listings.of(traefik.apiURLs, `${traefik.service}@file`);
    return [...listings, ...(traefik.files ?? []).flatMap((file) => this.#unwritten(file))];
  }

  #unwritten(file: TraefikFile): InstanceListing[] {
    const why = this.#kept.behind(placeKey(file));
    return why === undefined ? [] : [{ instance: placeText(file), kind: 'Unwritten', why }];
  }

  #wantedIn({ generation, pools }: Membership): Map<string, Wanted> {
    const byPlace = new Map<string, { file: TraefikFile; pools: PoolMembership[] }>();
    for (const pool of pools) {
      for (const file of pool.files ?? []) {
        const entry = byPlace.get(placeKey(file)) ?? { file, pools: [] };
        if (!entry.pools.includes(pool)) entry.pools.push(pool);
        byPlace.set(placeKey(file), entry);
      }
    }
    return new Map([...byPlace].map(([key, { file, pools: named }]) => {
      const document = traefikDocument({ generation, pools: named }, this.#parts.settings.transport);
      if (document.kind === 'Refused') throw new ClassifiedError('Invalid', `membership ${generation} is not written to ${placeText(file)}: ${document.why}`);
      return [key, { file, text: `${this.#head}\n${withoutTemplates(document.text)}` }];
    }));
  }
}

/** Traefik's file provider runs what stands in double braces as a template, with the environment of Traefik at hand. In JSON they can stand only in texts, and there they can be written otherwise. */
const withoutTemplates = (json: string): string => json.replaceAll('{{', String.raw`\u007b\u007b`);
