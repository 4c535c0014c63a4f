import { type KamalHost, type KamalHostStatus, keyOf } from '../api/index.ts';
import type { HostStep } from '../model/index.ts';
import type { StoreEvent } from '../ports/index.ts';
import type { Context } from './context.ts';

/** Tells people of the turns in a host's life that they would ask about: it serves, it is checked anew, or its server was lost. */
export async function tellAdvance(context: Context, host: KamalHost, { to, why }: HostStep & { kind: 'Advance' }): Promise<void> {
  if (to === 'InService') await tell(context, host, 'Normal', 'InService', why);
  if (to === 'Deploying' && host.status?.phase === 'InService') await tell(context, host, 'Warning', 'CheckedAnew', why);
  if (to === 'Quarantined') await tell(context, host, 'Normal', 'Quarantined', why);
  if (to === 'Departing') await tell(context, host, 'Warning', 'ServerLost', `${why}; it leaves the load balancers, and its pool makes up for it`);
}

/** Tells people that a host is to be replaced, once for each time it falls ill. */
export async function tellHealth(context: Context, host: KamalHost, health: 'Healthy' | 'Suspect' | 'Unhealthy', why: string): Promise<void> {
  if (health === 'Unhealthy' && host.status?.health !== 'Unhealthy') await tell(context, host, 'Warning', 'Unhealthy', why);
}

/** Tells people, once each, of work that failed and of a machine that is not who it should be. */
export async function tellTrouble(context: Context, host: KamalHost, failure: KamalHostStatus['failure'], identityProblem: string | undefined): Promise<void> {
  if (failure !== undefined) await tell(context, host, 'Warning', `${host.status?.operation?.kind ?? 'Operation'}Failed`, `${failure.class}: ${failure.message}`);
  const known = host.status?.conditions?.some(({ type, status }) => type === 'HostKeyVerified' && status === 'False') ?? false;
  if (identityProblem !== undefined && !known) await tell(context, host, 'Warning', 'HostKeyMismatch', `${identityProblem}; nothing is done on it`);
}

/** Tells people what is changed on a host that serves, as it begins. */
export async function tellMending(context: Context, host: KamalHost, { operation, version, why }: HostStep & { kind: 'StartOperation' }): Promise<void> {
  if (host.status?.phase !== 'InService' || operation === 'Preseed') return;
  await tell(context, host, 'Normal', 'Mending', `${operation}${version === undefined ? '' : ` of version ${version}`}: ${why}`);
}

const tell = (context: Context, host: KamalHost, type: StoreEvent['type'], reason: string, message: string): Promise<void> =>
  context.store.recordEvent({ kind: 'KamalHost', key: keyOf(host), uid: host.metadata.uid, type, reason, message });
