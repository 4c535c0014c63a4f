import type { IncomingMessage, ServerResponse } from 'node:http';
import type { DeployOrder } from '../../../deploy/host-control.ts';
import { exposition } from './exposition.ts';
import type { HostSettings } from './settings.ts';
import { createWorkers, drawServiceTime } from './workers.ts';

/** The application: `/up`, and any other path as a request that takes a worker for a while; `?ms=4000` says how long. */
export interface App {
  handle(request: IncomingMessage, response: ServerResponse): void;
  /** Puma and connection pool in yabeda's naming; each worker holds one connection while it is busy. */
  metrics(): string;
}

const longestRequestMilliseconds = 600_000;

export function createApp(settings: HostSettings, version: string, health: DeployOrder['health'], random: () => number): App {
  const workers = createWorkers(settings);

  return {
    handle(request, response) {
      const { pathname, searchParams } = new URL(request.url ?? '/', 'http://host');
      // A request body is nobody's business here, but an unread one would hold the connection.
      request.resume();
      if (pathname === '/up') return answer(response, health === 'Answering' ? 200 : 500, '');
      const asked = Number(searchParams.get('ms') ?? Number.NaN);
      const milliseconds = asked >= 0 ? Math.min(asked, longestRequestMilliseconds) : drawServiceTime(settings, random);
      const taken = workers.run(milliseconds, () => {
        burn(settings.cpuMilliseconds);
        answer(response, 200, `${version}\n`);
      });
      if (!taken) answer(response, 503, 'queue full\n');
    },
    metrics: () => exposition([
      gauge('puma_busy_threads', 'Number of threads that are working', { index: '0' }, workers.busy()),
      gauge('puma_max_threads', 'Maximum number of worker threads', { index: '0' }, settings.workers),
      gauge('puma_backlog', 'Number of established but unaccepted connections in the backlog', { index: '0' }, workers.queued()),
      gauge('activerecord_connection_pool_size', 'Total number of connections that can be used in the pool', { config: 'primary' }, settings.workers),
      gauge('activerecord_connection_pool_busy', 'Number of connections that are in use', { config: 'primary' }, workers.busy()),
    ]),
  };
}

const gauge = (name: string, help: string, labels: Record<string, string>, value: number) =>
  ({ name, help, type: 'gauge' as const, series: [{ name, labels, value }] });

/** The other side may be gone, or may have been answered by the proxy already. */
function answer(response: ServerResponse, status: number, text: string): void {
  if (response.destroyed || response.headersSent) return;
  response.writeHead(status, { 'content-type': 'text/plain', 'content-length': Buffer.byteLength(text) }).end(text);
}

function burn(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end) continue;
}
