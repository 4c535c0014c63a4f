import { type IncomingMessage, type ServerResponse, get } from 'node:http';
import type { App } from './app.ts';
import { contentType } from './exposition.ts';
import { type Listening, listen } from './listen.ts';
import { ControlFailure, type Proxy } from './proxy.ts';
import { createProxyMetrics } from './proxy-metrics.ts';

interface Route {
  service: string;
  app: App;
  quiesced: boolean;
  /** Requests that the app has, by their responses. */
  outstanding: Set<ServerResponse>;
  drained: Set<() => void>;
}

const healthCheckMilliseconds = 250;

/** Does in this process what kamal-proxy 0.9 does, with the same answers and the same metrics. */
export async function createBuiltInProxy(): Promise<Proxy> {
  const metrics = createProxyMetrics();
  let route: Route | undefined;

  function serve(request: IncomingMessage, response: ServerResponse): void {
    const started = performance.now();
    const current = route;
    const service = current?.service ?? '';
    if (current !== undefined) metrics.begin(service);
    response.once('close', () => {
      if (current !== undefined) metrics.end(service);
      // kamal-proxy counts a request whose client left with 499.
      metrics.track(service, request.method ?? 'GET', response.writableFinished ? response.statusCode : 499, (performance.now() - started) / 1000);
    });
    if (current === undefined) return refuse(response, 404);
    // In maintenance the health path still answers 200, so that nobody downstream calls the host unhealthy.
    if (current.quiesced) return refuse(response, request.url === '/up' ? 200 : 503);
    pass(current, request, response);
  }

  const [front, scrape] = await Promise.all([
    listen(serve),
    listen((_request, response) => void response.writeHead(200, { 'content-type': contentType }).end(metrics.text())),
  ]);

  function found(service: string): Route {
    if (route?.service !== service) throw new ControlFailure('NotFound', 'service not found');
    return route;
  }

  return {
    http: front.port,
    metrics: scrape.port,
    async route(service, app, timeoutSeconds) {
      if (!(await becomesHealthy(app, timeoutSeconds))) throw new ControlFailure('Transient', 'target failed to become healthy within configured timeout');
      route = { service, app, quiesced: route?.quiesced ?? false, outstanding: new Set(), drained: new Set() };
    },
    async quiesce(service, seconds) {
      const current = found(service);
      current.quiesced = true;
      await drain(current, seconds);
    },
    async resume(service) {
      found(service).quiesced = false;
    },
    async remove(service) {
      const current = found(service);
      route = undefined;
      cut(current, 502);
    },
    state: async (service) => ({ routed: route?.service === service, quiesced: route?.service === service && route.quiesced }),
    async close() {
      front.close();
      scrape.close();
    },
  };
}

function pass(route: Route, request: IncomingMessage, response: ServerResponse): void {
  route.outstanding.add(response);
  response.once('close', () => {
    route.outstanding.delete(response);
    if (route.outstanding.size > 0) return;
    for (const end of route.drained) end();
  });
  route.app.handle(request, response);
}

async function drain(route: Route, seconds: number): Promise<void> {
  if (route.outstanding.size === 0) return;
  await new Promise<void>((resolve) => {
    const deadline = setTimeout(end, seconds * 1000);
    function end(): void {
      clearTimeout(deadline);
      route.drained.delete(end);
      resolve();
    }
    route.drained.add(end);
  });
  cut(route, 504);
}

function cut(route: Route, status: number): void {
  for (const response of route.outstanding) {
    if (!response.headersSent && !response.destroyed) refuse(response, status);
  }
}

function refuse(response: ServerResponse, status: number): void {
  response.writeHead(status, { 'content-length': 0 }).end();
}

/** Asks as kamal-proxy asks, over HTTP, at a port of the app's own that is closed again. */
async function becomesHealthy(app: App, timeoutSeconds: number): Promise<boolean> {
  const own: Listening = await listen((request, response) => app.handle(request, response));
  try {
    const deadline = performance.now() + timeoutSeconds * 1000;
    for (;;) {
      if (await statusOf(own.port) === 200) return true;
      if (performance.now() + healthCheckMilliseconds > deadline) return false;
      await new Promise((resolve) => { setTimeout(resolve, healthCheckMilliseconds); });
    }
  } finally {
    own.close();
  }
}

function statusOf(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    get({ host: '127.0.0.1', port, path: '/up', agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).once('error', () => resolve(undefined));
  });
}
