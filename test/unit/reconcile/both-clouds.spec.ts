import { expect } from 'chai';
import { createPurchaseGate } from '../../../controller/reconcile/purchase-gate.ts';
import type { Fault } from '../../support/cloud-sim/faults.ts';
import { policyDraft } from '../../support/drafts.ts';
import { digitalOceanSuite } from '../act-cloud/digitalocean/world.ts';
import { type Bench, WEB } from './bench.ts';
import { FRA, NBG, type TwoClouds, startTwoClouds } from './two-clouds.ts';

const SEEDS = Number(process.env['KAMAL_AUTOSCALER_SEEDS'] ?? 6);
const WANTED = 3;
const MOST = 4;

const ANYWHERE: Fault[] = [
  { kind: 'Refuse', status: 503, code: 'service_unavailable' }, { kind: 'LoseReply' }, { kind: 'Hang', effect: 'None' }, { kind: 'Hang', effect: 'Done' },
  { kind: 'Slow', milliseconds: 3000 }, { kind: 'Garbage', status: 404, body: '404 page not found', effect: 'None' },
];
const AT_A_DELETE: Fault[] = [{ kind: 'DeleteForgotten' }, { kind: 'DeleteLingers', milliseconds: 20_000 }, { kind: 'LoseReply' }];
const AT_AN_ORDER: Fault[] = [{ kind: 'LoseReply' }, { kind: 'Hang', effect: 'Done' }, { kind: 'Garbage', status: 504, body: '<html>', effect: 'Done' }, { kind: 'ActionNeverEnds' }, { kind: 'ActionFails', code: 'server_error', message: 'no' }];
const AT_DIGITALOCEAN = (twice: boolean): Record<string, Fault[]> => ({
  '*': [...ANYWHERE, { kind: 'Refuse', status: 429, code: 'too_many_requests', headers: { 'retry-after': '3' } }, { kind: 'Refuse', status: 429, code: 'too_many_requests' }],
  'POST /v2/droplets': [
    ...AT_AN_ORDER, { kind: 'ListedLate', milliseconds: 30_000 }, ...(twice ? [{ kind: 'MadeTwice' } as const, { kind: 'MadeTwice' } as const] : []),
    { kind: 'Refuse', status: 422, code: 'unprocessable_entity', message: 'Size is temporarily unavailable' },
  ],
  'DELETE /v2/droplets/{droplet_id}': [...AT_A_DELETE, { kind: 'Refuse', status: 422, code: 'unprocessable_entity', message: 'Droplet already has a pending event.' }],
});
const AT_HETZNER: Record<string, Fault[]> = {
  '*': ANYWHERE, 'POST /servers': [...AT_AN_ORDER, { kind: 'ListedLate', milliseconds: 8000 }, { kind: 'Refuse', status: 412, code: 'resource_unavailable' }], 'DELETE /servers/{id}': AT_A_DELETE,
};
digitalOceanSuite('a pool in both clouds, on a day on which a fifth of all goes wrong', function () {
  this.timeout(120_000);

  for (let seed = 1; seed <= SEEDS; seed += 1) {
    it(`ends with exactly the servers that it wants, none bought twice and none leaked, seed ${seed}`, async () => {
      const clouds = await startTwoClouds({ tagLagMilliseconds: seed % 3 === 0 ? 10_000 : 0 });
      const { bench, droplets, servers, paid, wishes } = clouds;
      const { clock, context } = bench;
      const twice = seed % 2 === 0;

      const trouble = (from: number): void => {
        droplets.faults.seed(seed + from, 0.2, AT_DIGITALOCEAN(twice));
        servers.faults.seed(seed + from + 1, 0.2, AT_HETZNER);
      };
      const peace = (): void => {
        droplets.faults.clear();
        servers.faults.clear();
      };
      const rounds = async (count: number, until: () => Promise<boolean> = async () => false): Promise<boolean> => {
        for (let round = 0; round < count; round += 1) {
          if (await until()) return true;
          await clouds.round();
          const owners = paid();
          expect(new Set(owners).size, 'never more than the pool may have').to.be.at.most(MOST);
          if (!twice) expect(new Set(owners).size, 'no host has two').to.equal(owners.length);
        }
        return until();
      };
      // A server whose action never ends stays in Provisioning, until a start deadline that is long here.
      const settled = (count: number) => async (): Promise<boolean> => {
        const hosts = await bench.hosts();
        return hosts.length === count && JSON.stringify(paid()) === JSON.stringify(await wishes()) && hosts.every(({ status }) => status?.phase === 'Bootstrapping' || status?.phase === 'Provisioning');
      };

      try {
        await clouds.putPool({ replicas: WANTED, maxReplicas: MOST, placements: [FRA, NBG] });
        trouble(1000);
        await rounds(60);
        peace();
        expect(await rounds(400, settled(WANTED)), `grown: ${JSON.stringify([paid(), await stateOf(bench)])}`).to.equal(true);

        trouble(2000);
        await bench.store.scale(WEB, 1);
        await rounds(40);
        peace();
        expect(await rounds(400, settled(1)), `shrunk: ${JSON.stringify([paid(), await stateOf(bench)])}`).to.equal(true);
        // Nothing else is there a good while later, and no reservation holds anybody's place.
        await clock.advance(700_000);
        await rounds(3);
        expect(paid()).to.deep.equal(await wishes());
        expect(Object.values((await context.gate.read()).entries).filter(({ state }) => state === 'Alive' || state === 'Reserved')).to.have.length(1);
      } finally {
        await clouds.close();
      }
    });
  }
});

