/**
 * A cloud's API on a loopback port. Requests and answers are judged by the vendor's OpenAPI document, and one that does
 * not conform makes `close` throw: a suite cannot pass over it. Time is the clock's.
 */
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../../../controller/ports/index.ts';
import type { Contract } from './contract.ts';
import { type Fault, type Faults, createFaults } from './faults.ts';

export interface Answer {
  status: number;
  /** Undefined: an answer without a body. */
  body?: unknown;
}

/** An answer of the API that is no success. */
export class Refused extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** A request that has a route, as the route sees it. */
export interface Asked {
  /** What stands in the place of the template's parameter. */
  id: string;
  query: URLSearchParams;
  body: unknown;
  fault: Fault | undefined;
  now: number;
}

export interface Cloud {
  clock: Clock;
  port?: number;
  /** What a client must send, and what it may send to read alone. */
  token: string;
  readOnlyToken?: string | undefined;
  /** Before the path templates: `/v1`, or nothing. */
  base: string;
  /** By method and path template, as the document has them. */
  routes: Readonly<Record<string, (asked: Asked) => Answer>>;
  contract: Contract | 'Unchecked';
  /** What must be right about a request beyond the document, as sentences. */
  faultsIn?(call: { method: string; template: string; query: URLSearchParams }): string[];
  /** Refusals as the vendor writes them. */
  refusal(code: string, message: string): unknown;
  codes: { unauthorized: string; readOnly: string; tooMany: string; notFound: string; invalid: string };
  rate: {
    /** Counts a request; the headers of a refusal where it is one too many. */
    take(): Readonly<Record<string, string>> | undefined;
    headers(): Readonly<Record<string, string>>;
  };
  /** Further headers of each answer. */
  headers(): Readonly<Record<string, string>>;
}

/** One request as the simulator took it. */
export interface SimCall {
  method: string;
  template: string;
  url: string;
  status: number | 'NoAnswer';
}

export interface ServedCloud {
  /** `http://127.0.0.1:PORT` and the base. */
  endpoint: string;
  token: string;
  faults: Faults;
  /** Every request so far. */
  calls: readonly SimCall[];
  /** What did not conform to the document. */
  violations: readonly string[];
  /** Called before each request is carried out. */
  before: ((call: { method: string; template: string; url: string; body: unknown }) => void) | undefined;
  /** Ends it; throws when something did not conform. */
  close(): Promise<void>;
}

export async function serveCloud(cloud: Cloud): Promise<ServedCloud> {
  const { clock, token, readOnlyToken, contract, routes, codes } = cloud;
  const faults = createFaults();
  const templates = Object.keys(routes).map((route) => templateOf(route, cloud.base));
  const calls: SimCall[] = [];
  const violations: string[] = [];
  const open = new Set<ServerResponse>();

  async function carryOut(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '' } = request;
    const text = await bodyOf(request);
    const [path = '', search = ''] = url.split('?');
    const found = templates.find((template) => template.method === method && template.pattern.test(path));
    const template = found?.template ?? path;
    const call: SimCall = { method, template, url, status: 'NoAnswer' };
    calls.push(call);
    const send = (answer: Answer, headers: Readonly<Record<string, string>> = {}): void => {
      call.status = answer.status;
      if (found !== undefined && contract !== 'Unchecked') violations.push(...contract.answer(method, template, answer.status, answer.body).map((fault) => `${method} ${url}: ${fault}`));
      response.writeHead(answer.status, { 'content-type': 'application/json', ...cloud.headers(), ...cloud.rate.headers(), ...headers });
      response.end(answer.body === undefined ? undefined : JSON.stringify(answer.body));
    };
    const refuse = (status: number, code: string, message: string, headers?: Readonly<Record<string, string>>): void => send({ status, body: cloud.refusal(code, message) }, headers);

    const given = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
    if (given !== token && (readOnlyToken === undefined || given !== readOnlyToken)) return refuse(401, codes.unauthorized, 'the token you provided is invalid');
    const tooMany = cloud.rate.take();
    if (tooMany !== undefined) return refuse(429, codes.tooMany, 'Too many requests', tooMany);
    if (found === undefined) return refuse(404, codes.notFound, `no ${method} ${path}`);
    if (given === readOnlyToken && method !== 'GET') return refuse(403, codes.readOnly, 'the token is only allowed to perform GET requests');
    const query = new URLSearchParams(search);
    const body = text === '' ? undefined : parsed(text);
    const wrong = [...(contract === 'Unchecked' ? [] : contract.request(method, template, query, body)), ...(cloud.faultsIn?.({ method, template, query }) ?? [])];
    if (wrong.length > 0) {
      violations.push(...wrong.map((fault) => `${method} ${url}: ${fault}`));
      return refuse(422, codes.invalid, wrong.join('; '));
    }
    served.before?.({ ...call, body });
    const fault = faults.meet(`${method} ${template}`);
    const id = decodeURIComponent(found.pattern.exec(path)?.[1] ?? '');
    const run = (): Answer => answerOf(() => (routes[`${method} ${template}`] ?? missing)({ id, query, body, fault, now: clock.now() }), cloud.refusal);
    await underFault(fault, run, send, refuse, response, call);
  }

  async function underFault(fault: Fault | undefined, run: () => Answer, send: (answer: Answer) => void, refuse: (status: number, code: string, message: string, headers?: Readonly<Record<string, string>>) => void, response: ServerResponse, call: SimCall): Promise<void> {
    switch (fault?.kind) {
      case 'Refuse': return refuse(fault.status, fault.code, fault.message ?? `${fault.code}, as the suite wants it`, fault.headers);
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
      case 'ListedLate':
      case 'MadeTwice':
      case 'DeleteForgotten':
      case 'DeleteLingers':
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
  const port = await listen(server, cloud.port ?? 0);

  const served: ServedCloud = {
    endpoint: `http://127.0.0.1:${port}${cloud.base}`, token, faults, calls, violations, before: undefined,
    async close() {
      for (const response of open) response.destroy();
      server.closeAllConnections();
      await new Promise<void>((resolve) => { server.close(() => resolve()); });
      if (violations.length > 0) throw new Error(`requests or answers do not conform to the vendor's document:\n  ${violations.join('\n  ')}`);
    },
  };
  return served;
}

const missing = (): Answer => {
  throw new Refused(404, 'not_found', 'not simulated');
};

function answerOf(run: () => Answer, refusal: Cloud['refusal']): Answer {
  try {
    return run();
  } catch (error) {
    if (error instanceof Refused) return { status: error.status, body: refusal(error.code, error.message) };
    throw error;
  }
}

/** A parameter that is an id takes numbers alone, or a UUID, so that `/actions/…` below it is another template; names take anything. */
function templateOf(route: string, base: string): { method: string; template: string; pattern: RegExp } {
  const [method = '', template = ''] = route.split(' ');
  return { method, template, pattern: new RegExp(`^${base}${template.replace(/\{(\w+)\}/, (_, name: string) => (/^(tag|image)_id$/.test(name) ? '([^/]+)' : name === 'lb_id' ? '([0-9a-f-]{36})' : '(\\d+)'))}$`) };
}

/** Requests that come back evenly, so many in a time; setting `left` lower is how a neighbour uses them up. */
export function requestBucket(limit: number, inSeconds: number, now: () => number): { left: number; take(): boolean } {
  let left = limit;
  let asOf = now();
  const refill = (): void => {
    left = Math.min(limit, left + Math.max(0, now() - asOf) / 1000 * (limit / inSeconds));
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
