import type { DeploySession, HostPool, KamalHost, KamalHostStatus } from '../api/index.ts';
import { type Instant, type OperationKind, toTimestamp } from '../model/index.ts';
import type { DeployTarget } from '../ports/index.ts';
import type { Context } from './context.ts';
import { mayWork } from './session.ts';
import { sessionKeyOf } from './session-key.ts';

/** Whether work on a host may begin now. */
export type Permit = { kind: 'Granted' } | { kind: 'Waits'; why: string };

/** A key takes over through SSH alone; all else is Kamal's, and runs under its lock where the deployer needs that. */
export const worksUnderLock = ({ deployer }: Context, target: DeployTarget, operation: OperationKind): boolean =>
  operation !== 'Rotate' && deployer.needsLock(target);

/** Asked anew each time: a hold may end between two looks. */
export async function askPermit(context: Context, host: KamalHost, pool: HostPool): Promise<Permit> {
  const session = await context.store.get('DeploySession', sessionKeyOf(pool), 'Fresh');
  if (session !== undefined && mayWork(session, host.metadata.name, context.clock.now())) return { kind: 'Granted' };
  return { kind: 'Waits', why: waitText(session) };
}

function waitText(session: DeploySession | undefined): string {
  const { phase, reason } = session?.status ?? {};
  switch (phase) {
    case undefined: return 'waits for the deploy lock: it is asked for';
    case 'Waiting': return `waits for the deploy lock: ${reason ?? 'it is asked for'}`;
    case 'Held': return 'waits for its turn under the deploy lock: other hosts are at work';
    case 'Releasing':
    case 'Released': return `waits for the deploy lock: ${reason ?? 'it is released first'}`;
  }
}

/** The host's wish as its status tells it, until a pass of the host wishes for nothing any more. */
export const claimFor = (host: KamalHost, operation: OperationKind, now: Instant): NonNullable<KamalHostStatus['lockClaim']> => {
  const { lockClaim } = host.status ?? {};
  return lockClaim?.operation === operation ? lockClaim : { operation, since: lockClaim?.since ?? toTimestamp(now) };
};
