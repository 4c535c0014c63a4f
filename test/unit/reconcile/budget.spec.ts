import { expect } from 'chai';
import { type KamalHost, keyOf } from '../../../controller/api/index.ts';
import { ClassifiedError, type Price } from '../../../controller/model/index.ts';
import { createPurchaseGate } from '../../../controller/reconcile/purchase-gate.ts';
import { policyDraft, poolDraft } from '../../support/drafts.ts';
import { type Bench, PRIMARY, WEB, createBench } from './bench.ts';

const NEAR = { name: 'near', provider: 'Local', local: { bootMilliseconds: 1000 } };
const POLICY = { metrics: [{ name: 'rps', target: 10 }], maxHosts: 9, prediction: { mode: 'Off' }, behavior: { scaleIn: { stabilizationWindowSeconds: 0 } } };

/** January has 744 hours: a host that comes at its beginning costs 7.44, and the cap of 6 makes it 6. */
const PRICE: Price = { currency: 'EUR', hour: 0.01, monthCap: 6 };

describe('money', () => {
  let bench: Bench;
  let rps: number;
  let price: Price | Error | undefined;
  beforeEach(() => {
    bench = createBench();
    rps = 10;
    price = PRICE;
    sell('Local');
    bench.observe = ({ metric }) => ({ metric, kind: 'Value', value: rps, asOf: bench.clock.now(), windowSeconds: 60 });
  });

  function sell(name: 'Local', billing: 'Hour' | 'Second' = 'Hour'): void {
    const provider = bench.context.providers[name];
    if (provider === undefined) throw new Error('no provider');
    bench.context.providers[name] = {
      ...provider, billing, price: async () => {
        if (price instanceof Error) throw price;
        return price;
      },
    };
  }
  const installationBudget = (budgets: Record<string, number>): void => {
    bench.context.gate = createPurchaseGate(bench.store, bench.clock, { ceilings: {}, budgets });
  };
  async function start(policy: Record<string, unknown> = {}, pool: object = {}): Promise<void> {
    const { address, ports } = bench.world.addFixedHost('primary', 'v1', 'shop-web');
    await bench.put('HostPool', poolDraft('default', 'web', { fixedHosts: [{ name: 'primary', address, ports }], replicas: 1, placements: [NEAR], health: { intervalSeconds: 1, unhealthyAfterSeconds: 5 }, ...pool } as never));
    await bench.put('ScalingPolicy', policyDraft('default', 'web', { ...POLICY, ...policy }));
  }
  const bought = (): number => bench.world.hosts().filter(({ order }) => order.owner !== undefined).length;
  const condition = async (type: string) => (await bench.policy()).status?.conditions?.find((candidate) => candidate.type === type);
  const scaled = (hosts: number): Promise<void> => bench.drive(`${hosts} hosts`, async () => bought() === hosts - 1 && (await bench.hosts()).every(({ status }) => status?.phase === 'InService'));
  const rounds = async (count: number): Promise<void> => {
    let left = count;
    await bench.drive('some time', async () => (left -= 1) < 0);
  };
  const failing = async (): Promise<KamalHost['status']> => (await bench.hosts()).find(({ status }) => status?.failure !== undefined)?.status;

  describe('at the decision', () => {
    it('stops growth at the budget, and says what would lift it', async () => {
      rps = 90;
      await start({ budget: { perMonth: 20, currency: 'EUR' } });
      await scaled(4);
      // Messages with amounts are written anew once a minute.
      await rounds(130);
      expect((await bench.pool()).spec.replicas).to.equal(4);
      expect(bought()).to.equal(3);
      expect(await condition('ScalingLimited')).to.include({ status: 'True', reason: 'Budget' });
      expect((await condition('ScalingLimited'))?.message).to.match(/^limited to 4 by budget: raise spec\.budget\.perMonth of the policy; 18\.00 of 20\.00 EUR are spoken for in 2026-01$/);
      expect(await condition('WithinBudget')).to.include({ status: 'False', reason: 'BudgetExhausted' });
      expect((await bench.pool()).status?.spend).to.deep.equal({ month: '2026-01', amounts: [{ currency: 'EUR', soFar: 0.03, projected: 18 }] });
      const metrics = await bench.context.meters.registry.metrics();
      expect(metrics).to.include('kamal_autoscaler_spend_projected_month{pool="default/web",currency="EUR"} 18');
      expect(metrics).to.include('kamal_autoscaler_budget_month{policy="default/web",currency="EUR"} 20');
    });

    it('never stops a scale-in, whatever the budget is', async () => {
      // What is paid by the hour would stay for its hour.
      sell('Local', 'Second');
      rps = 40;
      await start();
      await scaled(4);
      rps = 20;
      const policy = await bench.policy();
      await bench.store.update('ScalingPolicy', { ...policy, spec: { ...policy.spec, budget: { perMonth: 1, currency: 'EUR' } } });
      await bench.drive('two hosts', async () => bought() === 1);
      expect((await bench.pool()).spec.replicas).to.equal(2);
      expect(await condition('ScalingLimited')).to.include({ status: 'False' });
    });

    it("is the installation's too, for all pools together", async () => {
      installationBudget({ EUR: 13 });
      rps = 90;
      await start();
      await bench.put('HostPool', poolDraft('default', 'job', { fixedHosts: [{ ...PRIMARY, name: 'other', address: '192.0.2.2' }], replicas: 2, placements: [NEAR] } as never));
      await bench.drive('two servers', async () => bought() === 2);
      await rounds(130);
      expect(bought(), 'six each').to.equal(2);
      expect(await condition('ScalingLimited')).to.include({ reason: 'InstallationBudget' });
      expect((await condition('ScalingLimited'))?.message).to.include('raise --budget; 12.00 of 13.00 EUR are spoken for');
      expect(await bench.context.meters.registry.metrics()).to.include('kamal_autoscaler_installation_budget_month{currency="EUR"} 13');
    });

    const BLIND: [title: string, of: Price | Error, budget: object, reason: string, says: RegExp][] = [
      ['a price that is not known', new ClassifiedError('Unavailable', 'Hetzner gives no answer'), { perMonth: 20, currency: 'EUR' }, 'PriceUnknown', /nothing is bought whose price is not known: placement near: Hetzner gives no answer/],
      ['a budget in another currency', PRICE, { perMonth: 20, currency: 'USD' }, 'BudgetCurrency', /spec\.budget is in USD, while hosts are paid in EUR, and nothing is converted/],
    ];
    for (const [title, of, budget, reason, says] of BLIND) {
      it(`buys nothing with ${title}, and says why`, async () => {
        price = of;
        rps = 90;
        await start({ budget });
        await rounds(10);
        expect(bought()).to.equal(0);
        expect((await bench.pool()).spec.replicas).to.equal(1);
        expect(await condition('WithinBudget')).to.include({ status: 'Unknown', reason });
        expect((await condition('ScalingLimited'))?.message).to.match(says);
      });
    }

    it('goes on when the price is there', async () => {
      price = new ClassifiedError('Unavailable', 'away');
      rps = 20;
      await start({ budget: { perMonth: 20, currency: 'EUR' } });
      await rounds(4);
      price = PRICE;
      await scaled(2);
    });

    it('asks for no price where no budget is, and buys without one; the price is noted when it is told', async () => {
      price = new ClassifiedError('Unavailable', 'away');
      rps = 20;
      await start();
      await scaled(2);
      expect((await bench.pool()).status?.spend).to.deep.equal({ month: '2026-01', unpricedHosts: 1 });
      price = PRICE;
      await bench.drive('the price', async () => (await bench.pool()).status?.spend?.amounts?.[0]?.projected === 6);
    });
  });

  describe('at the gate', () => {
    const scaleTo = (replicas: number): Promise<void> => bench.store.scale(WEB, replicas);

    it('refuses what a person asks for by hand, with the reason', async () => {
      await start({ mode: 'Observe', budget: { perMonth: 13, currency: 'EUR' } });
      await scaleTo(5);
      await bench.drive('two servers and a refusal', async () => bought() === 2 && await failing() !== undefined);
      await rounds(10);
      expect(bought()).to.equal(2);
      expect((await failing())?.failure).to.include({ class: 'Quota', message: "the policy's spec.budget of 13.00 EUR for 2026-01 has 12.00 EUR spoken for, and another host takes 6.00 EUR to the month's end: raise spec.budget.perMonth of the policy" });
      expect(await bench.context.meters.registry.metrics()).to.include('kamal_autoscaler_refused_purchases_total{pool="default/web",reason="Budget"}');
    });

    it('lets pools that buy at the same time not overspend together', async () => {
      installationBudget({ EUR: 19 });
      for (const name of ['web', 'job', 'mail']) await bench.put('HostPool', poolDraft('default', name, { replicas: 2, placements: [NEAR], fixedHosts: [{ ...PRIMARY, name: `fixed-${name}`, address: `192.0.2.${name.length}` }], maxReplicas: 9 } as never));
      for (const name of ['web', 'job', 'mail']) await bench.store.scale({ namespace: 'default', name }, 4);
      await bench.drive('three servers', async () => bought() === 3);
      await rounds(40);
      expect(bought()).to.equal(3);
    });

    it('replaces a dead host below minHosts although the money is spent', async () => {
      rps = 30;
      await start({ minHosts: 3, budget: { perMonth: 12, currency: 'EUR' } });
      await scaled(3);
      const [victim] = await bench.hosts();
      if (victim === undefined) throw new Error('no host');
      bench.world.kill(victim.metadata.name);
      await bench.drive('a successor', async () => (await bench.hosts()).filter(({ status }) => status?.phase === 'InService').length === 2 && !(await bench.hosts()).some(({ metadata }) => metadata.name === victim.metadata.name && metadata.uid === victim.metadata.uid));
      expect((await bench.pool()).status?.spend?.amounts?.[0]?.projected).to.be.greaterThan(12);
    });

    it('does not replace it above minHosts', async () => {
      rps = 30;
      await start({ minHosts: 1, budget: { perMonth: 12, currency: 'EUR' } });
      await scaled(3);
      const [victim] = await bench.hosts();
      if (victim === undefined) throw new Error('no host');
      bench.world.kill(victim.metadata.name);
      await bench.drive('it is gone', async () => !(await bench.hosts()).some(({ spec }) => spec.hostID === victim.spec.hostID));
      await rounds(60);
      expect((await bench.hosts()).filter(({ status }) => status?.phase === 'InService')).to.have.length(1);
    });
  });

  it('shows a quota that was refused as a limit of the decision, until it is asked again', async () => {
    rps = 30;
    await start();
    await scaled(3);
    bench.faults = [{ kind: 'Refused', class: 'Quota' }];
    rps = 60;
    await bench.drive('the refusal', async () => await failing() !== undefined);
    const refused = (await bench.hosts()).find(({ status }) => status?.failure !== undefined);
    if (refused === undefined) throw new Error('no refused host');
    rps = 90;
    await rounds(130);
    expect(await condition('ScalingLimited')).to.include({ status: 'True', reason: 'ProviderQuota' });
    expect((await condition('ScalingLimited'))?.message).to.match(/have Local allow more than the 2 servers it refused to exceed; asked again at 2026-01-01T00:\d\d/);
    expect(await bench.context.meters.registry.metrics()).to.include('kamal_autoscaler_provider_quota_servers{provider="Local"} 2');
    const asked = bench.creates.length;
    await rounds(100);
    expect(bench.creates.length, 'nobody asks in between').to.equal(asked);
    expect(keyOf(refused).namespace).to.equal('default');
  });
});
