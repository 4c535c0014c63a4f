import { link, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * What the folder keeps of one host. `order` is the record itself: a host without it is gone. `process` and `ports` are
 * written by the host, once it runs and once it is bound; `leaving` from the begin of its end on.
 */
export type RecordPart = 'order' | 'process' | 'ports' | 'leaving';

const file = (folder: string, id: string, part: RecordPart): string => join(folder, `${id}.${part}.json`);

export const orderFile = (folder: string, id: string): string => file(folder, id, 'order');

/** What the host's process prints. */
export const logFile = (folder: string, id: string): string => join(folder, `${id}.log`);

/** State and socket of a host's own kamal-proxy. */
export const proxyFolder = (folder: string, id: string): string => join(folder, `${id}.proxy`);

/** Ids of all hosts of the folder. Rejects when there is no such folder. */
export async function recordedIDs(folder: string): Promise<string[]> {
  const ending = '.order.json';
  const names = await readdir(folder);
  return names.filter((name) => name.endsWith(ending) && !name.startsWith('.')).map((name) => name.slice(0, -ending.length)).sort();
}

/** Undefined when there is no such part. */
export async function readPart<T>(folder: string, id: string, part: RecordPart): Promise<T | undefined> {
  try {
    return JSON.parse(await readFile(file(folder, id, part), 'utf8')) as T;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Readers see the whole part or none of it. */
export async function writePart(folder: string, id: string, part: RecordPart, value: unknown): Promise<void> {
  const draft = join(folder, `.${id}.${part}.draft`);
  await writeFile(draft, JSON.stringify(value));
  await rename(draft, file(folder, id, part));
}

/** Writes the part unless there is one; says whether it did. Of several writers at once one succeeds. */
export async function claimPart(folder: string, id: string, part: RecordPart, value: unknown): Promise<boolean> {
  const draft = join(folder, `.${id}.${part}.${process.pid}.draft`);
  await writeFile(draft, JSON.stringify(value));
  try {
    await link(draft, file(folder, id, part));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

/** The order goes last, so that a removal that was cut short can be taken up again. */
export async function removeRecord(folder: string, id: string): Promise<void> {
  await rm(logFile(folder, id), { force: true });
  await rm(proxyFolder(folder, id), { recursive: true, force: true });
  for (const part of ['ports', 'process', 'leaving', 'order'] as const) await rm(file(folder, id, part), { force: true });
}
