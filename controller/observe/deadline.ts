import type { Clock } from '../ports/index.ts';

/** The other side did not answer in time. */
export class DeadlinePassed extends Error {
  override readonly name = 'DeadlinePassed';
}

/** Runs the work with a signal that aborts after the time, or when the outer signal does; throws DeadlinePassed then. */
export async function withDeadline<Result>(clock: Clock, milliseconds: number, work: (signal: AbortSignal) => Promise<Result>, outer?: AbortSignal): Promise<Result> {
  const alarm = new AbortController();
  const done = new AbortController();
  const stop = (): void => alarm.abort();
  outer?.addEventListener('abort', stop, { once: true });
  if (outer?.aborted === true) stop();
  const late = clock.sleep(milliseconds, done.signal).then(() => {
    if (!done.signal.aborted) stop();
  });
  try {
    return await work(alarm.signal);
  } catch (error) {
    if (alarm.signal.aborted) throw new DeadlinePassed(`no answer within ${milliseconds / 1000} s`, { cause: error });
    throw error;
  } finally {
    done.abort();
    outer?.removeEventListener('abort', stop);
    await late;
  }
}
