import { type HostPool, keyOf, keyText } from '../api/index.ts';
import { type ErrorClass, type Instant, seconds, toTimestamp } from '../model/index.ts';
import type { Placement } from '../ports/index.ts';
import { askedFor, pauseOf, quotaOf } from './learned-limits.ts';
import type { Ledger } from './ledger.ts';
import { quotaText, serversAt } from './purchase-gate.ts';

/** Where the next create call goes, or why none goes anywhere now. */
export type PlacementChoice =
  | { kind: 'Take'; placement: Placement }
  /** `placement` is the one that can be asked again first. */
  | { kind: 'Wait'; placement: Placement; class: ErrorClass; message: string; until: Instant };

const NOT_SET_UP_SECONDS = 60;
const AWAY_AGAIN_SECONDS = 15;

/**
 * The first placement, in the order of the pool, that nothing known stands against: not paused after a refusal, its
 * provider set up, within reach and not at a ceiling that it named. Pure.
 */
export function choosePlacement(pool: HostPool, ledger: Ledger, providers: ProvidersSeen, now: Instant): PlacementChoice {
  const against = pool.spec.placements.map((placement) => ({ placement, ...objection(placement, pool, ledger, providers, now) }));
  const free = against.find(({ until }) => until === undefined);
  if (free !== undefined) return { kind: 'Take', placement: free.placement };
  const [next] = against.toSorted((a, b) => (a.until ?? 0) - (b.until ?? 0));
  if (next?.until === undefined || next.class === undefined) throw new Error(`pool ${pool.metadata.name} has no placement`);
  return { kind: 'Wait', placement: next.placement, class: next.class, until: next.until, message: against.map(({ message }) => message).join('; ') };
}

/** What stands against providers as a whole. */
export interface ProvidersSeen {
  isSetUp: (provider: Placement['provider']) => boolean;
  away: (provider: Placement['provider']) => { since: Instant; why: string } | undefined;
}

interface Objection { class?: ErrorClass; message?: string; until?: Instant }

function objection(placement: Placement, pool: HostPool, ledger: Ledger, { isSetUp, away }: ProvidersSeen, now: Instant): Objection {
  const { provider, name } = placement;
  if (!isSetUp(provider)) return { class: 'Invalid', message: notSetUp(placement), until: now + seconds(NOT_SET_UP_SECONDS) };
  const silence = away(provider);
  if (silence !== undefined) return { class: 'Unavailable', message: passedOver(placement, silence), until: now + seconds(AWAY_AGAIN_SECONDS) };
  const pause = pauseOf(ledger.limits, askedFor(placement, keyText(keyOf(pool))), now);
  if (pause !== undefined) return { class: pause.class, message: `${name}: ${pause.message}`, until: pause.untilAt };
  const quota = quotaOf(ledger.limits, provider, now);
  if (quota !== undefined && serversAt(ledger, provider) >= quota.servers) return { class: 'Quota', message: `${name}: ${quotaText(provider, quota)}: ${quota.message}`, until: quota.untilAt };
  return {};
}

const MENDS: Partial<Record<Placement['provider'], string>> = {
  Hetzner: ': set HCLOUD_TOKEN (or HCLOUD_TOKEN_FILE)', DigitalOcean: ': set DIGITALOCEAN_ACCESS_TOKEN (or DIGITALOCEAN_ACCESS_TOKEN_FILE)',
};

/** Of a placement whose cloud does not answer, while another one does. */
export const passedOver = ({ provider, name }: Placement, { since, why }: { since: Instant; why: string }): string =>
  `${name}: ${provider} has not answered since ${toTimestamp(since)}, so nothing is ordered there: ${why}`;

export const notSetUp = ({ provider, name }: Placement): string =>
  `provider ${provider} of placement ${name} is not set up in this installation${MENDS[provider] ?? ''}`;
