/**
 * A world in memory under a simulated clock: hosts, the proxies and apps on them, and a load balancer. It outlives every
 * controller that works in it, goes on by itself as time passes, and notes each request that a controller would have
 * dropped: every host that the load balancer lists has requests in flight, and still has for a while after.
 */
import type { HostOrder, HostRecord, ProcessTable } from '../../controller/act/cloud/local/process-table.ts';
import type { HostControl } from '../../controller/act/deploy/host-control.ts';
import { type Endpoint, type Instant, type Membership, type Ports, ClassifiedError, serverURL } from '../../controller/model/index.ts';
import type { Clock, HostProbe, LoadBalancer } from '../../controller/ports/index.ts';
import { createMemoryControl } from './memory-control.ts';
import { createMemoryLoadBalancer } from './memory-load-balancer.ts';

export interface MemoryApp {
  version: string;
  service: string;
  /** It serves from then on. */
  readyAt: Instant;
  quiesced?: { since: Instant; deadline: Instant };
}

export interface MemoryHost {
  order: HostOrder;
  bootsAt: Instant;
  ports: Ports;
  app?: MemoryApp;
  starts: number;
  diedAt?: Instant;
  appEndedAt?: Instant;
}

export interface MemoryWorldOptions {
  clock: Clock;
  /** From the start of a deploy until the app serves; 2 s. */
  deployMilliseconds?: number;
  /** Until a load balancer has taken a new document; 1 s. */
  pollMilliseconds?: number;
  /** A member that fails is called down after so long; 3 s. */
  healthIntervalMilliseconds?: number;
  /** How long the requests in flight last that a host holds when it leaves the load balancer; 4 s. */
  requestMilliseconds?: number;
}

export interface MemoryWorld {
  clock: Clock;
  table: ProcessTable;
  control: HostControl;
  probe: HostProbe;
  loadBalancer: LoadBalancer;
  /** Every host, the ones without power among them. */
  hosts(): readonly MemoryHost[];
  /** A host that nobody bought, serving this version at once. */
  addFixedHost(name: string, version: string, service?: string): Endpoint;
  /** Takes the power from a host for good; its record stays, and is paid for. */
  kill(name: string): void;
  /** Ids of load balancer instances that cannot be asked. */
  silentInstances: Set<string>;
  /** What the load balancer works by now; undefined before the first document. */
  served(): Membership | undefined;
  /** One sentence for each time that requests were dropped by what a controller did. */
  dropped: string[];
}

export const memoryEndpoint = (host: MemoryHost): Endpoint => ({ address: '127.0.0.1', ports: host.ports });

