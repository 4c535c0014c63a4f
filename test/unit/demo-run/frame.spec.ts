import { stripVTControlCharacters } from 'node:util';
import { expect } from 'chai';
import { type View, frame } from '../../../controller/demo/frame.ts';
import type { Happening } from '../../../controller/demo/recorder.ts';
import { FULL_SCRIPT } from '../../../controller/demo/script.ts';
import { liveShow, plainShow } from '../../../controller/demo/show.ts';
import { LOAD_BEGAN, measured, samples, tracks } from './build.ts';

const view = (changes: Partial<View> = {}): View => ({
  script: FULL_SCRIPT, seconds: 23, load: 208, p95: 1_234, requests: { sent: 2_345, failed: 0, inFlight: 87 },
  hosts: tracks().map((host) => ({ ...host, phase: host.name === 'web-3' ? 'Bootstrapping' : 'InService' })),
  numbers: { inService: 4, booting: 1, leaving: 0, wanted: 5 }, samples: samples().slice(0, 24),
  decisions: measured().decisions.map((decision) => ({ ...decision, seconds: (decision.at - LOAD_BEGAN) / 1_000 })),
  ...changes,
});

const screen = { columns: 80, rows: 24, colours: 'Off' } as const;
const width = (line: string): number => Array.from(stripVTControlCharacters(line)).length;

describe('live frame', () => {
  it('fits 80 columns and 24 rows and says what goes on', () => {
    const lines = frame(view(), screen);
    expect(lines.length).to.be.at.most(24);
    for (const line of lines) expect(width(line)).to.be.at.most(80);
    const text = lines.join('\n');
    expect(text).to.include('spike   0:23 of 1:22').and.to.include('208 requests/s').and.to.include('1.23 s');
    expect(text).to.include('2,345 sent, 0 failed, 87 in flight');
    expect(text).to.include('● ● ● ● ◔   4 in service, 1 booting; 5 wanted');
    expect(text).to.match(/0:18 {2}2 → 4 {3}rps 170 requests\/s of 42 a host → 4/);
    expect(text).to.match(/start {2}1 → 2 {3}raised to 2 by minHosts/);
  });

  it('stays within any window, and keeps load, requests and hosts in a low one', () => {
    for (const columns of [20, 40, 60, 80, 200]) {
      for (const rows of [5, 8, 12, 24, 60]) {
        for (const colours of ['On', 'Off'] as const) {
          const lines = frame(view({ load: 5_000 }), { columns, rows, colours });
          expect(lines.length, `${columns}x${rows}`).to.be.at.most(Math.min(24, rows));
          for (const line of lines) expect(width(line), `${columns}x${rows}: ${line}`).to.be.at.most(Math.min(80, columns));
          expect(stripVTControlCharacters(lines.join('\n'))).to.match(/load +5,000[^]*requests +2,345[^]*hosts +●/);
        }
      }
    }
  });

  it('has colours only where they are wanted', () => {
    const plain = frame(view(), screen);
    const coloured = frame(view(), { ...screen, colours: 'On' });
    expect(coloured.join('')).to.include('\u001B[32m');
    expect(coloured.map(stripVTControlCharacters)).to.deep.equal(plain);
    expect(plain.join('')).not.to.include('\u001B');
  });

  it('writes only the rows that changed, and gives the terminal back', () => {
    const written: string[] = [];
    const show = liveShow((text) => written.push(text), () => screen);
    show.look(view());
    show.look(view());
    expect(written).to.have.length(1);
    expect(written[0]!.startsWith('\u001B[?1049h\u001B[?25l')).to.equal(true);
    show.look(view({ p95: 400 }));
    expect(written[1]!.split(';1H')).to.have.length(2);
    show.end();
    show.end();
    show.look(view({ p95: 500 }));
    expect(written.slice(2)).to.deep.equal(['\u001B[?25h\u001B[?1049l']);
  });

  it('draws everything anew when the window changes its size', () => {
    const written: string[] = [];
    let columns = 80;
    const show = liveShow((text) => written.push(text), () => ({ ...screen, columns }));
    show.look(view());
    columns = 60;
    show.look(view());
    expect(written[1]).to.include('\u001B[2J').and.to.include('kamal-autoscaler demo');
  });
});

describe('plain lines', () => {
  it('are one every five seconds and one for each thing that happens', () => {
    const written: string[] = [];
    const show = plainShow((text) => written.push(text));
    for (const seconds of [undefined, 0, 0.3, 4.9, 5.1, 5.4, 9.9, 10.2]) show.look(view({ seconds }));
    expect(written.map((line) => line.slice(0, 14))).to.deep.equal([' 0:00  calm: 2', ' 0:05  calm: 2', ' 0:10  calm: 2']);
    const host = tracks()[1]!;
    const happenings: Happening[] = [{ kind: 'Host', at: LOAD_BEGAN, host }, { kind: 'HostGone', at: LOAD_BEGAN, host }, { kind: 'Decision', at: LOAD_BEGAN, decision: measured().decisions[1]! }];
    happenings.forEach((happening) => show.happened(happening, 18));
    show.happened(happenings[0]!, undefined);
    expect(written.slice(3)).to.deep.equal([
      ' 0:18    host web-0: InService\n', ' 0:18    host web-0: gone\n', ' 0:18    decision 2 → 4: rps 170 requests/s of 42 a host → 4\n', '         host web-0: InService\n',
    ]);
  });
});
