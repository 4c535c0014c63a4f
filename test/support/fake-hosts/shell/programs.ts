/** The programs of a host besides Docker, as far as commands sent to hosts use them. */
import { type Call, ended, type Ending } from './evaluate.ts';
import type { MemoryFiles } from './files.ts';

type Program = (call: Call) => Ending | Promise<Ending>;

const lines = (text: string): string[] => text.split('\n').slice(0, text.endsWith('\n') || text === '' ? -1 : undefined);
const text = (all: readonly string[]): string => all.map((line) => `${line}\n`).join('');

/** Options of one dash, all letters of them; the rest are operands. */
function split(argv: readonly string[]): { options: string; operands: string[] } {
  const options = argv.slice(1).filter((word) => /^-[a-zA-Z]+$/.test(word));
  return { options: options.map((word) => word.slice(1)).join(''), operands: argv.slice(1).filter((word) => !/^-[a-zA-Z]+$/.test(word)) };
}

export function usualPrograms(files: MemoryFiles): Readonly<Record<string, Program>> {
  return {
    '/usr/bin/env': ({ argv, stdin, run }) => run(argv.slice(1), stdin),
    sh: ({ argv, stdin, runScript }) => runScript(argv[1] === '-c' ? argv[2] ?? '' : stdin, argv[1] === '-c' ? stdin : ''),
    true: () => ended(0),
    false: () => ended(1),
    echo: ({ argv }) => ended(0, `${argv.slice(1).join(' ')}\n`),
    cat: ({ argv, stdin }) => eachFile(argv.slice(1), 'cat', stdin),
    tail: ({ argv, stdin }) => tail(argv, stdin),
    head: ({ argv, stdin }) => ended(0, text(lines(stdin).slice(0, Number(/^-(?:n\s*)?(\d+)$/.exec(argv[1] ?? '')?.[1] ?? 10)))),
    wc: ({ stdin }) => ended(0, `${lines(stdin).length}\n`),
    tr: ({ argv, stdin }) => ended(0, argv[1] === '-d' ? stdin.replaceAll((argv[2] ?? '').replaceAll('\\n', '\n'), '') : stdin),
    base64: ({ stdin }) => ended(0, Buffer.from(stdin, 'base64').toString()),
    awk: ({ stdin }) => ended(0, text(lines(stdin).map((line) => line.split(':').at(-1) ?? ''))),
    grep: ({ argv, stdin }) => grep(argv, stdin),
    xargs: xargs,
    id: ({ argv }) => ended(0, argv[1] === '-u' ? '0\n' : 'root\n'),
    hostname: () => ended(0, 'host\n'),
    uname: () => ended(0, 'x86_64\n'),
    '[': ({ argv }) => ended(argv[2] === '-eq' && Number(argv[1]) === Number(argv[3]) ? 0 : 1),
    curl: () => ended(6, '', 'curl: (6) Could not resolve host: get.docker.com\n'),
    wget: () => ended(4, '', "--2026-11-23 13:27:32--  https://get.docker.com/\nResolving get.docker.com (get.docker.com)... failed: Name or service not known.\nwget: unable to resolve host address 'get.docker.com'\n"),
    mkdir: ({ argv }) => {
      const { options, operands } = split(argv);
      return failing('mkdir', operands.map((path) => files.makeFolder(path, options.includes('p'))));
    },
    rm: ({ argv }) => {
      const { options, operands } = split(argv);
      return failing('rm', operands.map((path) => files.remove(path, options.includes('r'))));
    },
    stat: ({ argv }) => failing('stat', [files.has(argv[1] ?? '') ? undefined : `cannot statx '${argv[1] ?? ''}': No such file or directory`], `  File: ${argv[1] ?? ''}\n`),
    ls: ({ argv }) => {
      const { operands: [path = '.'] } = split(argv);
      return files.has(path) ? ended(0, text(files.list(path))) : ended(2, '', `ls: cannot access '${path}': No such file or directory\n`);
    },
  };

  function eachFile(paths: readonly string[], program: string, stdin: string): Ending {
    if (paths.length === 0) return ended(0, stdin);
    const missing = paths.find((path) => files.read(path) === undefined);
    if (missing !== undefined) return ended(1, '', `${program}: ${missing}: No such file or directory\n`);
    return ended(0, paths.map((path) => files.read(path)).join(''));
  }

  function tail(argv: readonly string[], stdin: string): Ending {
    const count = argv[2] ?? '10';
    const source = argv[3] === undefined ? ended(0, stdin) : eachFile([argv[3]], 'tail', '');
    if (source.status !== 0) return ended(1, '', `tail: cannot open '${argv[3] ?? ''}' for reading: No such file or directory\n`);
    const all = lines(source.stdout);
    return ended(0, text(count.startsWith('+') ? all.slice(Number(count.slice(1)) - 1) : all.slice(-Number(count))));
  }
}

function failing(program: string, problems: readonly (string | undefined)[], stdout = ''): Ending {
  const said = problems.filter((problem) => problem !== undefined);
  return ended(said.length === 0 ? 0 : 1, said.length === 0 ? stdout : '', said.map((problem) => `${program}: ${problem}\n`).join(''));
}

function grep(argv: readonly string[], stdin: string): Ending {
  const { options, operands: [pattern = ''] } = split(argv);
  const source = pattern.replaceAll('\\|', '\u0000').replaceAll(/[.*+?^${}()|[\]]/g, '\\$&').replaceAll('\u0000', '|');
  const expression = new RegExp(options.includes('x') ? `^(?:${source})$` : options.includes('w') ? `(?<!\\w)(?:${source})(?!\\w)` : source);
  const found = lines(stdin).filter((line) => expression.test(line) !== options.includes('v'));
  return ended(found.length > 0 ? 0 : 1, options.includes('q') ? '' : text(found));
}

/** All words of the input as arguments of one call; with none the command is called without them, as GNU's xargs does. */
async function xargs({ argv, stdin, run }: Call): Promise<Ending> {
  const words = stdin.match(/"[^"]*"|'[^']*'|\S+/g) ?? [];
  const ending = await run([...argv.slice(1), ...words.map((word) => word.replace(/^(["'])(.*)\1$/s, '$2'))], '');
  return ending.status === 0 || ending.status === 127 ? ending : { ...ending, status: 123 };
}
