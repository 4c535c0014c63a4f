/** Runs of the real Kamal, as they were written down: a folder that is no part of this repository. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

export interface TranscribedRun {
  file: string;
  /** What was run, with its environment before it. */
  command: string;
  stdout: string;
  stderr: string;
  /** Exit code; undefined where the transcript has none. */
  code: number | undefined;
}

const folder = join(process.env['KAMAL_AUTOSCALER_SHARED'] ?? resolve(import.meta.dirname, '../../../../shared'), 'kamal-transcripts');

/** Why there is nothing to hold the code to; undefined where there is. */
export const missingTranscripts = (): string | undefined => (existsSync(folder) ? undefined : `${folder} is not there: set KAMAL_AUTOSCALER_SHARED to the folder that holds kamal-transcripts/`);

/** Every run of every transcript. */
export function transcribedRuns(): TranscribedRun[] {
  return readdirSync(folder).filter((name) => name.endsWith('.txt')).sort().flatMap((file) => runsOf(file, readFileSync(join(folder, file), 'utf8')));
}

function runsOf(file: string, text: string): TranscribedRun[] {
  return text.split(/^\$ (?=.*kamal )/m).slice(1).flatMap((part) => {
    const [command = '', ...rest] = part.split('\n');
    const body = rest.join('\n');
    const [, stdout = ''] = /^--- stdout\n([\s\S]*?)^--- (?:stderr|exit code)/m.exec(body) ?? [];
    const [, stderr = ''] = /^--- stderr\n([\s\S]*?)^--- exit code/m.exec(body) ?? [];
    const code = /^--- exit code: (\d+)/m.exec(body)?.[1];
    return body.includes('--- stdout') ? [{ file, command, stdout, stderr, code: code === undefined ? undefined : Number(code) }] : [];
  });
}

/** Skips a suite with one loud line where the transcripts are missing; fails under CI. */
export function needTranscripts(this: Mocha.Context): void {
  const missing = missingTranscripts();
  if (missing === undefined) return;
  if (process.env['CI'] === 'true') throw new Error(missing);
  console.warn(`SKIPPED what the real Kamal printed: ${missing}`);
  this.skip();
}
