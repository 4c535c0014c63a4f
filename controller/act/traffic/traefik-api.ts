import axios from 'axios';
import type { AxiosInstance, AxiosResponse } from 'axios';
import { type InstanceListing, messageOf, readJSON } from '../../model/index.ts';

export interface TraefikAPISettings {
  /** Milliseconds for one request. */
  timeoutMilliseconds: number;
  /** Sent with every request, for APIs behind a login. A login in the URL works too. */
  headers: Readonly<Record<string, string>>;
}

const LARGEST_ANSWER = 4 * 1024 * 1024;

type Listing = Extract<InstanceListing, { kind: 'Listing' }>;

/** Asks one Traefik's API what it lists. No call throws: what is not understood is Unknown, with the reason. */
export class TraefikAPI {
  readonly #client: AxiosInstance;
  readonly #timeoutMilliseconds: number;

  constructor({ timeoutMilliseconds, headers }: TraefikAPISettings) {
    this.#timeoutMilliseconds = timeoutMilliseconds;
    this.#client = axios.create({
      headers: { accept: 'application/json', ...headers },
      maxContentLength: LARGEST_ANSWER,
      // A redirect leads to a login page, never to an API; and it would carry the login elsewhere.
      maxRedirects: 0,
      proxy: false,
      responseType: 'text',
      transformResponse: (body: unknown) => body,
      validateStatus: () => true,
    });
  }

  /** What the instance behind `apiURL` lists for a service by its full name, such as `web@http`. */
  async listing(apiURL: string, name: string): Promise<InstanceListing> {
    const instance = instanceName(apiURL);
    const unknown = (why: string): InstanceListing => ({ instance, kind: 'Unknown', why });
    try {
      const answer = await this.#get(apiURL, `/api/http/services/${encodeURIComponent(name)}`);
      if (answer.status === 404) return await this.#withoutService(apiURL, name);
      if (answer.status !== 200) return unknown(`its API answers ${answer.status} for the service ${name}`);
      const read = readJSON(String(answer.data));
      if (read.kind === 'Unread') return unknown(`its API does not describe the service ${name}: ${read.why}`);
      const servers = serversIn(read.value);
      return servers === undefined ? unknown(`its API does not describe the service ${name} as a load balancer`) : { instance, kind: 'Listing', servers };
    } catch (error) {
      const why = axios.isCancel(error) ? `no answer within ${this.#timeoutMilliseconds / 1_000} s` : messageOf(error);
      return unknown(`its API cannot be asked: ${why}`);
    }
  }

  /** A 404 means "no such service" only from a Traefik's own API; a proxy in between, or a wrong path, says 404 too. */
  async #withoutService(apiURL: string, name: string): Promise<InstanceListing> {
    const instance = instanceName(apiURL);
    const version = await this.#get(apiURL, '/api/version');
    const read = readJSON(String(version.data));
    if (version.status === 200 && read.kind === 'JSON' && isRecord(read.value) && typeof read.value['Version'] === 'string') return { instance, kind: 'Listing', servers: [] };
    return { instance, kind: 'Unknown', why: `404 for the service ${name}, and ${instance}/api/version is not a Traefik's: check the URL` };
  }

  async #get(apiURL: string, path: string): Promise<AxiosResponse<unknown>> {
    // Unlike axios' own timeout it covers the time to connect.
    const signal = AbortSignal.timeout(this.#timeoutMilliseconds);
    return await this.#client.get<unknown>(apiURL.replace(/\/+$/, '') + path, { signal });
  }
}

/** The API's URL without login, query and trailing slash: safe to show. */
export function instanceName(apiURL: string): string {
  if (!URL.canParse(apiURL)) return 'a Traefik whose apiURL is no URL';
  const url = new URL(apiURL);
  return `${url.protocol}//${url.host}${url.pathname.replace(/\/+$/, '')}`;
}

/** As the controller writes URLs of members: with the port, without a path. */
export function listedURL(url: string): string {
  const match = /^(https?|h2c):\/\/(\[[^\]]*\]|[^:/]+)(?::(\d+))?\/*$/i.exec(url);
  if (match === null) return url;
  const scheme = match[1]!.toLowerCase();
  return `${scheme}://${match[2]}:${match[3] ?? (scheme === 'https' ? '443' : '80')}`;
}

/**
 * Servers of a service as the API describes it; undefined when the answer is something else. A server without a
 * status is Down: Traefik neither probes nor uses a service that no router names.
 */
export function serversIn(answer: unknown): Listing['servers'] | undefined {
  const balancer = isRecord(answer) ? answer['loadBalancer'] : undefined;
  if (!isRecord(answer) || !isRecord(balancer)) return undefined;
  const servers = balancer['servers'] ?? [];
  const status = answer['serverStatus'] ?? {};
  if (!Array.isArray(servers) || !isRecord(status)) return undefined;
  const up = new Set(Object.entries(status).flatMap(([url, state]) => (state === 'UP' ? [listedURL(url)] : [])));
  const urls = servers.map((server: unknown) => (isRecord(server) && typeof server['url'] === 'string' ? listedURL(server['url']) : undefined));
  if (urls.some((url) => url === undefined)) return undefined;
  return urls.flatMap((url) => (url === undefined ? [] : [{ url, state: up.has(url) ? ('Up' as const) : ('Down' as const) }]));
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
