import { expect } from 'chai';
import fc from 'fast-check';
import { meanOfHosts } from '../../../controller/observe/mean-of-hosts.ts';
import { requestsOfHosts } from '../../../controller/observe/requests-of-hosts.ts';
import type { Row, SignalQuery } from '../../../controller/observe/rows.ts';

const NOW = 1_000_000;
const basis = { now: NOW * 1_000, windowSeconds: 60, staleAfterSeconds: 60 };
const names = { namespace: 'default', pool: 'web', proxyService: 'shop-web' } as never;
const hostsOf = (count: number) => Array.from({ length: count }, (_, index) => ({ name: `web-${index}`, warming: false, endpoint: { address: '10.0.0.1', ports: { http: 80 } } }));

function requests(...rates: number[]): { value?: number; warning?: string } {
  const hosts = hostsOf(rates.length);
  const rows = rates.flatMap((value, index): Row[] => [
    { part: 'proxy:value', labels: { host: `web-${index}` }, value }, { part: 'proxy:time', labels: { host: `web-${index}` }, value: NOW },
  ]);
  return requestsOfHosts({ hosts } as unknown as SignalQuery, names, rows, basis) as never;
}
const mean = (...values: number[]): { value?: number; warning?: string } =>
  meanOfHosts('cpu', hostsOf(values.length), new Map(values.map((value, index) => [`web-${index}`, { value, time: NOW }])), basis) as never;

describe('a host that lies about its load', () => {
  it('counts for four times what the middle one of the others does, and is named', () => {
    const { value, warning } = requests(50, 60, 1e9);
    expect(value).to.equal(50 + 60 + 4 * 60);
    expect(warning).to.equal('web-2 says 1000000000 a second, more than 4 times what others do, which counts as 240');
  });

  it('is believed where two others are not there, or are idle: a first host of many has all requests', () => {
    expect(requests(50, 1_000)).to.deep.include({ value: 1_050 }).and.not.have.property('warning');
    expect(requests(0, 0, 90)).to.deep.include({ value: 90 });
  });

  it('moves a mean of percentages by its share and no more', () => {
    expect(mean(20, 30, 1e9)).to.deep.include({ value: 50, warning: 'web-2 says 1000000000 %, which counts as 100' });
    expect(mean(40, 60, -500)).to.deep.include({ value: (40 + 60) / 3, warning: 'web-2 says -500 %, which counts as 0' });
    expect(mean(100.000001, 0)).to.not.have.property('warning');
  });

  it('never moves the sum beyond a bound that the others set', () => {
    fc.assert(fc.property(fc.array(fc.double({ min: 1, max: 1_000, noNaN: true }), { minLength: 2, maxLength: 9 }), fc.double({ min: 0, max: 1e12, noNaN: true }), (honest, lie) => {
      const total = honest.reduce((sum, rate) => sum + rate, 0);
      expect(requests(...honest, lie).value).to.be.at.most(total + 4 * Math.max(...honest) + 1e-6);
    }));
  });
});
