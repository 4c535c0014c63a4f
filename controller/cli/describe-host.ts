import { type KamalHost, PROTECTED_ANNOTATION, QUARANTINED_ANNOTATION } from '../api/index.ts';
import { type Instant, fromTimestamp } from '../model/index.ts';
import type { Condition } from '../report/conditions.ts';
import type { Io } from './composition.ts';
import { type Description, identity } from './description.ts';
import { shortDuration } from './duration.ts';
import { type Section, ageOf, conditionsSection, fieldLines } from './sections.ts';
import { counted } from './text.ts';

/** A host: where it is in its life, how it came there and what failed. */
export function describeHost(host: KamalHost, io: Io): Description {
  const { spec, status, metadata } = host;
  const now = io.now();
  const since = ageOf(status?.phaseSince, now);
  return {
    head: fieldLines([
      ...identity(host),
      ['Pool', spec.poolRef.name],
      ['Phase', `${status?.phase ?? 'Pending'}${since === undefined ? '' : ` for ${since}`}${status?.reason === undefined ? '' : `: ${status.reason}`}`],
      ['Intent', `${spec.intent}${spec.intentReason === undefined ? '' : `: ${spec.intentReason}`}`],
      ['Protected', metadata.annotations?.[PROTECTED_ANNOTATION] === 'true' ? 'yes: never chosen by a scale-in or a roll' : undefined],
      ['Quarantine', metadata.annotations?.[QUARANTINED_ANNOTATION] === 'true' ? 'yes: out of service, its server is kept and paid for' : undefined],
      ['Host ID', spec.hostID],
      ['Provider', status?.providerID ?? status?.provider],
      ['Placement', status?.placement],
      ['Address', status?.address === undefined ? undefined : `${status.address}${status.ports?.http === undefined ? '' : `:${status.ports.http}`}`],
      ['Version', status?.version],
      ['Attempts', status?.createAttempts === undefined || status.createAttempts < 2 ? undefined : `${status.createAttempts} create calls`],
      ['Operation', status?.operation === undefined ? undefined : `${status.operation.kind} for ${ageOf(status.operation.startedAt, now) ?? '<unknown>'} (${status.operation.id})`],
      ['Failure', failureText(status?.failure, now)],
      ['Evidence', status?.evidence === undefined ? undefined : status.evidence.keptAt === undefined ? 'kept before its server is given back' : `kamal-autoscaler evidence ${metadata.name}`],
    ], io.columns),
    sections: [timeline(host, now), conditionsSection(status?.conditions as Condition[] | undefined, now, io.columns)],
  };
}

function failureText(failure: NonNullable<KamalHost['status']>['failure'], now: Instant): string | undefined {
  if (failure === undefined) return undefined;
  const times = failure.count !== undefined && failure.count > 1 ? `, ${counted(failure.count, 'time')} in a row` : '';
  return `${failure.class} ${ageOf(failure.at, now) ?? '<unknown>'} ago${times}: ${failure.message}`;
}

/** What happened when, the oldest first, with the time since the host was wanted. */
function timeline({ metadata, spec, status = {} }: KamalHost, now: Instant): Section {
  const moments: [string | undefined, string][] = [
    [metadata.creationTimestamp, 'wanted by its pool'],
    [status.lastCreateIntentAt, 'create call intended'],
    [status.launchedAt, 'server made by the provider'],
    [status.joiningSince, 'put into the membership'],
    [status.inServiceAt, 'in service'],
    [status.unhealthySince, 'unhealthy since then'],
    [status.phase === 'InService' ? undefined : status.phaseSince, `entered ${status.phase ?? 'Pending'}`],
    [metadata.deletionTimestamp, 'deletion asked for'],
    [status.nextAttemptAt, 'next attempt, not before'],
    [spec.intent === 'Drain' ? status.drainDeadline : undefined, 'drain ends at the latest'],
  ];
  const start = fromTimestamp(metadata.creationTimestamp);
  const known = moments.flatMap(([timestamp, what]) => {
    const at = fromTimestamp(timestamp);
    return at === undefined || timestamp === undefined ? [] : [{ at, timestamp, what }];
  }).sort((a, b) => a.at - b.at);
  const lines = known.map(({ at, timestamp, what }) => {
    const after = start === undefined ? '' : `+${shortDuration(at - start)}`;
    return `${timestamp.replace(/\.\d+Z$/, 'Z')}  ${after.padEnd(6)}  ${what}${at > now ? ` (in ${shortDuration(at - now)})` : ''}`;
  });
  return { title: 'Timeline', lines };
}
