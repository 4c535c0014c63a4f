/** What every LoadBalancer adapter owes the controller, with real sockets on both sides. */
import { expect } from 'chai';
import type { Server } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type InstanceListing, type Member, type Membership, isClass } from '../../controller/model/index.ts';
import type { LoadBalancer, LoadBalancerSpec } from '../../controller/ports/index.ts';
import { until } from './real/until.ts';

/** Load balancer instances with the adapter that steers them. */
export interface LoadBalancerWorld {
  loadBalancer: LoadBalancer;
  /** Names every instance. */
  spec: LoadBalancerSpec;
  /** From now on one instance cannot be asked: one more, listed last, or the only one there is. Nothing listens at `port`. */
  silence(port: number): { spec: LoadBalancerSpec; others: 'Answer' | 'None'; end(): void };
  /** Names a service that no instance knows. Where that cannot be told from a mistake it is `Unknown`. */
  strange: { spec: LoadBalancerSpec; lists: 'Nothing' | 'Unknown' };
  /** A host that may be a member here; by default one at a free port. */
  host?: (name: string) => Promise<TestHost>;
  /** Where each instance takes requests. */
  fronts: string[];
  setLeader(leader: boolean): void;
  close(): Promise<void>;
}

/** A host that says its name, answers `/slow` when told to, and is as healthy as it is told to be. */
export interface TestHost {
  member: Member;
  healthy: boolean;
  /** Requests to `/slow` that wait. */
  waiting: number;
  letSlowOnesFinish(): void;
  close(): Promise<void>;
}

