/** The candidate that somebody who wrote `word` may have meant; undefined when none is near. */
export function closest(word: string, candidates: readonly string[]): string | undefined {
  const near = candidates
    .map((candidate) => ({ candidate, distance: distance(word.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ candidate, distance: edits }) => edits <= Math.max(1, Math.floor(Math.max(word.length, candidate.length) / 3)))
    .sort((a, b) => a.distance - b.distance);
  return near[0]?.candidate;
}

/** Least number of letters to insert, delete, replace, or swap with their neighbour. */
function distance(from: string, to: string): number {
  const rows: number[][] = [Array.from({ length: to.length + 1 }, (_, column) => column)];
  for (let row = 1; row <= from.length; row += 1) {
    const line = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const same = from[row - 1] === to[column - 1];
      const edits = [at(rows, row - 1, column) + 1, (line[column - 1] ?? 0) + 1, at(rows, row - 1, column - 1) + (same ? 0 : 1)];
      if (row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]) edits.push(at(rows, row - 2, column - 2) + 1);
      line.push(Math.min(...edits));
    }
    rows.push(line);
  }
  return at(rows, from.length, to.length);
}

const at = (rows: readonly number[][], row: number, column: number): number => rows[row]?.[column] ?? 0;
