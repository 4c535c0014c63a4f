import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { type Server as SecureServer, createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { ClassifiedError } from '../model/index.ts';
import { type TLSFiles, readTLSFiles, watchTLSFiles } from './tls-files.ts';

/** What the controller answers over HTTP. Each route's content comes from elsewhere; here are only paths and codes. */
export interface Answers {
  /** Undefined while healthy, else why the process should be restarted. */
  unhealthy(): string | undefined;
  /** Undefined when ready, else what is not yet there. */
  unready(): Promise<string | undefined>;
  metrics(): Promise<{ contentType: string; body: string }>;
  traefik(authorization: string | undefined): HttpAnswer;
  /** Who must be deployed to besides the hosts that people own. */
  inventory(request: { service: string; destination: string | undefined; format: string | undefined; authorization: string | undefined }): HttpAnswer;
  /** Prometheus HTTP service discovery; undefined for an unknown target. */
  discovery(target: string): Promise<unknown>;
  /** Somebody says that a version was deployed; `form` is whatever was sent. */
  deployed(authorization: string | undefined, form: Record<string, unknown>): Promise<{ status: number; text: string }>;
}

/** A hook sends three short words. */
const LARGEST_FORM_BYTES = 4_096;

export interface HttpAnswer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

export interface HttpServer {
  readonly port: number;
  close(): Promise<void>;
}

export interface Listen {
  address: string;
  port: number;
  /** Without it requests and answers are plain text. */
  tls?: TLSFiles;
}

/** Listens until closed. Port 0 takes a free one. A renewed certificate is taken without a restart. Errors: `Unavailable` for a port that is taken, `Forbidden`, `Invalid` for an address that is none here or for a certificate that cannot be used. */
export async function startHttpServer(listen: Listen, answers: Answers, renewal: { failed?: (error: unknown) => void; lookMilliseconds?: number } = {}): Promise<HttpServer> {
  const app = new Hono();
  app.get('/healthz', (c) => {
    const why = answers.unhealthy();
    return why === undefined ? c.text('ok\n') : c.text(`${why}\n`, 503);
  });
  app.get('/readyz', async (c) => {
    const why = await answers.unready();
    return why === undefined ? c.text('ok\n') : c.text(`${why}\n`, 503);
  });
  app.get('/metrics', async (c) => {
    const { contentType, body } = await answers.metrics();
    return c.body(body, 200, { 'content-type': contentType });
  });
  app.get('/traefik/config', (c) => {
    return responseOf(answers.traefik(c.req.header('authorization')));
  });
  app.get('/inventory/:service', (c) => {
    const [destination, format] = [c.req.query('destination'), c.req.query('format')];
    return responseOf(answers.inventory({ service: c.req.param('service'), destination: destination === '' ? undefined : destination, format, authorization: c.req.header('authorization') }));
  });
  app.get('/sd/:target', async (c) => {
    const document = await answers.discovery(c.req.param('target'));
    return document === undefined ? c.text('write /sd/kamal-proxy, /sd/node or /sd/app\n', 404) : c.json(document as object);
  });

  app.post('/deployed', bodyLimit({ maxSize: LARGEST_FORM_BYTES }), async (c) => {
    // A form that cannot be read says nothing.
    const form = await c.req.parseBody().catch(() => ({}));
    const { status, text } = await answers.deployed(c.req.header('authorization'), form);
    return new Response(`${text}\n`, { status });
  });

  const place = { fetch: app.fetch, hostname: listen.address, port: listen.port };
  const secure = listen.tls && { createServer, serverOptions: { minVersion: 'TLSv1.2' as const, ...await readTLSFiles(listen.tls) } };
  return new Promise((resolve, reject) => {
    const server = serve({ ...place, ...secure }, (info: AddressInfo) => {
      const watch = listen.tls && watchTLSFiles(listen.tls, (options) => (server as SecureServer).setSecureContext({ minVersion: 'TLSv1.2', ...options }), renewal.failed ?? (() => undefined), renewal.lookMilliseconds);
      resolve({ port: info.port, close: () => (watch?.close(), closeServer(server)) });
    });
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenFailure(error, `${listen.address}:${listen.port}`)));
  });
}

const responseOf = ({ status, headers, body }: HttpAnswer): Response => new Response(body, { status, headers });

function listenFailure(error: NodeJS.ErrnoException, place: string): Error {
  switch (error.code) {
    case 'EADDRINUSE': return new ClassifiedError('Unavailable', `--listen ${place}: another program listens there`, { mend: 'Stop it, or write another --listen ADDRESS:PORT.', cause: error });
    case 'EACCES': return new ClassifiedError('Forbidden', `--listen ${place}: this user may not listen there`, { mend: 'Write a port above 1023.', cause: error });
    case 'EADDRNOTAVAIL': case 'ENOTFOUND': case 'EAI_AGAIN': return new ClassifiedError('Invalid', `--listen ${place}: this machine has no such address`, { mend: 'Write an address of this machine, such as 127.0.0.1 or 0.0.0.0.', cause: error });
    default: return error;
  }
}

function closeServer(server: ReturnType<typeof serve>): Promise<void> {
  return new Promise((resolve, reject) => {
    server.close((error) => (error === undefined || error === null ? resolve() : reject(error)));
    if ('closeAllConnections' in server) server.closeAllConnections();
  });
}
