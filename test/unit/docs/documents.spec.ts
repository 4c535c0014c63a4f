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

/** Each fault that must not hurt, and the entry of docs/failure-modes.md that is about it. */
const FAULTS: [fault: string, entry: string][] = [
  ['Prometheus down, slow, NaN, stale, an empty 200; absent metrics never drain', 'Prometheus is down, slow, empty, stale or answers NaN'],
  ['values from the future', 'Prometheus answers from the future, or of another time'],
  ['partial metrics of hosts', 'A part of the hosts or load balancers sends no metrics'], ['partial answers', 'Prometheus answers from a part of its data'],
  ['API server or etcd away, watch expired', 'The API server or etcd is away, or a watch is too old'], ['store full or read-only', 'The store is full or read-only'],
  ['clock an hour either way', 'The clock steps an hour'], ['clock far ahead', 'A clock that is far ahead for a while'], ['names not resolving', 'Names do not resolve'],
  ['no capacity anywhere, quota', 'No capacity in a placement, or a full account'], ['token revoked or read-only', 'The token is revoked, or may only read'], ['429 for long', 'Too many requests'],
  ['one of two clouds away', 'One of two clouds is away'], ['an action that never ends', 'An action that ends in an error, or never'], ['a lost reply', 'An order is not answered'],
  ['never boots, boots without network', 'A server never boots, or boots without its network'], ['deleted by hand', 'A server that serves is deleted by hand'],
  ['appears twice', 'A server appears twice'], ['cannot be deleted', 'A server that cannot be deleted'], ['maintenance', 'Maintenance at the cloud'],
  ['SSH accepts and hangs, Docker dead', 'Docker hangs, or SSH accepts and hangs'], ['disk full', 'A host that stays away'], ['Docker restarted by an unattended upgrade', 'Docker is restarted under a host'],
  ['image cannot be pulled', 'An image that cannot be pulled'], ['/up answers 500', 'An app that never gets healthy'], ['healthy then not', 'A host that goes down and comes back'],
  ['flapping', 'A host that goes down and comes back, again and again'], ['a whole location gone', 'A whole location is gone'],
  ['lock held for an hour, or left by a dead laptop', 'A lock that nobody gives back'], ['Kamal killed, or prints what nobody has seen', 'Kamal is killed in the middle, or prints what nobody has seen'],
  ['a deploy, a rollback and a scale-out at once', 'A deploy, a rollback and a scale-out at once'],
  ['one of three Traefiks', 'One of three Traefiks cannot be reached'], ['old state in its API', "A Traefik's API shows an old state"], ['Traefik restarted', 'A Traefik restarts'],
  ['shared causes', 'A cause that hosts share'], ['slow is not stuck', 'A slow day at the cloud'], ['state lost', 'A store that is empty or of yesterday'], ['state restored from yesterday', 'With its store restored from yesterday'],
];

