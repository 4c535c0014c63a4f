import { expect } from 'chai';
import { decide, desiredOf, direct, policyOf, START, steady, stream, valuesOf } from './build.ts';

describe('decide: stabilization windows', () => {
  it('removes nothing before one full window was observed, then goes at the rate of scale-in: 10, 8, 6', () => {
    const decisions = stream(policyOf(), 10, steady(0, 420, { rps: 70 }));
    const at = (second: number) => decisions[second / 15]!;
    expect(at(0)).to.include({ desired: 10, heldBy: 'Stabilization' });
    expect(at(285).reasons.at(-1)).to.equal('held at 10: load observed for 285 of 300 s');
    expect(desiredOf([at(285), at(300), at(345), at(360), at(420)])).to.deep.equal([10, 8, 8, 6, 4]);
  });

  it('holds scale-in to the highest proposal of the window: 420 / 70 = 6 at 600 s counts until 900 s', () => {
    const lines = [...steady(0, 585, { rps: 280 }), ...steady(600, 600, { rps: 420 }), ...steady(615, 930, { rps: 280 })];
    const decisions = stream(policyOf(), 4, lines);
    const at = (second: number) => decisions[second / 15]!;
    expect(desiredOf([at(585), at(600), at(615), at(900), at(915)])).to.deep.equal([4, 6, 6, 6, 4]);
    expect(at(900).reasons.at(-1)).to.equal('held at 6: highest of the last 300 s');
  });

  it('goes down only as far as the highest of the window', () => {
    const lines = [...steady(0, 300, { rps: 700 }), ...steady(315, 330, { rps: 560 }), ...steady(345, 630, { rps: 70 })];
    const decisions = stream(direct({ scaleIn: { stabilizationWindowSeconds: 300 } }), 10, lines);
    expect(decisions.at(-2)!.desired).to.equal(8);
    expect(decisions.at(-1)!.reasons.at(-1)).to.equal('held at 8: highest of the last 300 s');
  });

  it('grows to the lowest proposal of the scale-out window', () => {
    const policy = direct({ scaleOut: { stabilizationWindowSeconds: 60 } });
    const decisions = stream(policy, 4, [...steady(0, 60, { rps: 280 }), ...steady(75, 135, { rps: 700 })]);
    expect(desiredOf(decisions)).to.deep.equal([4, 4, 4, 4, 4, 4, 4, 4, 4, 10]);
    expect(decisions[5]!.reasons.at(-1)).to.equal('held at 4: lowest of the last 60 s');
  });

  it('starts afresh without state: a restart in mid-calm holds for one window', () => {
    const before = stream(policyOf(), 10, steady(0, 285, { rps: 70 })).at(-1)!;
    const restarted = decide({ policy: policyOf(), observations: valuesOf({ rps: 70 }), hosts: { inService: 10, warming: 0, booting: 0, draining: 0 }, now: START + 300_000 });
    const resumed = decide({ policy: policyOf(), observations: valuesOf({ rps: 70 }), hosts: { inService: 10, warming: 0, booting: 0, draining: 0 }, now: START + 300_000, engineState: before.engineState });
    expect([restarted.desired, resumed.desired]).to.deep.equal([10, 8]);
  });

  it('counts a pause of the controller as not observed', () => {
    const lines = [...steady(0, 285, { rps: 70 }), ...steady(600, 900, { rps: 70 })];
    const decisions = stream(policyOf(), 10, lines);
    expect(desiredOf(decisions.slice(0, -1))).to.deep.equal(Array(40).fill(10));
    expect(decisions.at(-1)!.desired).to.equal(8);
  });

  it('a window that a person lengthens must be observed in full', () => {
    const longer = policyOf({ maxHosts: 100, scaleIn: { stabilizationWindowSeconds: 900 } });
    const lines = [...steady(0, 1200, { rps: 70 }), { at: 1215, policy: longer }, ...steady(1230, 1800, { rps: 70 })];
    const decisions = stream(policyOf({ maxHosts: 100 }), 40, lines.map((line) => ({ ...line, hosts: 40 })));
    const says = (second: number) => decisions[second / 15]!.reasons.at(-1);
    expect(says(1200)).to.match(/^limited to 32/);
    expect(says(1215)).to.equal('held at 40: load observed for 315 of 900 s');
    expect(says(1785)).to.equal('held at 40: load observed for 885 of 900 s');
    expect(says(1800)).to.match(/^limited to 32/);
  });
});

