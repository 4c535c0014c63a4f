import type { InstanceListing, Instant } from '../../model/index.ts';
import type { Clock } from '../../ports/index.ts';
import { TraefikAPI, type TraefikAPISettings } from './traefik-api.ts';

/** What Traefiks list, asked once for passes that want it at about the same time: they ask for many hosts of one pool at once. */
export interface TraefikListings {
  /** What every instance lists for a service by its full name, such as `web@http`. */
  of(apiURLs: readonly string[], service: string): Promise<InstanceListing[]>;
  /** An answer from before a change must not confirm it. */
  forget(): void;
}

const SHARED_FOR_MILLISECONDS = 400;
/** Forgotten answers are swept when there are more than this. */
const KEPT_ANSWERS = 256;

export function createTraefikListings(clock: Clock, settings: TraefikAPISettings): TraefikListings {
  const api = new TraefikAPI(settings);
  const answers = new Map<string, { askedAt: Instant; listing: Promise<InstanceListing> }>();

  function listing(apiURL: string, service: string): Promise<InstanceListing> {
    const now = clock.now();
    const key = `${apiURL} ${service}`;
    const known = answers.get(key);
    if (known !== undefined && Math.abs(now - known.askedAt) < SHARED_FOR_MILLISECONDS) return known.listing;
    if (answers.size > KEPT_ANSWERS) answers.clear();
    const asked = api.listing(apiURL, service);
    answers.set(key, { askedAt: now, listing: asked });
    return asked;
  }

  return {
    of: (apiURLs, service) => Promise.all(apiURLs.map((apiURL) => listing(apiURL, service))),
    forget: () => answers.clear(),
  };
}
