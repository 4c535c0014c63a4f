import { get } from 'node:http';
import { type Endpoint, type InFlightFact, type ProbeFact, httpURL, messageOf, serverURL } from '../../model/index.ts';
import type { HostProbe } from '../../ports/index.ts';
import { inFlightIn } from './in-flight.ts';

type Health = Parameters<HostProbe['up']>[1];

const METRICS_TIMEOUT_MILLISECONDS = 2_000;
const LARGEST_METRICS = 4 * 1024 * 1024;
/** More of a health page is not read. */
const LARGEST_HEALTH_PAGE = 64 * 1024;

interface Answer {
  status: number;
  location: string | undefined;
  body: string;
  /** The body is longer than what was read. */
  cut: boolean;
}

/** Looks at a host over plain HTTP, with a new connection each time: an old one says nothing about who listens now. */
export class HTTPHostProbe implements HostProbe {
  async up(endpoint: Endpoint, health: Health): Promise<ProbeFact> {
    try {
      const headers: Record<string, string> = health.hostname === undefined ? {} : { host: health.hostname };
      const answer = await ask(serverURL(endpoint) + health.path, headers, health.timeoutSeconds * 1_000, LARGEST_HEALTH_PAGE);
      if (answer.status >= 200 && answer.status < 300) return { kind: 'Answers' };
      const target = answer.location === undefined ? '' : ` to ${answer.location}`;
      return { kind: 'Fails', why: `${health.path} answers ${answer.status}${target}` };
    } catch (error) {
      return { kind: 'Fails', why: `${health.path}: ${messageOf(error)}` };
    }
  }

  async inFlight({ address, metricsAddress = address, ports }: Endpoint): Promise<InFlightFact> {
    if (ports.proxyMetrics === undefined) return { kind: 'Unknown' };
    try {
      const answer = await ask(`${httpURL(metricsAddress, ports.proxyMetrics)}/metrics`, {}, METRICS_TIMEOUT_MILLISECONDS, LARGEST_METRICS);
      // A cut text may lack the very series that counts.
      if (answer.status !== 200 || answer.cut) return { kind: 'Unknown' };
      const requests = inFlightIn(answer.body);
      return requests === undefined ? { kind: 'Unknown' } : { kind: 'Count', requests };
    } catch {
      return { kind: 'Unknown' };
    }
  }
}

/** One GET without redirects; the deadline covers all of it, from the look-up of the name to the last byte. */
function ask(url: string, headers: Record<string, string>, timeoutMilliseconds: number, largest: number): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const deadline = AbortSignal.timeout(timeoutMilliseconds);
  const fail = (error: Error): void => reject(deadline.aborted ? new Error(`no answer within ${timeoutMilliseconds / 1_000} s`) : error);
  const request = get(url, { headers, agent: false, signal: deadline }, (response) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const finish = (cut: boolean): void =>
      resolve({ status: response.statusCode ?? 0, location: response.headers.location, body: Buffer.concat(chunks).toString('utf8'), cut });
    response.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= largest) {
        chunks.push(chunk);
        return;
      }
      finish(true);
      request.destroy();
    });
    response.once('end', () => finish(false));
    response.once('error', fail);
  });
  request.once('error', fail);
  return promise;
}
