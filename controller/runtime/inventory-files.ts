import { mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The files of a folder, by name. */
export type Files = ReadonlyMap<string, string>;

/**
 * Makes a folder hold exactly these files. Each is replaced as a whole: a deploy that reads one meanwhile gets the old
 * or the new list, never half of one. A file that is no longer among them goes away, so that its reader fails rather
 * than deploys to a list that nobody vouches for.
 */
export async function publishFiles(folder: string, files: Files): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const [name, text] of files) {
    const file = join(folder, name);
    if (await readFile(file, 'utf8').catch(() => undefined) === text) continue;
    await writeFile(`${file}.new`, text);
    await rename(`${file}.new`, file);
  }
  for (const name of await readdir(folder)) if (!files.has(name)) await rm(join(folder, name), { force: true });
}
