import { expect } from 'chai';
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { stringify } from 'yaml';
import { TraefikHTTP } from '../../controller/act/traffic/index.ts';
import { type Load, type LoadReport, startLoad } from '../../controller/demo/load.ts';
import { SERVICE, type TestHost, loadBalancerContract, membershipOf, seen, startTestHost } from '../support/load-balancer-contract.ts';
import { startAnswering } from '../support/real/answering.ts';
import { realSuite } from '../support/real/gate.ts';
import { type Traefik, startTraefik } from '../support/real/traefik.ts';
import { until } from '../support/real/until.ts';
import { TOKEN, switchedLeadership, traefikWorld } from '../unit/act-traffic/traefik-world.ts';
import { seeded, wallClock } from '../unit/demo/wall-clock.ts';

const FAST = { pollInterval: '0.2s', headers: { Authorization: `Bearer ${TOKEN}` } };
const RULE = 'PathPrefix(`/`)';

/** A folder of the file provider. */
class Routes {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  static async make(): Promise<Routes> {
    return new Routes(await mkdtemp(join(tmpdir(), 'traefik-routes-')));
  }

  /** Written under a name that Traefik does not read, then renamed: it never sees half a file. */
  async write(http: object): Promise<void> {
    const partial = join(this.folder, 'routes.partial');
    await writeFile(partial, stringify({ http }));
    await rename(partial, join(this.folder, 'routes.yml'));
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true });
  }
}

/** The controller's side: the adapter and the endpoint that Traefik polls. */
async function startController() {
  const leadership = switchedLeadership();
  const loadBalancer = new TraefikHTTP(wallClock, leadership, { token: TOKEN, transport: { dialTimeoutSeconds: 2 }, api: { timeoutMilliseconds: 2_000, headers: {} } });
  const answers: number[] = [];
  let reachable = true;
  const server = await startAnswering((request, response) => {
    if (!reachable) return void request.socket.destroy();
    const answer = loadBalancer.respond({ method: request.method ?? '', headers: { authorization: request.headers.authorization } });
    answers.push(answer.status);
    response.writeHead(answer.status, answer.headers).end(answer.body);
  });
  return {
    loadBalancer, leadership, answers, endpoint: server.url, stop: () => server.stop(),
    setReachable: (value: boolean) => void (reachable = value),
  };
}
type Controller = Awaited<ReturnType<typeof startController>>;

/** Constant load until it is asked for its report. */
function constantLoad(url: string): { load: Load; report(): Promise<LoadReport> } {
  const ending = new AbortController();
  const load = startLoad({
    url, spacing: 'Poisson', chance: seeded(3), clock: wallClock, signal: ending.signal, phases: [], maxRequests: 100_000, maxInFlight: 1_000,
    profile: [{ atSeconds: 0, requestsPerSecond: 150 }, { atSeconds: 120, requestsPerSecond: 150 }],
    kinds: [{ name: 'page', share: 1, path: '/', timeoutMilliseconds: 10_000 }],
  });
  const report = async (): Promise<LoadReport> => {
    ending.abort();
    return await load.done;
  };
  return { load, report };
}

/** Many more requests, so that what changed a moment ago is loaded too. */
async function moreLoad({ load }: { load: Load }, count = 250): Promise<void> {
  const target = load.soFar(1).answered + count;
  await until(`${count} more answers`, () => load.soFar(1).answered >= target);
}

const fixedServers = (hosts: readonly TestHost[]): object => ({
  loadBalancer: {
    servers: hosts.map(({ member }) => ({ url: `http://${member.address}:${member.port}` })),
    healthCheck: { path: '/up', interval: '0.5s', timeout: '1s' },
  },
});

