import type { KamalHost } from '../api/index.ts';
import { type HostStep, type Outcome, adviceOf, classOf, fromTimestamp, isClass, requeueAfter, seconds, toTimestamp } from '../model/index.ts';
import { withHostStatus } from '../report/status.ts';
import type { Context } from './context.ts';

const LOOK_AGAIN_SECONDS = 5;
/** A server that is listed on for a while, or whose deletion was taken and forgotten, is not asked for again at once: that would spend the account's requests within a minute. */
const REPEAT_SECONDS = 1;
/** A person must act: a protected server, a token that may only read, a server of another owner. */
const PERSON_SECONDS = 30;

/** Asks for the end of a server. What stands against it is told with the host, for until then it is paid for. */
export async function deleteServer(context: Context, host: KamalHost, step: HostStep & { kind: 'DeleteServer' | 'DeleteExtra' }): Promise<Outcome> {
  const { server, why } = step;
  // The refusal was stored with the host, and what is stored wakes it: without this the next pass would ask at once.
  const wait = ((fromTimestamp(host.status?.nextAttemptAt) ?? 0) - context.clock.now()) / seconds(1);
  if (wait > 0) return requeueAfter(wait);
  const noted = await context.store.updateStatus('KamalHost', withHostStatus(host, { reason: why }, context.clock.now()));
  try {
    await context.providers[server.provider]?.delete(server);
  } catch (error) {
    context.servers.forget(server.provider);
    return failed(context, noted, error);
  }
  context.servers.forget(server.provider);
  return requeueAfter(REPEAT_SECONDS);
}

async function failed(context: Context, host: KamalHost, error: unknown): Promise<Outcome> {
  if (isClass(error, 'NotLeader') || classOf(error) === 'Defect') throw error;
  const now = context.clock.now();
  const message = `its server is not deleted, and paid for: ${adviceOf(error)}`;
  const failure = { class: classOf(error), message, at: toTimestamp(now), count: 0 };
  const afterSeconds = waitAfter(error);
  await context.store.updateStatus('KamalHost', withHostStatus(host, { reason: message, failure, nextAttemptAt: toTimestamp(now + seconds(afterSeconds)) }, now));
  return requeueAfter(afterSeconds);
}

function waitAfter(error: unknown): number {
  if (isClass(error, 'RateLimited')) return error.retryAfterSeconds ?? LOOK_AGAIN_SECONDS;
  return isClass(error, 'Transient', 'Unavailable', 'OutcomeUnknown') ? LOOK_AGAIN_SECONDS : PERSON_SECONDS;
}
