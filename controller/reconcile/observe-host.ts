import type { HostPool, KamalHost } from '../api/index.ts';
import {
  type Endpoint, type FleetReference, type HostFacts, type Instant, type MembershipFact, type ProviderName, type Server, type ServerFact,
  fromTimestamp, membershipFact, messageOf, seconds, serverURL,
} from '../model/index.ts';
import { type Context, poolKeyOf } from './context.ts';
import { FACT_NEEDS, wantsMachine } from './fact-needs.ts';
import { fixedTargets, hostEndpoint, hostTarget, serverEndpoint } from './host-endpoint.ts';
import { loadMembership } from './membership-document.ts';
import { observeOperation } from './operations.ts';
import { findServer } from './server-view.ts';

const nothing: HostFacts = {
  server: { kind: 'Unknown', why: 'not asked' }, machine: { kind: 'Unknown' }, app: { kind: 'Unknown' }, probe: { kind: 'Unknown' },
  membership: { kind: 'Unknown', why: 'not asked' }, operation: { kind: 'None' }, inFlight: { kind: 'Unknown' },
  fleet: { kind: 'Unknown', why: 'not asked' },
};

/** Looks at everything that the host's phase depends on, at once. */
export async function observeHost(context: Context, host: KamalHost, pool: HostPool): Promise<HostFacts> {
  const phase = host.status?.phase ?? 'Pending';
  const needs = FACT_NEEDS[phase];
  const wants = (need: (typeof needs)[number]) => needs.includes(need);
  const endpoint = hostEndpoint(host, pool);
  const target = hostTarget(host, pool);
  const fleet = wants('fleet') ? await observeFleet(context, host, pool) : nothing.fleet;
  const probed = wants('probe') && endpoint !== undefined && pool.spec.roleKind !== 'Job' ? context.probe.up(endpoint, pool.spec.health) : Promise.resolve(nothing.probe);
  const [server, inspection, probe, membership, inFlight, operation] = await Promise.all([
    wants('server') ? observeServer(context, host, pool) : Promise.resolve(nothing.server),
    wantsMachine(phase, pool.spec.loadBalancer !== undefined) && target !== undefined ? context.deployer.inspect(target, fleet) : Promise.resolve(nothing),
    probed,
    wants('membership') ? observeMembership(context, host, pool, endpoint) : Promise.resolve(nothing.membership),
    // The host's proxy counts our own probe too, so that one ends first.
    wants('inFlight') && endpoint !== undefined ? probed.then(() => context.probe.inFlight(endpoint)) : Promise.resolve(nothing.inFlight),
    // Before the others have answered: an end that comes in between must not be held against facts that are older.
    observeOperation(context, host, pool),
  ]);
  return {
    server, machine: inspection.machine, app: inspection.app, probe, membership, inFlight, fleet, operation,
  };
}

async function observeServer(context: Context, host: KamalHost, pool: HostPool): Promise<ServerFact> {
  const { hostID } = host.spec;
  const names = providersOf(host, pool);
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

/** A snapshot must be younger than the host's last paid call, else it says nothing about its effect. */
function notBefore(host: KamalHost, now: Instant): Instant | undefined {
  const { phase, lastCreateIntentAt, phaseSince } = host.status ?? {};
  const since = phase === 'Deprovisioning' ? fromTimestamp(phaseSince) : phase === 'Provisioning' ? fromTimestamp(lastCreateIntentAt) : undefined;
  return since === undefined ? undefined : Math.max(Math.min(since, now), now - seconds(2));
}

async function observeMembership(context: Context, host: KamalHost, pool: HostPool, endpoint: Endpoint | undefined): Promise<MembershipFact> {
  const balancer = pool.spec.loadBalancer;
  if (balancer === undefined) return { kind: 'NoLoadBalancer' };
  const document = await loadMembership(context.documents);
  const written = document.membership.pools.some(({ pool: key, members }) =>
    key.namespace === host.metadata.namespace && key.name === pool.metadata.name &&
    members.some(({ name, address, port }) => name === host.metadata.name || (address === endpoint?.address && port === endpoint.ports.http)));
  if (endpoint === undefined) return written ? { kind: 'Partial', why: 'the membership document still names the host' } : { kind: 'NotListed' };
  const fact = membershipFact(await context.loadBalancer.confirm(balancer), endpoint);
  // A load balancer that forgot its configuration will read the document again: what stands there is listed, or will be.
  if (fact.kind === 'NotListed' && written) return { kind: 'Partial', why: `the membership document names ${serverURL(endpoint)}, no load balancer lists it yet` };
  return fact;
}

/** What the pool's other hosts serve; fixed hosts are asked where there are any, for people deploy to them. */
async function observeFleet(context: Context, host: KamalHost, pool: HostPool): Promise<FleetReference> {
  const fixed = fixedTargets(pool);
  if (fixed.length > 0) return context.deployer.reference(fixed, pool.spec.kamal);
  const siblings = await context.store.list('KamalHost', { namespace: pool.metadata.namespace, from: 'Cached' });
  const serving = siblings.filter((sibling) => sibling.spec.poolRef.name === pool.metadata.name
    && sibling.metadata.name !== host.metadata.name && sibling.status?.phase === 'InService');
  return context.deployer.reference(serving.flatMap((sibling) => hostTarget(sibling, pool) ?? []), pool.spec.kamal);
}
