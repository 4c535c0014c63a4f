import { type Instant, type ProviderName, type Server, type ServerFact, type ServerSnapshot, messageOf, seconds } from '../model/index.ts';
import type { Clock, CloudProvider } from '../ports/index.ts';

/** Servers of the installation, listed once for all hosts of a provider. */
export interface ServerView {
  /** A snapshot taken at or after `notBefore`; by default one that is at most as old as the provider allows, else `maxAgeSeconds`. Rejects as the provider does. */
  snapshot(provider: ProviderName, notBefore?: Instant): Promise<ServerSnapshot>;
  /** Makes the next snapshot a new one; call after create and delete. */
  forget(provider: ProviderName): void;
  /** A provider that could not be asked for a minute or longer; undefined while it answers, and where this process has never heard it. */
  away(provider: ProviderName): Away | undefined;
}

/** What a provider that cannot be asked leaves behind. */
export interface Away {
  /** Of the first list that failed; all since then have. */
  since: Instant;
  /** Why the newest one failed. */
  why: string;
  /** The last list that it gave: what it names is still counted. */
  last: ServerSnapshot;
}

/** A hiccup of one cloud must not send orders to another, which may cost more; an outage must not keep a pool from growing. */
const AWAY_SECONDS = 60;

/** One list call a provider serves every host that asks within `maxAgeSeconds`; calls under way are shared. */
export function createServerView(
  providers: Partial<Record<ProviderName, CloudProvider>>, installation: string, clock: Clock, maxAgeSeconds: number,
): ServerView {
  const latest = new Map<ProviderName, ServerSnapshot>();
  const underWay = new Map<ProviderName, { since: Instant; answer: Promise<ServerSnapshot> }>();
  const heard = new Map<ProviderName, ServerSnapshot>();
  const silent = new Map<ProviderName, { since: Instant; why: string }>();

  async function list(name: ProviderName, provider: CloudProvider): Promise<ServerSnapshot> {
    const since = clock.now();
    const answer = provider.list(installation);
    const call = { since, answer };
    underWay.set(name, call);
    try {
      const snapshot = await answer;
      // A change during the call may or may not be in the answer, so it only counts as of the call's start.
      const dated = { ...snapshot, asOf: Math.min(snapshot.asOf, since) };
      if (underWay.get(name) === call) latest.set(name, dated);
      heard.set(name, dated);
      silent.delete(name);
      return dated;
    } catch (error) {
      // Of a clock that was set back since: the minute begins anew.
      silent.set(name, { since: Math.min(silent.get(name)?.since ?? since, since), why: messageOf(error) });
      throw error;
    } finally {
      if (underWay.get(name) === call) underWay.delete(name);
    }
  }

  return {
    async snapshot(name, notBefore = clock.now() - seconds(providers[name]?.listMaxAgeSeconds ?? maxAgeSeconds)) {
      const provider = providers[name];
      if (provider === undefined) return { provider: name, asOf: clock.now(), servers: [] };
      const known = latest.get(name);
      if (known !== undefined && known.asOf >= notBefore && known.asOf <= clock.now()) return known;
      const call = underWay.get(name);
      if (call !== undefined && call.since >= notBefore) {
        const snapshot = await call.answer;
        return { ...snapshot, asOf: Math.min(snapshot.asOf, call.since) };
      }
      return list(name, provider);
    },
    forget(name) {
      latest.delete(name);
      underWay.delete(name);
    },
    away(name) {
      const [silence, last] = [silent.get(name), heard.get(name)];
      return silence === undefined || last === undefined || clock.now() - silence.since < seconds(AWAY_SECONDS) ? undefined : { ...silence, last };
    },
  };
}

/** What the providers together say of one UID. One provider that cannot be asked makes an absence unknown. */
export async function findServer(
  view: ServerView, providers: readonly ProviderName[], hostID: string,
  recorded: { providerID?: string | undefined; memberAddress?: (server: Server) => boolean }, notBefore?: Instant,
): Promise<ServerFact> {
  const answers = await Promise.allSettled(providers.map((name) => view.snapshot(name, notBefore)));
  const snapshots = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
  const found = snapshots.flatMap(({ servers }) => servers.filter(({ owner }) => owner.hostID === hostID));
  const asOf = Math.min(...snapshots.map((snapshot) => snapshot.asOf));
  const [first, ...others] = [...found].sort((a, b) => a.createdAt - b.createdAt || a.providerID.localeCompare(b.providerID, 'en', { numeric: true }));
  if (first !== undefined && others.length > 0) {
    const all = [first, ...others];
    const keep = all.find((server) => recorded.memberAddress?.(server)) ?? all.find(({ providerID }) => providerID === recorded.providerID) ?? first;
    return { kind: 'Duplicate', keep, extra: all.filter((server) => server !== keep), asOf };
  }
  const failure = answers.find((answer) => answer.status === 'rejected');
  if (first !== undefined) return { kind: 'Found', server: first, asOf };
  if (failure !== undefined) return { kind: 'Unknown', why: messageOf(failure.reason) };
  return { kind: 'Absent', asOf };
}
