/** Kamal with a note of each run's begin and end. */
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Kamal } from '../../../../test/support/real-hosts/kamal.ts';
import { shellWord } from '../../../../test/support/real-hosts/shell.ts';
import type { Run } from './spans.ts';

export interface TimedKamal {
  kamal: Kamal;
  /** Those that ended. */
  runs(): Promise<Run[]>;
}

/** `folder` takes the program and its notes. */
export async function timeKamal(kamal: Kamal, folder: string): Promise<TimedKamal> {
  const [program, notes] = [join(folder, 'kamal'), join(folder, 'runs')];
  await writeFile(notes, '');
  await writeFile(program, [
    '#!/bin/bash', 'begun=${EPOCHREALTIME/./}', `${shellWord(kamal.program)} "$@"`, 'status=$?',
    `printf '%s %s %s\\n' "$begun" "\${EPOCHREALTIME/./}" "$*" >> ${shellWord(notes)}`, 'exit $status', '',
  ].join('\n'));
  await chmod(program, 0o755);
  return {
    kamal: { ...kamal, program },
    async runs() {
      const lines = (await readFile(notes, 'utf8')).split('\n').filter((line) => line !== '');
      return lines.map((line) => {
        const [from = '', to = '', ...words] = line.split(' ');
        return { from: Number(from) / 1_000, to: Number(to) / 1_000, words };
      });
    },
  };
}
