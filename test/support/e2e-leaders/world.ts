/** A world around controllers that are processes of their own: hosts, a cloud, a load balancer, requests. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KamalHost } from '../../../controller/api/index.ts';
import type { HostRecord } from '../../../controller/act/cloud/local/process-table.ts';
import { CONFIG_PATH } from '../../../controller/act/traffic/config-endpoint.ts';
import { type Balancer, startBalancer } from '../../../controller/demo/balancer.ts';
import { type Endpoint, type Membership, serverURL } from '../../../controller/model/index.ts';
import type { Documents, Store } from '../../../controller/ports/index.ts';
import { loadMembership } from '../../../controller/reconcile/membership-document.ts';
import { systemClock } from '../../../controller/runtime/clock.ts';
import { type LocalWorld, endpointOf, startLocalWorld } from '../local-world.ts';
import { until } from '../real/until.ts';
import { hostProcesses, killHost } from '../e2e/host-processes.ts';
import type { ControllerStore } from '../e2e/controller-process.ts';
import { type Cloud, type Purchase, openCloud } from './cloud.ts';
import { type Front, startFront } from './front.ts';
import { Replica } from './replica.ts';

export const SERVICE = 'shop-web';
export const POOL = { namespace: 'shop', name: 'web' };

/** What the world is looked at through, beside the controllers. */
export interface View {
  store: Store;
  documents: Documents;
}

export interface WorldOptions {
  replicas: number;
  store: ControllerStore;
  /** Called once a controller runs: there may be no store before. */
  view(stateFolder: string): View;
}

export class World implements AsyncDisposable {
  readonly replicas: Replica[] = [];
  readonly stateFolder: string;
  readonly #stack: AsyncDisposableStack;
  #parts: { local: LocalWorld; cloud: Cloud; front: Front; balancer: Balancer; view: View } | undefined;

  private constructor(stateFolder: string, stack: AsyncDisposableStack) {
    this.stateFolder = stateFolder;
    this.#stack = stack;
  }

