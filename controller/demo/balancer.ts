import { Agent, createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../ports/index.ts';
import { readDocument } from './balancer-document.ts';
import { forward, isRepeatable } from './balancer-forward.ts';
import { type GroupServer, ServerGroup } from './balancer-group.ts';
import { BalancerMetrics } from './balancer-metrics.ts';

export interface BalancerOptions {
  /** URL of the controller's document for Traefik. */
  endpoint: string;
  token?: string;
  /** The service that all requests go to, without `@http`. */
  service: string;
  entryPoint: string;
  pollMilliseconds: number;
  clock: Clock;
  /** Numbers from 0 to below 1. */
  chance: () => number;
}

const ATTEMPTS = 3;
/** Idle connections are closed on this side, before a host's server closes them under a request. */
const IDLE_MILLISECONDS = 2_000;
/** Far above what clients keep idle connections for, for the same reason. */
const CLIENT_IDLE_MILLISECONDS = 65_000;
const POLL_TIMEOUT_MILLISECONDS = 5_000;

/** Starts a load balancer that stands in for Traefik where none is: same document, same API, same metrics. */
export async function startBalancer(options: BalancerOptions): Promise<Balancer> {
  const balancer = new Balancer(options);
  await balancer.listen();
  return balancer;
}

export class Balancer {
  readonly #options: BalancerOptions;
  readonly #metrics: BalancerMetrics;
  readonly #agent = new Agent({ keepAlive: true, maxFreeSockets: 200, timeout: IDLE_MILLISECONDS });
  readonly #ended = new AbortController();
  readonly #front: Server;
  readonly #inner: Server;
  #groups: ReadonlyMap<string, ServerGroup> = new Map();
  #text: string | undefined;
  #checks = new AbortController();
  #polling: Promise<void> | undefined;

  constructor(options: BalancerOptions) {
    this.#options = options;
    this.#metrics = new BalancerMetrics(options.entryPoint);
    this.#front = createServer((request, response) => void this.#serve(request, response));
    this.#front.keepAliveTimeout = CLIENT_IDLE_MILLISECONDS;
    this.#front.on('connection', (socket) => {
      this.#metrics.connections(1);
      socket.once('close', () => this.#metrics.connections(-1));
    });
    this.#inner = createServer((request, response) => void this.#describe(request, response));
  }

  /** Where requests go. */
  get url(): string {
    return urlOf(this.#front);
  }

  /** Root of the API. */
  get apiURL(): string {
    return urlOf(this.#inner);
  }

  get metricsURL(): string {
    return `${this.apiURL}/metrics`;
  }

  async listen(): Promise<void> {
    await Promise.all([this.#front, this.#inner].map(listening));
    this.#polling = this.#poll();
  }

  /** Ends at once what is under way. */
  async close(): Promise<void> {
    this.#ended.abort();
    this.#checks.abort();
    await Promise.all([this.#front, this.#inner].map(closed));
    this.#agent.destroy();
    await this.#polling;
  }

  async #poll(): Promise<void> {
    const { clock, pollMilliseconds } = this.#options;
    while (!this.#ended.signal.aborted) {
      const text = await this.#fetchDocument();
      if (text !== undefined && text !== this.#text) this.#use(text);
      await clock.sleep(pollMilliseconds, this.#ended.signal);
    }
  }

  /** Undefined for anything but a 200: what is there stays. */
  async #fetchDocument(): Promise<string | undefined> {
    const { endpoint, token } = this.#options;
    const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const signal = AbortSignal.any([this.#ended.signal, AbortSignal.timeout(POLL_TIMEOUT_MILLISECONDS)]);
    try {
      const response = await fetch(endpoint, { headers, signal });
      const text = await response.text();
      return response.status === 200 ? text : undefined;
    } catch {
      return undefined;
    }
  }

  /** Requests under way hold their own group, so the swap does not touch them. */
  #use(text: string): void {
    const document = readDocument(text);
    if (document.kind === 'Refused' || this.#ended.signal.aborted) return;
    this.#text = text;
    this.#checks.abort();
    this.#checks = new AbortController();
    this.#metrics.forgetServers();
    const { clock, chance } = this.#options;
    const groups = new Map<string, ServerGroup>();
    for (const [name, config] of document.services) {
      const group = new ServerGroup(config, chance);
      groups.set(name, group);
      void group.watchHealth(clock, this.#checks.signal, ({ url, state }) => this.#metrics.serverChecked(`${name}@http`, url, state === 'Up'));
    }
    this.#groups = groups;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const started = this.#options.clock.now();
    const group = this.#groups.get(this.#options.service);
    const code = group === undefined ? refuse(response, 404, '404 page not found') : await this.#through(group, request, response);
    this.#metrics.entryPointRequest({ code, method: request.method ?? '', seconds: this.#since(started) });
  }

  /** Answers with the status that the client got; 499 when it did not get all of an answer. */
  async #through(group: ServerGroup, request: IncomingMessage, response: ServerResponse): Promise<number> {
    const tried = new Set<GroupServer>();
    for (let attempt = 1; ; attempt += 1) {
      const server = group.choose(tried);
      if (server === undefined) return tried.size === 0 ? refuse(response, 503, 'no available server') : refuse(response, 502, 'Bad Gateway');
      const started = this.#options.clock.now();
      server.inFlight += 1;
      const forwarded = await forward(request, response, server.url, this.#agent);
      server.inFlight -= 1;
      const code = forwarded.kind === 'Answered' ? forwarded.status : forwarded.kind === 'Cut' ? 499 : 502;
      this.#metrics.serviceRequest(`${this.#options.service}@http`, { code, method: request.method ?? '', seconds: this.#since(started) });
      switch (forwarded.kind) {
        case 'Answered':
        case 'Cut':
          return code;
        case 'Lost':
          return refuse(response, 502, 'Bad Gateway');
        case 'NotTaken':
          if (attempt === ATTEMPTS || !isRepeatable(request)) return refuse(response, 502, 'Bad Gateway');
          if (forwarded.elsewhere) tried.add(server);
      }
    }
  }

  /** API and metrics, as on Traefik's inner entry point. */
  async #describe(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '/').replace(/\?.*$/, '').replaceAll('%40', '@');
    if (path === '/metrics') {
      response.setHeader('content-type', 'text/plain; version=0.0.4; charset=utf-8');
      response.end(await this.#metrics.text());
      return;
    }
    if (path === '/api/version') return json(response, 200, { Version: 'demo', Codename: 'kamal-autoscaler' });
    const name = /^\/api\/http\/services\/(.+)@http$/.exec(path)?.[1];
    const group = name === undefined ? undefined : this.#groups.get(name);
    if (group === undefined) return json(response, 404, { message: `service not found: ${name ?? path}` });
    json(response, 200, {
      name: `${name}@http`, provider: 'http', status: 'enabled', type: 'loadbalancer',
      loadBalancer: { servers: group.servers.map(({ url }) => ({ url })), strategy: group.config.strategy },
      serverStatus: Object.fromEntries(group.servers.map(({ url, state }) => [url, state.toUpperCase()])),
    });
  }

  #since(started: number): number {
    return (this.#options.clock.now() - started) / 1_000;
  }
}

function refuse(response: ServerResponse, status: number, text: string): number {
  response.writeHead(status, { 'content-type': 'text/plain' }).end(`${text}\n`);
  return status;
}

function json(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

function listening(server: Server): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen({ port: 0, host: '127.0.0.1', backlog: 1_024 }, resolve);
  return promise;
}

function closed(server: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  server.closeAllConnections();
  return promise;
}

const urlOf = (server: Server): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
