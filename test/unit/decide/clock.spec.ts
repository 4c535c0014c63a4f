import { expect } from 'chai';
import { decide, desiredOf, hostsOf, policyOf, START, steady, stream, valuesOf } from './build.ts';

const at = (second: number) => START + second * 1000;

describe('decide: a clock that is set back', () => {
  it('starts the observation anew: what was seen in the future was not seen', () => {
    const decisions = stream(policyOf(), 10, [...steady(3600, 3885, { rps: 70 }), ...steady(0, 300, { rps: 70 })]);
    expect(desiredOf(decisions.slice(0, -1))).to.deep.equal(Array(40).fill(10));
    expect(decisions.at(-1)!.desired).to.equal(8);
  });

  it('still grows at once: growth of the future uses up no rate', () => {
    const decisions = stream(policyOf(), 4, [{ at: 3600, values: { rps: 1400 } }, { at: 0, values: { rps: 1400 } }]);
    expect(desiredOf(decisions)).to.deep.equal([8, 16]);
  });

  it('takes single entries of the future out of an otherwise present state', () => {
    const engineState = {
      version: 3, evaluatedAt: at(-15), observedSince: at(-300), absences: 2, absenceCountedAt: at(900),
      highs: [[at(-10), 5], [at(900), 9]], lows: [], added: [], removed: [[at(900), 9]],
    };
    const calm = decide({ policy: policyOf(), observations: valuesOf({ rps: 70 }), hosts: hostsOf(10), engineState });
    expect(calm.desired).to.equal(8);
    const fallback = policyOf({ fallback: { afterAbsences: 3, hosts: 12 } });
    expect(decide({ policy: fallback, observations: valuesOf({ rps: null }), hosts: hostsOf(10), engineState }).desired).to.equal(12);
  });

  it('an oversized state from elsewhere is not carried on', () => {
    const marks = Array.from({ length: 5000 }, (_, index) => [at(-5000 + index), 5000 - index]);
    const engineState = { version: 3, evaluatedAt: at(-15), absences: 0, highs: marks, lows: marks, added: marks, removed: marks };
    const decision = decide({ policy: policyOf(), observations: valuesOf({ rps: 280 }), engineState });
    expect(JSON.stringify(decision.engineState).length).to.be.below(1024);
  });
});
