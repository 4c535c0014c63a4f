import { type HostPool, type KamalHost, keyOf, sameKey } from '../api/index.ts';
import { type Instant, type PoolMembership, fromTimestamp, messageOf, toTimestamp } from '../model/index.ts';
import type { Condition } from '../report/conditions.ts';
import type { Io, OpenStore } from './composition.ts';
import { type Description, identity } from './description.ts';
import { policyOf } from './find.ts';
import { type Section, ageOf, conditionsSection, fieldLines, hanging, widthWithin } from './sections.ts';
import { tableLines } from './table.ts';
import { counted, plainText, shortNumber } from './text.ts';

/** A pool: what it serves, its hosts, how they boot, what they cost in hours and what load balancers are told. */
export async function describePool(open: OpenStore, pool: HostPool, io: Io): Promise<Description> {
  const key = keyOf(pool);
  const now = io.now();
  const [policy, hosts, membership, hostHours] = await Promise.all([
    policyOf(open.store, pool),
    open.store.list('KamalHost', { namespace: key.namespace }),
    readable(open.membership()),
    readable(open.hostHours(key, monthOf(now), now)),
  ]);
  const listed = membership.kind === 'Read' ? membership.value?.pools.find((candidate) => sameKey(candidate.pool, key)) : undefined;
  return {
    head: fieldLines([
      ...identity(pool),
      ...summary(pool, now),
      ['Scaled by', policy === undefined ? 'no policy' : `scalingpolicy/${policy.metadata.name}, mode ${policy.spec.mode}`],
      ['Boots', bootText(pool)],
      ['Failures', failureText(pool, now)],
      ['Template', templateText(pool)],
      ['Host-hours', hostHours.kind === 'Read' ? `${hostHours.value.toFixed(1)} of bought hosts in ${monthOf(now)} (UTC)` : hostHours.why],
      ['Cost', costText(pool)],
      ['Membership', membership.kind === 'Read' ? membershipText(pool, listed, membership.value?.generation) : membership.why],
    ], io.columns),
    sections: [
      hostsSection(pool, hosts.filter(({ spec }) => spec.poolRef.name === key.name), (name) => memberText(membership, listed, name), now, io.columns),
      evidenceSection(pool, now, io.columns),
      conditionsSection(pool.status?.conditions as Condition[] | undefined, now, io.columns),
    ],
  };
}

function summary({ spec, status }: HostPool, now: Instant): (readonly [string, string | undefined])[] {
  const { kamal, roleKind, replicas, maxReplicas, paused, deletionPolicy, placements, loadBalancer, health, drain } = spec;
  const since = ageOf(status?.stateSince, now);
  return [
    ['Serves', `${kamal.service}${kamal.destination === undefined ? '' : ` (${kamal.destination})`}, role ${kamal.role}, ${roleKind}`],
    ['Wanted', replicas === undefined ? `not set: holds what is there, at most ${maxReplicas}` : `${replicas} of at most ${maxReplicas}`],
    ['State', status?.state === undefined ? 'not seen by a controller yet' : `${status.state}${since === undefined ? '' : ` for ${since}`}${status.reason === undefined ? '' : `: ${status.reason}`}`],
    ['Paused', paused ? 'yes: nothing is created, drained or deleted' : undefined],
    ['Placements', placements.map(({ name, provider }) => `${name} (${provider})`).join(', ')],
    ['Balancer', balancerText(loadBalancer)],
    ['Health', `${health.path} every ${health.intervalSeconds} s, replaced after ${health.unhealthyAfterSeconds} s down`],
    ['Drain', `up to ${drain.timeoutSeconds} s`],
    ['On delete', deletionPolicy === 'Retain' ? 'Retain: bought servers and membership stay' : 'Drain: bought servers drain and are released'],
  ];
}

function balancerText(loadBalancer: HostPool['spec']['loadBalancer']): string | undefined {
  const { traefik, hetzner, digitalocean } = loadBalancer ?? {};
  if (traefik !== undefined) return `Traefik service ${traefik.service}, ${traefik.strategy}`;
  if (hetzner !== undefined) return `Hetzner load balancer ${hetzner.name}${hetzner.label === undefined ? '' : `, by the label ${hetzner.label.key}=${hetzner.label.value}`}`;
  return digitalocean === undefined ? undefined : `DigitalOcean load balancer ${digitalocean.name}${digitalocean.tag === undefined ? '' : `, by the tag ${digitalocean.tag}`}`;
}

type Readable<T> = { kind: 'Read'; value: T } | { kind: 'Unreadable'; why: string };

/** Who may read the objects may still not read the controller's own documents: the rest is shown nevertheless. */
async function readable<T>(reading: Promise<T>): Promise<Readable<T>> {
  try {
    return { kind: 'Read', value: await reading };
  } catch (error) {
    return { kind: 'Unreadable', why: `not readable: ${messageOf(error)}` };
  }
}