  static async start({ replicas, store, view }: WorldOptions): Promise<World> {
    const stack = new AsyncDisposableStack();
    try {
      const stateFolder = await mkdtemp(join(tmpdir(), 'controllers-'));
      stack.defer(() => rm(stateFolder, { recursive: true, force: true }));
      const world = new World(stateFolder, stack);
      const local = stack.use(await startLocalWorld({ fixedHosts: 1, serving: { service: 'shop-web', version: 'v1' } }));
      const cloud = stack.use(await openCloud(join(stateFolder, 'local')));
      for (let count = 0; count < replicas; count += 1) {
        const replica = await Replica.start(store, stateFolder);
        stack.defer(() => replica.controller.stop());
        world.replicas.push(replica);
      }
      const front = stack.use(await startFront(world.replicas.map(({ controller }) => controller.port)));
      const balancer = await startBalancer({
        endpoint: `${front.url}${CONFIG_PATH}`, service: SERVICE, entryPoint: 'web', pollMilliseconds: 500, clock: systemClock, chance: Math.random,
      });
      stack.defer(() => balancer.close());
      world.#parts = { local, cloud, front, balancer, view: view(stateFolder) };
      return world;
    } catch (error) {
      await stack.disposeAsync();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }

  get #all() {
    if (this.#parts === undefined) throw new Error('the world has not started');
    return this.#parts;
  }

  get url(): string {
    return this.#all.balancer.url;
  }

  get balancer(): Balancer {
    return this.#all.balancer;
  }

  get store(): Store {
    return this.#all.view.store;
  }

  get fixedHost(): Endpoint {
    return this.#all.local.fixedHosts[0]!;
  }

  /** Servers that are paid for now. */
  servers(): Promise<HostRecord[]> {
    return this.#all.cloud.servers();
  }

  /** Sorted, for comparisons. */
  async serverIDs(): Promise<string[]> {
    return (await this.servers()).map(({ id }) => id).sort();
  }

  /** As when its power fails: without a word, and without a chance to drain. */
  async killHost({ spec }: KamalHost): Promise<void> {
    const server = (await this.servers()).find(({ owner }) => owner?.hostID === spec.hostID);
    const running = (await hostProcesses(this.stateFolder)).find(({ id }) => id === server?.id);
    if (running === undefined) throw new Error(`no process runs for host ${spec.hostID}`);
    killHost(running);
  }

  /** Every create that was ever carried out, of servers that are gone too. */
  get purchases(): readonly Purchase[] {
    return this.#all.cloud.purchases();
  }

  /** How often the app of each server was started since its boot, by the server's name. */
  async starts(): Promise<Record<string, number>> {
    const servers = await this.servers();
    return Object.fromEntries(await Promise.all(servers.map(async (server): Promise<[string, number]> => {
      const endpoint = endpointOf(server);
      return [server.id, endpoint === undefined ? 0 : (await this.#all.local.control.facts(endpoint)).starts];
    })));
  }

  async membership(): Promise<Membership> {
    return (await loadMembership(this.#all.view.documents)).membership;
  }

  hosts(): Promise<KamalHost[]> {
    return this.store.list('KamalHost', { namespace: POOL.namespace });
  }

  /** The one that leads now; rejects after a minute without one. */
  leader(): Promise<Replica> {
    return until('one leader', async () => {
      const leading = await Promise.all(this.replicas.map((replica) => replica.leads()));
      return leading.filter(Boolean).length === 1 ? this.replicas[leading.indexOf(true)] : undefined;
    }, { deadlineMs: 60_000 });
  }

  /** What is not as it is when `count` hosts, the fixed one included, are in service and nothing else is there. */
  async faults(count: number): Promise<string[]> {
    const [servers, hosts, membership, listed] = await Promise.all([this.servers(), this.hosts(), this.membership(), this.#listed()]);
    const faults: string[] = [];
    if (servers.length !== count - 1) faults.push(`${servers.length} servers are paid for, not ${count - 1}`);
    if (hosts.length !== count - 1) faults.push(`${hosts.length} KamalHosts, not ${count - 1}`);
    for (const { metadata, spec, status } of hosts) {
      const serves = status?.phase === 'InService' && spec.intent === 'Serve' && metadata.deletionTimestamp === undefined;
      if (!serves) faults.push(`${metadata.name} is ${status?.phase} with intent ${spec.intent}: ${status?.reason}`);
      if (!servers.some(({ owner }) => owner?.hostID === spec.hostID)) faults.push(`${metadata.name} has no server`);
    }
    const alive = [this.fixedHost, ...servers.flatMap((server) => endpointOf(server) ?? [])].map(serverURL).sort();
    const written = membership.pools.flatMap(({ members }) => members.map(({ address, port }) => serverURL({ address, ports: { http: port } }))).sort();
    if (JSON.stringify(written) !== JSON.stringify(alive)) faults.push(`members are ${written.join(' ')}, hosts are ${alive.join(' ')}`);
    if (JSON.stringify(listed) !== JSON.stringify(alive)) faults.push(`the load balancer has up ${listed.join(' ')}, hosts are ${alive.join(' ')}`);
    return faults;
  }

  async atRest(count: number, deadlineMs = 90_000): Promise<void> {
    await until(`${count} hosts in service`, async () => {
      const faults = await this.faults(count);
      if (faults.length > 0) throw new Error(faults.join('; '));
      return true;
    }, { deadlineMs, everyMs: 200 });
  }

  /** For messages: what is where, and the last words of all controllers. */
  async situation(): Promise<string> {
    const hosts = await this.hosts().catch(() => []);
    const lines = hosts.map(({ metadata, spec, status }) => `${metadata.name}: ${status?.phase}, intent ${spec.intent}: ${status?.reason}`);
    const servers = (await this.servers()).map(({ id, name, state }) => `${id} ${name} ${state}`);
    return [...lines, ...servers, ...await Promise.all(this.replicas.map(({ controller }) => controller.process.tail()))].join('\n');
  }

  async #listed(): Promise<string[]> {
    const response = await fetch(`${this.balancer.apiURL}/api/http/services/${SERVICE}@http`);
    const { serverStatus = {} } = await response.json() as { serverStatus?: Record<string, string> };
    return Object.entries(serverStatus).filter(([, status]) => status === 'UP').map(([url]) => url).sort();
  }

  /** The pool as a person writes it, in YAML that JSON is. */
  poolText(spec: Record<string, unknown> = {}): string {
    const { address, ports } = this.fixedHost;
    return JSON.stringify({
      apiVersion: 'kamal-autoscaler.dev/v1alpha1', kind: 'HostPool', metadata: POOL,
      spec: {
        kamal: { service: 'shop', role: 'web' },
        maxReplicas: 10,
        fixedHosts: [{ name: 'primary', address, ports }],
        placements: [{ name: 'here', provider: 'Local', local: { bootMilliseconds: 1_000 } }],
        loadBalancer: { traefik: { service: SERVICE, apiURLs: [this.balancer.apiURL], metricsURLs: [this.balancer.metricsURL], entryPoint: 'web' } },
        health: { intervalSeconds: 1, timeoutSeconds: 1, unhealthyAfterSeconds: 5 },
        drain: { timeoutSeconds: 10 },
        limits: { startTimeoutSeconds: 120 },
        ...spec,
      },
    });
  }
}
