import { get } from 'node:http';
import type { Clock } from '../ports/index.ts';
import type { GroupConfig } from './balancer-document.ts';

export interface GroupServer {
  url: string;
  state: 'Up' | 'Down';
  inFlight: number;
}

/** The servers of one service under one configuration: another configuration makes another group, and requests in flight keep theirs. */
export class ServerGroup {
  readonly config: GroupConfig;
  /** New servers are up until a check says otherwise, as in Traefik. */
  readonly servers: readonly GroupServer[];
  readonly #chance: () => number;
  #turn = 0;

  constructor(config: GroupConfig, chance: () => number) {
    this.config = config;
    this.#chance = chance;
    this.servers = config.urls.map((url) => ({ url, state: 'Up', inFlight: 0 }));
  }

  /** A server that is up and not among those tried; undefined when none is left. `chance` gives numbers from 0 to below 1. */
  choose(tried: ReadonlySet<GroupServer>): GroupServer | undefined {
    const ready = this.servers.filter((server) => server.state === 'Up' && !tried.has(server));
    if (this.config.strategy === 'wrr') return ready[this.#turn++ % ready.length];
    const first = this.#draw(ready);
    const second = this.#draw(ready.filter((server) => server !== first));
    return first !== undefined && second !== undefined && second.inFlight < first.inFlight ? second : first;
  }

  #draw(servers: readonly GroupServer[]): GroupServer | undefined {
    return servers[Math.floor(this.#chance() * servers.length)];
  }

  /** Checks every server once an interval until the signal aborts; the first time one interval from now. */
  async watchHealth(clock: Clock, signal: AbortSignal, onCheck: (server: GroupServer) => void): Promise<void> {
    for (;;) {
      await clock.sleep(this.config.healthCheck.intervalMilliseconds, signal);
      if (signal.aborted) return;
      await Promise.all(this.servers.map(async (server) => {
        const healthy = await isHealthy(server.url, this.config.healthCheck, signal);
        if (signal.aborted) return;
        server.state = healthy ? 'Up' : 'Down';
        onCheck(server);
      }));
    }
  }
}

function isHealthy(url: string, check: GroupConfig['healthCheck'], signal: AbortSignal): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const headers: Record<string, string> = check.hostname === undefined ? {} : { host: check.hostname };
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(check.timeoutMilliseconds)]);
  const request = get(url + check.path, { headers, agent: false, signal: deadline }, (response) => {
    const status = response.statusCode ?? 0;
    response.once('error', () => resolve(false));
    response.resume();
    resolve(status >= 200 && status < 400);
  });
  request.once('error', () => resolve(false));
  return promise;
}
