import { readFile, stat } from 'node:fs/promises';
import type { FileProblem, FileReading } from '../cli/index.ts';
import { type PlacedProblem, type SourceFile, crossCheck, readDocuments, readFolder } from '../runtime/applier/index.ts';

/** Reads and judges files and folders without a store: syntax, schema, rules, and references between the documents. */
export async function readFiles(paths: readonly string[]): Promise<FileReading> {
  const contents = await Promise.all(paths.map(readPath));
  const { objects, errors } = readDocuments(contents.flatMap(({ files }) => files));
  const crossed = crossCheck(objects);
  return {
    objects: objects.map(({ admitted }) => admitted),
    problems: [
      ...[...contents.flatMap((content) => content.errors), ...errors, ...crossed.errors].map((problem) => fileProblem(problem, 'Error')),
      ...crossed.warnings.map((problem) => fileProblem(problem, 'Warning')),
    ],
  };
}

async function readPath(path: string): Promise<{ files: SourceFile[]; errors: PlacedProblem[] }> {
  try {
    if ((await stat(path)).isDirectory()) return await readFolder(path);
    return { files: [{ name: path, text: await readFile(path, 'utf8') }], errors: [] };
  } catch (error) {
    const message = `cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'}): write the path of a file or folder that exists`;
    return { files: [], errors: [{ place: { file: path, line: 1, column: 1 }, message }] };
  }
}

const fileProblem = ({ place, message }: PlacedProblem, severity: 'Error' | 'Warning'): FileProblem => ({ ...place, severity, message });
