import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';

const root = join(import.meta.dirname, '..', '..', '..');
const run = promisify(execFile);

/** What may not be imported from where; each row is planted and must be found. */
const VIOLATIONS: [file: string, source: string, finding: RegExp][] = [
  ['controller/decide/planted.ts', `import { x } from '../ports/index.ts';\nexport const y = x;\n`, /decide\/ may import only: api, model/],
  ['controller/decide/planted.ts', `import { readFileSync } from 'node:fs';\nexport const y = readFileSync;\n`, /decide\/ is pure/],
  ['controller/decide/planted.ts', `export const y = Date.now();\n`, /time is an argument/],
  ['controller/plan/planted.ts', `export const y = Math.random();\n`, /chance is an argument/],
  ['controller/plan/deep/planted.ts', `import { x } from '../../reconcile/host.ts';\nexport const y = x;\n`, /plan\/ may import only: api, model/],
  ['controller/model/planted.ts', `import { x } from '../act/cloud/static.ts';\nexport const y = x;\n`, /model\/ may import only: api/],
  ['controller/ports/planted.ts', `import { x } from '../runtime/log.ts';\nexport const y = x;\n`, /ports\/ may import only: api, model/],
  ['controller/act/planted.ts', `import { x } from '../observe/index.ts';\nexport const y = x;\n`, /act\/ may import only/],
  ['controller/observe/planted.ts', `import { x } from '../reconcile/pool.ts';\nexport const y = x;\n`, /observe\/ may import only/],
  ['controller/reconcile/planted.ts', `import { x } from '../act/deploy/local.ts';\nexport const y = x;\n`, /reconcile\/ may import only/],
  ['controller/report/planted.ts', `import { x } from '../reconcile/pool.ts';\nexport const y = x;\n`, /report\/ may import only/],
  ['controller/cli/planted.ts', `import { x } from '../runtime/store/sqlite-store.ts';\nexport const y = x;\n`, /cli\/ may import only/],
  ['controller/simulate/planted.ts', `import { x } from '../observe/index.ts';\nexport const y = x;\n`, /simulate\/ may import only: api, model, decide, plan/],
  ['controller/simulate/planted.ts', `export const y = Math.random();\n`, /chance is an argument/],
  ['controller/decide/planted.ts', `import { x } from '../simulate/engine-input.ts';\nexport const y = x;\n`, /decide\/ may import only: api, model/],
  ['controller/schedules/planted.ts', `import { x } from '../reconcile/pool.ts';\nexport const y = x;\n`, /schedules\/ may import only: api, model/],
  ['controller/schedules/planted.ts', `import { readFileSync } from 'node:fs';\nexport const y = readFileSync;\n`, /schedules\/ may use croner/],
  ['controller/decide/planted.ts', `import { x } from '../schedules/floors.ts';\nexport const y = x;\n`, /decide\/ may import only: api, model/],
  ['controller/runtime/planted.ts', `import { x } from '../main.ts';\nexport const y = x;\n`, /runtime\/ may import only/],
];

describe('layers', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'layers-'));
    await cp(join(root, '.oxlintrc.json'), join(folder, '.oxlintrc.json'));
    await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  async function lint(): Promise<string> {
    try {
      const { stdout } = await run(join(root, 'node_modules', '.bin', 'oxlint'), ['controller'], { cwd: folder });
      return stdout;
    } catch (error) {
      return (error as { stdout: string }).stdout;
    }
  }

  for (const [file, source, finding] of VIOLATIONS) {
    it(`finds ${JSON.stringify(source.split('\n')[0])} in ${file}`, async () => {
      await mkdir(join(folder, dirname(file)), { recursive: true });
      await writeFile(join(folder, file), source);
      try {
        expect((await lint()).replace(/\s+/g, ' ')).to.match(finding);
      } finally {
        await rm(join(folder, file));
      }
    });
  }

  it('finds nothing in what each layer may import', async () => {
    await mkdir(join(folder, 'controller', 'decide'), { recursive: true });
    await writeFile(join(folder, 'controller', 'decide', 'planted.ts'), `import { x } from '../model/index.ts';\nexport const y = x;\n`);
    expect(await lint()).to.include('0 errors');
    await rm(join(folder, 'controller', 'decide', 'planted.ts'));
  });

  it('has a rule for every folder of controller/', async () => {
    const { readdir } = await import('node:fs/promises');
    const entries = await readdir(join(root, 'controller'), { withFileTypes: true });
    const config = JSON.parse(await readFile(join(root, '.oxlintrc.json'), 'utf8')) as { overrides: { files: string[] }[] };
    const ruled = config.overrides.flatMap(({ files }) => files);
    for (const entry of entries.filter((candidate) => candidate.isDirectory())) expect(ruled).to.include(`controller/${entry.name}/**/*.ts`);
  });
});
