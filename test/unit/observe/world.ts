import type { MetricHost, MetricQuery } from '../../../controller/ports/index.ts';
import type { SignalName } from '../../../controller/model/index.ts';
import { createServer } from 'node:http';
import type { IncomingMessage, RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export const NOW = 1_800_000_000_000;
export const NOW_SECONDS = NOW / 1000;

export const hostNamed = (name: string, ports: Partial<MetricHost['endpoint']['ports']> = {}, warming = false, address = '127.0.0.1'): MetricHost => ({
  name,
  endpoint: { address, ports: { http: 80, ...ports } },
  warming,
});

/** A query of pool `web` with a load balancer and hosts web-1 and web-2, unless said otherwise. */
export function signalQueryFor(signal: SignalName, changes: Partial<Omit<MetricQuery, 'source'>> = {}): MetricQuery & { source: { kind: 'Signal'; signal: SignalName } } {
  return {
    metric: signal,
    source: { kind: 'Signal', signal },
    target: 1,
    pool: { namespace: 'shop', name: 'web' },
    spec: {
      kamal: { service: 'app', role: 'web' },
      loadBalancer: { traefik: { service: 'web', apiURLs: ['http://127.0.0.1:1'], strategy: 'p2c', entryPoint: 'websecure' } },
    },
    hosts: [hostNamed('web-1'), hostNamed('web-2')],
    ...changes,
  };
}

export const ownQuery = (query: string, changes: Partial<MetricQuery> = {}): MetricQuery => ({ ...signalQueryFor('rps'), metric: 'own', source: { kind: 'PromQL', query }, ...changes });

/** Starts a server on a free port of 127.0.0.1. */
export async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

export async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise<void>((resolve) => void server.close(() => resolve()));
}

export async function serve(handler: RequestListener): Promise<{ server: Server; port: number }> {
  const server = createServer(handler);
  return { server, port: await listen(server) };
}

export async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
