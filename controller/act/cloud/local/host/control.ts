import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { DeployOrder } from '../../../deploy/host-control.ts';
import type { Host } from './host.ts';
import { ControlFailure } from './proxy.ts';

const longestBody = 10_000;

/** The control port: one path a command, JSON in and out. A refusal is `{class, message}` with a status to match. */
export function controlListener(host: Host): RequestListener {
  return (request, response) => {
    void respond(host, request, response);
  };
}

async function respond(host: Host, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    send(response, 200, await perform(host, `${request.method} ${request.url}`, request));
  } catch (error) {
    const failure = error instanceof ControlFailure ? error : new ControlFailure('Transient', error instanceof Error ? error.message : String(error));
    send(response, statuses[failure.class], { class: failure.class, message: failure.message });
  }
}

const statuses: Record<ControlFailure['class'], number> = { NotFound: 404, Invalid: 400, Transient: 500 };

async function perform(host: Host, command: string, request: IncomingMessage): Promise<unknown> {
  switch (command) {
    case 'GET /facts': return host.facts();
    case 'POST /deploy': return host.deploy(deployOrder(await body(request)));
    case 'POST /quiesce': return host.quiesce(seconds(await body(request)));
    case 'POST /resume': return host.resume();
    case 'POST /stop': return host.stop();
    default: throw new ControlFailure('Invalid', `no such command: ${command}`);
  }
}

async function body(request: IncomingMessage): Promise<Record<string, unknown>> {
  let text = '';
  for await (const chunk of request) {
    text += String(chunk);
    if (text.length > longestBody) throw new ControlFailure('Invalid', `the body is longer than ${longestBody} characters`);
  }
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    throw new ControlFailure('Invalid', 'the body is not JSON');
  }
}

function deployOrder({ service, version, deployTimeoutSeconds, health }: Record<string, unknown>): DeployOrder {
  if (typeof service !== 'string' || service === '') throw new ControlFailure('Invalid', 'service: give the name under which the proxy routes the app');
  if (typeof version !== 'string' || version === '') throw new ControlFailure('Invalid', 'version: give the version to deploy');
  if (typeof deployTimeoutSeconds !== 'number') throw new ControlFailure('Invalid', 'deployTimeoutSeconds: give a number');
  return { service, version, deployTimeoutSeconds, health: health === 'Failing' ? 'Failing' : 'Answering' };
}

function seconds({ seconds: given }: Record<string, unknown>): number {
  if (typeof given !== 'number' || !(given >= 0)) throw new ControlFailure('Invalid', 'seconds: give a number of at least 0');
  return given;
}

function send(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value ?? {}));
}
