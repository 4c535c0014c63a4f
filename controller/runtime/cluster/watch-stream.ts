import { ClassifiedError, readJSON } from '../../model/index.ts';
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
/** etcd takes no object of more than 1.5 MB. */
const LONGEST_LINE = 4 * 1024 * 1024;

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
    for await (const text of linesOf(body, call)) {
      const line = lineOf(text, call);
      if (line.type === 'ERROR') return refused(codeOf(line.object), line.object, {}, call);
      listener.onLine(line);
    }
    return { kind: 'Closed' };
  } catch (error) {
    return { kind: 'Failed', error: classifyApiError(error, call) };
  }
}

/** Own splitting: an error of the body must reject here, and readline's iterator would raise it as an event instead. */
async function* linesOf(body: ReadableStream<Uint8Array>, call: ApiCall): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  // Joined once, at the end of the line: what grows piece by piece would be looked through again with each.
  let pieces: string[] = [];
  let length = 0;
  for await (const chunk of body) {
    const [first = '', ...more] = decoder.decode(chunk, { stream: true }).split('\n');
    pieces.push(first);
    length += first.length;
    if (length > LONGEST_LINE) throw unrecognised(call, `a line has more than ${LONGEST_LINE} characters`);
    const last = more.pop();
    if (last === undefined) continue;
    yield* [pieces.join(''), ...more].filter((line) => line !== '');
    [pieces, length] = [[last], last.length];
  }
}

function lineOf(text: string, call: ApiCall): WatchLine {
  const read = readJSON(text);
  if (read.kind === 'Unread') throw unrecognised(call, `a line of ${text.length} characters is not read: ${read.why}`);
  const { type, object } = (read.value ?? {}) as Partial<WatchLine>;
  if (typeof type !== 'string') throw unrecognised(call, 'a line has no type');
  return { type, object };
}

const unrecognised = (call: ApiCall, why: string): ClassifiedError =>
  new ClassifiedError('Unrecognised', `${call.what}: ${why}`, { mend: 'Look at what stands between the controller and the API server.' });

function refused(code: number, body: unknown, headers: Record<string, string>, call: ApiCall): WatchEnd {
  if (code === GONE) return { kind: 'Expired' };
  return { kind: 'Failed', error: fromAnswer(code, statusOf(body), headers, call) };
}

const codeOf = (status: unknown): number =>
  typeof status === 'object' && status !== null && 'code' in status && typeof status.code === 'number' ? status.code : 500;
