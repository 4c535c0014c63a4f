/** Carries out a parsed command line: pipes run from left to right, each command when the one before it has ended. */
import { type Command, type List, parseShell, type Part, type Redirection, ShellSyntaxError, type Word } from './parse.ts';

export interface Ending {
  status: number;
  stdout: string;
  stderr: string;
}

export interface Call {
  argv: readonly string[];
  stdin: string;
  variables: ReadonlyMap<string, string>;
  /** Runs another command line, as xargs and `sh -c` do. */
  run(argv: readonly string[], stdin: string): Promise<Ending>;
  runScript(script: string, stdin: string): Promise<Ending>;
}

/** A program of the host; undefined where there is none of that name. */
export type Programs = (name: string) => ((call: Call) => Ending | Promise<Ending>) | undefined;

export interface Files {
  read(path: string): string | undefined;
  /** An error message when the folder is missing. */
  write(path: string, text: string, appends: boolean): string | undefined;
}

export interface Surroundings {
  programs: Programs;
  files: Files;
  variables: ReadonlyMap<string, string>;
}

export const ended = (status: number, stdout = '', stderr = ''): Ending => ({ status, stdout, stderr });

export function runShell(script: string, around: Surroundings, stdin = ''): Promise<Ending> {
  try {
    return runList(parseShell(script), around, stdin);
  } catch (error) {
    if (error instanceof ShellSyntaxError) return Promise.resolve(ended(2, '', `sh: ${error.message}\n`));
    throw error;
  }
}

/** `exit N` ends the list it stands in. */
class Exit extends Error {
  readonly ending: Ending;
  constructor(ending: Ending) {
    super('exit');
    this.ending = ending;
  }
}

async function runList(list: List, around: Surroundings, stdin: string): Promise<Ending> {
  let whole = ended(0);
  try {
    for (const { joint, pipeline } of list) {
      if ((joint === '&&' && whole.status !== 0) || (joint === '||' && whole.status === 0)) continue;
      const next = await runPipeline(pipeline, around, stdin);
      whole = ended(next.status, whole.stdout + next.stdout, whole.stderr + next.stderr);
    }
    return whole;
  } catch (error) {
    if (error instanceof Exit) return ended(error.ending.status, whole.stdout, whole.stderr);
    throw error;
  }
}

async function runPipeline(pipeline: readonly Command[], around: Surroundings, stdin: string): Promise<Ending> {
  let input = stdin;
  let stderr = '';
  let last = ended(0);
  for (const command of pipeline) {
    last = await runCommand(command, around, input);
    input = last.stdout;
    stderr += last.stderr;
  }
  return { ...last, stderr };
}

async function runCommand(command: Command, around: Surroundings, stdin: string): Promise<Ending> {
  switch (command.kind) {
    case 'group':
      return runList(command.list, around, stdin);
    case 'reading':
      return runReading(command.variables, command.body, around, stdin);
    case 'simple': {
      const argv = (await Promise.all(command.words.map((word) => expand(word, around, stdin)))).flat();
      if (argv[0] === 'exit') throw new Exit(ended(Number(argv[1] ?? 0)));
      return redirected(await runProgram(argv, around, stdin), command.redirections, around, stdin);
    }
    default:
      return command satisfies never;
  }
}

async function runReading(variables: readonly string[], body: List, around: Surroundings, stdin: string): Promise<Ending> {
  let whole = ended(0);
  for (const line of stdin.split('\n').slice(0, stdin === '' || stdin.endsWith('\n') ? -1 : undefined)) {
    const words = line.trim().split(/\s+/);
    const values = variables.map((name, at) => [name, at === variables.length - 1 ? words.slice(at).join(' ') : words[at] ?? ''] as const);
    const next = await runList(body, { ...around, variables: new Map([...around.variables, ...values]) }, '');
    whole = ended(next.status, whole.stdout + next.stdout, whole.stderr + next.stderr);
  }
  return whole;
}

async function runProgram(argv: readonly string[], around: Surroundings, stdin: string): Promise<Ending> {
  const [name] = argv;
  if (name === undefined) return ended(0);
  const program = around.programs(name);
  if (program === undefined) return ended(127, '', `bash: line 1: ${name}: command not found\n`);
  return program({
    argv,
    stdin,
    variables: around.variables,
    run: (inner, input) => runProgram(inner, around, input),
    runScript: (script, input) => runShell(script, around, input),
  });
}

async function redirected(ending: Ending, redirections: readonly Redirection[], around: Surroundings, stdin: string): Promise<Ending> {
  let { status, stdout, stderr } = ending;
  for (const { from, to, appends } of redirections) {
    if (to === 1) {
      stdout += stderr;
      stderr = '';
      continue;
    }
    const [path = ''] = await expand(to, around, stdin);
    const problem = path === '/dev/null' ? undefined : around.files.write(path, from === 1 ? stdout : stderr, appends);
    if (from === 1) stdout = '';
    else stderr = '';
    if (problem !== undefined) {
      status = 1;
      stderr += `bash: line 1: ${path}: ${problem}\n`;
    }
  }
  return { status, stdout, stderr };
}

/** A word's fields: what stands unquoted in it is split at white space. */
async function expand(word: Word, around: Surroundings, stdin: string): Promise<string[]> {
  const fields: string[] = [];
  let field: string | undefined;
  for (const part of word) {
    const text = await partText(part, around, stdin);
    if (part.quoted || part.kind === 'text') {
      field = (field ?? '') + text;
      continue;
    }
    const pieces = text.split(/\s+/);
    for (const [at, piece] of pieces.entries()) {
      if (at > 0 && field !== undefined) {
        fields.push(field);
        field = undefined;
      }
      if (piece !== '') field = (field ?? '') + piece;
    }
  }
  return field === undefined ? fields : [...fields, field];
}

async function partText(part: Part, around: Surroundings, stdin: string): Promise<string> {
  switch (part.kind) {
    case 'text':
      return part.text;
    case 'output':
      return (await runList(part.list, around, stdin)).stdout.replace(/\n+$/, '');
    case 'variable': {
      const value = around.variables.get(part.name) ?? '';
      if (value === '' && part.fallback !== undefined) return wordText(part.fallback, around, stdin);
      if (part.cut === undefined) return value;
      const prefix = await wordText(part.cut, around, stdin);
      return value.startsWith(prefix) ? value.slice(prefix.length) : value;
    }
    default:
      return part satisfies never;
  }
}

const wordText = async (word: Word, around: Surroundings, stdin: string): Promise<string> =>
  (await Promise.all(word.map((part) => partText(part, around, stdin)))).join('');