describe('decide: rates', () => {
  it('adds 4 hosts or 100 % a minute, the larger: 2 → 6 → 12 → 24', () => {
    const decisions = stream(policyOf({ maxHosts: 100 }), 2, steady(0, 180, { rps: 7000 }));
    const at = (second: number) => decisions[second / 15]!.desired;
    expect([at(0), at(45), at(60), at(105), at(120), at(180)]).to.deep.equal([6, 6, 12, 12, 24, 48]);
    expect(decisions[1]!).to.include({ heldBy: 'RateLimit' });
    expect(decisions[0]!.reasons).to.deep.equal(['rps 7000 requests/s of 70 a host → 100', 'limited to 6 by the rate of behavior.scaleOut']);
  });

  it('removes 2 hosts or 20 % a minute, the larger: 40 → 32 → 25 (25.6) → 20', () => {
    const decisions = stream(policyOf({ maxHosts: 100 }), 40, steady(0, 420, { rps: 70 }));
    const at = (second: number) => decisions[second / 15]!.desired;
    expect([at(285), at(300), at(345), at(360), at(420)]).to.deep.equal([40, 32, 32, 25, 20]);
  });

  it('selectPolicy Min takes the smaller: 2 → 4', () => {
    const [first] = stream(policyOf({ scaleOut: { selectPolicy: 'Min' } }), 2, [{ at: 0, values: { rps: 700 } }]);
    expect(first!.desired).to.equal(4);
  });

  it('selectPolicy Disabled forbids its direction only', () => {
    const noOut = direct({ scaleOut: { selectPolicy: 'Disabled' } });
    const noIn = direct({ scaleIn: { selectPolicy: 'Disabled' } });
    const of = (policy: typeof noOut, total: number) => decide({ policy, observations: valuesOf({ rps: total }) });
    expect(of(noOut, 700)).to.include({ desired: 4, heldBy: 'Disabled' });
    expect(of(noOut, 70).desired).to.equal(1);
    expect(of(noIn, 70)).to.include({ desired: 4, heldBy: 'Disabled' });
    expect(of(noIn, 700).desired).to.equal(10);
  });

  it('a scale-in just before a spike takes nothing from the answer: 10 → 8, then 8 + 4 + the 2 given back', () => {
    const policy = policyOf({ scaleIn: { stabilizationWindowSeconds: 0 }, scaleOut: { policies: [{ type: 'Hosts', value: 4, periodSeconds: 60 }] } });
    const decisions = stream(policy, 10, [{ at: 0, values: { rps: 70 } }, { at: 15, values: { rps: 1400 } }]);
    expect(desiredOf(decisions)).to.deep.equal([8, 14]);
  });

  it('a scale-out in the same minute does not use up scale-in: 4 → 8, then 8 - 2', () => {
    const policy = policyOf({ scaleIn: { stabilizationWindowSeconds: 0 } });
    const decisions = stream(policy, 4, [{ at: 0, values: { rps: 1400 } }, { at: 15, values: { rps: 70 } }]);
    expect(desiredOf(decisions)).to.deep.equal([8, 6]);
  });

  it('counts only decisions that were carried out: nobody follows in Observe mode', () => {
    const decisions = stream(policyOf(), 2, steady(0, 45, { rps: 420 }).map((line) => ({ ...line, hosts: 2 })));
    expect(desiredOf(decisions)).to.deep.equal([6, 6, 6, 6]);
  });

  it('does not count what a person changed by hand: 2 → 8, then 8 × 2', () => {
    const decisions = stream(policyOf(), 2, [{ at: 0, values: { rps: 140 } }, { at: 15, replicas: 8, values: { rps: 1400 } }]);
    expect(desiredOf(decisions)).to.deep.equal([2, 16]);
  });

  it('a policy of per cent alone still starts an empty pool', () => {
    const policy = policyOf({ minHosts: 0, scaleOut: { policies: [{ type: 'Percent', value: 50, periodSeconds: 60 }] } });
    const [first] = stream(policy, 0, [{ at: 0, values: { rps: 700 } }]);
    expect(first!.desired).to.equal(1);
  });
});

