import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Script } from 'node:vm';
import { expect } from 'chai';
import { backtestPage } from '../../../controller/simulate/index.ts';
import { pageData } from '../../../controller/simulate/report/page/data.ts';
import { sampleReport } from '../cli/sample-report.ts';

const library = (() => {
  const folder = dirname(createRequire(import.meta.url).resolve('uplot'));
  return { script: readFileSync(join(folder, 'uPlot.iife.min.js'), 'utf8'), style: readFileSync(join(folder, 'uPlot.min.css'), 'utf8') };
})();

const scriptsOf = (page: string): string[] => [...page.matchAll(/<script>(.*?)<\/script>/gs)].map(([, text]) => text ?? '');

describe('simulate: the page', () => {
  const page = backtestPage(sampleReport, library);

  it('asks nothing of any server, and forbids the browser to', () => {
    expect(page).to.include(`content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"`);
    expect(page).not.to.match(/\ssrc=|<link|@import|url\(|<iframe|<img/);
    const own = scriptsOf(page)[1]!;
    expect(own).not.to.match(/fetch\(|XMLHttpRequest|WebSocket|import\(|https?:/);
  });

  it('holds scripts that parse, and every element that they look for', () => {
    const scripts = scriptsOf(page);
    expect(scripts).to.have.length(2);
    for (const script of scripts) void new Script(script);
    const wanted = [...scripts[1]!.matchAll(/byId\('([a-z-]+)'\)/g)].map(([, id]) => id);
    expect(wanted.length).to.be.greaterThan(10);
    for (const id of wanted) expect(page).to.include(`id="${id}"`);
  });

  it('has a row, a point and an option for each contender, and all numbers of the table', () => {
    for (const { title, explanation } of sampleReport.contenders) {
      expect(page).to.include(`<th scope="row">${title}<small>`);
      expect(page).to.include(explanation.replaceAll("'", '&#39;'));
      expect(page).to.match(new RegExp(`<circle[^>]*/><text[^>]*>${title}</text>`));
    }
    expect(page).to.include(`<td>${sampleReport.contenders[0]!.cost.toFixed(2)} ×</td>`);
    expect(page).not.to.match(/NaN|undefined×|Infinity/);
  });

  it('names a colour for light and for dark wherever it uses one', () => {
    const style = /<style>(.*?)<\/style>/s.exec(page)![1]!;
    const [, light, dark] = /:root \{ (.*?) \}.*?\{ :root:not\(\[data-scheme\]\) \{ (.*?) \} \}/s.exec(style)!;
    const used = new Set([...`${style}${scriptsOf(page)[1]}`.matchAll(/var\(--([a-z-]+)\)|colour\('([a-z-]+)'\)/g)].map(([, one, other]) => one ?? other));
    expect(used.size).to.be.greaterThan(10);
    for (const name of used) for (const scheme of [light, dark]) expect(scheme, name).to.include(`--${name}:`);
  });

  it('lets no text of a policy or file become markup or script', () => {
    const evil = '</script><script>alert(1)</script><img src=x onerror="alert(2)">';
    const [first, ...others] = sampleReport.contenders;
    const attacked = backtestPage({ ...sampleReport, policy: { name: evil, leftOut: [] }, notes: [evil], load: { ...sampleReport.load, source: evil }, contenders: [{ ...first!, title: evil, explanation: evil }, ...others] }, library);
    expect(scriptsOf(attacked)).to.have.length(2);
    expect(attacked).not.to.include('<img');
  });

  it('gives the script columns of equal length', () => {
    const data = pageData(sampleReport);
    const length = (runs: readonly number[]): number => runs.reduce((sum, value, index) => sum + (index % 2 === 1 ? value : 0), 0);
    expect(length(data.needed)).to.equal(data.rate.length);
    for (const { ready, short, worst } of data.contenders) {
      expect(length(ready)).to.equal(data.rate.length);
      expect(short.length % 2).to.equal(0);
      if (worst !== undefined) expect(worst).to.be.within(0, data.rate.length - 1);
    }
    expect(data.begin).to.equal(Date.UTC(2026, 10, 23, 6) / 1000);
  });
});
