import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';

const controller = join(import.meta.dirname, '..', '..', '..', 'controller');

/** What takes an argument vector; everything else of the module hands a string to a shell, or waits for the child. */
const ALLOWED = new Set(['spawn', 'execFile', 'type ChildProcess']);

/** How a source could let a shell of this machine read a string; empty when it cannot. */
function shellStrings(source: string): string[] {
  const imports = [...source.matchAll(/import\s+(?:\{([^}]*)\}|([^'"{]+))\s*from\s+['"](?:node:)?child_process['"]/g)];
  const mentions = [...source.matchAll(/['"`](?:node:)?child_process['"`]/g)];
  const names = imports.flatMap(([, named, whole]) => (named === undefined ? [`all of child_process as ${whole?.trim()}`] : named.split(',').map((name) => name.trim()).filter((name) => name !== '')));
  return [
    ...names.filter((name) => !ALLOWED.has(name)),
    // By another way than an import: require, import(), getBuiltinModule.
    ...(mentions.length > imports.length ? ['child_process without an import'] : []),
    ...(names.length > 0 && /\bshell\s*:/.test(source) ? ['the option shell'] : []),
    // The first argument names a program; what follows is a vector.
    ...(names.length > 0 && /\b(?:spawn|execFile|run)\(\s*(?:`[^`]*\$\{[^`]*`|['"][^'"]*\s[^'"]*['"])/.test(source) ? ['a program with blanks in its name'] : []),
    ...(names.length > 0 && /\bspawn\([^,()]*\)/.test(source) ? ['spawn without arguments'] : []),
    ...(/(?:spawn|execFile|run)\(\s*['"](?:\/bin\/)?(?:sh|bash|zsh|dash)['"]/.test(source) ? ['a shell as program'] : []),
  ];
}

const PLANTED: [source: string, finding: string][] = [
  [`import { exec } from 'node:child_process';\nexec('ls ' + name);`, 'exec'],
  [`import { execSync } from 'child_process';\nexecSync('ls');`, 'execSync'],
  [`import { spawn, execFileSync } from 'node:child_process';`, 'execFileSync'],
  [`import * as children from 'node:child_process';\nchildren.exec('ls');`, 'all of child_process as * as children'],
  [`const { exec } = await import('node:child_process');`, 'child_process without an import'],
  [`const { exec } = process.getBuiltinModule('child_process');`, 'child_process without an import'],
  [`import { spawn } from 'node:child_process';\nspawn('kamal', words, { shell: true });`, 'the option shell'],
  [`import { execFile } from 'node:child_process';\nexecFile('kamal', words, { shell: '/bin/sh' });`, 'the option shell'],
  [`import { spawn } from 'node:child_process';\nspawn('sh', ['-c', command]);`, 'a shell as program'],
  [`import { spawn } from 'node:child_process';\nspawn('kamal app boot');`, 'a program with blanks in its name'],
];

describe('commands of this machine', () => {
  it('are argument vectors, which no shell reads', async () => {
    const files = (await readdir(controller, { recursive: true })).filter((name) => name.endsWith('.ts'));
    expect(files.length).to.be.above(300);
    const found = await Promise.all(files.map(async (name) => [name, shellStrings(await readFile(join(controller, name), 'utf8'))] as const));
    expect(found.filter(([, strings]) => strings.length > 0)).to.deep.equal([]);
  });

  for (const [source, finding] of PLANTED) it(`finds ${JSON.stringify(source)}`, () => expect(shellStrings(source)).to.include(finding));
});
