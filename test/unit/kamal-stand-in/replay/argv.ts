/** Recorded command lines have lost their quotes: these values had spaces in them. */
export function argvOf(line: string): string[] {
  const words = line.split(' ').slice(1);
  const argv: string[] = [];
  const isOption = (word: string | undefined): boolean => word !== undefined && /^-[a-zA-Z]$|^--[a-z]/.test(word);
  if (words[0] === 'server' && words[1] === 'exec') {
    const command = words.findIndex((word, at) => at > 1 && !isOption(word));
    return [...words.slice(0, command), words.slice(command).join(' ')];
  }
  while (words.length > 0) {
    const word = words.shift() ?? '';
    argv.push(word);
    const takesText = word === '-m' || word.startsWith('--message=');
    if (word === '-m') argv.push(words.shift() ?? '');
    while (takesText && words.length > 0 && !isOption(words[0])) argv.push(`${argv.pop() ?? ''} ${words.shift() ?? ''}`);
    // "a, b" is one value.
    while (argv.at(-1)?.endsWith(',') === true && words.length > 0) argv.push(`${argv.pop() ?? ''} ${words.shift() ?? ''}`);
  }
  return argv;
}
