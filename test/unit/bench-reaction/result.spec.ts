import { expect } from 'chai';
import type { Case } from '../../../hack/bench/reaction/cases.ts';
import { type HostMarks, type Spans, median, spansOf } from '../../../hack/bench/reaction/marks.ts';
import { missesOf, resultTable } from '../../../hack/bench/reaction/table.ts';

const host = (change: Partial<HostMarks> = {}): HostMarks =>
  ({ created: 10_500, booted: 13_500, deploying: 13_600, joining: 14_000, inService: 18_000, ...change });

describe('reaction benchmark', () => {
  it('subtracts the boot of the host that came last from the time since the first scrape with the step', () => {
    const slow = host({ created: 10_800, booted: 16_800, deploying: 17_000, joining: 17_500, inService: 21_000 });
    const spans = spansOf({ stepped: 2_000, scraped: 9_000, decided: 10_000, hosts: [host(), slow, host()] });
    expect(spans).to.deep.equal({
      stepToScrape: 7, scrapeToDecision: 1, decisionToCreate: 0.8, boot: 6, noticed: 0.2, deploy: 0.5, join: 3.5, added: 6,
    });
  });

  it('adds up: what is added is every span but the boot and the wait for the scrape', () => {
    const { stepToScrape: _, boot: __, added, ...rest } = spansOf({ stepped: 0, scraped: 9_000, decided: 10_000, hosts: [host()] });
    expect(Object.values(rest).reduce((sum, span) => sum + span, 0)).to.be.closeTo(added, 1e-9);
  });

  it('refuses a step without hosts', () => {
    expect(() => spansOf({ stepped: 0, scraped: 0, decided: 0, hosts: [] })).to.throw('no host');
  });

  it('takes the middle of an odd number and between two of an even one', () => {
    expect(median([9, 1, 4])).to.equal(4);
    expect(median([9, 1, 4, 5])).to.equal(4.5);
    expect(() => median([])).to.throw();
  });

  it('shows medians with their range, and names what misses its goal', () => {
    const one: Case = { source: { kind: 'Prometheus', intervalSeconds: 15 }, metric: 'rps', hosts: 1 };
    const spans = (added: number): Spans => ({ stepToScrape: 1, scrapeToDecision: 1, decisionToCreate: 1, boot: 3, noticed: 1, deploy: 1, join: 1, added });
    const slow = { case: one, spans: [spans(8), spans(12), spans(11)] };
    const quick = { case: { ...one, hosts: 10 }, spans: [spans(11)] };
    expect(resultTable([slow, quick]).split('\n').slice(2)).to.deep.equal([
      '| Prometheus, 15 s, rps over 60 s | 1 | 3 | 1.0 | 1.0 | 1.0 | 3.0 | 1.0 | 1.0 | 1.0 | **11.0** | 8.0 … 12.0 |',
      '| Prometheus, 15 s, rps over 60 s | 10 | 1 | 1.0 | 1.0 | 1.0 | 3.0 | 1.0 | 1.0 | 1.0 | **11.0** | 11.0 … 11.0 |',
    ]);
    expect(missesOf([slow, quick])).to.deep.equal(['Prometheus, 15 s, rps over 60 s, 1 hosts: 11.0 s, the goal is under 10 s']);
  });
});
