import { expect } from 'chai';
import { type HostTimes, type Run, bringUpOf } from '../../../hack/bench/reaction/hosts/spans.ts';
import { bringUpTable } from '../../../hack/bench/reaction/hosts/table.ts';

const phases = { Provisioning: 1_100, Bootstrapping: 3_000, Deploying: 6_000, Joining: 11_000, InService: 14_000 };
const host = (change = {}, address = '10.0.0.4'): HostTimes => ({ address, machineReady: 5_000, phases: { ...phases, ...change } });
const run = (from: number, to: number, address = '10.0.0.4'): Run => ({ from, to, words: ['setup', `--hosts=${address}`] });

describe('bring-ups of real hosts', () => {
  it('are the slowest of each part, and all of it up to the last host', () => {
    const slow = host({ Bootstrapping: 3_500, Deploying: 5_000, Joining: 12_000, InService: 14_500 }, '10.0.0.5');
    expect(bringUpOf(1_000, [host(), slow], [run(7_000, 10_000), run(6_000, 11_500, '10.0.0.5')])).to.deep.equal({ boot: 2.5, bootstrap: 3, kamal: 7, join: 3, own: 3.1, total: 13.5 });
  });

  it('count as the controller\'s what is neither the cloud\'s nor Kamal\'s, whose runs may overlap', () => {
    const own = (...runs: Run[]): number => bringUpOf(1_000, [host()], runs).own;
    expect(own()).to.be.closeTo(6.1, 1e-9);
    expect(own(run(6_000, 9_000), run(7_000, 8_000), run(8_500, 10_000))).to.be.closeTo(2.1, 1e-9);
    expect(own(run(1_000, 6_000), run(10_500, 20_000))).to.be.closeTo(4.6, 1e-9);
  });

  it('refuse a host that came into service without a phase', () => {
    expect(() => bringUpOf(0, [host({ Joining: undefined })], [])).to.throw('without phase Joining');
  });

  it('show medians with the range of the whole', () => {
    const one = bringUpOf(1_000, [host()], [run(6_000, 10_000)]);
    expect(bringUpTable([{ image: 'fresh', hosts: 1, bringUps: [one, { ...one, total: 15 }] }]).split('\n')[2])
      .to.equal('| fresh | 1 | 2 | 2.0 | 3.0 | 5.0 | 3.0 | 14.0 | 2.1 | 13.0 … 15.0 |');
  });
});
