import { expect } from 'chai';
import { ClassifiedError, type Price } from '../../../controller/model/index.ts';
import type { CloudProvider, LockRef, Placement } from '../../../controller/ports/index.ts';
import { createDeployLockView } from '../../../controller/reconcile/deploy-lock-view.ts';
import { createFleetView } from '../../../controller/reconcile/fleet-view.ts';
import { createPlacementView } from '../../../controller/reconcile/placement-view.ts';
import { createPriceView } from '../../../controller/reconcile/price-view.ts';
import { type SimulatedClock, createSimulatedClock } from '../../support/clock.ts';
import { noLock } from '../../support/no-lock.ts';
import { START } from './bench.ts';

const NEAR: Placement = { name: 'near', provider: 'Hetzner', hetzner: { serverType: 'cpx11', location: 'nbg1', image: 'docker-ce', publicNetwork: 'Both' } };
const price = (hour: number): Price => ({ currency: 'EUR', hour });

/** A provider that answers one question when the test likes. */
function asked<T>(question: 'price' | 'problemOf'): { provider: CloudProvider; calls: { answer(value: T): void; fail(error: Error): void }[] } {
  const calls: { answer(value: T): void; fail(error: Error): void }[] = [];
  const ask = (): Promise<T> => new Promise((resolve, reject) => { calls.push({ answer: resolve, fail: reject }); });
  const unused = async (): Promise<never> => { throw new Error('not asked here'); };
  return { calls, provider: { name: 'Hetzner', billing: 'Hour', settleSeconds: 0, list: unused, find: unused, create: unused, delete: unused, [question]: ask } as CloudProvider };
}

describe('what was heard before the clock was stepped back by an hour', () => {
  const LOCK: LockRef = { service: 'shop' };
  it('is asked anew, of the fleet and of the deploy lock', async () => {
    let now = START;
    const clock = { now: () => now, sleep: async () => undefined };
    let asked = 0;
    const fleet = createFleetView({ reference: async () => ({ kind: 'Agreed', version: `v${asked += 1}` }) }, clock);
    const locks = createDeployLockView(noLock(), clock);
    const role = { service: 'shop', role: 'web' };
    await fleet.reference([], role, 10);
    await locks.look(LOCK);
    now -= 3600_000;
    expect(await fleet.reference([], role, 10)).to.deep.include({ version: 'v2' });
    expect(locks.latest(LOCK, 10)).to.equal(undefined);
  });
});

describe('the view of prices', () => {
  let clock: SimulatedClock;
  let cloud: ReturnType<typeof asked<Price | undefined>>;
  let view: ReturnType<typeof createPriceView>;
  beforeEach(() => {
    clock = createSimulatedClock(START);
    cloud = asked('price');
    view = createPriceView({ Hetzner: cloud.provider }, clock);
  });

  it('waits for the first answer alone, and refreshes the others beside', async () => {
    const first = view.tariffOf(NEAR);
    cloud.calls[0]?.answer(price(0.01));
    expect(await first).to.deep.equal({ kind: 'Priced', billing: 'Hour', price: price(0.01) });
    await clock.advance(300_000);
    expect(await view.tariffOf(NEAR), 'the last one, at once').to.deep.include({ price: price(0.01) });
    expect(await view.tariffOf(NEAR)).to.deep.include({ price: price(0.01) });
    expect(cloud.calls).to.have.length(2);
    cloud.calls[1]?.answer(price(0.02));
    await clock.settle();
    expect(await view.tariffOf(NEAR)).to.deep.include({ price: price(0.02) });
  });

  it('is unknown after a failure, without asking at every turn, and keeps a price that it had', async () => {
    const first = view.tariffOf(NEAR);
    cloud.calls[0]?.fail(new ClassifiedError('Unavailable', 'away'));
    expect(await first).to.deep.equal({ kind: 'Unknown', why: 'placement near: away' });
    expect(await view.tariffOf(NEAR)).to.include({ kind: 'Unknown' });
    expect(cloud.calls).to.have.length(1);
    await clock.advance(60_000);
    expect(await view.tariffOf(NEAR)).to.include({ kind: 'Unknown' });
    cloud.calls[1]?.answer(price(0.01));
    await clock.settle();
    await clock.advance(300_000);
    await view.tariffOf(NEAR);
    cloud.calls[2]?.fail(new ClassifiedError('Unavailable', 'away'));
    await clock.settle();
    expect(await view.tariffOf(NEAR)).to.deep.include({ price: price(0.01) });
  });

  it('is free where nothing is charged, and unknown where nobody can be asked', async () => {
    expect(await createPriceView({ Local: { ...cloud.provider, name: 'Local', price: undefined } as never }, clock).tariffOf({ name: 'here', provider: 'Local' })).to.deep.equal({ kind: 'Free' });
    const first = view.tariffOf(NEAR);
    cloud.calls[0]?.answer(undefined);
    expect(await first).to.deep.equal({ kind: 'Free' });
    expect(await createPriceView({}, clock).tariffOf(NEAR)).to.deep.equal({ kind: 'Unknown', why: 'provider Hetzner of placement near is not set up in this installation: set HCLOUD_TOKEN (or HCLOUD_TOKEN_FILE)' });
  });
});

describe('the view of placements', () => {
  let clock: SimulatedClock;
  let cloud: ReturnType<typeof asked<string | undefined>>;
  let view: ReturnType<typeof createPlacementView>;
  let heard: number;
  const look = () => view.factOf(NEAR, () => { heard += 1; });
  beforeEach(() => {
    clock = createSimulatedClock(START);
    cloud = asked('problemOf');
    view = createPlacementView({ Hetzner: cloud.provider }, clock);
    heard = 0;
  });

  it('never waits, and calls back when something new is heard', async () => {
    expect(look()).to.deep.equal({ kind: 'Unknown', why: 'placement near was not checked yet' });
    look();
    expect(cloud.calls).to.have.length(1);
    cloud.calls[0]?.answer('image docker-ce is for arm');
    await clock.settle();
    expect(heard).to.equal(1);
    expect(look()).to.deep.equal({ kind: 'Unusable', why: 'placement near: image docker-ce is for arm' });
    await clock.advance(30_000);
    look();
    cloud.calls[1]?.answer(undefined);
    await clock.settle();
    expect([look(), heard]).to.deep.equal([{ kind: 'Usable' }, 2]);
    await clock.advance(599_000);
    look();
    expect(cloud.calls, 'what is usable is asked for rarely').to.have.length(2);
  });

  it('says that it could not ask, and that a provider is not set up', async () => {
    look();
    cloud.calls[0]?.fail(new ClassifiedError('Unauthorized', 'the token is refused'));
    await clock.settle();
    expect(look()).to.deep.equal({ kind: 'Unknown', why: 'placement near could not be checked: the token is refused' });
    expect(createPlacementView({}, clock).factOf(NEAR, () => undefined)).to.deep.equal({ kind: 'Unusable', why: 'provider Hetzner of placement near is not set up in this installation: set HCLOUD_TOKEN (or HCLOUD_TOKEN_FILE)' });
    expect(createPlacementView({ Local: { ...cloud.provider, name: 'Local', problemOf: undefined } as never }, clock).factOf({ name: 'here', provider: 'Local' }, () => undefined)).to.deep.equal({ kind: 'Usable' });
  });
});
