import { type Endpoint, type InFlightFact, type ProbeFact, type RequestsFact, httpURL, inOneLine, messageOf, serverURL } from '../../model/index.ts';
import type { HostProbe } from '../../ports/index.ts';
import { ask } from './ask.ts';
import { inFlightIn } from './in-flight.ts';
import { requestsIn } from './requests.ts';
import { createWarmUps } from './warm-up.ts';

type Health = Parameters<HostProbe['up']>[1];

const METRICS_TIMEOUT_MILLISECONDS = 2_000;
/** A cold page may take long; one that never answers must not keep a host out. */
const WARM_UP_MILLISECONDS = 30_000;
/** kamal-proxy shows some tens of KB. */
const LARGEST_METRICS = 512 * 1024;
/** More of a health page is not read. */
const LARGEST_HEALTH_PAGE = 64 * 1024;

/** Looks at a host over plain HTTP, with a new connection each time: an old one says nothing about who listens now. */
export class HTTPHostProbe implements HostProbe {
  readonly #warmUps = createWarmUps();

  up(endpoint: Endpoint, health: Health): Promise<ProbeFact> {
    return probe(endpoint, health, health.path, (status) => status >= 200 && status < 300);
  }

  async preJoin(endpoint: Endpoint, health: Health): Promise<ProbeFact> {
    const facts = await Promise.all((health.preJoin ?? []).map(({ path, status: wanted }) => probe(endpoint, health, path, (status) => status === wanted)));
    return facts.find(({ kind }) => kind !== 'Answers') ?? { kind: 'Answers' };
  }

  warmUp(id: string, endpoint: Endpoint, health: Health): 'Running' | 'Done' {
    return this.#warmUps.state(id, health.warmUp ?? [], (path) => ask(serverURL(endpoint) + path, headersOf(health), WARM_UP_MILLISECONDS, LARGEST_HEALTH_PAGE));
  }

  async requests(endpoint: Endpoint, service: string): Promise<RequestsFact> {
    const text = await metricsOf(endpoint);
    return text === undefined ? { kind: 'Unknown' } : requestsIn(text, service);
  }

  async inFlight(endpoint: Endpoint): Promise<InFlightFact> {
    const text = await metricsOf(endpoint);
    const requests = text === undefined ? undefined : inFlightIn(text);
    return requests === undefined ? { kind: 'Unknown' } : { kind: 'Count', requests };
  }
}

const headersOf = ({ hostname }: Health): Record<string, string> => (hostname === undefined ? {} : { host: hostname });

async function probe(endpoint: Endpoint, health: Health, path: string, isGood: (status: number) => boolean): Promise<ProbeFact> {
  try {
    const { status, location } = await ask(serverURL(endpoint) + path, headersOf(health), health.timeoutSeconds * 1_000, LARGEST_HEALTH_PAGE);
    return isGood(status) ? { kind: 'Answers' } : { kind: 'Fails', why: `${path} answers ${status}${location === undefined ? '' : ` to ${inOneLine(location.slice(0, 200))}`}` };
  } catch (error) {
    return { kind: 'Fails', why: `${path}: ${messageOf(error)}` };
  }
}

/** The whole text of kamal-proxy's metrics; undefined where there is none, or only a part, which may lack the very series that counts. */
async function metricsOf({ address, metricsAddress = address, ports }: Endpoint): Promise<string | undefined> {
  if (ports.proxyMetrics === undefined) return undefined;
  try {
    const { status, cut, body } = await ask(`${httpURL(metricsAddress, ports.proxyMetrics)}/metrics`, {}, METRICS_TIMEOUT_MILLISECONDS, LARGEST_METRICS);
    return status !== 200 || cut ? undefined : body;
  } catch {
    return undefined;
  }
}