digitalOceanSuite('a pool in both clouds while one of them is away', function () {
  this.timeout(60_000);
  let clouds: TwoClouds;
  beforeEach(async () => { clouds = await startTwoClouds(); });
  afterEach(() => clouds.close());

  const inHetzner = (): number => clouds.servers.project.servers.size;
  const inDigitalOcean = (): number => clouds.droplets.account.droplets.size;
  const goAway = (): void => clouds.servers.faults.seed(1, 1, { '*': [{ kind: 'Refuse', status: 503, code: 'unavailable', message: 'we are in maintenance' }] });
  /** The first order goes through, its answer does not, and from then on there is none. */
  function goAwayWithAnOrder(fault: Fault): void {
    const { faults } = clouds.servers;
    const { meet } = faults;
    faults.script('POST /servers', fault);
    faults.meet = (call) => {
      const met = meet(call);
      if (call === 'POST /servers') goAway();
      return met;
    };
  }
  const comeBack = (): void => clouds.servers.faults.clear();
  async function becomes(what: string, until: () => boolean | Promise<boolean>): Promise<void> {
    expect(await clouds.passes(300, until), `${what}: ${JSON.stringify([clouds.paid(), await stateOf(clouds.bench)])}`).to.equal(true);
  }

  it('grows in the other one once it has been away for a minute, says so, and shrinks there too', async () => {
    await clouds.putPool({ replicas: 2, maxReplicas: 4, placements: [NBG, FRA] });
    await becomes('two in the first', () => inHetzner() === 2);
    goAway();
    await clouds.bench.store.scale(WEB, 4);
    await clouds.passes(40);
    expect(inDigitalOcean(), 'a hiccup of half a minute sends no order elsewhere').to.equal(0);
    await becomes('two in the second', () => inDigitalOcean() === 2);
    expect(await clouds.condition('PlacementsUsable')).to.include({ status: 'False', reason: 'ProviderAway' });
    expect((await clouds.condition('PlacementsUsable'))?.message).to.match(/^nbg: Hetzner has not answered since \S+Z, so nothing is ordered there: .*we are in maintenance/);
    expect(await clouds.condition('Stuck')).to.include({ status: 'False' });
    await clouds.bench.store.scale(WEB, 3);
    await becomes('one fewer, and forgotten', async () => inDigitalOcean() === 1 && (await clouds.wishes()).length === 3);
    comeBack();
    await clouds.passes(40);
    expect(clouds.paid()).to.deep.equal(await clouds.wishes());
    expect([inHetzner(), inDigitalOcean()]).to.deep.equal([2, 1]);
    expect(await clouds.condition('PlacementsUsable')).to.not.include({ reason: 'ProviderAway' });
  });

  for (const [maxReplicas, meanwhile] of [[2, 1], [1, 0]] as const) {
    it(`counts an order that may have gone through there as a server: with a maximum of ${maxReplicas} it buys ${meanwhile} meanwhile`, async () => {
      goAwayWithAnOrder({ kind: 'LoseReply' });
      await clouds.putPool({ replicas: 1, maxReplicas, placements: [NBG, FRA] });
      await becomes('the order went through', () => inHetzner() === 1);
      await clouds.passes(120);
      expect([inHetzner(), inDigitalOcean()]).to.deep.equal([1, meanwhile]);
      expect(new Set(clouds.paid()).size, 'whoever is bought meanwhile is another host').to.equal(1 + meanwhile);
      comeBack();
      clouds.servers.faults.meet = () => undefined;
      await becomes('one is left', async () => clouds.paid().length === 1 && (await clouds.wishes()).length === 1);
      expect(clouds.paid()).to.deep.equal(await clouds.wishes());
    });
  }

  it('plans nothing where both are away, or where this process has never heard one of them', async () => {
    goAway();
    await clouds.putPool({ replicas: 2, maxReplicas: 4, placements: [NBG, FRA] });
    await clouds.passes(90);
    expect([inHetzner(), inDigitalOcean()]).to.deep.equal([0, 0]);
    expect((await clouds.condition('Stuck'))?.message).to.match(/^provider Hetzner cannot be asked for its servers/);
    comeBack();
    await becomes('two in the first', () => inHetzner() === 2);
    goAway();
    clouds.droplets.faults.seed(1, 1, { '*': [{ kind: 'Refuse', status: 503, code: 'service_unavailable' }] });
    await clouds.bench.store.scale(WEB, 4);
    await clouds.passes(120);
    expect([inHetzner(), inDigitalOcean(), (await clouds.wishes()).length]).to.deep.equal([2, 0, 2]);
  });
});