const monthOf = (now: Instant): string => toTimestamp(now).slice(0, 7);

function bootText({ status }: HostPool): string | undefined {
  const boots = [...status?.bootSeconds ?? []].sort((a, b) => a - b);
  const median = boots[Math.floor((boots.length - 1) / 2)];
  const longest = boots.at(-1);
  if (median === undefined || longest === undefined) return undefined;
  return `${boots.length === 1 ? 'the last' : `of the last ${boots.length}`}: median ${shortNumber(median)} s, longest ${shortNumber(longest)} s`;
}

/** What the month costs, in whole cents; nothing where nothing is charged. */
export function costText({ status }: HostPool): string | undefined {
  const { month, amounts = [], unpricedHosts = 0 } = status?.spend ?? {};
  if (month === undefined || (amounts.length === 0 && unpricedHosts === 0)) return undefined;
  const parts = amounts.map(({ currency, soFar, projected }) => `${soFar.toFixed(2)} ${currency} so far in ${month} (UTC), ${projected.toFixed(2)} ${currency} at its end if the hosts stay; net`);
  return [...parts, ...(unpricedHosts === 0 ? [] : [`${counted(unpricedHosts, 'host')} without a known price beside`])].join('; ');
}

function failureText({ status }: HostPool, now: Instant): string | undefined {
  const failures = status?.startFailures ?? 0;
  const until = fromTimestamp(status?.startBackoffUntil);
  if (failures === 0) return undefined;
  return `${counted(failures, 'failed start')} in a row${until !== undefined && until > now ? `, the next not before ${status?.startBackoffUntil}` : ''}`;
}

/** Bought hosts against what they would be made from today. */
function templateText({ status }: HostPool): string | undefined {
  if (status?.rollout === undefined || status.rollout.updated + status.rollout.outdated === 0) return undefined;
  const { updated, outdated, requested, completed } = status.rollout;
  const roll = requested === undefined ? '' : `, roll ${requested} ${requested === completed ? 'ended' : 'goes on'}`;
  return `${updated} of ${counted(updated + outdated, 'bought host')} as one that is bought today${roll}`;
}

function membershipText({ spec }: HostPool, listed: PoolMembership | undefined, generation: number | undefined): string | undefined {
  if (spec.loadBalancer === undefined) return undefined;
  if (listed === undefined || generation === undefined) return 'none yet';
  return `${counted(listed.members.length, 'member')} in generation ${generation}`;
}

function memberText(membership: Readable<unknown>, listed: PoolMembership | undefined, name: string): string {
  if (membership.kind === 'Unreadable') return 'unknown';
  return listed?.members.some((candidate) => candidate.name === name) === true ? 'yes' : 'no';
}

function hostsSection({ spec }: HostPool, hosts: readonly KamalHost[], member: (name: string) => string, now: Instant, columns: number): Section {
  const fixed = (spec.fixedHosts ?? []).map(({ name, address, ports }) =>
    [name, 'Fixed', '', `${address}:${ports?.http ?? spec.ports.http}`, member(name)]);
  const bought = hosts.map(({ metadata, status }) => [
    metadata.name, status?.phase ?? 'Pending', ageOf(status?.phaseSince, now) ?? '',
    status?.address === undefined ? '' : `${status.address}:${status.ports?.http ?? spec.ports.http}`,
    member(metadata.name),
  ]);
  if (fixed.length + bought.length === 0) return { title: 'Hosts', lines: ['none'] };
  const table = tableLines(['NAME', 'PHASE', 'SINCE', 'ADDRESS', 'MEMBER'].map((title) => ({ title, align: 'Left' })), [...fixed, ...bought], undefined);
  const notes = hosts.flatMap((host) => hanging(`${host.metadata.name}: `, noteOf(host), widthWithin(columns)));
  return { title: 'Hosts', lines: [...table, ...notes] };
}

/** Failed hosts that are gone, with the command that prints what they said. */
function evidenceSection({ status }: HostPool, now: Instant, columns: number): Section {
  const lines = (status?.evidence ?? []).flatMap(({ host, cause, reason, at }) =>
    hanging(`${(ageOf(at, now) ?? '').padEnd(5)} `, plainText(`${cause}: ${reason}; kamal-autoscaler evidence ${host}`), widthWithin(columns)));
  return { title: 'Evidence', lines };
}

/** What a host waits for and what failed last. */
function noteOf({ status }: KamalHost): string {
  const { failure, reason } = status ?? {};
  return plainText([reason ?? 'not seen by a controller yet', ...(failure === undefined ? [] : [`${failure.class}: ${failure.message}`])].join('; '));
}
