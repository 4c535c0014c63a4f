/** OpenSSH settings files, as net-ssh reads them: the first value of a key counts, files later in the list fill gaps. */
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import type { World } from '../world.ts';

export interface ClientConfig {
  hostName?: string;
  identityFiles: readonly string[];
  identitiesOnly?: boolean;
  identityAgent?: string;
  connectTimeoutSeconds?: number;
  strictHostKeyChecking?: 'yes' | 'no' | 'accept-new';
  userKnownHostsFiles?: readonly string[];
  globalKnownHostsFiles?: readonly string[];
  hostKeyAlias?: string;
  hostKeyAlgorithms?: readonly string[];
  proxyJump?: string;
  proxyCommand?: string;
}

export const homeOf = (world: World): string => world.env['HOME'] ?? homedir();

/** `~/` at the start stands for the home folder, anything else is relative to the working directory. */
export const expandPath = (world: World, path: string): string => (path.startsWith('~/') ? resolve(homeOf(world), path.slice(2)) : resolve(world.cwd, path));

/** The settings for a host; `files` true stands for the usual ones. */
export function clientConfig(world: World, host: string, files: boolean | readonly string[]): ClientConfig {
  if (files === false) return { identityFiles: [] };
  const usual = ['~/.ssh/config', '/etc/ssh_config', '/etc/ssh/ssh_config', '.ssh/config'];
  const settings = new Map<string, string[]>();
  for (const file of files === true ? usual : files) readInto(settings, expandPath(world, file), host, world);
  return translated(settings, host);
}

function readInto(settings: Map<string, string[]>, file: string, host: string, world: World): void {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return;
  }
  let applies = true;
  for (const line of text.split('\n')) {
    const match = /^\s*([^#\s=]\S*?)(?:\s*=\s*|\s+)(.*?)\s*$/.exec(line);
    if (match === null) continue;
    const key = (match[1] ?? '').toLowerCase();
    const value = (match[2] ?? '').replace(/^"(.*)"$/, '$1');
    if (key === 'host') applies = matchesHost(host, value.split(/\s+/));
    // No criteria of Match are known here: such a block is for others.
    else if (key === 'match') applies = /^all$/i.test(value);
    else if (!applies) continue;
    else if (key === 'include') for (const path of value.split(/\s+/)) readInto(settings, expandPath(world, path), host, world);
    else if (key === 'identityfile') settings.set(key, [...(settings.get(key) ?? []), value]);
    else if (key === 'proxyjump' || key === 'proxycommand') {
      if (!settings.has('proxyjump') && !settings.has('proxycommand')) settings.set(key, [value]);
    } else if (!settings.has(key)) settings.set(key, [value]);
  }
}

function matchesHost(host: string, patterns: readonly string[]): boolean {
  const fits = (pattern: string): boolean =>
    new RegExp(`^${pattern.replaceAll(/[.+^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*').replaceAll('?', '.')}$`).test(host);
  if (patterns.some((pattern) => pattern.startsWith('!') && fits(pattern.slice(1)))) return false;
  return patterns.some((pattern) => !pattern.startsWith('!') && fits(pattern));
}

function translated(settings: ReadonlyMap<string, string[]>, host: string): ClientConfig {
  const one = (key: string): string | undefined => settings.get(key)?.[0];
  const words = (key: string, by: RegExp): string[] | undefined => one(key)?.split(by);
  const checking = one('stricthostkeychecking')?.toLowerCase();
  const timeout = Number(one('connecttimeout'));
  const only = one('identitiesonly');
  const name = one('hostname');
  return {
    identityFiles: settings.get('identityfile') ?? [],
    ...(name === undefined ? {} : { hostName: name.replaceAll('%h', host) }),
    ...(only === undefined ? {} : { identitiesOnly: /^yes$/i.test(only) }),
    ...(timeout > 0 ? { connectTimeoutSeconds: timeout } : {}),
    ...(checking === 'yes' || checking === 'no' || checking === 'accept-new' ? { strictHostKeyChecking: checking } : {}),
    ...optional('userKnownHostsFiles', words('userknownhostsfile', /\s+/)),
    ...optional('globalKnownHostsFiles', words('globalknownhostsfile', /\s+/)),
    ...optional('hostKeyAlgorithms', words('hostkeyalgorithms', /,/)),
    ...optional('hostKeyAlias', one('hostkeyalias')),
    ...optional('identityAgent', one('identityagent')),
    ...optional('proxyJump', one('proxyjump')),
    ...optional('proxyCommand', /^none$/i.test(one('proxycommand') ?? '') ? undefined : one('proxycommand')),
  };
}

const optional = <K extends keyof ClientConfig>(key: K, value: ClientConfig[K] | undefined): Pick<ClientConfig, K> | object => (value === undefined ? {} : { [key]: value });
