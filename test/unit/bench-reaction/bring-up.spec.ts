import { expect } from 'chai';
import { bringUpOf } from '../../../hack/bench/reaction/hosts/spans.ts';
import { bringUpTable } from '../../../hack/bench/reaction/hosts/table.ts';

const times = { Bootstrapping: 3_000, Deploying: 6_000, Joining: 11_000, InService: 14_000 };

describe('bring-ups of real hosts', () => {
  it('are the slowest of each part, and all of it up to the last host', () => {
    const slow = { Bootstrapping: 3_500, Deploying: 5_000, Joining: 12_000, InService: 14_500 };
    expect(bringUpOf(1_000, [times, slow])).to.deep.equal({ boot: 2.5, bootstrap: 3, kamal: 7, join: 3, total: 13.5 });
  });

  it('refuse a host that came into service without a phase', () => {
    expect(() => bringUpOf(0, [{ ...times, Joining: undefined } as never])).to.throw('without phase Joining');
  });

  it('show medians with the range of the whole', () => {
    const one = bringUpOf(1_000, [times]);
    expect(bringUpTable([{ image: 'fresh', hosts: 1, bringUps: [one, { ...one, total: 15 }] }]).split('\n')[2])
      .to.equal('| fresh | 1 | 2 | 2.0 | 3.0 | 5.0 | 3.0 | 14.0 | 13.0 … 15.0 |');
  });
});
