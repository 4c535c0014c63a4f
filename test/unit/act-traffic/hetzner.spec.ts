import { expect } from 'chai';
import { type Membership, membershipFact, oneAtATime } from '../../../controller/model/index.ts';
import { cloudBalancerContract } from '../../support/cloud-balancer-contract.ts';
import { type SimulatedClock, createSimulatedClock } from '../../support/clock.ts';
import { createHetznerProvider } from '../../../controller/act/cloud/hetzner/provider.ts';
import { SERVER_LABELS } from '../../../controller/api/index.ts';
import { type HetznerSim, startHetznerSim } from '../../support/hetzner-sim/index.ts';
import type { SimBalancer } from '../../support/hetzner-sim/balancers.ts';
import { hetznerSuite } from '../act-cloud/hetzner/world.ts';
import { BALANCER, POOL, hetznerAdapter, hetznerWorld, orderServer } from './hetzner-world.ts';

hetznerSuite("Hetzner's load balancer", () => {
  cloudBalancerContract("Hetzner's load balancer, targets by server", () => hetznerWorld());
  cloudBalancerContract("Hetzner's load balancer, targets by label", () => hetznerWorld({ key: 'serves', value: 'web' }));

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
      label = undefined;
    });
    afterEach(() => sim.close());

    const addressOf = (id: number): string => sim.project.servers.get(id)?.publicIPv4 ?? '';
    let label: { key: string; value: string } | undefined;
    const hetzner = (): { name: string; label?: { key: string; value: string } } => ({ name: BALANCER, ...(label === undefined ? {} : { label }) });
    const membership = (generation: number, ...addresses: string[]): Membership => ({ generation, pools: [{
      pool: POOL, service: `hetzner:${BALANCER}`, strategy: 'p2c', healthCheck: { path: '/up', intervalSeconds: 3, timeoutSeconds: 2 }, emptyWanted: addresses.length === 0,
      members: addresses.map((address, index) => ({ name: `web-${index}`, address, port: 80, kind: 'Bought' as const })), hetzner: hetzner(),
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

    it('are not changed any more once another leads, in the middle of a change too', async () => {
      const ids = ['a', 'b', 'c'].map((name) => orderServer(sim, name, { installation: 'shop' }));
      sim.before = ({ template }) => { if (template.endsWith('add_target')) setting.leadership.set(false); };
      await apply(membership(1, ...ids.map(addressOf)));
      await finish(clock.sleep(20_000));
      expect(targets()).to.deep.equal([addressOf(ids[0]!)]);
      sim.before = undefined;
      setting.leadership.set(true);
      await apply(membership(1, ...ids.map(addressOf)));
      expect(targets()).to.deep.equal(ids.map(addressOf).toSorted());
    });

    it('are reached at their private address where that is the member, and are known at each of their addresses', async () => {
      const network = sim.project.parts.networks[0]!.id;
      const id = orderServer(sim, 'inside', { installation: 'shop' }, { networks: [network] });
      const inside = sim.project.servers.get(id)!.networks[0]!.ip!;
      await apply(membership(1, inside));
      expect(balancer.targets.map(({ target }) => target)).to.deep.equal([{ type: 'server', server: { id }, use_private_ip: true }]);
      const [listing] = await setting.adapter.confirm({ hetzner: { name: BALANCER } });
      expect(listing).to.have.deep.property('servers', [{ url: `http://${inside}:80`, state: 'Up', aliases: [`http://${addressOf(id)}:80`] }]);
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

    describe('by label', () => {
      const labelsOf = (id: number): Record<string, string> => sim.project.servers.get(id)?.labels ?? {};
      const select = (selector: string): unknown => balancer.targets.push({ target: { type: 'label_selector', label_selector: { selector } }, from: 0, until: Infinity });
      beforeEach(() => { label = { key: 'serves', value: 'web' }; });

      it('are the servers that have it, whose other labels stay', async () => {
        select('serves==web, team');
        const [a, b] = [orderServer(sim, 'a', { installation: 'shop' }), orderServer(sim, 'b', { installation: 'shop' })];
        for (const id of [a, b]) sim.project.update(id, { labels: { ...labelsOf(id), team: 'shop', ...(id === b ? { serves: 'web' } : {}) } });
        const before = labelsOf(a);
        await apply(membership(1, addressOf(a)));
        expect(labelsOf(a)).to.deep.equal({ ...before, serves: 'web' });
        expect(labelsOf(b)).to.include({ team: 'shop' }).and.not.have.property('serves');
        expect(targets()).to.deep.equal([addressOf(a)]);
        expect(balancer.targets).to.have.length(1);
      });

      it('of which no target of the load balancer asks are told with the mend, and no server gets it', async () => {
        select('serves=api');
        const id = orderServer(sim, 'a', { installation: 'shop' });
        await apply(membership(1, addressOf(id)));
        expect((await listed()).at(-1)).to.equal('Unwritten: load balancer front has no target that selects by the label serves=web: hcloud load-balancer add-target front --label-selector serves=web');
        expect(labelsOf(id)).to.not.have.property('serves');
      });

      it('never take over a label that people gave their server', async () => {
        select('serves=web');
        const [theirs, own] = [orderServer(sim, 'theirs', 'Foreign'), orderServer(sim, 'own', { installation: 'shop' })];
        sim.project.update(theirs, { labels: { serves: 'mail' } });
        await apply(membership(1, addressOf(own), addressOf(theirs)));
        expect((await listed()).at(-1)).to.match(/^Unwritten: server theirs is not this installation's, and has the label serves=mail: Remove that label/);
        expect(labelsOf(theirs)).to.deep.equal({ serves: 'mail' });
      });

      it('stand beside dedicated servers, which have no labels', async () => {
        select('serves=web');
        sim.project.balancers.dedicated.add('198.51.100.9');
        const id = orderServer(sim, 'a', { installation: 'shop' });
        await apply(membership(1, '198.51.100.9', addressOf(id)));
        expect(targets()).to.deep.equal(['198.51.100.9', addressOf(id)].toSorted());
      });

      it('that were targets by server before leave both ways', async () => {
        select('serves=web');
        const [stays, leaves] = [orderServer(sim, 'stays', { installation: 'shop' }), orderServer(sim, 'leaves', { installation: 'shop' })];
        label = undefined;
        await apply(membership(1, addressOf(stays), addressOf(leaves)));
        label = { key: 'serves', value: 'web' };
        await apply(membership(2, addressOf(stays), addressOf(leaves)));
        await apply(membership(3, addressOf(stays)));
        expect([...new Set(targets())]).to.deep.equal([addressOf(stays)]);
      });

      it('that a pool no longer names stay targets, which is told with the mend', async () => {
        select('serves=web');
        const [stays, leaves] = [orderServer(sim, 'stays', { installation: 'shop' }), orderServer(sim, 'leaves', { installation: 'shop' })];
        await apply(membership(1, addressOf(stays), addressOf(leaves)));
        label = undefined;
        await apply(membership(2, addressOf(stays)));
        expect((await listed()).at(-1)).to.equal('Unwritten: server leaves is no member any more, and stays a target by the label selector serves=web: Remove that target, or write its label in spec.loadBalancer.hetzner.label.');
        const listings = await setting.adapter.confirm({ hetzner: hetzner() });
        expect(membershipFact(listings, { address: addressOf(leaves), ports: { http: 80 } }).kind).to.equal('ListedUp');
      });

      it('and the notes of what a server serves do not undo each other', async () => {
        select('serves=web');
        const id = orderServer(sim, 'a', { installation: 'shop' });
        const labelsInTurn = oneAtATime();
        const both = hetznerAdapter(sim, clock, labelsInTurn);
        const provider = createHetznerProvider({ endpoint: sim.endpoint, token: { kind: 'Value', value: sim.token }, clock, userData: () => '', labelsInTurn });
        const [server] = await provider.find({ installation: 'shop', pool: POOL, hostID: 'a' });
        // Each has read the labels when the other writes, unless they wait for each other.
        await finish(Promise.all([provider.mark!(server!, 'Serving'), both.adapter.apply(membership(1, addressOf(id)))]).then(() => undefined));
        provider.close();
        expect(labelsOf(id)).to.include({ serves: 'web', [SERVER_LABELS.serving]: 'true' });
      });
    });

    it('of a load balancer that does not exist are Unknown, never empty', async () => {
      balancer.name = 'renamed';
      expect((await listed())[0]).to.match(/^Unknown: the project has no load balancer front: Make it/);
    });
  });
});
