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
    ...(names.length > 0 && /\bshell\b['"\]]*\s*[:,}]/.test(source) ? ['the option shell'] : []),
    ...(/\bshell['"\]]*\s*:\s*true\b/.test(source) ? ['an option shell for another file'] : []),
    // The first argument names a program; what follows is a vector.
    ...(names.length > 0 && /\b(?:spawn|execFile|run)\(\s*(?:`[^`]*\$\{[^`]*`|['"][^'"]*\s[^'"]*['"])/.test(source) ? ['a program with blanks in its name'] : []),
    ...(names.length > 0 && /\bspawn\([^,()]*\)/.test(source) ? ['spawn without arguments'] : []),
    ...(/(?:spawn|execFile|run)\(\s*['"](?:\/bin\/)?(?:sh|bash|zsh|dash|env|cmd(?:\.exe)?|powershell)['"]/.test(source) ? ['a shell as program'] : []),
    ...(/['"](?:execa|zx|shelljs|cross-spawn|node-pty)(?:\/[^'"]*)?['"]/.test(source) ? ['a library that runs programs'] : []),
  ];
}

/** The only file that may speak to ssh2's own commands, and the only one that may write a line for somebody else's shell. */
const SPEAKS_SSH = join('act', 'ssh', 'connection.ts');
const WRITES_SETTINGS = join('act', 'ssh', 'kamal-home.ts');
const SCRIPT = /\bconst ([A-Z][A-Z_]*_SCRIPT) = `((?:[^`\\]|\\.)*)`/g;

/** How a source could let a shell of another machine read a value; empty when it cannot. */
function remoteStrings(name: string, source: string): string[] {
  const scripts = [...source.matchAll(SCRIPT)];
  const values = (template: string): string[] => [...template.matchAll(/(?<!\\)\$\{([^}]*)\}/g)].map(([, value = '']) => value.trim());
  const vectors = [...source.matchAll(/['"](?:sh|bash|\/bin\/sh)['"],\s*['"]-c['"],\s*([^,\]]+)/g)].map(([, script = '']) => script.trim());
  return [
    ...vectors.filter((script) => !/^[A-Z][A-Z_]*_SCRIPT$/.test(script)).map((script) => `sh -c ${script}, which is no fixed script`),
    ...scripts.flatMap(([, script, text = '']) => values(text).filter((value) => !/^[A-Z][A-Z_]*$/.test(value)).map((value) => `${value} in ${script}`)),
    // Made otherwise than in one piece, a script may have anything in it. (The demo's scripts are plays.)
    ...(name.startsWith('demo') ? [] : [...source.matchAll(/\b(?:const|let) ([A-Z][A-Z_]*_SCRIPT)\b(?! = `)/g)].map(([, script]) => `${script} is put together`)),
    ...(/from ['"](?:node-ssh|ssh2)['"]/.test(source) && /\.(?:execCommand|exec|shell|requestShell|subsys)\(/.test(source) && name !== SPEAKS_SSH ? ['a command over SSH beside the one way'] : []),
    ...(name === SPEAKS_SSH && [...source.matchAll(/\.(?:execCommand|exec|shell|requestShell)\(([^,)]*)/g)].some(([call, argument]) => !call.startsWith('.execCommand') || argument !== 'commandLine') ? ['another command line than the one that was handed over'] : []),
    ...([...source.matchAll(/\bconnection\.run\(([^,]*)/g)].some(([, argument = '']) => !argument.startsWith('quoteArguments(')) ? ['a command line that is not quoted'] : []),
    ...([...source.matchAll(/`#!(?:[^`\\]|\\.)*`/g)].some(([template]) => values(template).some((value) => !value.startsWith('quoteArguments('))) ? ['a program with a value in it'] : []),
    ...(/ProxyCommand \S/.test(source) && name !== WRITES_SETTINGS ? ['a ProxyCommand'] : []),
  ];
}

/** How a source could run text as a program of its own; empty when it cannot. */
const codeStrings = (source: string): string[] => [
  ...(/\beval\s*\(|\bnew\s+Function\s*\(|\bFunction\s*\(\s*['"`]/.test(source) ? ['eval'] : []),
  ...(/['"](?:node:)?vm['"]/.test(source) ? ['vm'] : []),
  ...(/\beval\s*:\s*true\b/.test(source) ? ['a worker of a text'] : []),
  ...(/\bimport\(\s*(?!['"])/.test(source) ? ['an import of a name that is made'] : []),
  ...(/\bset(?:Timeout|Interval)\(\s*['"`]/.test(source) ? ['a timer of a text'] : []),
];

const LOCAL: [source: string, finding: string][] = [
  [`import { exec } from 'node:child_process';\nexec('ls ' + name);`, 'exec'],
  [`import { execSync } from 'child_process';\nexecSync('ls');`, 'execSync'],
  [`import { spawn, execFileSync } from 'node:child_process';`, 'execFileSync'],
  [`import { spawn as run } from 'node:child_process';\nrun('a b');`, 'spawn as run'],
  [`import * as children from 'node:child_process';\nchildren.exec('ls');`, 'all of child_process as * as children'],
  [`import children from 'node:child_process';\nchildren.exec('ls');`, 'all of child_process as children'],
  [`const { exec } = await import('node:child_process');`, 'child_process without an import'],
  [`const { exec } = process.getBuiltinModule('child_process');`, 'child_process without an import'],
  [`export { exec } from 'node:child_process';`, 'child_process without an import'],
  [`import { spawn } from 'node:child_process';\nspawn('kamal', words, { shell: true });`, 'the option shell'],
  [`import { spawn } from 'node:child_process';\nspawn('kamal', words, { 'shell': true });`, 'the option shell'],
  [`import { spawn } from 'node:child_process';\nconst shell = true;\nspawn('kamal', words, { cwd, shell });`, 'the option shell'],
  [`import { execFile } from 'node:child_process';\nexecFile('kamal', words, { shell: '/bin/sh' });`, 'the option shell'],
  [`export const options = { shell: true };`, 'an option shell for another file'],
  [`import { spawn } from 'node:child_process';\nspawn('sh', ['-c', command]);`, 'a shell as program'],
  [`import { spawn } from 'node:child_process';\nspawn('/bin/bash', ['-c', command]);`, 'a shell as program'],
  [`import { execFile } from 'node:child_process';\nexecFile('env', ['sh', '-c', command]);`, 'a shell as program'],
  [`import { spawn } from 'node:child_process';\nspawn('kamal app boot');`, 'a program with blanks in its name'],
  ['import { spawn } from \'node:child_process\';\nspawn(`kamal ${words}`, []);', 'a program with blanks in its name'],
  [`import { spawn } from 'node:child_process';\nspawn(command);`, 'spawn without arguments'],
  [`import { execa } from 'execa';`, 'a library that runs programs'],
];

const REMOTE: [source: string, finding: string, file?: string][] = [
  ['run(target, [\'sh\', \'-c\', `docker inspect ${name}`])', 'sh -c `docker inspect ${name}`, which is no fixed script'],
  [`run(target, ['sh', '-c', 'docker inspect ' + name])`, `sh -c 'docker inspect ' + name, which is no fixed script`],
  [`run(target, ["sh", "-c", script, 'sh', name])`, 'sh -c script, which is no fixed script'],
  [`run(target, ['bash', '-c', command.join(' ')])`, `sh -c command.join(' '), which is no fixed script`],
  ['const LOOK_SCRIPT = `docker inspect ${name}`;', 'name in LOOK_SCRIPT'],
  ['const LOOK_SCRIPT = `docker inspect ${NAMES[name]}`;', 'NAMES[name] in LOOK_SCRIPT'],
  [`const LOOK_SCRIPT = 'docker inspect ' + name;`, 'LOOK_SCRIPT is put together'],
  [`let LOOK_SCRIPT = make(name);`, 'LOOK_SCRIPT is put together'],
  [`import { NodeSSH } from 'node-ssh';\nawait ssh.execCommand('docker ps ' + name);`, 'a command over SSH beside the one way'],
  [`import { Client } from 'ssh2';\nclient.exec('docker ps', done);`, 'a command over SSH beside the one way'],
  [`import { Client } from 'ssh2';\nclient.shell(done);`, 'a command over SSH beside the one way'],
  ['await ssh.execCommand(`docker ps ${name}`, options);', 'another command line than the one that was handed over', SPEAKS_SSH],
  ['client.exec(commandLine, done);', 'another command line than the one that was handed over', SPEAKS_SSH],
  [`connections.use(route, (connection) => connection.run(command.join(' '), options))`, 'a command line that is not quoted'],
  ['await replace(file, `#!/bin/sh\\nexec ${program} "$@"\\n`);', 'a program with a value in it'],
  ['return `Host x\\n  ProxyCommand ssh -W %h:%p ${address}`;', 'a ProxyCommand'],
];

const CODE: [source: string, finding: string][] = [
  ['eval(text)', 'eval'], ['new Function("a", text)', 'eval'], ['Function("return 1")()', 'eval'], [`import { runInNewContext } from 'node:vm';`, 'vm'], ['new Worker(text, { eval: true })', 'a worker of a text'],
  ['await import(name)', 'an import of a name that is made'], ['await import(`./${name}.ts`)', 'an import of a name that is made'], ['setTimeout("x()", 1)', 'a timer of a text'],
];

describe('text of somebody else', () => {
  async function found(look: (name: string, source: string) => string[]): Promise<[string, string[]][]> {
    const files = (await readdir(controller, { recursive: true })).filter((name) => name.endsWith('.ts'));
    expect(files.length).to.be.above(300);
    const all = await Promise.all(files.map(async (name): Promise<[string, string[]]> => [name, look(name, await readFile(join(controller, name), 'utf8'))]));
    return all.filter(([, strings]) => strings.length > 0);
  }

  it('is read by no shell of this machine: its commands are argument vectors', async () => {
    expect(await found((_, source) => shellStrings(source))).to.deep.equal([]);
  });

  it('is quoted for every shell of another machine, or an argument of a fixed script', async () => {
    expect(await found(remoteStrings)).to.deep.equal([]);
    const scripts = (await found((_, source) => [...source.matchAll(SCRIPT)].map(([, script = '']) => script))).flatMap(([, names]) => names);
    expect(scripts).to.include.members(['LOOK_SCRIPT', 'ROTATE_SCRIPT', 'READY_SCRIPT', 'CONTAINERS_SCRIPT']);
  });

  it('is never run as a program', async () => {
    expect(await found((_, source) => codeStrings(source))).to.deep.equal([]);
  });

  for (const [source, finding] of LOCAL) it(`is found in ${JSON.stringify(source)}`, () => expect(shellStrings(source)).to.include(finding));
  for (const [source, finding, file = 'act/deploy/x.ts'] of REMOTE) it(`is found in ${JSON.stringify(source)}`, () => expect(remoteStrings(file, source)).to.include(finding));
  for (const [source, finding] of CODE) it(`is found in ${JSON.stringify(source)}`, () => expect(codeStrings(source)).to.include(finding));
});