describe('decide: absences', () => {
  it('never shrinks on a missing metric, whatever the others say', () => {
    const metrics = [{ name: 'rps', target: 70 }, { name: 'cpu', target: 60 }];
    const policy = direct({ metrics });
    const decision = decide({ policy, observations: valuesOf({ rps: 70, cpu: null }) });
    expect(decision).to.include({ desired: 4, heldBy: 'Absent' });
    expect(decision.reasons).to.deep.equal([
      'rps 70 requests/s of 70 a host → 1',
      'cpu absent (Unreachable: the source did not answer): nothing is removed',
      'held at 4: cpu absent',
    ]);
    expect(decide({ policy, observations: valuesOf({ rps: 700, cpu: null }) }).desired).to.equal(10);
  });

  it('names the absent metric when nothing else speaks, also one that nobody observed', () => {
    const decision = decide();
    expect(decision).to.include({ desired: 4, heldBy: 'Absent' });
    expect(decision.reasons[0]).to.equal('rps absent (Empty: no observation was made): nothing is removed');
  });

  it('NaN and infinity are absences, a rate just below zero is zero', () => {
    expect(decide({ observations: valuesOf({ rps: Number.NaN }) }).desired).to.equal(4);
    expect(decide({ observations: valuesOf({ rps: Infinity }) }).desired).to.equal(4);
    expect(decide({ observations: valuesOf({ rps: -0.001 }) }).desired).to.equal(1);
  });

  it('falls back after three absences in a row, only upwards, and keeps it for a window', () => {
    const policy = policyOf({ fallback: { afterAbsences: 3, hosts: 6 } });
    const lines = [...steady(0, 300, { rps: 280 }), ...steady(315, 360, { rps: null }), ...steady(375, 675, { rps: 280 })];
    const decisions = stream(policy, 4, lines);
    const at = (second: number) => decisions[second / 15]!;
    expect(desiredOf([at(330), at(345), at(375), at(660), at(675)])).to.deep.equal([4, 6, 6, 6, 4]);
    expect(at(345).reasons.at(-1)).to.equal('raised to 6 by fallback: metrics absent 3 times in a row');
    expect(stream(policy, 9, steady(0, 60, { rps: null })).at(-1)!.desired).to.equal(9);
  });

  it('a burst of evaluations on one missing sample is one absence', () => {
    const policy = policyOf({ fallback: { afterAbsences: 3, hosts: 6 } });
    expect(stream(policy, 4, steady(0, 6, { rps: null }, 1)).at(-1)!.desired).to.equal(4);
  });

  it('a lost scrape now and then does not keep a calm pool large', () => {
    const lines = steady(0, 300, { rps: 70 }).map((line, index) => (index % 5 === 3 ? { ...line, values: { rps: null } } : line));
    expect(stream(policyOf(), 10, lines).at(-1)!.desired).to.equal(8);
  });

  it('an absent guard blocks scale-in while it is away, but hides no load', () => {
    const policy = policyOf({ metrics: [{ name: 'rps', target: 70 }, { name: 'dbConnections', target: 80 }] });
    const lines = [...steady(0, 300, { rps: 70, dbConnections: null }), ...steady(315, 315, { rps: 70, dbConnections: 10 })];
    const decisions = stream(policy, 10, lines);
    expect(desiredOf(decisions.slice(-2))).to.deep.equal([10, 8]);
  });

  it('after metrics were away for more than a minute the window is observed anew', () => {
    const lines = [...steady(0, 300, { rps: 700 }), ...steady(315, 405, { rps: null }), ...steady(420, 720, { rps: 70 })];
    const decisions = stream(policyOf(), 10, lines);
    expect(decisions[705 / 15]!.reasons.at(-1)).to.equal('held at 10: load observed for 285 of 300 s');
    expect(decisions[720 / 15]!.desired).to.equal(8);
  });
});
