/**
 * What is the same of two runs of the same command: all but times, ids, random names, colours and folders, and the order
 * in which hosts that work at once happen to be done.
 */
import { stripVTControlCharacters } from 'node:util';

/** One run of a command, brought into a form that can be compared. */
export interface Comparable {
  /** Sentences, errors and results, in order. */
  said: readonly string[];
  /** By host (and role, where a host's roles run at once): command lines with how they ended, in order. */
  hosts: Readonly<Record<string, readonly string[]>>;
  uploads: number;
}

export interface Reading {
  withoutLog: boolean;
  /** Results of several hosts come in any order. */
  anyOrder: boolean;
}

export function comparable(lines: readonly string[], reading: Reading): Comparable {
  const clean = lines.map((line) => stripVTControlCharacters(line));
  const hostOf = new Map(clean.flatMap((line) => {
    const match = /^ +INFO \[(\w{8})\] Running .* on (\S+)$/.exec(line);
    return match === null ? [] : [[match[1] ?? '', match[2] ?? ''] as const];
  }));
  const roleOf = new Map<string, string>();
  const said: string[] = [];
  const hosts: Record<string, string[]> = {};
  let uploads = 0;
  const note = (host: string, id: string, text: string): void => {
    if (/shop-job|role=job|roles\/job/.test(text)) roleOf.set(id, ' job');
    (hosts[`${host}${roleOf.get(id) ?? ''}`] ??= []).push(normal(text));
  };
  for (const line of clean) {
    const log = /^ +INFO \[(\w{8})\] (Running|Finished in \S+ seconds) (.*)$/.exec(line);
    const renaming = /^ +INFO (Renaming container .* on (\S+))$/.exec(line);
    if (/^ +INFO Uploading /.test(line)) uploads += reading.withoutLog ? 0 : 1;
    else if (renaming !== null) note(renaming[2] ?? '', '', renaming[1] ?? '');
    else if (log === null) said.push(normal(line));
    else {
      const [, id = '', what = '', rest = ''] = log;
      const host = hostOf.get(id) ?? '';
      if (host === 'localhost') said.push(normal(`${what === 'Running' ? what : 'Finished'} ${rest}`));
      else if (!reading.withoutLog || (what === 'Running' && rest.startsWith('docker exec kamal-proxy kamal-proxy'))) note(host, id, `${what === 'Running' ? what : 'Finished'} ${rest}`);
    }
  }
  return { said: reading.anyOrder ? said.toSorted() : said, hosts, uploads };
}

export function normal(line: string): string {
  return stripVTControlCharacters(line)
    .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g, 'TIME')
    .replace(/^--\d{4}-\d\d-\d\d \d\d:\d\d:\d\d--/, '--TIME--')
    .replaceAll("[docker's install script]", 'get.docker.com')
    .replace(/\.\.\. failed: .*/, '... failed: REASON')
    .replace(/Finished all in \d+\.\d seconds/, 'Finished all in N seconds')
    .replaceAll(/_replaced_[0-9a-f]{16}/g, '_replaced_HEX')
    .replaceAll(/SHA256:[\w+/]{43}/g, 'SHA256:FINGERPRINT')
    .replaceAll(/(--hostname \S+?)-[0-9a-f]{12}\b/g, '$1-HEX')
    .replaceAll(/(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])/g, 'ID')
    .replaceAll(/(?<![0-9a-f])[0-9a-f]{12}(?![0-9a-f])/g, 'ID')
    .replace(/^(INFO|) ?First (\w+) container is (un)?healthy on \S+?(, |$)/, '$1 First $2 container is $3healthy on HOST$4')
    .replace(/First (\w+) container is (un)?healthy on \S+?,/, 'First $1 container is $2healthy on HOST,')
    .replace(/Configuration file not found in \S+(?=\/config\/)/, 'Configuration file not found in FOLDER')
    .replace(/no git repository found in \S+/, 'no git repository found in FOLDER')
    .trimEnd();
}

/** Calls of docker in the order of the commands; those that a pipe starts at once come in the order of their words. */
export function dockerCalls(calls: readonly string[]): string[] {
  const ours = calls.map((call) => normal(call.trimEnd())).filter((call) => !call.startsWith('docker rmi'));
  // A host with two roles does the work of both at once.
  if (ours.some((call) => call.includes('role=job')) && ours.some((call) => call.includes('role=web'))) return ours.toSorted();
  return afterAncestor(ours).flatMap((call, at, all) => {
    const pair = [call, all[at + 1] ?? ''];
    if (isImageList(all[at - 1] ?? '') && isImageList(call)) return [];
    return pair.every(isImageList) ? pair.toSorted() : [call];
  });
}

const isImageList = (call: string): boolean => /^docker (?:image ls --filter label=service|container ls -a --format)/.test(call);

/** `A ; B | head -1 | xargs docker stop`: B may come after what head let through. */
function afterAncestor(calls: readonly string[]): string[] {
  const ordered = [...calls];
  for (let at = 0; at < ordered.length; at += 1) {
    const [first = '', next = '', later = ''] = ordered.slice(at, at + 3);
    const alone = first.replace(/ --filter ancestor=\S*$/, '');
    if (alone !== first && next !== alone && later === alone) ordered.splice(at + 1, 2, later, next);
  }
  return ordered;
}

/** What a watcher of the output would note as begun, in the words of the recordings. */
export function stepsOf(lines: readonly string[]): string[] {
  return lines.map((line) => stripVTControlCharacters(line)).flatMap((line) => {
    const command = /^ +INFO \[\w{8}\] Running (docker (?:login|pull|network|run(?= --detach)|exec kamal-proxy kamal-proxy \w+))/.exec(line);
    if (command !== null) return [`  ${(command[1] ?? '')}`];
    if (/^ {2}ERROR \(/.test(line)) return [line.trim()];
    return /^(?:Acquiring|Ensure|Pull|Detect|Start|Prune|Releasing|Retrying)\b.*\.\.\.$/.test(line) ? [line] : [];
  });
}

/** Recorded steps of kinds that {@link stepsOf} gives; long ones were cut. */
export const recordedSteps = (steps: readonly string[]): string[] =>
  steps.filter((step) => /^(?: {2}docker|ERROR|Acquiring|Ensure|Pull|Detect|Start|Prune|Releasing|Retrying)/.test(step));

/** Both lists the same, a recorded step being the start of ours. */
export const sameSteps = (ours: readonly string[], recorded: readonly string[]): boolean =>
  ours.length === recorded.length && ours.every((step, at) => normal(step).startsWith(normal(recorded[at] ?? '')));
