/** Recorded runs of the real Kamal: what was called, what it printed, and what reached the hosts. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

export interface Invocation {
  /** As recorded, without quotes: `kamal lock acquire -m manual by ops`. */
  line: string;
  env: Readonly<Record<string, string>>;
  stdout: readonly string[];
  stderr: readonly string[];
  exit: number;
  /** The recording leaves log lines out, as its head says. */
  withoutLog: boolean;
  /** What began when, times taken off. */
  steps: readonly string[] | undefined;
  /** Calls of docker by host; `tail` has the last few alone, `loose` stand without a host. */
  docker: readonly { host: string; extent: 'all' | 'tail' | 'loose'; calls: readonly string[] }[];
  /** Hooks that had run by then, the latest last. */
  hooks: readonly string[];
}

export const transcriptFolder = (): string =>
  join(process.env['KAMAL_AUTOSCALER_SHARED'] ?? resolve(import.meta.dirname, '../../../../../shared'), 'kamal-transcripts');

export const hasTranscripts = (): boolean => existsSync(transcriptFolder());

export const transcriptFiles = (): string[] => readdirSync(transcriptFolder()).filter((file) => file.endsWith('.txt')).toSorted();

const START = /^\$ (?<words>.*?\bkamal\b.*?)(?:\s{2,}\[[\d:]+\]|\s+\(SIGINT after.*)?$/;

export function readTranscript(file: string): Invocation[] {
  const lines = readFileSync(join(transcriptFolder(), file), 'utf8').split('\n');
  const withoutLog = lines.some((line) => line.startsWith("Kamal's INFO lines are left out"));
  const starts = lines.flatMap((line, at) => (START.test(line) ? [at] : []));
  return starts.map((start, index) => readInvocation(lines.slice(start, starts[index + 1]), withoutLog));
}

function readInvocation(lines: readonly string[], withoutLog: boolean): Invocation {
  const words = (START.exec(lines[0] ?? '')?.groups?.['words'] ?? '').replace(/\s+\(then kill.*\)$/, '').split(' ');
  const at = words.indexOf('kamal');
  const exitAt = lines.findIndex((line) => line.startsWith('--- exit code'));
  const after = exitAt < 0 ? [] : lines.slice(exitAt + 1);
  return {
    line: words.slice(at).join(' '),
    env: Object.fromEntries(words.slice(0, at).filter((word) => word.includes('=')).map((word) => [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)])),
    stdout: section(lines, '--- stdout', exitAt),
    stderr: section(lines, '--- stderr', exitAt),
    exit: Number(/^--- exit code: (-?\d+)/.exec(lines[exitAt] ?? '')?.[1] ?? Number.NaN),
    withoutLog,
    steps: stepsOf(after),
    docker: dockerOf(after),
    hooks: after.filter((line) => line.startsWith('HOOK ')),
  };
}

function section(lines: readonly string[], head: string, end: number): string[] {
  const start = lines.indexOf(head);
  if (start < 0 || start > end) return [];
  const length = lines.slice(start + 1, end).findIndex((line) => line === '--- stderr');
  return lines.slice(start + 1, head === '--- stdout' && length >= 0 ? start + 1 + length : end);
}

function stepsOf(after: readonly string[]): string[] | undefined {
  if (after[0] !== '--- steps') return undefined;
  const end = after.findIndex((line, at) => at > 0 && !/^\+\d/.test(line));
  return after.slice(1, end < 0 ? undefined : end).map((line) => line.replace(/^\+[\d.]+ /, ''));
}

function dockerOf(after: readonly string[]): Invocation['docker'] {
  const groups: { host: string; extent: 'all' | 'tail' | 'loose'; calls: string[] }[] = [];
  for (const line of after) {
    const head = /^--- docker argv( tail)? on (\S+)$/.exec(line);
    const call = /^\d\d:\d\d:\d\d (docker .*)$/.exec(line);
    if (head !== null) groups.push({ host: (head[2] ?? '').replace(/^\./, '127.0.0.'), extent: head[1] === undefined ? 'all' : 'tail', calls: [] });
    else if (call !== null) {
      if (groups.length === 0) groups.push({ host: '', extent: 'loose', calls: [] });
      groups.at(-1)?.calls.push((call[1] ?? '').trimEnd());
    } else if (line.startsWith('---')) groups.push({ host: '', extent: 'loose', calls: [] });
  }
  return groups;
}
