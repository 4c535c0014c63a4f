import axios, { type AxiosInstance } from 'axios';
import { type Endpoint, type ErrorClass, ClassifiedError, httpURL, messageOf } from '../../model/index.ts';
import type { ControlFacts, HostControl } from './host-control.ts';

const factsMilliseconds = 2_000;
/** On top of the time that the host itself may take. */
const graceMilliseconds = 10_000;

/** Control ports over HTTP. */
export function createHttpHostControl(): HostControl {
  const client = axios.create({ proxy: false, maxRedirects: 0 });

  return {
    facts: (endpoint) => call<ControlFacts>(client, endpoint, 'GET', '/facts', factsMilliseconds),
    deploy: (endpoint, order) => call(client, endpoint, 'POST', '/deploy', order.deployTimeoutSeconds * 1000 + graceMilliseconds, order),
    quiesce: (endpoint, seconds) => call(client, endpoint, 'POST', '/quiesce', seconds * 1000 + graceMilliseconds, { seconds }),
    resume: (endpoint) => call(client, endpoint, 'POST', '/resume', graceMilliseconds, {}),
    stop: (endpoint) => call(client, endpoint, 'POST', '/stop', graceMilliseconds, {}),
  };
}

async function call<Answer>(client: AxiosInstance, { address, ports }: Endpoint, method: 'GET' | 'POST', path: string, timeout: number, data?: unknown): Promise<Answer> {
  if (ports.control === undefined) throw new ClassifiedError('Unavailable', `host ${address} has no control port: only local hosts have one`);
  try {
    const { data: answer } = await client.request<Answer>({ url: httpURL(address, ports.control) + path, method, timeout, data });
    return answer;
  } catch (error) {
    throw classify(error, `${address}:${ports.control}${path}`);
  }
}

function classify(error: unknown, what: string): ClassifiedError {
  const refusal: unknown = axios.isAxiosError(error) ? error.response?.data : undefined;
  if (isRefusal(refusal)) return new ClassifiedError(refusal.class, refusal.message, { cause: error });
  return new ClassifiedError('Unavailable', `${what}: ${messageOf(error)}`, { cause: error });
}

function isRefusal(value: unknown): value is { class: ErrorClass; message: string } {
  return typeof value === 'object' && value !== null && 'class' in value && 'message' in value
    && typeof value.message === 'string' && ['NotFound', 'Transient', 'Invalid'].includes(String(value.class));
}
