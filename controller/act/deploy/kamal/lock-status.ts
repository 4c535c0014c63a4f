import type { Instant, LockFact } from '../../../model/index.ts';
import { withoutColours } from './read-failure.ts';

/** The words "Automatic deploy lock" let people's `--lock-wait` wait; any other text makes it give up at once. */
export const lockMessage = (operationID: string): string => `Automatic deploy lock (kamal-autoscaler ${operationID})`;

/** An operation id begins with the installation and a slash. */
const OURS = /^Automatic deploy lock \(kamal-autoscaler ([A-Za-z0-9._/-]+)\)$/;

/** What `lock status`, or a refused `lock acquire`, printed: who holds the lock; undefined when nobody does. */
export function readLockStatus(stdout: string): (LockFact & { kind: 'Held' }) | undefined {
  const text = withoutColours(stdout);
  const holder = /^Locked by: (.*) at (\S+)$/m.exec(text);
  if (holder === null) return undefined;
  const message = /^Message: (.*)$/m.exec(text)?.[1]?.trim() ?? '';
  const operationID = OURS.exec(message)?.[1];
  const since = Date.parse(holder[2] ?? '') as Instant;
  return {
    kind: 'Held', by: holder[1]?.trim() || 'somebody without a name in Git', message,
    ...(operationID === undefined ? {} : { operationID }),
    ...(Number.isNaN(since) ? {} : { since }),
  };
}
