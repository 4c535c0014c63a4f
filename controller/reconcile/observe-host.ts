import { ADOPTED_ANNOTATION, type HostPool, type KamalHost } from '../api/index.ts';
import {
  type Endpoint, type HostFacts, type Instant, type InstanceListing, type MembershipFact, type ProbeFact, type ProviderName, type Server, type ServerFact,
  fromTimestamp, isListedAt, membershipFact, messageOf, seconds, serverURL,
} from '../model/index.ts';
import { type Context, poolKeyOf } from './context.ts';
import { FACT_NEEDS } from './fact-needs.ts';
import { asksServing, askBeforeJoin, inspectHost } from './inspect-host.ts';
import { hostEndpoint, serverEndpoint } from './host-endpoint.ts';
import { loadMembership } from './membership-document.ts';
import { observeOperation } from './operations.ts';
import { findServer } from './server-view.ts';
import { lastCreateAt } from './view-host.ts';

const nothing: HostFacts = {
  server: { kind: 'Unknown', why: 'not asked' }, machine: { kind: 'Unknown' }, app: { kind: 'Unknown' }, probe: { kind: 'Unknown' },
  membership: { kind: 'Unknown', why: 'not asked' }, operation: { kind: 'None' }, inFlight: { kind: 'Unknown' },
  fleet: { kind: 'Unknown', why: 'not asked' },
};

/** Looks at everything that the host's phase depends on, as far as it can at once. */
export async function observeHost(context: Context, host: KamalHost, pool: HostPool): Promise<HostFacts> {
  const phase = host.status?.phase ?? 'Pending';
  const needs = FACT_NEEDS[phase];
  const wants = (need: (typeof needs)[number]) => needs.includes(need);
  const endpoint = hostEndpoint(host, pool);
  // What serves is asked itself only when the others have answered: they say whether that is urgent.
  const inspects = phase !== 'InService';
  const probed = wants('probe') && endpoint !== undefined && pool.spec.roleKind !== 'Job' ? context.probe.up(endpoint, pool.spec.health) : Promise.resolve(nothing.probe);
  const [server, inspected, probe, listed, inFlight, operation] = await Promise.all([
    wants('server') ? observeServer(context, host, pool) : Promise.resolve(nothing.server),
    inspects ? inspectHost(context, host, pool, nothing) : Promise.resolve(nothing),
    probed,
    wants('membership') ? observeMembership(context, host, pool, endpoint) : Promise.resolve({ membership: nothing.membership }),
    // The host's proxy counts our own probe too, so that one ends first.
    wants('inFlight') && endpoint !== undefined ? probed.then(() => context.probe.inFlight(endpoint)) : Promise.resolve(nothing.inFlight),
    // Before the others have answered: an end that comes in between must not be held against facts that are older.
    observeOperation(context, host, pool),
  ]);
  const seen = { server, probe, inFlight, operation, membership: listed.membership, ...await siblingsOf(context, host, pool, listed, probe) };
  const { machine, app, fleet } = !inspects && asksServing(context, host, seen) ? await inspectHost(context, host, pool, nothing) : inspected;
  const facts = { ...seen, machine, app, fleet };
  return { ...facts, ...await askBeforeJoin(context, host, pool, endpoint, facts) };
}

async function observeServer(context: Context, host: KamalHost, pool: HostPool): Promise<ServerFact> {
  const { hostID } = host.spec;
  const names = neededOf(context, host, pool);
  const address = hostEndpoint(host, pool);
  const recorded = {
    providerID: host.status?.providerID,
    memberAddress: (server: Server) => address !== undefined && isAt(serverEndpoint(server, pool), address),
  };
  const fact = withAddress(await findServer(context.servers, names, hostID, recorded, notBefore(host, context.clock.now())), pool);
  if (host.status?.phase !== 'Deprovisioning' || fact.kind !== 'Absent') return fact;
  return searchEverywhere(context, host, pool, names, fact);
}

/** A cloud gives a server several addresses; from here on it has the one that the pool chose. */
function withAddress(fact: ServerFact, pool: HostPool): ServerFact {
  const addressed = (server: Server): Server => {
    const endpoint = serverEndpoint(server, pool);
    return server.addresses === undefined || endpoint === undefined ? server : { ...server, address: endpoint.address };
  };
  switch (fact.kind) {
    case 'Found': return { ...fact, server: addressed(fact.server) };
    case 'Duplicate': return { ...fact, keep: addressed(fact.keep), extra: fact.extra.map(addressed) };
    case 'Absent':
    case 'Unknown': return fact;
  }
}

const isAt = (one: Endpoint | undefined, other: Endpoint): boolean => one?.address === other.address && one.ports.http === other.ports.http;

/** Before a server counts as gone it is searched for by its UID too: a list may lag, and a leak costs money for ever. */
async function searchEverywhere(context: Context, host: KamalHost, pool: HostPool, names: readonly ProviderName[], absent: ServerFact & { kind: 'Absent' }): Promise<ServerFact> {
  const owner = { installation: context.installation, pool: poolKeyOf(host), hostID: host.spec.hostID };
  try {
    const found = (await Promise.all(names.map((name) => context.providers[name]?.find(owner) ?? Promise.resolve([])))).flat();
    const [first] = found;
    return first === undefined ? absent : withAddress({ kind: 'Found', server: first, asOf: context.clock.now() }, pool);
  } catch (error) {
    return { kind: 'Unknown', why: messageOf(error) };
  }
}

