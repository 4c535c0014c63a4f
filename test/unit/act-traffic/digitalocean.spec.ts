import { expect } from 'chai';
import { type Membership, membershipFact } from '../../../controller/model/index.ts';
import { cloudBalancerContract } from '../../support/cloud-balancer-contract.ts';
import { type SimulatedClock, createSimulatedClock } from '../../support/clock.ts';
import { ended } from '../../support/cloud-sim/suite.ts';
import type { SimBalancer } from '../../support/digitalocean-sim/balancers.ts';
import { type DigitalOceanSim, startDigitalOceanSim } from '../../support/digitalocean-sim/index.ts';
import { type TestHost, startTestHost } from '../../support/load-balancer-contract.ts';
import { freePort } from '../../support/real/free-port.ts';
import { digitalOceanSuite } from '../act-cloud/digitalocean/world.ts';
import { BALANCER, POOL, digitalOceanAdapter, digitalOceanWorld, orderDroplet } from './digitalocean-world.ts';

digitalOceanSuite("DigitalOcean's load balancer", () => {
  cloudBalancerContract("DigitalOcean's load balancer, Droplets one by one", () => digitalOceanWorld());
  cloudBalancerContract("DigitalOcean's load balancer, Droplets by tag", () => digitalOceanWorld('serves:web'));

  describe('Droplets', () => {
    let clock: SimulatedClock;
    let sim: DigitalOceanSim;
    let setting: ReturnType<typeof digitalOceanAdapter>;
    const hosts: TestHost[] = [];
    beforeEach(async () => {
      clock = createSimulatedClock(Date.UTC(2026, 0, 1));
      sim = await startDigitalOceanSim({ clock, bootMilliseconds: 0, balancerMilliseconds: { change: 5_000, tag: 5_000 } });
      setting = digitalOceanAdapter(sim, clock);
    });
    afterEach(async () => {
      await sim.close();
      await Promise.all(hosts.splice(0).map((host) => host.close()));
    });

    const addressOf = (id: number): string => sim.account.droplets.get(id)?.privateIPv4 ?? '';
    const membership = (generation: number, addresses: readonly string[], tag?: string): Membership => ({ generation, pools: [{
      pool: POOL, service: `digitalocean:${BALANCER}`, strategy: 'p2c', healthCheck: { path: '/up', intervalSeconds: 3, timeoutSeconds: 2 }, emptyWanted: addresses.length === 0,
      members: addresses.map((address, index) => ({ name: `web-${index}`, address, port: 80, kind: 'Bought' as const })), digitalocean: { name: BALANCER, ...(tag === undefined ? {} : { tag }) },
    }] });
    const apply = (one: Membership): Promise<void> => ended(clock, setting.adapter.apply(one));
    const droplets = (balancer: SimBalancer): number[] => sim.balancers.places(balancer).map(({ id }) => id).toSorted((a, b) => a - b);
    /** After so long, as a person reads it. */
    async function told(afterSeconds = 10, tag?: string): Promise<string[]> {
      await clock.advance(afterSeconds * 1_000);
      const listings = await setting.adapter.confirm({ digitalocean: { name: BALANCER, ...(tag === undefined ? {} : { tag }) } });
      return listings.flatMap((listing) => (listing.kind === 'Listing' ? listing.servers.map(({ url, state }) => `${url} ${state}`) : [`${listing.kind}: ${listing.why}`]));
    }
    const refused = (): string[] => sim.calls.filter(({ status }) => typeof status === 'number' && status >= 400).map(({ method, template, status }) => `${method} ${template} ${status}`);

    it('join before others leave, and the second change waits for the end of the first', async () => {
      const [first, second] = [orderDroplet(sim, 'first', 'ThisPool'), orderDroplet(sim, 'second', 'ThisPool')];
      const balancer = sim.balancers.make(BALANCER, 80, { droplets: [first] });
      await apply(membership(1, [addressOf(second)]));
      // An apply is not held up by it.
      expect(droplets(balancer)).to.deep.equal([first]);
      for (let waited = 0; waited < 20 && droplets(balancer).includes(first); waited += 1) await ended(clock, clock.sleep(1_000));
      expect(sim.calls.filter(({ method }) => method !== 'GET').map(({ method, template }) => `${method} ${template}`)).to.deep.equal(['POST /v2/load_balancers/{lb_id}/droplets', 'DELETE /v2/load_balancers/{lb_id}/droplets']);
      expect(droplets(balancer)).to.deep.equal([second]);
      expect(refused()).to.deep.equal([]);
    });

    for (const [what, change] of [
      ['one that is a member again before its removal could begin', async (stays: number, leaves: number): Promise<void> => ended(clock, setting.adapter.apply(membership(2, [addressOf(stays), addressOf(leaves)])))],
      ['one that another leader made a member meanwhile, before this one led again', async (stays: number, leaves: number): Promise<void> => {
        for (const leader of [false, true]) setting.leadership.set(leader);
        await ended(clock, setting.adapter.apply(membership(1, [addressOf(stays), addressOf(leaves)])));
      }],
      ['one whose removal waits while another begins to lead', async (): Promise<void> => setting.leadership.set(false)],
    ] as const) {
      it(`${what} stays`, async () => {
        const [stays, leaves] = [orderDroplet(sim, 'stays', 'ThisPool'), orderDroplet(sim, 'leaves', 'ThisPool')];
        const balancer = sim.balancers.make(BALANCER, 80, { droplets: [stays, leaves] });
        balancer.busyUntil = clock.now() + 20_000;
        await apply(membership(1, [addressOf(stays)]));
        await change(stays, leaves);
        for (let waited = 0; waited < 40; waited += 1) await ended(clock, clock.sleep(1_000));
        expect(sim.calls.filter(({ method }) => method !== 'GET')).to.deep.equal([]);
        expect(droplets(balancer)).to.deep.equal([stays, leaves]);
      });
    }

    it('are not said to be in it, or out of it, while a change is under way', async () => {
      const id = orderDroplet(sim, 'a', 'ThisPool');
      const balancer = sim.balancers.make(BALANCER, 80, { droplets: [id] });
      balancer.named.delete(id);
      balancer.busyUntil = clock.now() + 20_000;
      const during = await setting.adapter.confirm({ digitalocean: { name: BALANCER } });
      expect(during).to.deep.equal([{ instance: 'DigitalOcean load balancer front', kind: 'Unknown', why: 'load balancer front is at work on a change: what it lists is not in effect yet' }]);
      expect(droplets(balancer)).to.deep.equal([id]);
      await clock.advance(20_000);
      const after = await setting.adapter.confirm({ digitalocean: { name: BALANCER } });
      expect(membershipFact(after, { address: addressOf(id), ports: { http: 80 } })).to.deep.equal({ kind: 'NotListed' });
    });

    it('of a broken load balancer are Unknown, and nothing is changed in it', async () => {
      const id = orderDroplet(sim, 'a', 'ThisPool');
      sim.balancers.make(BALANCER, 80).broken = true;
      await apply(membership(1, [addressOf(id)]));
      expect((await told())[0]).to.equal('Unknown: load balancer front is errored: Look at it in the control panel.');
      expect(sim.calls.filter(({ method }) => method !== 'GET')).to.deep.equal([]);
    });

    it('are up once they have passed its check for as long as it wants it, and down when they do not pass it', async () => {
      const port = await freePort();
      const [old, fresh] = await Promise.all(['old', 'fresh'].map(async (name) => {
        const id = orderDroplet(sim, name, 'ThisPool');
        const host = await startTestHost(name, addressOf(id), port);
        hosts.push(host);
        return { id, host, url: `http://${addressOf(id)}:${port}` };
      })) as [{ id: number; host: TestHost; url: string }, { id: number; host: TestHost; url: string }];
      const balancer = sim.balancers.make(BALANCER, port, { droplets: [old.id], check: { check_interval_seconds: 10, healthy_threshold: 3 } });
      // What was there before this process looked is not held back.
      expect(await told()).to.deep.equal([`${old.url} Up`]);
      balancer.named.add(fresh.id);
      expect(await told()).to.deep.equal([`${old.url} Up`, `${fresh.url} Down`]);
      expect(await told(29)).to.deep.equal([`${old.url} Up`, `${fresh.url} Down`]);
      expect(await told(1 + 2)).to.deep.equal([`${old.url} Up`, `${fresh.url} Up`]);
      old.host.healthy = false;
      expect(await told()).to.deep.equal([`${old.url} Down`, `${fresh.url} Up`]);
      old.host.healthy = true;
      expect(await told()).to.deep.equal([`${old.url} Down`, `${fresh.url} Up`]);
      expect(await told(30)).to.deep.equal([`${old.url} Up`, `${fresh.url} Up`]);
    });

    it('are checked by TCP where the load balancer does so', async () => {
      const id = orderDroplet(sim, 'tcp', 'ThisPool');
      const host = await startTestHost('tcp', addressOf(id));
      hosts.push(host);
      host.healthy = false;
      sim.balancers.make(BALANCER, host.member.port, { droplets: [id], check: { protocol: 'tcp' } });
      expect(await told()).to.deep.equal([`http://${addressOf(id)}:${host.member.port} Up`]);
      await host.close();
      hosts.pop();
      expect(await told()).to.deep.equal([`http://${addressOf(id)}:${host.member.port} Down`]);
    });

    it('are known at each of their addresses', async () => {
      const id = orderDroplet(sim, 'a', 'ThisPool');
      sim.balancers.make(BALANCER, 80, { droplets: [id] });
      const listings = await setting.adapter.confirm({ digitalocean: { name: BALANCER } });
      const { privateIPv4, publicIPv4 } = sim.account.droplets.get(id)!;
      for (const address of [privateIPv4, publicIPv4!]) expect(membershipFact(listings, { address, ports: { http: 80 } }).kind).to.match(/^Listed/);
      expect(membershipFact(listings, { address: '10.9.9.9', ports: { http: 80 } }).kind).to.equal('NotListed');
    });

    it('that got the tag are listed when the load balancer has seen it, and so are those that lost it', async () => {
      const [a, b] = [orderDroplet(sim, 'a', 'ThisPool'), orderDroplet(sim, 'b', 'ThisPool', ['serves:web'])];
      const balancer = sim.balancers.make(BALANCER, 80, { tag: 'serves:web' });
      await clock.advance(10_000);
      await apply(membership(1, [addressOf(a)], 'serves:web'));
      expect([a, b].map((id) => sim.account.droplets.get(id)!.tags.includes('serves:web'))).to.deep.equal([true, false]);
      expect(droplets(balancer)).to.deep.equal([b]);
      expect((await told(2, 'serves:web')).join()).to.include(addressOf(b)).and.not.include(addressOf(a));
      expect((await told(5, 'serves:web')).join()).to.include(addressOf(a)).and.not.include(addressOf(b));
    });

    it('whose tags are not shown yet lose the tag all the same', async () => {
      const late = orderDroplet(sim, 'late', 'ThisPool', ['serves:web']);
      sim.balancers.make(BALANCER, 80, { tag: 'serves:web' });
      await clock.advance(6_000);
      // The load balancer saw the tag; the list of Droplets shows none but ours.
      const droplet = sim.account.droplets.get(late)!;
      droplet.tagsBefore.push({ until: clock.now() + 60_000, tags: droplet.tags });
      droplet.tags = droplet.tags.filter((tag) => tag !== 'serves:web');
      await apply(membership(1, [], 'serves:web'));
      expect(sim.calls.filter(({ method }) => method === 'DELETE').map(({ template }) => template)).to.deep.equal(['/v2/tags/{tag_id}/resources']);
    });

    it('that are none of the account are named, and the others join', async () => {
      const id = orderDroplet(sim, 'a', 'ThisPool');
      const balancer = sim.balancers.make(BALANCER, 80);
      await apply(membership(1, ['192.0.2.44', addressOf(id)]));
      expect((await told()).at(-1)).to.equal('Unwritten: member web-0 at 192.0.2.44 is no Droplet of the account: Take it out of the pool, or use Traefik.');
      expect(droplets(balancer)).to.deep.equal([id]);
    });

    it('that were deleted are gone, and nothing is asked to remove them', async () => {
      const [kept, gone] = [orderDroplet(sim, 'kept', 'ThisPool'), orderDroplet(sim, 'gone', 'ThisPool')];
      sim.balancers.make(BALANCER, 80, { droplets: [kept, gone] });
      sim.account.remove(gone);
      await apply(membership(1, [addressOf(kept)]));
      expect(sim.calls.filter(({ method }) => method !== 'GET')).to.deep.equal([]);
      expect((await told()).join()).to.include(addressOf(kept));
    });

    for (const [what, make, tag, words] of [
      ['a tag for one that takes Droplets one by one', (): unknown => sim.balancers.make(BALANCER, 80), 'serves:web', /^Unknown: load balancer front takes its Droplets one by one, and not by the tag serves:web: Give it the tag \(doctl compute load-balancer update [0-9a-f-]{36} --tag-name serves:web\)/],
      ['another tag than its own', (): unknown => sim.balancers.make(BALANCER, 80, { tag: 'other' }), 'serves:web', /^Unknown: load balancer front takes its Droplets by the tag other, and not by serves:web: /],
      ['no tag for one that has one', (): unknown => sim.balancers.make(BALANCER, 80, { tag: 'other' }), undefined, /^Unknown: load balancer front takes its Droplets by the tag other, and none by itself: Write spec.loadBalancer.digitalocean.tag: other/],
      ['a name that two have', (): unknown => [sim.balancers.make(BALANCER, 80), sim.balancers.make(BALANCER, 80)], undefined, /^Unknown: the account has 2 load balancers front: Give one of them another name/],
      ['a name that none has', (): unknown => sim.balancers.make('other', 80), undefined, /^Unknown: the account has no load balancer front: Make it/],
    ] as const) {
      it(`${what}: told with the mend, and nothing is changed`, async () => {
        const id = orderDroplet(sim, 'a', 'ThisPool');
        make();
        await apply(membership(1, [addressOf(id)], tag));
        expect((await told(10, tag))[0]).to.match(words);
        expect(sim.calls.filter(({ method }) => method !== 'GET')).to.deep.equal([]);
      });
    }

    it('stay as they are in a load balancer that was given another name', async () => {
      const [stays, next] = [orderDroplet(sim, 'stays', 'ThisPool'), orderDroplet(sim, 'next', 'ThisPool')];
      const balancer = sim.balancers.make(BALANCER, 80);
      await apply(membership(1, [addressOf(stays)]));
      balancer.name = 'renamed';
      await apply(membership(2, [addressOf(next)]));
      await clock.advance(10_000);
      expect(droplets(balancer)).to.deep.equal([stays]);
      expect((await told())[0]).to.match(/^Unknown: the account has no load balancer front: Make it/);
    });

    it('are found in a load balancer that was made anew under its name', async () => {
      const id = orderDroplet(sim, 'a', 'ThisPool');
      const balancer = sim.balancers.make(BALANCER, 80);
      await apply(membership(1, [addressOf(id)]));
      sim.balancers.remove(balancer.id);
      const again = sim.balancers.make(BALANCER, 80);
      await apply(membership(1, [addressOf(id)]));
      await clock.advance(10_000);
      expect(droplets(again)).to.deep.equal([id]);
    });

    for (const [what, fault, listing] of [
      ['at work on another change after all', { kind: 'Refuse', status: 403, code: 'forbidden', message: "Load Balancer can't be updated while it processes previous actions" }, 'Listing'],
      ['rate limited', { kind: 'Refuse', status: 429, code: 'too_many_requests', headers: { 'retry-after': '5' } }, 'Unknown'],
      ['a lost reply', { kind: 'LoseReply' }, 'Unknown'],
    ] as const) {
      it(`${what}: told, and done by a later pass`, async () => {
        const id = orderDroplet(sim, 'a', 'ThisPool');
        const balancer = sim.balancers.make(BALANCER, 80);
        sim.faults.script('POST /v2/load_balancers/{lb_id}/droplets', fault);
        await apply(membership(1, [addressOf(id)]));
        const first = await setting.adapter.confirm({ digitalocean: { name: BALANCER } });
        expect(first[0]?.kind).to.equal(listing);
        if (listing === 'Listing') expect(first[1]).to.have.property('kind', 'Unwritten');
        expect(JSON.stringify(first)).not.to.include('token');
        await clock.advance(10_000);
        await apply(membership(1, [addressOf(id)]));
        await clock.advance(10_000);
        expect(droplets(balancer)).to.deep.equal([id]);
        expect((await setting.adapter.confirm({ digitalocean: { name: BALANCER } })).map(({ kind }) => kind)).to.deep.equal(['Listing']);
      });
    }

    it('without a token are told so', async () => {
      const { adapter } = digitalOceanAdapter(sim, clock, 'NoToken');
      expect(await adapter.confirm({ digitalocean: { name: BALANCER } })).to.deep.equal([{ instance: 'DigitalOcean load balancer front', kind: 'Unknown', why: 'no token of DigitalOcean is set up: set DIGITALOCEAN_ACCESS_TOKEN' }]);
    });
  });
});
