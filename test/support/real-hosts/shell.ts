/** A word as a POSIX shell reads it back unchanged. */
export function shellWord(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
