import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { ClassifiedError } from '../../model/index.ts';
import { type BacktestReport, backtestPage } from '../../simulate/index.ts';

/** Writes a report as one page with its chart library in it. Rejects with Invalid when the file cannot be written. */
export async function writePage(file: string, report: BacktestReport): Promise<void> {
  const folder = dirname(createRequire(import.meta.url).resolve('uplot'));
  const [script, style] = await Promise.all(['uPlot.iife.min.js', 'uPlot.min.css'].map((name) => readFile(join(folder, name), 'utf8')));
  try {
    await writeFile(file, backtestPage(report, { script: script!, style: style! }));
  } catch (error) {
    throw new ClassifiedError('Invalid', `--html ${JSON.stringify(file)} cannot be written (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`, { mend: 'name a file in a folder that you may write to' });
  }
}
