import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readCrds } from './crds.ts';
import { renderLifecycle } from './lifecycle.ts';
import { renderReference } from './reference.ts';
import { renderResources } from './resources.ts';
import { renderTypes } from './types.ts';

// `--check` writes nothing and fails when a generated file differs from what its source would give.
const root = join(import.meta.dirname, '..', '..');
const resources = readCrds(join(root, 'crds'));
const outputs: Record<string, string> = {
  'controller/api/types.gen.ts': await renderTypes(resources),
  'controller/api/resources.gen.ts': renderResources(resources),
  'docs/reference.md': renderReference(resources),
  'docs/lifecycle.md': renderLifecycle(),
};

const check = process.argv.includes('--check');
const drifted = Object.entries(outputs).filter(([file, text]) => current(file) !== text);
for (const [file, text] of drifted) {
  if (check) console.error(`${file} differs from its source: run \`npm run generate\` and commit the result`);
  else {
    writeFileSync(join(root, file), text);
    console.log(`wrote ${file}`);
  }
}
process.exitCode = check && drifted.length > 0 ? 1 : 0;

function current(file: string): string | undefined {
  try {
    return readFileSync(join(root, file), 'utf8');
  } catch {
    return undefined;
  }
}