digitalOceanSuite('a pool in both clouds, of which one bills in euros and one in dollars', function () {
  this.timeout(60_000);
  let clouds: TwoClouds;
  beforeEach(async () => { clouds = await startTwoClouds(); });
  afterEach(() => clouds.close());
  const failures = async (): Promise<(string | undefined)[]> => (await clouds.bench.hosts()).map(({ status }) => status?.failure?.message);
  const soldOut = (): void => clouds.servers.faults.script('POST /servers', { kind: 'Refuse', status: 412, code: 'resource_unavailable' }, 100);

  it('buys nothing in dollars under a budget in euros, and says so in one sentence; no amount is added to another', async () => {
    await clouds.bench.put('ScalingPolicy', policyDraft('default', 'web', { budget: { perMonth: 1000, currency: 'EUR' } }));
    await clouds.putPool({ replicas: 1, maxReplicas: 4, placements: [NBG, FRA] });
    for (let round = 0; round < 20; round += 1) await clouds.round();
    expect(clouds.servers.project.servers.size, 'euros are what the budget is in').to.equal(1);
    soldOut();
    await clouds.bench.store.scale(WEB, 2);
    for (let round = 0; round < 30; round += 1) await clouds.round();
    expect([clouds.servers.project.servers.size, clouds.droplets.account.droplets.size]).to.deep.equal([1, 0]);
    expect(await failures()).to.include("the policy's spec.budget is in EUR, while hosts are paid in USD, and nothing is converted: use placements of one currency, and a budget in it");
  });

  it('holds an installation\'s budgets apart: dollars left buy in dollars, whatever the euros are', async () => {
    const { bench } = clouds;
    bench.context.gate = createPurchaseGate(bench.store, bench.clock, { ceilings: {}, budgets: { EUR: 0.01, USD: 1000 } });
    await clouds.putPool({ replicas: 1, maxReplicas: 4, placements: [NBG] });
    for (let round = 0; round < 20; round += 1) await clouds.round();
    expect(clouds.servers.project.servers.size, 'a cent is no server').to.equal(0);
    expect((await failures())[0]).to.match(/^the installation's budget of 0\.01 EUR .*: raise --budget$/);
    const pool = await bench.pool();
    await bench.store.update('HostPool', { ...pool, spec: { ...pool.spec, placements: [FRA] as never } });
    for (let round = 0; round < 60; round += 1) await clouds.round();
    expect(clouds.droplets.account.droplets.size).to.equal(1);
  });
});

const stateOf = async (bench: Bench): Promise<unknown> => (await bench.hosts()).map(({ spec, status }) => [spec.hostID, spec.intent, status?.phase, status?.provider, status?.reason]);
