import { expect } from 'chai';
import { startEngine } from '../../../controller/simulate/engine-input.ts';
import type { Moment } from '../../../controller/simulate/engine-input.ts';
import { hostsOf, policyOf, START } from '../decide/build.ts';

const setting = { policy: policyOf(), billing: 'None', drainSeconds: 30 } as const;
const moment = (parts: Partial<Moment> = {}): Moment => ({ time: START, metrics: { rps: 280 }, hosts: hostsOf(4), ...parts });

describe('the engine driven by moments', () => {
  it('counts what is in service and what is booting as current', () => {
    const decision = startEngine(setting).decide(moment({ metrics: { rps: 420 }, hosts: hostsOf(4, { booting: 2, draining: 1 }) }));
    expect(decision).to.include({ current: 6, desired: 6 });
  });

  it('takes a missing and a null metric for an absence, and removes nothing', () => {
    for (const metrics of [{}, { rps: null }] as Moment['metrics'][]) {
      const decision = startEngine(setting).decide(moment({ metrics }));
      expect(decision).to.include({ desired: 4, heldBy: 'Absent' });
    }
  });

  it('remembers what the engine remembers: a scale-in waits for one observed window', () => {
    const engine = startEngine(setting);
    const desired = Array.from({ length: 21 }, (_, index) => engine.decide(moment({ time: START + index * 15_000, metrics: { rps: 70 }, hosts: hostsOf(10) })).desired);
    expect([desired[0], desired[19], desired[20]]).to.deep.equal([10, 10, 8]);
  });
});
