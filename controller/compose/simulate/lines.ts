import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { ClassifiedError, messageOf } from '../../model/index.ts';

/** Longer lines are no log's; cut, so that a file without line breaks fills no memory. */
const LONGEST_LINE = 256 * 1024;

export interface LineOptions {
  signal: AbortSignal;
  /** Share of the file that was read. */
  progress?: (share: number) => void;
}

/**
 * Gives a file's lines one by one, unpacked where its name ends in `.gz`, in constant memory. Rejects with Invalid when
 * it cannot be read, and with what `add` throws.
 */
export async function eachLine(file: string, add: (line: string) => void, { signal, progress }: LineOptions): Promise<void> {
  const size = await sizeOf(file);
  let read = 0;
  const source = createReadStream(file, { highWaterMark: 1024 * 1024, signal });
  source.on('data', (chunk) => {
    read += chunk.length;
    progress?.(size === 0 ? 1 : read / size);
  });
  const split = async (chunks: AsyncIterable<Buffer>): Promise<void> => {
    // Log lines are told apart by ASCII alone, and one byte a character is the fastest to split.
    let rest = '';
    for await (const chunk of chunks) {
      const lines = (rest + chunk.toString('latin1')).split('\n');
      rest = lines.pop()!.slice(0, LONGEST_LINE);
      for (const line of lines) add(line.endsWith('\r') ? line.slice(0, -1) : line);
    }
    if (rest !== '') add(rest);
  };
  try {
    if (file.endsWith('.gz')) await pipeline(source as Readable, createGunzip(), split);
    else await pipeline(source as Readable, split);
  } catch (error) {
    if (error instanceof ClassifiedError || signal.aborted) throw error;
    throw new ClassifiedError('Invalid', `${file} cannot be read: ${messageOf(error)}`, { mend: 'name a readable text file, or one that gzip made', cause: error });
  }
}

async function sizeOf(file: string): Promise<number> {
  try {
    return (await stat(file)).size;
  } catch (error) {
    throw new ClassifiedError('Invalid', `${file} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`, { mend: 'write the path of a file that exists' });
  }
}