realSuite('real Traefik', ['traefik'], function () {
  this.timeout(120_000);

  loadBalancerContract('Traefik adapter over the real Traefik', () =>
    traefikWorld(async (endpoint) => {
      const routes = await Routes.make();
      await routes.write({ routers: { web: { rule: RULE, service: 'web@http' } } });
      const traefik = await startTraefik({ http: { endpoint, ...FAST }, providersThrottleDuration: '0.1s', fileFolder: routes.folder });
      const close = async (): Promise<void> => {
        await traefik.stop();
        await routes.remove();
      };
      return { front: traefik.url, apiURL: traefik.apiUrl, close };
    }),
  );

  describe('under constant load', () => {
    let controller: Controller;
    let routes: Routes;
    let hosts: TestHost[];
    let traefiks: Traefik[];

    beforeEach(async () => {
      [controller, routes] = await Promise.all([startController(), Routes.make()]);
      hosts = await Promise.all(['fixed-1', 'fixed-2', 'bought'].map((name) => startTestHost(name)));
      traefiks = [];
    });
    afterEach(async () => {
      await Promise.all(traefiks.map((traefik) => traefik.stop()));
      await Promise.all(hosts.map((host) => host.close()));
      await controller.stop();
      await routes.remove();
    });

    const withHTTP = async (): Promise<Traefik> => {
      const traefik = await startTraefik({ http: { endpoint: controller.endpoint, ...FAST }, providersThrottleDuration: '0.1s', fileFolder: routes.folder });
      traefiks.push(traefik);
      return traefik;
    };
    const confirmed = async (traefik: Traefik, expected: Record<string, string>): Promise<void> => {
      const spec = { traefik: { service: SERVICE, apiURLs: [traefik.apiUrl], strategy: 'p2c' as const, entryPoint: 'web' } };
      await until(`Traefik lists ${JSON.stringify(expected)}`, async () => {
        const [got] = seen(await controller.loadBalancer.confirm(spec), hosts);
        if (JSON.stringify(sorted(got)) === JSON.stringify(sorted(expected))) return true;
        throw new Error(JSON.stringify(got));
      });
    };
    const errorsIn = async ({ process }: Traefik): Promise<string[]> => stripVTControlCharacters(await readFile(process.logFile, 'utf8')).split('\n').filter((line) => /\b(ERR|FTL|panic)\b/.test(line));

    it('moves from hard-coded servers to the controller and grows and shrinks there, without a failed request', async () => {
      const [fixed1, fixed2] = hosts as [TestHost, TestHost, TestHost];
      const fixed = [fixed1, fixed2];
      const hardCoded = { routers: { web: { rule: RULE, service: 'web-fixed' } }, services: { 'web-fixed': fixedServers(fixed) } };
      await routes.write(hardCoded);
      await controller.loadBalancer.apply(membershipOf(1, fixed));

      // 1. Started with the HTTP provider beside the file provider: what is static takes a restart.
      const traefik = await withHTTP();
      await until('the hard-coded servers answer', async () => (await fetch(traefik.url)).ok);
      const running = constantLoad(traefik.url);
      await moreLoad(running);

      // 2. It lists the same members as the file; no router uses them yet, so none is called up.
      await confirmed(traefik, { 'fixed-1': 'Down', 'fixed-2': 'Down' });

      // 3. A router with the same rule and a higher priority.
      const middlewares = { 'try-again': { retry: { attempts: 10, initialInterval: '20ms' } } };
      const scaled = { 'web-scaled': { rule: RULE, service: 'web@http', priority: 1_000, middlewares: ['try-again'] } };
      await routes.write({ ...hardCoded, middlewares, routers: { ...hardCoded.routers, ...scaled } });
      await confirmed(traefik, { 'fixed-1': 'Up', 'fixed-2': 'Up' });
      await moreLoad(running);

      // 4. The controller grows and shrinks the pool.
      await controller.loadBalancer.apply(membershipOf(2, hosts));
      await confirmed(traefik, { 'fixed-1': 'Up', 'fixed-2': 'Up', bought: 'Up' });
      await moreLoad(running);
      await controller.loadBalancer.apply(membershipOf(3, fixed));
      await confirmed(traefik, { 'fixed-1': 'Up', 'fixed-2': 'Up' });
      await moreLoad(running);

      // The way back, and forth again.
      await routes.write(hardCoded);
      await until('no router uses the pool', async () => (await traefik.service('web@http'))?.serverStatus === undefined);
      await moreLoad(running);
      await routes.write({ ...hardCoded, middlewares, routers: { ...hardCoded.routers, ...scaled } });
      await confirmed(traefik, { 'fixed-1': 'Up', 'fixed-2': 'Up' });

      // 5. The old router and its servers may go.
      await routes.write({ middlewares, routers: scaled });
      await until('the old service is gone', async () => (await traefik.service('web-fixed@file')) === undefined);
      await moreLoad(running);

      const report = await running.report();
      expect(report.requests).to.be.greaterThan(1_000);
      expect(report.failed, JSON.stringify(report.summaries)).to.equal(0);
      expect(await errorsIn(traefik)).to.deep.equal([]);
    });

    it('loses no request to a member that refuses connections, with many retries, and lists it down once checked', async () => {
      const [fixed1, fixed2, bought] = hosts as [TestHost, TestHost, TestHost];
      await routes.write({
        routers: { web: { rule: RULE, service: 'web@http', middlewares: ['try-again'] } },
        middlewares: { 'try-again': { retry: { attempts: 10, initialInterval: '20ms' } } },
      });
      // Checked so rarely that it is up in Traefik's eyes while it is gone. Each try chooses anew, so only many tries are sure to
      // find another; p2c even prefers the member with the fewest requests, which is the one that refuses them.
      const { pools } = membershipOf(1, [fixed1, fixed2, bought]);
      await bought.close();
      await controller.loadBalancer.apply({ generation: 1, pools: pools.map((pool) => ({ ...pool, strategy: 'wrr', healthCheck: { ...pool.healthCheck, intervalSeconds: 30 } })) });
      const traefik = await withHTTP();
      await confirmed(traefik, { 'fixed-1': 'Up', 'fixed-2': 'Up', bought: 'Up' });
      const running = constantLoad(traefik.url);
      await moreLoad(running);
      await controller.loadBalancer.apply(membershipOf(2, [fixed1, fixed2, bought]));
      await confirmed(traefik, { 'fixed-1': 'Up', 'fixed-2': 'Up', bought: 'Down' });
      await moreLoad(running);
      const report = await running.report();
      expect(report.failed, JSON.stringify(report.summaries)).to.equal(0);
    });

    it('keeps members and routes while the controller says 503 or cannot be reached', async () => {
      await routes.write({ routers: { web: { rule: RULE, service: 'web@http' } } });
      await controller.loadBalancer.apply(membershipOf(1, hosts));
      const traefik = await withHTTP();
      await confirmed(traefik, { 'fixed-1': 'Up', 'fixed-2': 'Up', bought: 'Up' });
      const running = constantLoad(traefik.url);
      await moreLoad(running);

      controller.leadership.set(false);
      const before = controller.answers.length;
      await until('503 was answered three times', () => controller.answers.slice(before).filter((status) => status === 503).length >= 3);
      await moreLoad(running);
      await confirmed(traefik, { 'fixed-1': 'Up', 'fixed-2': 'Up', bought: 'Up' });
      // Shows too that the other cases would see an error in the log.
      expect((await errorsIn(traefik)).join('\n')).to.include('503');
      controller.setReachable(false);
      await moreLoad(running, 500);
      await confirmed(traefik, { 'fixed-1': 'Up', 'fixed-2': 'Up', bought: 'Up' });

      const report = await running.report();
      expect(report.failed, JSON.stringify(report.summaries)).to.equal(0);
    });

    it('after a restart without the controller serves the fixed hosts by the router behind, and the pool when it is back', async () => {
      const [fixed1, fixed2] = hosts as [TestHost, TestHost, TestHost];
      await routes.write({
        routers: { web: { rule: RULE, service: 'web@http', priority: 1_000 }, 'web-fallback': { rule: RULE, service: 'web-fixed', priority: 1 } },
        services: { 'web-fixed': fixedServers([fixed1, fixed2]) },
      });
      await controller.loadBalancer.apply(membershipOf(1, hosts));
      const traefik = await withHTTP();
      await confirmed(traefik, { 'fixed-1': 'Up', 'fixed-2': 'Up', bought: 'Up' });
      await traefik.process.halt();
      controller.setReachable(false);
      await traefik.process.start();
      await until('the fallback answers', async () => (await fetch(traefik.url)).ok);

      const running = constantLoad(traefik.url);
      await moreLoad(running);
      await confirmed(traefik, {});
      controller.setReachable(true);
      // Traefik polls ever more rarely while it fails, so this takes longer than one interval.
      await confirmed(traefik, { 'fixed-1': 'Up', 'fixed-2': 'Up', bought: 'Up' });
      await moreLoad(running);
      const report = await running.report();
      expect(report.failed, JSON.stringify(report.summaries)).to.equal(0);
    });
  });
});

const sorted = (value: Record<string, string> | string | undefined): unknown => (typeof value === 'object' ? Object.entries(value).toSorted(([a], [b]) => a.localeCompare(b)) : value);
