import { request as open } from 'node:http';
import type { Agent, IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';

export type Forwarded =
  | { kind: 'Answered'; status: number }
  /** The server did not take it, and nothing was sent to the client. `elsewhere`: this server refuses connections. */
  | { kind: 'NotTaken'; elsewhere: boolean }
  /** The server took it and then failed, before its answer began. */
  | { kind: 'Lost' }
  /** The answer broke off, at either end; the client's connection is closed. */
  | { kind: 'Cut' };

const HOP_BY_HOP = ['connection', 'keep-alive', 'proxy-authenticate', 'proxy-authorization', 'te', 'trailer', 'transfer-encoding', 'upgrade'];

/** GET and HEAD without a body can be sent again as they are. */
export const isRepeatable = ({ method, headers }: IncomingMessage): boolean =>
  (method === 'GET' || method === 'HEAD') && headers['content-length'] === undefined && headers['transfer-encoding'] === undefined;

/**
 * Sends a client's request to one server and streams the answer back. Own code where httpxy would proxy too: whether a
 * request may be sent again depends on the error and on whether the socket was used before, which httpxy keeps to itself.
 */
export async function forward(client: IncomingMessage, answer: ServerResponse, server: string, agent: Agent): Promise<Forwarded> {
  const { promise, resolve } = Promise.withResolvers<IncomingMessage | Forwarded>();
  const { hostname, port } = new URL(server);
  const upstream = open({
    agent, hostname, port, method: client.method, path: client.url, headers: { ...endToEnd(client.headers), ...forwardedHeaders(client) },
  });
  const clientGone = (): void => void upstream.destroy();
  answer.once('close', clientGone);
  upstream.once('response', resolve);
  upstream.on('error', (error: NodeJS.ErrnoException) => resolve(failure(error, upstream.reusedSocket, answer.destroyed)));
  if (isRepeatable(client)) upstream.end();
  else client.pipe(upstream);

  const begun = await promise;
  try {
    if ('kind' in begun) return begun;
    const status = begun.statusCode ?? 502;
    answer.writeHead(status, endToEnd(begun.headers));
    await pipeline(begun, answer);
    return { kind: 'Answered', status };
  } catch {
    answer.destroy();
    return { kind: 'Cut' };
  } finally {
    answer.off('close', clientGone);
  }
}

/** A server may close an idle connection in the moment in which it is used again: that request never reached it. */
function failure(error: NodeJS.ErrnoException, reusedSocket: boolean, clientIsGone: boolean): Forwarded {
  if (clientIsGone) return { kind: 'Cut' };
  if (error.code === 'ECONNREFUSED') return { kind: 'NotTaken', elsewhere: true };
  const closed = error.code === 'ECONNRESET' || error.code === 'EPIPE';
  return reusedSocket && closed ? { kind: 'NotTaken', elsewhere: false } : { kind: 'Lost' };
}

function endToEnd(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const kept = { ...headers };
  for (const name of HOP_BY_HOP) delete kept[name];
  return kept;
}

function forwardedHeaders({ headers, socket }: IncomingMessage): Record<string, string> {
  return { 'x-forwarded-for': socket.remoteAddress ?? '', 'x-forwarded-proto': 'http', 'x-forwarded-host': headers.host ?? '' };
}
