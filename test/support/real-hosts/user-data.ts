/**
 * What a host does with its user data: the part of cloud-init that this project writes, and what people add to it.
 * A key that it does not carry out is refused here, so that no suite takes its absence on a host for a result.
 */
import { parseDocument } from 'yaml';
import { shellWord } from './shell.ts';

/** Scripts of the two stages, before sshd and after the services were started. */
export interface Carried {
  init: string;
  final: string;
  /** What cloud-init would warn of, and go on without. */
  problems: string[];
}

const HOST_KEY = /^(rsa|ecdsa|ed25519)_(private|public|certificate)$/;
/** Without effect on such a host, or so anyway. */
const LEFT = new Set(['disable_root', 'ssh_pwauth', 'preserve_hostname', 'manage_etc_hosts', 'final_message', 'package_update', 'package_upgrade', 'ssh_deletekeys', 'no_ssh_fingerprints', 'ssh', 'ssh_quiet_keygen']);

/** Whether the machine takes the SSH host keys of its order or makes others. */
export type HostKeys = 'Ordered' | 'Own';

/** `authorizedKeys` are those that the cloud itself gives root. Throws for what the stand-in does not carry out. */
export function carryOut(userData: string, authorizedKeys: readonly string[], hostKeys: HostKeys = 'Ordered'): Carried {
  const init = [...authorize('root', '/root', authorizedKeys)];
  if (userData.trim() === '') return { init: script(init), final: '', problems: [] };
  if (userData.startsWith('#!')) return { init: script(init), final: userData, problems: [] };
  if (!userData.startsWith('#cloud-config')) {
    return { init: script(init), final: '', problems: ['Unhandled non-multipart (text/x-not-multipart) userdata'] };
  }
  // cloud-init reads the older YAML, in which `yes` is true.
  const document = parseDocument(userData, { version: '1.1' });
  const config: unknown = document.errors.length === 0 ? document.toJS() : undefined;
  if (!isRecord(config)) return { init: script(init), final: '', problems: ['Failed loading yaml blob'] };

  const final: string[] = [];
  for (const [key, value] of Object.entries(config)) {
    if (LEFT.has(key)) continue;
    switch (key) {
      case 'write_files': init.push(...records(key, value).flatMap(writeFile)); break;
      case 'users': init.push(...list(key, value).flatMap(addUser)); break;
      case 'ssh_keys': if (hostKeys === 'Ordered') init.push(...writeHostKeys(record(key, value))); break;
      case 'ssh_authorized_keys': init.push(...authorize('root', '/root', strings(key, value))); break;
      case 'bootcmd': init.unshift(...list(key, value).map(commandLine)); break;
      case 'hostname': case 'fqdn': init.push(`hostname ${shellWord(text(key, value))}`); break;
      case 'runcmd': final.push(...list(key, value).map(commandLine)); break;
      default: throw new Error(`user data: the stand-in for cloud-init does not carry out ${key}; add it to user-data.ts`);
    }
  }
  // As the real one: one failing command does not keep the next from running, and the last one's status is the script's.
  return { init: script(init), final: final.length === 0 ? '' : `#!/bin/sh\n${final.join('\n')}\n`, problems: [] };
}

const script = (lines: readonly string[]): string => ['set -eu', 'umask 022', ...lines, ''].join('\n');

function writeFile(file: Record<string, unknown>): string[] {
  const path = shellWord(text('write_files.path', file['path']));
  const encoding = file['encoding'] ?? 'text/plain';
  const content = file['content'] === undefined ? '' : text('write_files.content', file['content']);
  const bytes = encoding === 'b64' || encoding === 'base64' ? content : encoding === 'text/plain' ? Buffer.from(content).toString('base64') : undefined;
  if (bytes === undefined) throw new Error(`user data: the stand-in for cloud-init does not decode write_files.encoding ${JSON.stringify(encoding)}`);
  return [
    `mkdir -p "$(dirname ${path})"`,
    `echo ${shellWord(bytes.replaceAll(/\s/g, ''))} | base64 -d ${file['append'] === true ? '>>' : '>'} ${path}`,
    `chown ${shellWord(text('write_files.owner', file['owner'] ?? 'root:root'))} ${path}`,
    `chmod ${shellWord(text('write_files.permissions', file['permissions'] ?? '0644'))} ${path}`,
  ];
}

