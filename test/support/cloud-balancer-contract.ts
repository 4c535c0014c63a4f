/** What every adapter for a cloud's own load balancer owes beside the contract of all load balancers: its targets are not the adapter's alone. */
import { expect } from 'chai';
import { membershipFact } from '../../controller/model/index.ts';
import { type LoadBalancerWorld, type TestHost, loadBalancerContract, membershipOf, seen } from './load-balancer-contract.ts';
import { until } from './real/until.ts';

/** Who bought the server of a host. */
export type Buyer = 'ThisPool' | 'AnotherPool' | 'AnotherInstallation' | 'Nobody';

export interface CloudBalancerWorld extends LoadBalancerWorld {
  hostOf(name: string, buyer: Buyer): Promise<TestHost>;
  /** A person makes a host a target, or takes it away. */
  byHand(host: TestHost, change: 'Add' | 'Remove'): void;
  /** The next change of a target is carried out, and its answer is lost. */
  loseReply(): void;
  /** Calls so far that change something. */
  changes(): number;
  /** A person deletes the load balancer. */
  deleteBalancer(): void;
}

const QUICK = { everyMs: 20 };

export function cloudBalancerContract(name: string, make: () => Promise<CloudBalancerWorld>): void {
  loadBalancerContract(name, make);

  describe(`${name}: contract of a cloud's load balancer`, function () {
    this.timeout(60_000);
    let world: CloudBalancerWorld;
    let hosts: Record<'a' | 'b' | 'people' | 'neighbour' | 'stranger', TestHost>;
    before(async () => {
      world = await make();
      const [a, b, people, neighbour, stranger] = await Promise.all([
        world.hostOf('a', 'ThisPool'), world.hostOf('b', 'ThisPool'), world.hostOf('people', 'Nobody'), world.hostOf('neighbour', 'AnotherPool'), world.hostOf('stranger', 'AnotherInstallation'),
      ]) as [TestHost, TestHost, TestHost, TestHost, TestHost];
      hosts = { a, b, people, neighbour, stranger };
      for (const host of [people, neighbour, stranger]) world.byHand(host, 'Add');
    });
    after(async () => {
      await world?.close();
      await Promise.all(Object.values(hosts ?? {}).map((host) => host.close()));
    });

    const OTHERS = { people: 'Up', neighbour: 'Up', stranger: 'Up' };
    const lists = (expected: Record<string, string>): Promise<boolean> => until(`it lists ${JSON.stringify(expected)}`, async () => {
      const [got] = seen(await world.loadBalancer.confirm(world.spec), Object.values(hosts));
      expect(got).to.deep.equal(expected);
      return true;
    }, QUICK);

    it('leaves targets of people, of other pools and of other installations where they are', async () => {
      await world.loadBalancer.apply(membershipOf(1, [hosts.a, hosts.b]));
      await lists({ a: 'Up', b: 'Up', ...OTHERS });
      await world.loadBalancer.apply(membershipOf(2, [hosts.b]));
      await lists({ b: 'Up', ...OTHERS });
    });

    it('says which of them this installation did not buy', async () => {
      const [listing] = await world.loadBalancer.confirm(world.spec);
      const foreign = listing?.kind === 'Listing' ? listing.servers.filter((server) => server.foreign === true).map(({ url }) => url) : [];
      expect(foreign.toSorted()).to.deep.equal([hosts.people, hosts.stranger].map(({ member }) => `http://${member.address}:${member.port}`).toSorted());
    });

    it('puts back a member that a person took away, and takes away one of ours that a person put back', async () => {
      world.byHand(hosts.b, 'Remove');
      world.byHand(hosts.a, 'Add');
      await lists({ a: 'Up', ...OTHERS });
      await world.loadBalancer.apply(membershipOf(2, [hosts.b]));
      await lists({ b: 'Up', ...OTHERS });
    });

    it('changes nothing where all is as it should be', async () => {
      const before = world.changes();
      await world.loadBalancer.apply(membershipOf(2, [hosts.b]));
      await world.loadBalancer.apply(membershipOf(3, [hosts.b]));
      expect(world.changes()).to.equal(before);
    });

    it('does in a later pass what was done already when its answer was lost', async () => {
      world.loseReply();
      await world.loadBalancer.apply(membershipOf(4, [hosts.a, hosts.b]));
      await until('it is told', async () => {
        await world.loadBalancer.apply(membershipOf(4, [hosts.a, hosts.b]));
        return (await world.loadBalancer.confirm(world.spec)).every(({ kind }) => kind === 'Listing');
      });
      await lists({ a: 'Up', b: 'Up', ...OTHERS });
    });

    it('keeps its hands off while another leads, and mends what was done meanwhile when it leads again', async () => {
      world.setLeader(false);
      world.byHand(hosts.a, 'Remove');
      await world.loadBalancer.apply(membershipOf(5, [hosts.a, hosts.b]));
      await lists({ b: 'Up', ...OTHERS });
      world.setLeader(true);
      await world.loadBalancer.apply(membershipOf(4, [hosts.a, hosts.b]));
      await lists({ a: 'Up', b: 'Up', ...OTHERS });
    });

    it('names a load balancer that was deleted, and takes nobody for not listed', async () => {
      world.deleteBalancer();
      await world.loadBalancer.apply(membershipOf(6, [hosts.b]));
      const listings = await until('it is told', async () => {
        const told = await world.loadBalancer.confirm(world.spec);
        return told[0]?.kind === 'Unknown' && told;
      });
      const { address, port } = hosts.a.member;
      const fact = membershipFact(listings, { address, ports: { http: port } });
      expect(fact.kind).to.equal('Unknown');
      expect('why' in fact && fact.why).to.match(/has no load balancer front: Make it/);
    });
  });
}
