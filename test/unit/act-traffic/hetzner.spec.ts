import { expect } from 'chai';
import { type Membership, membershipFact } from '../../../controller/model/index.ts';
import { type SimulatedClock, createSimulatedClock } from '../../support/clock.ts';
import { type HetznerSim, startHetznerSim } from '../../support/hetzner-sim/index.ts';
import type { SimBalancer } from '../../support/hetzner-sim/balancers.ts';
import { loadBalancerContract } from '../../support/load-balancer-contract.ts';
import { hetznerSuite } from '../act-cloud/hetzner/world.ts';
import { BALANCER, POOL, hetznerAdapter, hetznerWorld, orderServer } from './hetzner-world.ts';

hetznerSuite("Hetzner's load balancer", () => {
  loadBalancerContract("Hetzner's load balancer over the simulator", hetznerWorld);

  describe('targets', () => {
    let clock: SimulatedClock;
    let sim: HetznerSim;
    let balancer: SimBalancer;
    let setting: ReturnType<typeof hetznerAdapter>;
    beforeEach(async () => {
      clock = createSimulatedClock(Date.UTC(2026, 0, 1));
      sim = await startHetznerSim({ clock, createMilliseconds: 0, startMilliseconds: 0, attachMilliseconds: 0 });
      balancer = sim.project.balancers.make(BALANCER, 80);
      setting = hetznerAdapter(sim, clock);
    });
    afterEach(() => sim.close());

    const addressOf = (id: number): string => sim.project.servers.get(id)?.publicIPv4 ?? '';
    const membership = (generation: number, ...addresses: string[]): Membership => ({ generation, pools: [{
      pool: POOL, service: `hetzner:${BALANCER}`, strategy: 'p2c', healthCheck: { path: '/up', intervalSeconds: 3, timeoutSeconds: 2 }, emptyWanted: addresses.length === 0,
      members: addresses.map((address, index) => ({ name: `web-${index}`, address, port: 80, kind: 'Bought' as const })), hetzner: { name: BALANCER },
    }] });
    /** What waits for an action is let go on. */
    async function finish(work: Promise<void>): Promise<void> {
      let ended = false;
      const done = work.finally(() => { ended = true; });
      for (let waited = 0; !ended && waited < 60_000; waited += 50) {
        await clock.advance(50);
        await new Promise<void>((resolve) => { setTimeout(resolve, 2); });
      }
      await done;
    }
    const apply = (one: Membership): Promise<void> => finish(setting.adapter.apply(one));
    const targets = (): string[] => sim.project.balancers.places(balancer).map(({ address }) => address).toSorted();
    async function listed(): Promise<string[]> {
      await clock.advance(1_000);
      const listings = await setting.adapter.confirm({ hetzner: { name: BALANCER } });
      return listings.flatMap((listing) => (listing.kind === 'Listing' ? listing.servers.map(({ url, state }) => `${url} ${state}`) : [`${listing.kind}: ${listing.why}`]));
    }

    it('are the members, one change after the other, each waited for, and nothing is changed twice', async () => {
      const ids = ['a', 'b', 'c'].map((name) => orderServer(sim, name, { installation: 'shop' }));
      await apply(membership(1, ...ids.map(addressOf)));
      expect(targets()).to.deep.equal(ids.map(addressOf).toSorted());
      expect(sim.calls.filter(({ status }) => status === 423)).to.deep.equal([]);
      const changes = (): number => sim.calls.filter(({ method }) => method === 'POST').length;
      expect(changes()).to.equal(3);
      await apply(membership(1, ...ids.map(addressOf)));
      expect(changes()).to.equal(3);
    });

    it('are up only where the health check of every service says so', async () => {
      const ids = ['a', 'b', 'c'].map((name) => orderServer(sim, name, { installation: 'shop' }));
      await apply(membership(1, ...ids.map(addressOf)));
      sim.project.balancers.health.set(addressOf(ids[1]!), 'unhealthy').set(addressOf(ids[2]!), 'unknown');
      expect(await listed()).to.deep.equal([`http://${addressOf(ids[0]!)}:80 Up`, `http://${addressOf(ids[1]!)}:80 Down`, `http://${addressOf(ids[2]!)}:80 Down`]);
    });

    it('of people, of other pools and of other installations stay, and so do label selectors', async () => {
      const [own, foreign, other, elsewhere] = [orderServer(sim, 'own', { installation: 'shop' }), orderServer(sim, 'theirs', 'Foreign'), orderServer(sim, 'other', { installation: 'shop', pool: 'api' }), orderServer(sim, 'else', { installation: 'other' })];
      const before = [own, foreign, other, elsewhere].map((id) => ({ type: 'server' as const, server: { id } }));
      balancer.targets.push(...[...before, { type: 'label_selector' as const, label_selector: { selector: 'team=shop' } }].map((target) => ({ target, from: 0, until: Infinity })));
      const next = orderServer(sim, 'next', { installation: 'shop' });
      await apply(membership(1, addressOf(next)));
      expect(targets()).to.deep.equal([foreign, other, elsewhere, next].map(addressOf).toSorted());
      expect(balancer.targets.some(({ target, until }) => target.type === 'label_selector' && until === Infinity)).to.be.true;
    });

    it('join before others leave', async () => {
      const [first, second] = [orderServer(sim, 'first', { installation: 'shop' }), orderServer(sim, 'second', { installation: 'shop' })];
      await apply(membership(1, addressOf(first)));
      await apply(membership(2, addressOf(second)));
      expect(sim.calls.filter(({ method }) => method === 'POST').map(({ template }) => template.replace(/.*\//, ''))).to.deep.equal(['add_target', 'add_target', 'remove_target']);
      expect(targets()).to.deep.equal([addressOf(second)]);
    });

    it('are reached at their private address where that is the member, and are known at each of their addresses', async () => {
      const network = sim.project.parts.networks[0]!.id;
      const id = orderServer(sim, 'inside', { installation: 'shop' }, { networks: [network] });
      const inside = sim.project.servers.get(id)!.networks[0]!.ip!;
      await apply(membership(1, inside));
      expect(balancer.targets.map(({ target }) => target)).to.deep.equal([{ type: 'server', server: { id }, use_private_ip: true }]);
      const [listing] = await setting.adapter.confirm({ hetzner: { name: BALANCER } });
      expect(listing).to.have.deep.property('servers', [{ url: `http://${inside}:80`, state: 'Up' }, { url: `http://${addressOf(id)}:80`, state: 'Up', alias: true }]);
      for (const address of [inside, addressOf(id)]) expect(membershipFact([listing!], { address, ports: { http: 80 } })).to.deep.equal({ kind: 'ListedUp' });
    });

    it('by address are dedicated servers, and one that Hetzner does not take is told with the mend', async () => {
      sim.project.balancers.dedicated.add('198.51.100.9');
      await apply(membership(1, '198.51.100.9'));
      expect(targets()).to.deep.equal(['198.51.100.9']);
      await apply(membership(2, '198.51.100.9', '192.0.2.44'));
      expect(targets()).to.deep.equal(['198.51.100.9']);
      expect((await listed()).at(-1)).to.match(/^Unwritten: Hetzner answers POST .*add_target with 422 ip_not_owned: .*: a load balancer takes servers of its project/);
    });

    it('that the cloud forgot with their server are gone, and nothing is asked to remove them', async () => {
      const [kept, gone] = [orderServer(sim, 'kept', { installation: 'shop' }), orderServer(sim, 'gone', { installation: 'shop' })];
      await apply(membership(1, addressOf(kept), addressOf(gone)));
      sim.project.remove(gone, undefined);
      await apply(membership(2, addressOf(kept)));
      expect(sim.calls.filter(({ template }) => template.endsWith('remove_target'))).to.deep.equal([]);
      expect(await listed()).to.deep.equal([`http://${addressOf(kept)}:80 Up`]);
    });

    for (const [what, fault] of [
      ['locked by somebody else', { kind: 'Refuse', status: 423, code: 'locked' }],
      ['rate limited', { kind: 'Refuse', status: 429, code: 'rate_limit_exceeded' }],
      ['a lost reply', { kind: 'LoseReply' }],
    ] as const) {
      it(`${what}: told, and done by a later pass`, async () => {
        const id = orderServer(sim, 'a', { installation: 'shop' });
        sim.faults.script('POST /load_balancers/{id}/actions/add_target', fault);
        await apply(membership(1, addressOf(id)));
        const told = await setting.adapter.confirm({ hetzner: { name: BALANCER } });
        // While the project's requests are used up it cannot be asked either.
        expect(told.map(({ kind }) => kind)).to.deep.equal(what === 'rate limited' ? ['Unknown'] : ['Listing', 'Unwritten']);
        await clock.advance(10_000);
        await apply(membership(1, addressOf(id)));
        expect(await listed()).to.deep.equal([`http://${addressOf(id)}:80 Up`]);
      });
    }

    it('of a load balancer that does not exist are Unknown, never empty', async () => {
      balancer.name = 'renamed';
      expect((await listed())[0]).to.match(/^Unknown: the project has no load balancer front: Make it/);
    });
  });
});