export async function startTestHost(name: string, address = '127.0.0.1', port = 0): Promise<TestHost> {
  let held: (() => void)[] = [];
  const server: Server = createServer((request, response) => {
    if (request.url === '/up') return void response.writeHead(host.healthy ? 200 : 503).end();
    if (request.url !== '/slow') return void response.end(name);
    held.push(() => response.end(name));
    host.waiting = held.length;
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(port, address, resolve));
  const host: TestHost = {
    member: { name, address, port: (server.address() as AddressInfo).port, kind: 'Bought' },
    healthy: true,
    waiting: 0,
    letSlowOnesFinish: () => {
      for (const finish of held) finish();
      held = [];
      host.waiting = 0;
    },
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
  return host;
}

export const SERVICE = 'web';

/** A membership of one pool, checked every 200 ms. */
export function membershipOf(generation: number, hosts: readonly TestHost[], emptyWanted = false): Membership {
  return {
    generation,
    pools: [{
      pool: { namespace: 'shop', name: 'web' },
      service: SERVICE,
      strategy: 'p2c',
      healthCheck: { path: '/up', hostname: 'shop.example.com', intervalSeconds: 0.2, timeoutSeconds: 1 },
      emptyWanted,
      members: hosts.map(({ member }) => member),
    }],
  };
}

/** Each member's state by name, one record an instance; a text where an instance is Unknown. */
export function seen(listings: readonly InstanceListing[], hosts: readonly TestHost[]): (Record<string, string> | string)[] {
  const nameOf = (url: string): string => hosts.find(({ member }) => url === `http://${member.address}:${member.port}`)?.member.name ?? url;
  return listings.map((listing) => (listing.kind !== 'Listing' ? listing.kind : Object.fromEntries(listing.servers.map(({ url, state }) => [nameOf(url), state]))));
}

export function loadBalancerContract(name: string, make: () => Promise<LoadBalancerWorld>): void {
  describe(`${name}: contract of a load balancer`, function () {
    this.timeout(60_000);
    let world: LoadBalancerWorld;
    let hosts: TestHost[];

    before(async () => {
      world = await make();
      hosts = await Promise.all(['a', 'b', 'c'].map((one) => (world.host ?? startTestHost)(one)));
    });
    after(async () => {
      await world?.close();
      await Promise.all((hosts ?? []).map((host) => host.close()));
    });

    const everywhere = async (expected: Record<string, string>): Promise<void> => {
      await until(`every instance lists ${JSON.stringify(expected)}`, async () => {
        const got = seen(await world.loadBalancer.confirm(world.spec), hosts);
        if (got.every((one) => typeof one !== 'string' && sameEntries(one, expected))) return true;
        throw new Error(JSON.stringify(got));
      }, { everyMs: 20 });
    };
    const ask = async (front: string, path = '/'): Promise<{ status: number; body: string }> => {
      const response = await fetch(front + path);
      return { status: response.status, body: (await response.text()).trim() };
    };
    const answeringNames = async (front: string): Promise<string[]> => {
      const answers = await Promise.all(Array.from({ length: 40 }, () => ask(front)));
      expect(answers.map(({ status }) => status)).to.satisfy((all: number[]) => all.every((status) => status === 200), JSON.stringify(answers));
      return [...new Set(answers.map(({ body }) => body))].toSorted();
    };
    const [a, b, c] = [0, 1, 2].map((index) => () => hosts[index]!) as [() => TestHost, () => TestHost, () => TestHost];

    it('lists nothing, and says so, before anything was applied', async () => {
      await everywhere({});
    });

    it('sends requests to the members that were applied, and lists them up', async () => {
      await world.loadBalancer.apply(membershipOf(5, [a(), b()]));
      await everywhere({ a: 'Up', b: 'Up' });
      for (const front of world.fronts) expect(await answeringNames(front)).to.deep.equal(['a', 'b']);
    });

    it('does not go back to the same or an older generation', async () => {
      await world.loadBalancer.apply(membershipOf(5, [c()]));
      await world.loadBalancer.apply(membershipOf(4, [c()]));
      await everywhere({ a: 'Up', b: 'Up' });
      // The next change is seen only after these would have been.
      await world.loadBalancer.apply(membershipOf(6, [a(), b(), c()]));
      await everywhere({ a: 'Up', b: 'Up', c: 'Up' });
    });

    it('lists a member down while its health check fails', async () => {
      b().healthy = false;
      await everywhere({ a: 'Up', b: 'Down', c: 'Up' });
      for (const front of world.fronts) expect(await answeringNames(front)).to.deep.equal(['a', 'c']);
      b().healthy = true;
      await everywhere({ a: 'Up', b: 'Up', c: 'Up' });
    });

    it('lets requests in flight finish on a member that leaves, and sends it no new one', async () => {
      await world.loadBalancer.apply(membershipOf(7, [b()]));
      await everywhere({ b: 'Up' });
      const slow = world.fronts.map((front) => ask(front, '/slow'));
      await until('the slow requests arrive', () => b().waiting === world.fronts.length);
      await world.loadBalancer.apply(membershipOf(8, [a(), c()]));
      await everywhere({ a: 'Up', c: 'Up' });
      for (const front of world.fronts) expect(await answeringNames(front)).to.deep.equal(['a', 'c']);
      expect(b().waiting).to.equal(world.fronts.length);
      b().letSlowOnesFinish();
      expect(await Promise.all(slow)).to.deep.equal(slow.map(() => ({ status: 200, body: 'b' })));
    });

    it('refuses a pool that is empty without being wanted so, and keeps what was', async () => {
      const refused = await world.loadBalancer.apply(membershipOf(9, [])).then(() => undefined, (error: unknown) => error);
      expect(isClass(refused, 'Invalid'), String(refused)).to.be.true;
      await everywhere({ a: 'Up', c: 'Up' });
    });

    it('keeps routes and members while nobody leads', async () => {
      world.setLeader(false);
      for (const front of world.fronts) expect(await answeringNames(front)).to.deep.equal(['a', 'c']);
      await everywhere({ a: 'Up', c: 'Up' });
      // What an instance applies that does not lead, or did not yet, is not put into effect.
      await world.loadBalancer.apply(membershipOf(20, [b()]));
      for (const front of world.fronts) expect(await answeringNames(front)).to.deep.equal(['a', 'c']);
      await everywhere({ a: 'Up', c: 'Up' });
      world.setLeader(true);
      await everywhere({ a: 'Up', c: 'Up' });
      await world.loadBalancer.apply(membershipOf(9, [a()]));
      await everywhere({ a: 'Up' });
    });

    it('serves a pool that is wanted empty: no member, and requests are refused', async () => {
      await world.loadBalancer.apply(membershipOf(10, [], true));
      await everywhere({});
      for (const front of world.fronts) expect(await ask(front)).to.deep.equal({ status: 503, body: 'no available server' });
      await world.loadBalancer.apply(membershipOf(11, [a()]));
      await everywhere({ a: 'Up' });
    });

    it('follows a store that was restored from an older day once leadership has changed, and repeats change nothing', async () => {
      await world.loadBalancer.apply(membershipOf(30, [a(), c()]));
      await everywhere({ a: 'Up', c: 'Up' });
      world.setLeader(false);
      world.setLeader(true);
      for (const generation of [12, 12, 11]) await world.loadBalancer.apply(membershipOf(generation, generation === 12 ? [a()] : [c()]));
      await everywhere({ a: 'Up' });
    });

    it('says Unknown of an instance that cannot be asked, and still what the others list', async () => {
      const gone = await startTestHost('gone');
      await gone.close();
      const { spec, others, end } = world.silence(gone.member.port);
      await until('it is told', async () => {
        const listings = await world.loadBalancer.confirm(spec);
        expect(seen(listings, hosts)).to.deep.equal([...(others === 'Answer' ? world.fronts.map(() => ({ a: 'Up' })) : []), 'Unknown']);
        return true;
      });
      end();
    });

    it('lists nothing of what no instance knows', async () => {
      const listings = await world.loadBalancer.confirm(world.strange.spec);
      expect(seen(listings, hosts)).to.deep.equal(world.fronts.map(() => (world.strange.lists === 'Nothing' ? {} : 'Unknown')));
    });
  });
}

const sameEntries = (one: Record<string, string>, other: Record<string, string>): boolean =>
  Object.keys(one).length === Object.keys(other).length && Object.entries(other).every(([key, value]) => one[key] === value);