/** Every provider that may hold a server of this host: those of the pool's placements and the recorded one. */
function providersOf(host: KamalHost, pool: HostPool): ProviderName[] {
  const recorded = host.status?.provider as ProviderName | undefined;
  return [...new Set([...pool.spec.placements.map(({ provider }) => provider), ...(recorded === undefined ? [] : [recorded])])];
}

/**
 * Those of them whose word is needed. A cloud that is away and to which nothing was sent for this host holds up neither
 * its purchase elsewhere nor its end: an order goes out only when the one before it has settled, so the last one alone
 * can still have its effect, and where it went is recorded before it is sent.
 */
function neededOf(context: Context, host: KamalHost, pool: HostPool): ProviderName[] {
  const names = providersOf(host, pool);
  const { phase, provider, providerID } = host.status ?? {};
  const isAdopted = host.metadata.annotations?.[ADOPTED_ANNOTATION] !== undefined;
  const seeksOne = (phase === 'Pending' || phase === 'Provisioning') && providerID === undefined && !isAdopted;
  const ends = phase === 'Deprovisioning' && provider !== undefined;
  const needed = seeksOne || ends ? names.filter((name) => name === provider || context.servers.away(name) === undefined) : names;
  return needed.length === 0 ? names : needed;
}

/** A snapshot must be younger than the host's last paid call, else it says nothing about its effect. */
function notBefore(host: KamalHost, now: Instant): Instant | undefined {
  const { phase, phaseSince } = host.status ?? {};
  const since = phase === 'Deprovisioning' ? fromTimestamp(phaseSince) : phase === 'Provisioning' ? lastCreateAt(host.status ?? {}) : undefined;
  return since === undefined ? undefined : Math.max(Math.min(since, now), now - seconds(2));
}

interface Listed { membership: MembershipFact; others?: Others }

/** URLs of the other servers that a load balancer lists, and of those that one calls down. */
interface Others { all: Set<string>; down: Set<string> }

/**
 * Who else serves. While a load balancer still calls this host up that does not answer, it may do so of others too that
 * fail by the same cause: what was seen of them here counts as well, else all would leave at once, each for the others.
 */
async function siblingsOf(context: Context, host: KamalHost, pool: HostPool, { membership, others }: Listed, probe: ProbeFact): Promise<Pick<HostFacts, 'siblings'>> {
  if (others === undefined) return {};
  const unsure = probe.kind === 'Fails' && (membership.kind === 'ListedUp' || membership.kind === 'Partial');
  const suspects = unsure ? await suspectsBeside(context, host, pool) : [];
  const down = new Set([...others.down, ...suspects.filter((url) => others.all.has(url))]);
  return { siblings: { listed: others.all.size, up: others.all.size - down.size } };
}

async function suspectsBeside(context: Context, host: KamalHost, pool: HostPool): Promise<string[]> {
  const hosts = await context.store.list('KamalHost', { namespace: host.metadata.namespace, from: 'Cached' });
  return hosts
    .filter(({ metadata, spec, status }) => spec.poolRef.name === host.spec.poolRef.name && metadata.name !== host.metadata.name && (status?.phase === 'Deploying' || status?.health !== 'Healthy'))
    .flatMap((other) => hostEndpoint(other, pool) ?? []).map(serverURL);
}

async function observeMembership(context: Context, host: KamalHost, pool: HostPool, endpoint: Endpoint | undefined): Promise<Listed> {
  const balancer = pool.spec.loadBalancer;
  if (balancer === undefined) return { membership: { kind: 'NoLoadBalancer' } };
  const document = await loadMembership(context.documents);
  const written = document.membership.pools.some(({ pool: key, members }) =>
    key.namespace === host.metadata.namespace && key.name === pool.metadata.name &&
    members.some(({ name, address, port }) => name === host.metadata.name || (address === endpoint?.address && port === endpoint.ports.http)));
  if (endpoint === undefined) return { membership: written ? { kind: 'Partial', why: 'the membership document still names the host' } : { kind: 'NotListed' } };
  const listings = await context.loadBalancer.confirm(balancer);
  const membership = membershipFact(listings, endpoint);
  // A load balancer that forgot its configuration will read the document again: what stands there is listed, or will be.
  if (membership.kind === 'Unknown' && written) return { membership: { kind: 'Unknown', why: membership.why }, others: othersIn(listings, endpoint) };
  if (membership.kind === 'NotListed' && written) return { membership: { kind: 'Partial', why: `the membership document names ${serverURL(endpoint)}, no load balancer lists it yet` } };
  return { membership, others: othersIn(listings, endpoint) };
}

/** Up is who is listed, and whom no load balancer calls down. */
function othersIn(listings: readonly InstanceListing[], endpoint: Endpoint): Others {
  const servers = listings.flatMap((listing) => (listing.kind === 'Listing' ? listing.servers : [])).filter((server) => !isListedAt(server, serverURL(endpoint)));
  const down = new Set(servers.filter(({ state }) => state === 'Down').map(({ url }) => url));
  return { all: new Set(servers.map(({ url }) => url)), down };
}