function addUser(user: unknown): string[] {
  // The image's own user, which is root.
  if (user === 'default' || (isRecord(user) && user['name'] === 'root')) return isRecord(user) ? authorize('root', '/root', strings('users.ssh_authorized_keys', user['ssh_authorized_keys'] ?? [])) : [];
  const { name, groups = [], shell = '/bin/bash', sudo, homedir, ssh_authorized_keys: keys = [], ...rest } = record('users', user);
  const known = new Set(['lock_passwd', 'gecos', 'no_user_group', 'primary_group']);
  const unknown = Object.keys(rest).find((key) => !known.has(key));
  if (unknown !== undefined) throw new Error(`user data: the stand-in for cloud-init does not carry out users.${unknown}`);
  const login = shellWord(text('users.name', name));
  const home = homedir === undefined ? `/home/${text('users.name', name)}` : text('users.homedir', homedir);
  const all = typeof groups === 'string' ? groups.split(',').map((group) => group.trim()) : strings('users.groups', groups);
  const rules = sudo === undefined || sudo === false ? [] : typeof sudo === 'string' ? [sudo] : strings('users.sudo', sudo);
  return [
    ...all.map((group) => `getent group ${shellWord(group)} > /dev/null || groupadd ${shellWord(group)}`),
    // Without a password and not locked: this sshd asks no PAM, and takes a lock for the end of the account.
    `useradd --create-home --home-dir ${shellWord(home)} --shell ${shellWord(text('users.shell', shell))} --password '*' ${login}`,
    ...(all.length === 0 ? [] : [`usermod --append --groups ${shellWord(all.join(','))} ${login}`]),
    ...rules.flatMap((rule) => ['mkdir -p /etc/sudoers.d', `echo ${shellWord(`${text('users.name', name)} ${rule}`)} >> /etc/sudoers.d/90-cloud-init-users`]),
    ...authorize(text('users.name', name), home, strings('users.ssh_authorized_keys', keys)),
  ];
}

function writeHostKeys(keys: Record<string, unknown>): string[] {
  return Object.entries(keys).flatMap(([name, value]) => {
    const [, type, half] = HOST_KEY.exec(name) ?? [];
    if (type === undefined) throw new Error(`user data: ssh_keys.${name} is no host key`);
    const suffix = { private: '', public: '.pub', certificate: '-cert.pub' }[half as 'private' | 'public' | 'certificate'];
    return writeFile({ path: `/etc/ssh/ssh_host_${type}_key${suffix}`, content: text(`ssh_keys.${name}`, value), permissions: half === 'private' ? '0600' : '0644' });
  });
}

function authorize(user: string, home: string, keys: readonly string[]): string[] {
  if (keys.length === 0) return [];
  const folder = shellWord(`${home}/.ssh`);
  return [
    `mkdir -p -m 700 ${folder}`,
    ...keys.map((key) => `echo ${shellWord(key.trim())} >> ${folder}/authorized_keys`),
    `chmod 600 ${folder}/authorized_keys`,
    `chown -R ${shellWord(`${user}:`)} ${folder}`,
  ];
}

/** A list is one command with its arguments, a text is a line of shell. */
const commandLine = (command: unknown): string => (Array.isArray(command) ? command.map((word) => shellWord(String(word))).join(' ') : text('runcmd', command));

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

function record(what: string, value: unknown): Record<string, unknown> {
  if (!isRecord(value)) throw new Error(`user data: ${what} is no mapping`);
  return value;
}
function list(what: string, value: unknown): unknown[] {
  if (!Array.isArray(value)) throw new Error(`user data: ${what} is no list`);
  return value;
}
const records = (what: string, value: unknown): Record<string, unknown>[] => list(what, value).map((item) => record(what, item));
const strings = (what: string, value: unknown): string[] => list(what, value).map((item) => text(what, item));
function text(what: string, value: unknown): string {
  if (typeof value !== 'string') throw new Error(`user data: ${what} is no text`);
  return value;
}
