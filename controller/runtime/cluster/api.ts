import type { RequestOptions } from 'node:https';
import { CoreV1Api, createConfiguration, CustomObjectsApi, HttpMethod, IsomorphicFetchHttpLibrary, RequestContext, ServerConfiguration, wrapHttpLibrary } from '@kubernetes/client-node';
import type { KubeConfig, ResponseContext, SecurityAuthentication } from '@kubernetes/client-node';
import { ClassifiedError, messageOf } from '../../model/index.ts';
import { classifyApiError } from './api-errors.ts';
import type { ApiCall } from './api-errors.ts';
import type { ClusterConnection } from './connection.ts';

/** client-node's generated calls, every one with a deadline, and the open-ended GET that a watch needs. */
export interface ClusterApi {
  custom: CustomObjectsApi;
  core: CoreV1Api;
  /** Sends a GET whose answer may go on for as long as `signal` lets it. */
  stream(path: string, query: Record<string, string>, signal: AbortSignal): Promise<ResponseContext>;
}

export interface ApiOptions {
  /** Longest wait for the answer to one request. */
  timeoutMilliseconds?: number;
}

const TIMEOUT_MILLISECONDS = 10_000;

/** Prepares calls to the API server of a connection; nothing is sent yet. */
export function openApi(connection: ClusterConnection, options: ApiOptions = {}): ClusterApi {
  const timeout = options.timeoutMilliseconds ?? TIMEOUT_MILLISECONDS;
  const http = new IsomorphicFetchHttpLibrary();
  const authentication = new PooledAuthentication(connection.config);
  const configuration = createConfiguration({
    baseServer: new ServerConfiguration(connection.server, {}),
    authMethods: { default: authentication },
    httpApi: wrapHttpLibrary({
      send(request) {
        request.setSignal(AbortSignal.timeout(timeout));
        return http.send(request).toPromise();
      },
    }),
  });
  return {
    custom: new CustomObjectsApi(configuration),
    core: new CoreV1Api(configuration),
    async stream(path, query, signal) {
      const url = `${connection.server.replace(/\/$/, '')}${path}?${new URLSearchParams(query).toString()}`;
      const request = new RequestContext(url, HttpMethod.GET);
      await authentication.applySecurityAuthentication(request);
      request.setSignal(signal);
      return await http.send(request).toPromise();
    },
  };
}

/** Runs one call and classifies what it throws. */
export async function calling<T>(call: ApiCall, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw classifyApiError(error, call);
  }
}

type Dispatcher = NonNullable<ReturnType<RequestContext['getDispatcher']>>;

/**
 * KubeConfig makes a new connection pool for each request, so each request would pay for a TLS handshake.
 * This keeps the pool until the credentials or the authorities change.
 */
class PooledAuthentication implements SecurityAuthentication {
  readonly #config: KubeConfig;
  #pool: { key: string; dispatcher: Dispatcher | undefined } | undefined;

  constructor(config: KubeConfig) {
    this.#config = config;
  }

  getName(): string {
    return this.#config.getName();
  }

  async applySecurityAuthentication(request: RequestContext): Promise<void> {
    try {
      const options: RequestOptions = {};
      await this.#config.applyToHTTPSOptions(options);
      await this.#config.applySecurityAuthentication(request);
      const key = JSON.stringify([options.ca, options.cert, options.key, options.servername, options.rejectUnauthorized].map(String));
      if (this.#pool?.key !== key) this.#pool = { key, dispatcher: request.getDispatcher() };
      if (this.#pool.dispatcher) request.setDispatcher(this.#pool.dispatcher);
    } catch (error) {
      throw new ClassifiedError('Unauthorized', `cannot prepare the credentials for the API server: ${messageOf(error)}`, {
        mend: 'Check the files and commands that the kubeconfig names for the current user and cluster.',
        cause: error,
      });
    }
  }
}
