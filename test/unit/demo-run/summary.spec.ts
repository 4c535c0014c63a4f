import { expect } from 'chai';
import { hostHours, fixedFleetHours, judge, toCapacity } from '../../../controller/demo/measured.ts';
import { essence } from '../../../controller/demo/words.ts';
import { summary, verdictText } from '../../../controller/demo/summary.ts';
import { svg } from '../../../controller/demo/svg.ts';
import { measured, report, samples, tracks } from './build.ts';

describe('what the demo measures', () => {
  it('tells what of the way to capacity was decision, boot and joining', () => {
    expect(toCapacity(measured())).to.deep.equal({ total: 13, decided: 6, boot: 4, joining: 3 });
  });

  it('knows no way to a capacity that was not reached', () => {
    expect(toCapacity(measured({ hosts: tracks().slice(0, 4) }))).to.equal(undefined);
  });

  it('counts each host from the order to the end, within the run', () => {
    // 82 + 82 of the calm ones, then 46, 45 and 45 of the others.
    expect(hostHours(measured()) * 3_600).to.be.closeTo(82 + 82 + 46 + 45 + 45, 1e-6);
    expect(fixedFleetHours(measured()) * 3_600).to.be.closeTo(5 * 82, 1e-6);
  });

  it('is content when nothing failed and the hosts followed', () => {
    expect(judge(measured())).to.deep.equal({ kind: 'Followed' });
  });

  it('is not when a request failed', () => {
    const verdict = judge(measured({ load: report(3) }));
    expect(verdict.kind).to.equal('RequestsFailed');
    expect(verdictText(verdict)).to.equal('FAILED: 3 requests failed (3 × 502)');
  });

  it('is not when the peak was not reached', () => {
    const low = samples().map((sample) => ({ ...sample, inService: Math.min(3, sample.inService) }));
    expect(verdictText(judge(measured({ samples: low })))).to.equal('FAILED: the hosts did not follow the load: 3 in service at most, the spike needs 5');
  });

  it('is not when hosts are left', () => {
    const more = samples().map((sample) => (sample.seconds > 60 ? { ...sample, existing: 4 } : sample));
    expect(verdictText(judge(measured({ samples: more })))).to.equal('FAILED: the hosts did not follow the load: 4 exist at the end, 2 served before the spike');
  });
});

describe('closing summary', () => {
  const text = (): string => summary(measured(), judge(measured()), 'demo.svg').join('\n');

  it('fits 80 columns', () => {
    for (const line of text().split('\n')) expect(Array.from(line).length, line).to.be.at.most(80);
  });

  it('says all that was measured', () => {
    const words = text().replace(/\s+/g, ' ');
    expect(words).to.include('requests 8,900 sent, 0 failed');
    expect(words).to.include('P95 148 ms before the spike, 912 ms in it (150 ms at its end), 151 ms after');
    expect(words).to.include('hosts 2 → 5 → 2');
    expect(words).to.include('13.0 s from the begin of the spike (at 0:15) to 5 hosts in service: 6.0 s until the last of them was ordered, 4.0 s its boot, 3.0 s its app');
    expect(words).to.include('73 % of the 0.114 of 5 hosts all the time');
    expect(words).to.include('picture demo.svg').and.to.include('hosts in service').and.to.include('0:18 2 → 4');
    expect(words).not.to.include('FAILED');
  });

  it('tells when the machine itself was late, and ends with what went wrong', () => {
    const late = measured({ load: { ...report(1), latestSend: 900 } });
    const lines = summary(late, judge(late), 'demo.svg');
    expect(lines.join(' ').replace(/\s+/g, ' ')).to.include('sent up to 900 ms late');
    expect(lines.at(-1)).to.equal('FAILED: 1 request failed (1 × 502)');
  });

  it('leaves absences out of a reason that says more', () => {
    expect(essence('rps absent (Empty: none; not at all…: nothing is removed; p95 absent (Stale: old): nothing is removed; raised to 2 by minHosts')).to.equal('raised to 2 by minHosts');
    expect(essence('rps absent (Empty: none): nothing is removed')).to.equal('rps absent (Empty: none): nothing is removed');
  });
});

describe('picture', () => {
  it('is well-formed, stands alone and has its words as text', () => {
    const picture = svg(measured());
    expect(picture).to.match(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"/).and.to.include('prefers-color-scheme: dark');
    expect(picture).not.to.match(/NaN|undefined|Infinity|href|<image|<script|url\(/);
    expect(picture).to.include('>8,900 requests, 0 failed, 2 → 5 → 2 hosts</text>').and.to.include('13.0 s to capacity, 4.0 s of it boot');
    expect(Number(/width="(\d+)"/.exec(picture)?.[1])).to.be.at.most(900);
    expect(unclosed(picture)).to.deep.equal([]);
  });

  it('can be drawn of a run in which nothing happened', () => {
    const picture = svg(measured({ samples: [], hosts: [], load: { ...report(), summaries: [] } }));
    expect(picture).not.to.match(/NaN|undefined|Infinity/);
    expect(unclosed(picture)).to.deep.equal([]);
  });
});

/** Elements that are opened and not closed in turn, and what is no XML between them. */
function unclosed(xml: string): string[] {
  const open: string[] = [];
  const rest = xml.replaceAll(/<(\/?)([a-z]+)((?:\s[\w:-]+="[^"<]*")*)\s*(\/?)>/g, (_all, closing: string, name: string, _attributes, alone: string) => {
    if (closing !== '') return open.pop() === name ? '' : `<wrong /${name}>`;
    if (alone === '') open.push(name);
    return '';
  });
  return [...open, ...(rest.match(/[<>]|&(?!amp;|lt;|gt;|quot;)/g) ?? [])];
}
