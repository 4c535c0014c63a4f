import type { ClassifiedError } from '../../model/index.ts';
import type { ClusterApi } from './api.ts';
import { classifyApiError, fromAnswer, statusOf } from './api-errors.ts';
import type { ApiCall } from './api-errors.ts';

/** One line of a watch. */
export interface WatchLine {
  type: string;
  object: unknown;
}

/** How a watch ended: the server closed it, its resourceVersion is too old, or it broke. */
export type WatchEnd = { kind: 'Closed' } | { kind: 'Expired' } | { kind: 'Failed'; error: ClassifiedError };

const GONE = 410;

/**
 * Reads a watch until it ends, and says how; never rejects. client-node's `Watch` is not used: it cannot be aborted
 * while it connects, ends a quiet watch after 30 s, and drops the reason of a refusal.
 */
export async function readWatch(
  api: ClusterApi, path: string, query: Record<string, string>, listener: { onOpen(): void; onLine(line: WatchLine): void }, signal: AbortSignal,
): Promise<WatchEnd> {
  const call: ApiCall = { verb: 'Read', what: `watch ${path}` };
  try {
    const response = await api.stream(path, { ...query, watch: 'true' }, signal);
    if (response.httpStatusCode !== 200) return refused(response.httpStatusCode, await response.body.text(), response.headers, call);
    listener.onOpen();
    const body = response.body.stream();
    if (body === null) return { kind: 'Closed' };
    for await (const text of linesOf(body)) {
      const line = JSON.parse(text) as WatchLine;
      if (line.type === 'ERROR') return refused(codeOf(line.object), line.object, {}, call);
      listener.onLine(line);
    }
    return { kind: 'Closed' };
  } catch (error) {
    return { kind: 'Failed', error: classifyApiError(error, call) };
  }
}

/** Own splitting: an error of the body must reject here, and readline's iterator would raise it as an event instead. */
async function* linesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of body) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    yield* lines.filter((line) => line !== '');
  }
}

function refused(code: number, body: unknown, headers: Record<string, string>, call: ApiCall): WatchEnd {
  if (code === GONE) return { kind: 'Expired' };
  return { kind: 'Failed', error: fromAnswer(code, statusOf(body), headers, call) };
}

const codeOf = (status: unknown): number =>
  typeof status === 'object' && status !== null && 'code' in status && typeof status.code === 'number' ? status.code : 500;
