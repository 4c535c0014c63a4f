import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { simulator } from '../../controller/compose/simulate/index.ts';
import { librariesOf } from '../../hack/real-parts/debian.ts';
import { locate } from '../../hack/real-parts/locate.ts';
import { partNamed } from '../../hack/real-parts/parts.ts';
import { realSuite } from '../support/real/gate.ts';
import { sampleReport } from '../unit/cli/sample-report.ts';

const run = promisify(execFile);

/** What happens in the page after its own script; its findings are left in the document. */
const VISIT = `
window.addEventListener('error', (event) => { document.body.dataset.error = event.message; });
document.addEventListener('securitypolicyviolation', (event) => { document.body.dataset.refused = event.blockedURI; });
`;
const AFTER = `
const find = (id) => document.getElementById(id);
const painted = () => [...document.querySelectorAll('canvas')].map((canvas) => {
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  let count = 0;
  for (let index = 3; index < data.length; index += 4) if (data[index] > 0) count++;
  return count;
});
const note = (name, value) => { document.body.dataset[name] = JSON.stringify(value); };
note('background', getComputedStyle(document.body).backgroundColor);
setTimeout(() => {
  note('painted', painted());
  const over = charts[1].over, box = over.getBoundingClientRect();
  for (const kind of ['mouseenter', 'mousemove']) over.dispatchEvent(new MouseEvent(kind, { clientX: box.left + box.width / 2, clientY: box.top + 40, bubbles: true }));
  find('second').value = 3;
  find('second').dispatchEvent(new Event('change'));
  note('second', find('name-second').textContent);
  find('to-peak').click();
  note('zoomed', span[1] - span[0]);
  find('scheme').click();
  note('switched', getComputedStyle(document.body).backgroundColor);
  note('options', find('first').options.length);
}, 200);
`;

realSuite('the page of a backtest, in a browser', ['chromium'], function () {
  this.timeout(60_000);
  let folder: string | undefined;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'page-'));
  });
  after(async () => {
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });

  async function visited(scheme: 'light' | 'dark'): Promise<Record<string, unknown>> {
    if (folder === undefined) throw new Error('there is no folder for the page');
    const file = join(folder, 'report.html');
    await simulator.writePage(file, sampleReport);
    const page = await readFile(file, 'utf8');
    const watched = page.replace('<script>', `<script>${VISIT}</script><script>`).replace(/<\/script>\s*<\/body>/, `${AFTER}</script></body>`);
    await writeFile(file, watched);
    const chromium = await locate('chromium');
    const { stdout } = await run(chromium, [
      '--headless=new', '--no-sandbox', '--disable-gpu', '--window-size=1200,900', '--virtual-time-budget=4000', `--user-data-dir=${join(folder, scheme)}`,
      ...(scheme === 'dark' ? ['--blink-settings=preferredColorScheme=0'] : ['--blink-settings=preferredColorScheme=1']), '--dump-dom', `file://${file}`,
    ], { maxBuffer: 64 * 1024 * 1024, env: { ...process.env, ...await librariesOf(partNamed('chromium'), chromium) } });
    const body = /<body([^>]*)>/.exec(stdout)?.[1] ?? '';
    return Object.fromEntries([...body.matchAll(/data-([a-z]+)="([^"]*)"/g)].map(([, name, value]) => {
      const text = (value ?? '').replaceAll('&quot;', '"');
      return [name, /^(error|refused)$/.test(name ?? '') ? text : JSON.parse(text)];
    }));
  }

  for (const [scheme, background, switched] of [['light', 'rgb(246, 247, 249)', 'rgb(14, 19, 26)'], ['dark', 'rgb(14, 19, 26)', 'rgb(246, 247, 249)']] as const) {
    it(`draws in ${scheme}, follows its reader, and switches to the other`, async () => {
      const seen = await visited(scheme);
      expect(seen).not.to.have.any.keys('error', 'refused');
      expect(seen['background']).to.equal(background);
      expect(seen['painted']).to.have.length(2);
      for (const pixels of seen['painted'] as number[]) expect(pixels).to.be.greaterThan(10_000);
      expect(seen['options']).to.equal(sampleReport.contenders.length);
      expect(seen['second']).to.equal(sampleReport.contenders[3]!.title);
      expect(seen['zoomed']).to.be.within(43_200, 86_400);
      expect(seen['switched']).to.equal(switched);
    });
  }
});
