/**
 * Hetzner Cloud's API on a loopback port. Requests and answers are judged by the vendor's OpenAPI document, and one that
 * does not conform makes `close` throw: a suite cannot pass over it. Time is the clock's.
 */
import { randomBytes } from 'node:crypto';
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Contract, loadContract } from './contract.ts';
import { type Fault, type Faults, createFaults } from './faults.ts';
import { type Project, type ProjectOptions, Refused, createProject } from './project.ts';
import { type Answer, routesOf } from './routes.ts';

export interface HetznerSimOptions extends ProjectOptions {
  port?: number;
  /** What a client must send; `sim-token` by default. */
  token?: string;
  readOnlyToken?: string;
  currency?: string;
  /** Requests an hour, refilled evenly. */
  rateLimit?: number;
  /** `Unchecked` where the document is not at hand. */
  contract?: Contract | 'Unchecked';
}

/** One request as the simulator took it. */
export interface SimCall {
  method: string;
  template: string;
  url: string;
  status: number | 'NoAnswer';
}

export interface HetznerSim {
  /** As HCLOUD_ENDPOINT wants it. */
  endpoint: string;
  token: string;
  project: Project;
  faults: Faults;
  /** Every request so far. */
  calls: readonly SimCall[];
  /** What did not conform to the document. */
  violations: readonly string[];
  /** Called before each request is carried out. */
  before: ((call: { method: string; template: string; url: string }) => void) | undefined;
  /** Requests that are left in this hour; setting it lower is how a neighbour uses them up. */
  rate: { left: number };
  /** Ends it; throws when something did not conform. */
  close(): Promise<void>;
}

export async function startHetznerSim(options: HetznerSimOptions): Promise<HetznerSim> {
  const { clock, token = 'sim-token', readOnlyToken, rateLimit = 3600, currency = 'EUR' } = options;
  const contract = options.contract ?? loadContract();
  const project = createProject(options);
  const faults = createFaults();
  const routes = routesOf(currency);
  const templates = Object.keys(routes).map((route) => templateOf(route));
  const calls: SimCall[] = [];
  const violations: string[] = [];
  const rate = bucket(rateLimit, () => clock.now());
  const open = new Set<ServerResponse>();

  async function carryOut(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '' } = request;
    const text = await bodyOf(request);
    const [path = '', search = ''] = url.split('?');
    const found = templates.find((template) => template.method === method && template.pattern.test(path));
    const template = found?.template ?? path;
    const call: SimCall = { method, template, url, status: 'NoAnswer' };
    calls.push(call);
    const send = (answer: Answer): void => {
      call.status = answer.status;
      if (found !== undefined && contract !== 'Unchecked') violations.push(...contract.answer(method, template, answer.status, answer.body).map((fault) => `${method} ${url}: ${fault}`));
      response.writeHead(answer.status, { 'content-type': 'application/json', 'x-correlation-id': randomBytes(8).toString('hex'), ...rate.headers() }).end(JSON.stringify(answer.body));
    };
    const refuse = (status: number, code: string, message: string): void => send({ status, body: { error: { code, message, details: null } } });

    const given = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
    if (given !== token && given !== readOnlyToken) return refuse(401, 'unauthorized', 'the token you provided is invalid');
    if (!rate.take()) return refuse(429, 'rate_limit_exceeded', 'Rate limit exceeded');
    if (found === undefined) return refuse(404, 'not_found', `no ${method} ${path}`);
    if (given === readOnlyToken && method !== 'GET') return refuse(403, 'token_readonly', 'the token is only allowed to perform GET requests');
    const query = new URLSearchParams(search);
    const body = text === '' ? undefined : parsed(text);
    const wrong = contract === 'Unchecked' ? [] : contract.request(method, template, query, body);
    if (wrong.length > 0) {
      violations.push(...wrong.map((fault) => `${method} ${url}: ${fault}`));
      return refuse(422, 'invalid_input', wrong.join('; '));
    }
    sim.before?.(call);
    const fault = faults.meet(`${method} ${template}`);
    const run = (): Answer => answerOf(() => (routes[`${method} ${template}`] ?? missing)(project, { id: Number(found.pattern.exec(path)?.[1]), query, body, fault, now: clock.now() }));
    await underFault(fault, run, send, refuse, response, call);
  }

  async function underFault(fault: Fault | undefined, run: () => Answer, send: (answer: Answer) => void, refuse: (status: number, code: string, message: string) => void, response: ServerResponse, call: SimCall): Promise<void> {
    switch (fault?.kind) {
      case 'Refuse': return refuse(fault.status, fault.code, fault.message ?? `${fault.code}, as the suite wants it`);
      case 'LoseReply': {
        run();
        response.destroy();
        return;
      }
      case 'Hang': {
        if (fault.effect === 'Done') run();
        return;
      }
      case 'Slow': {
        const answer = run();
        await clock.sleep(fault.milliseconds);
        return send(answer);
      }
      case 'Garbage': {
        if (fault.effect === 'Done') run();
        call.status = fault.status;
        response.writeHead(fault.status, { 'content-type': 'text/html' }).end(fault.body);
        return;
      }
      case 'ActionFails':
      case 'ActionNeverEnds':
      case 'NeverBoots':
      case 'DeleteForgotten':
      case undefined: return send(run());
    }
  }

  const server = createServer((request, response) => {
    open.add(response);
    response.on('close', () => open.delete(response));
    carryOut(request, response).catch((error: unknown) => {
      violations.push(`the simulator itself: ${error instanceof Error ? error.stack ?? error.message : String(error)}`);
      response.destroy();
    });
  });
  const port = await listen(server, options.port ?? 0);

  const sim: HetznerSim = {
    endpoint: `http://127.0.0.1:${port}/v1`, token, project, faults, calls, violations, rate, before: undefined,
    async close() {
      for (const response of open) response.destroy();
      server.closeAllConnections();
      await new Promise<void>((resolve) => { server.close(() => resolve()); });
      await project.settled();
      if (violations.length > 0) throw new Error(`requests or answers do not conform to the vendor's document:\n  ${violations.join('\n  ')}`);
    },
  };
  return sim;
}

const missing = (): Answer => ({ status: 404, body: { error: { code: 'not_found', message: 'not simulated', details: null } } });

function answerOf(run: () => Answer): Answer {
  try {
    return run();
  } catch (error) {
    if (error instanceof Refused) return { status: error.status, body: { error: { code: error.code, message: error.message, details: null } } };
    throw error;
  }
}

function templateOf(route: string): { method: string; template: string; pattern: RegExp } {
  const [method = '', template = ''] = route.split(' ');
  return { method, template, pattern: new RegExp(`^/v1${template.replace('{id}', '(\\d+)')}$`) };
}

/** Refilled evenly over the hour, as the API's own is. */
function bucket(limit: number, now: () => number): { left: number; take(): boolean; headers(): Record<string, string> } {
  let left = limit;
  let asOf = now();
  const refill = (): void => {
    left = Math.min(limit, left + Math.max(0, now() - asOf) / 1000 * (limit / 3600));
    asOf = now();
  };
  return {
    get left() {
      refill();
      return left;
    },
    set left(count) {
      refill();
      left = count;
    },
    take() {
      refill();
      if (left < 1) return false;
      left -= 1;
      return true;
    },
    headers: () => ({ 'RateLimit-Limit': String(limit), 'RateLimit-Remaining': String(Math.floor(left)), 'RateLimit-Reset': String(Math.ceil(now() / 1000 + (limit - left) / (limit / 3600))) }),
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString('utf8');
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}
