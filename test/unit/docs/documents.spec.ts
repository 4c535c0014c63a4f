import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect } from 'chai';
import { readDocuments } from '../../../controller/runtime/applier/index.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');

const PAGES = [
  'README.md', 'CONTRIBUTING.md', 'manifests/README.md',
  ...readdirSync(join(root, 'docs'), { recursive: true }).map(String).filter((name) => name.endsWith('.md')).map((name) => join('docs', name)),
];

describe('documents', () => {
  it("README's first policy is accepted, and only recommends", () => {
    const [yaml] = [...read('README.md').matchAll(/```yaml\n(.*?)```/gs)].map(([, block]) => block ?? '');
    const { objects, errors } = readDocuments([{ name: 'README.md', text: yaml ?? '' }]);
    expect(errors).to.deep.equal([]);
    expect(objects.map(({ kind }) => kind)).to.deep.equal(['HostPool', 'ScalingPolicy']);
    expect(objects.map(({ admitted }) => ('mode' in admitted.spec ? admitted.spec.mode : undefined))).to.deep.equal([undefined, 'Recommend']);
  });

  it('docs/failure-modes.md names only tests that exist, in files and by their titles', () => {
    const page = read('docs/failure-modes.md');
    const shown = [...page.matchAll(/\*Shown by\*(.*)$/gm)].map(([, text]) => text ?? '');
    expect(shown.length).to.be.greaterThan(15);
    for (const text of shown) {
      for (const [, file = ''] of text.matchAll(/`(test\/[\w./-]+)`/g)) expect(existsSync(join(root, file)), file).to.equal(true);
      for (const [, titles = '', file = ''] of text.matchAll(/((?:"[^"]+"(?:, | and )?)+)[^"`]*?\bin `(test\/[\w./-]+)`/g)) {
        for (const [, title = ''] of titles.matchAll(/"([^"]+)"/g)) expect(read(file), `${title} in ${file}`).to.include(title.replaceAll("'", "\\'"));
      }
    }
  });

  for (const page of PAGES) {
    it(`${page}: every link leads somewhere in the repository`, () => {
      const prose = read(page).replace(/`[^`\n]*`/g, '');
      const links = [...prose.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)].map(([, target]) => target ?? '').filter((target) => !/^[a-z]+:/.test(target));
      const broken = links.filter((target) => !existsSync(join(root, dirname(page), target)));
      expect(broken.map((target) => relative('.', target))).to.deep.equal([]);
    });

    it(`${page}: every make target and npm script exists`, () => {
      const text = read(page);
      const targets = [...read('Makefile').matchAll(/^([a-z-]+):/gm)].map(([, name]) => name);
      const scripts = Object.keys((JSON.parse(read('package.json')) as { scripts: object }).scripts);
      expect(commandsIn(text, /\bmake ([a-z-]+)/g).filter((name) => !targets.includes(name))).to.deep.equal([]);
      expect(commandsIn(text, /\bnpm run (?:--silent )?([a-z:-]+)/g).filter((name) => !scripts.includes(name))).to.deep.equal([]);
    });
  }
});

/** Names after a command, in code only: prose may well "make sure". */
function commandsIn(text: string, pattern: RegExp): string[] {
  const code = [...text.matchAll(/```(?:sh|console)\n(.*?)```|`([^`\n]+)`/gs)].map(([, block, inline]) => block ?? inline ?? '');
  return code.flatMap((piece) => [...piece.matchAll(pattern)].map(([, name]) => name ?? ''));
}