export function createMemoryWorld(options: MemoryWorldOptions): MemoryWorld {
  const { clock, deployMilliseconds = 2000, pollMilliseconds = 1000, healthIntervalMilliseconds = 3000, requestMilliseconds = 4000 } = options;
  const hosts: MemoryHost[] = [];
  const dropped: string[] = [];
  const silentInstances = new Set<string>();
  const listeners = new Set<(record: HostRecord) => void>();
  let nextPort = 20_000;

  const answers = (host: MemoryHost): boolean =>
    host.diedAt === undefined && clock.now() >= host.bootsAt && host.app !== undefined && clock.now() >= host.app.readyAt;
  const note = (sentence: string): void => void dropped.push(sentence);
  const reach = (endpoint: Endpoint): MemoryHost => {
    const host = hosts.find(({ ports }) => ports.http === endpoint.ports.http);
    if (host === undefined || host.diedAt !== undefined || clock.now() < host.bootsAt) throw new ClassifiedError('Unavailable', `${serverURL(endpoint)}: connect ECONNREFUSED`);
    return host;
  };
  const byURL = (url: string): MemoryHost | undefined => hosts.find((host) => serverURL(memoryEndpoint(host)) === url);

  const balancer = createMemoryLoadBalancer({
    clock, pollMilliseconds, healthIntervalMilliseconds, silentInstances, note,
    answers: (url) => {
      const host = byURL(url);
      return host !== undefined && answers(host);
    },
    failingSince: (url) => {
      const host = byURL(url);
      return host === undefined ? undefined : host.diedAt ?? host.appEndedAt;
    },
  });

  const inFlight = (host: MemoryHost): number => {
    if (host.app === undefined || host.diedAt !== undefined) return 0;
    const last = balancer.lastListed(serverURL(memoryEndpoint(host)));
    if (last === undefined || clock.now() >= last + requestMilliseconds) return 0;
    const { quiesced } = host.app;
    return quiesced !== undefined && clock.now() >= Math.min(quiesced.deadline, quiesced.since + requestMilliseconds) ? 0 : 1;
  };
  const lists = (host: MemoryHost): boolean => balancer.lists(serverURL(memoryEndpoint(host)));
  const noteLosses = (host: MemoryHost, what: string): void => {
    if (!answers(host)) return;
    if (lists(host)) note(`${host.order.name} ${what} while the load balancer listed it`);
    else if (inFlight(host) > 0) note(`${host.order.name} ${what} with requests in flight`);
  };

  function add(order: HostOrder): MemoryHost {
    const port = nextPort;
    nextPort += 5;
    const host: MemoryHost = {
      order, starts: 0, bootsAt: order.bootMilliseconds === 'Never' ? Infinity : clock.now() + order.bootMilliseconds,
      ports: { http: port, proxyMetrics: port + 1, nodeMetrics: port + 2, appMetrics: port + 3, control: port + 4 },
    };
    hosts.push(host);
    return host;
  }
  const recordOf = (host: MemoryHost): HostRecord => {
    if (host.diedAt !== undefined) return { ...host.order, state: 'Off', ports: host.ports };
    return clock.now() < host.bootsAt ? { ...host.order, state: 'Starting' } : { ...host.order, state: 'Running', ports: host.ports };
  };
  const tell = (host: MemoryHost): void => listeners.forEach((listener) => listener(recordOf(host)));

  const table: ProcessTable = {
    async start(order) {
      const host = add(order);
      if (order.bootMilliseconds !== 'Never') void clock.sleep(order.bootMilliseconds).then(() => tell(host));
      return recordOf(host);
    },
    list: async () => hosts.map(recordOf),
    async stop(id) {
      const host = hosts.find(({ order }) => order.id === id);
      if (host === undefined) return;
      noteLosses(host, 'was deleted');
      hosts.splice(hosts.indexOf(host), 1);
      tell(host);
    },
    watch(listener) {
      listeners.add(listener);
      return { close: () => listeners.delete(listener) };
    },
  };

  return {
    clock, table, dropped, silentInstances, loadBalancer: balancer.port, served: balancer.served,
    control: createMemoryControl({ clock, deployMilliseconds, reach, inFlight, lists, noteLosses, note }),
    hosts: () => hosts,
    probe: {
      async up(endpoint) {
        const host = hosts.find(({ ports }) => ports.http === endpoint.ports.http);
        return host !== undefined && answers(host) ? { kind: 'Answers' } : { kind: 'Fails', why: `${serverURL(endpoint)} does not answer` };
      },
      async preJoin() {
        return { kind: 'Answers' };
      },
      warmUp: () => 'Done',
      async requests() {
        return { kind: 'Unknown' };
      },
      async inFlight(endpoint) {
        const host = hosts.find(({ ports }) => ports.http === endpoint.ports.http);
        if (host === undefined || host.diedAt !== undefined || clock.now() < host.bootsAt) return { kind: 'Unknown' };
        return { kind: 'Count', requests: inFlight(host) };
      },
    },
    addFixedHost(name, version, service = 'app-web') {
      const host = add({ id: `fixed-${name}`, name, placement: 'fixed', createdAt: clock.now(), bootMilliseconds: 0 });
      host.app = { version, service, readyAt: clock.now() };
      host.starts = 1;
      return memoryEndpoint(host);
    },
    kill(name) {
      const host = hosts.find(({ order, diedAt }) => order.name === name && diedAt === undefined);
      if (host === undefined) throw new Error(`no host ${name} with power`);
      host.diedAt = clock.now();
      tell(host);
    },
  };
}