/** Titles in quotation marks, one or several, with the file that has them. */
const titlesIn = (text: string): IterableIterator<RegExpMatchArray> => text.matchAll(/((?:"[^"]+"(?:, | and )?)+)[^"`]*?\bin `(test\/[\w./-]+)`/g);

/** Entries about what cannot go wrong, so that nothing shows it. */
const NEVER_HAPPEN = ['SSH keys at providers'];

describe('documents', () => {
  it("README's first policy is accepted, and only recommends", () => {
    const [yaml] = [...read('README.md').matchAll(/```yaml\n(.*?)```/gs)].map(([, block]) => block ?? '');
    const { objects, errors } = readDocuments([{ name: 'README.md', text: yaml ?? '' }]);
    expect(errors).to.deep.equal([]);
    expect(objects.map(({ kind }) => kind)).to.deep.equal(['HostPool', 'ScalingPolicy']);
    expect(objects.map(({ admitted }) => ('mode' in admitted.spec ? admitted.spec.mode : undefined))).to.deep.equal([undefined, 'Recommend']);
  });

  describe('docs/failure-modes.md', () => {
    const entries = new Map([...read('docs/failure-modes.md').matchAll(/^\*\*(.+?)\*\*(.*)$/gm)].map(([, title = '', text = '']) => [title.replace(/\.$/, ''), text]));
    const entryOf = (title: string): string => {
      const text = entries.get(title);
      if (text === undefined) throw new Error(`docs/failure-modes.md has no entry "${title}"`);
      return text;
    };
    const shownIn = (text: string): string => text.slice(text.indexOf('*Shown by*'));
    const sources = sourceText('controller') + sourceText('crds');
    /** Events of failed work are named after its kind. */
    const isOfOperation = (name: string): boolean => name.endsWith('Failed') && sources.includes(`'${name.slice(0, -'Failed'.length)}'`);

    it('says of each entry by which test it is shown', () => {
      const without = [...entries].filter(([, text]) => !text.includes('*Shown by*') && !NEVER_HAPPEN.some((title) => entries.get(title) === text)).map(([title]) => title);
      expect(without).to.deep.equal([]);
      expect(entries.size).to.be.greaterThan(60);
    });

    for (const [title, text] of entries) {
      it(`${title}: names only files and titles of tests that exist`, () => {
        const shown = shownIn(text);
        for (const [, file = ''] of shown.matchAll(/`(test\/[\w./-]+)`/g)) expect(existsSync(join(root, file)), file).to.equal(true);
        for (const [, titles = '', file = ''] of titlesIn(shown)) {
          for (const [, one = ''] of titles.matchAll(/"([^"]+)"/g)) expect(read(file), `${one} in ${file}`).to.include(one.replaceAll("'", "\\'"));
        }
      });
    }

    for (const [fault, title] of FAULTS) {
      it(`${fault}: what is read, what is done, and a test by its title`, () => {
        const text = entryOf(title);
        expect(text, 'what the operator sees').to.match(/\*You read:?\*/);
        expect(text, 'what the controller does').to.include('*The controller*');
        expect([...titlesIn(shownIn(text))].filter(([, titles = '']) => titles !== ''), 'a test by its title').to.not.have.length(0);
        const seen = text.slice(0, text.indexOf('*The controller*'));
        // Reasons, conditions and fields, as programs match them: they stand in the source as they stand here.
        const names = [...seen.matchAll(/`([A-Z][a-z]+(?:[A-Z][a-zA-Z]*)?)`/g)].map(([, name = '']) => name).filter((name) => name !== 'True' && name !== 'False');
        expect(names.filter((name) => !sources.includes(name) && !isOfOperation(name)), 'printed by nothing').to.deep.equal([]);
      });
    }
  });

  it('docs/security.md names only files and titles of tests that exist', () => {
    const claims = read('docs/security.md').split('\n').filter((line) => line.includes('*Shown by*'));
    expect(claims.length).to.be.at.least(12);
    for (const line of claims) {
      for (const [, file = ''] of line.matchAll(/`(test\/[\w./-]+)`/g)) expect(existsSync(join(root, file)), file).to.equal(true);
      for (const [, titles = '', file = ''] of titlesIn(line)) for (const [, one = ''] of titles.matchAll(/"([^"]+)"/g)) expect(read(file), `${one} in ${file}`).to.include(one.replaceAll("'", "\\'"));
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

function sourceText(folder: string): string {
  return readdirSync(join(root, folder), { recursive: true }).map(String).filter((name) => /\.(ts|yaml)$/.test(name)).map((name) => read(join(folder, name))).join('\n');
}

/** Names after a command, in code only: prose may well "make sure". */
function commandsIn(text: string, pattern: RegExp): string[] {
  const code = [...text.matchAll(/```(?:sh|console)\n(.*?)```|`([^`\n]+)`/gs)].map(([, block, inline]) => block ?? inline ?? '');
  return code.flatMap((piece) => [...piece.matchAll(pattern)].map(([, name]) => name ?? ''));
}
