/** Options of Docker's command line. */

const FLAGS = new Set(['--detach', '-d', '--rm', '--all', '-a', '--quiet', '-q', '--latest', '--force', '-f', '--no-trunc', '--timestamps', '--follow', '--init']);

export interface DockerArguments {
  /** Values by option; a flag has an empty one. */
  options: ReadonlyMap<string, readonly string[]>;
  operands: readonly string[];
  has(...names: readonly string[]): boolean;
  all(...names: readonly string[]): string[];
  one(...names: readonly string[]): string | undefined;
}

/** `firstOperandEnds`: what follows the first operand belongs to it, as the command of `run` and `exec` does. */
export function dockerArguments(argv: readonly string[], firstOperandEnds = false, flags: ReadonlySet<string> = FLAGS): DockerArguments {
  const options = new Map<string, string[]>();
  const operands: string[] = [];
  const queue = [...argv];
  while (queue.length > 0) {
    const word = queue.shift() ?? '';
    if (!word.startsWith('-')) {
      operands.push(word);
      if (firstOperandEnds) operands.push(...queue.splice(0));
      continue;
    }
    const joined = /^(--[\w-]+)=(.*)$/s.exec(word);
    const name = joined?.[1] ?? word;
    const value = joined?.[2] ?? (flags.has(word) ? '' : queue.shift() ?? '');
    options.set(name, [...(options.get(name) ?? []), value]);
  }
  const all = (...names: readonly string[]): string[] => names.flatMap((name) => options.get(name) ?? []);
  return { options, operands, all, has: (...names) => all(...names).length > 0, one: (...names) => all(...names)[0] };
}
