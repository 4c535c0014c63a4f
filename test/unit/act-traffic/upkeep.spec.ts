import { expect } from 'chai';
import { createUpkeep } from '../../../controller/act/traffic/upkeep.ts';

describe('the upkeep of one thing elsewhere', () => {
  it('has not to go on with a wish that is old, or once its process does not lead, whether or not anybody was told yet', async () => {
    let leads = true;
    const asked: (() => boolean)[] = [];
    const gates: (() => void)[] = [];
    const upkeep = createUpkeep('old', {
      leadership: { isLeader: () => leads, onChange: () => undefined }, tried: () => undefined,
      put: (_wanted, isWanted) => new Promise((resolve) => {
        asked.push(isWanted);
        gates.push(resolve);
      }),
    });
    const ensured = upkeep.ensure();
    expect(asked[0]?.()).to.equal(true);
    upkeep.want('new');
    expect(asked[0]?.()).to.equal(false);
    gates[0]?.();
    await new Promise((resolve) => { setImmediate(resolve); });
    expect([asked.length, asked[1]?.()]).to.deep.equal([2, true]);
    leads = false;
    expect(asked[1]?.()).to.equal(false);
    gates[1]?.();
    await ensured;
    expect(asked).to.have.length(2);
    expect(upkeep.behind()).to.equal(undefined);
  });
});
