import { ClassifiedError } from '../../../model/index.ts';
import type { DeployTarget, RoleRef } from '../../../ports/index.ts';
import { extraVariable } from './app-names.ts';
import type { KamalConfig } from './config-output.ts';

/** What this program was written for; docs/kamal.md says the same. `maintenance`, `--lock-wait` of people and the metrics port decide it. */
export const SUPPORTED = { from: '2.10.0', below: '3.0.0', tried: '2.12.0' } as const;

const invalid = (message: string, mend: string): ClassifiedError => new ClassifiedError('Invalid', message, { mend });

/** Throws Invalid for a Kamal out of range, or another than the application's own. `lockfile`: text of its Gemfile.lock. */
export function checkKamalVersion(version: string, lockfile: string | undefined): void {
  if (compare(version, SUPPORTED.from) < 0 || compare(version, SUPPORTED.below) >= 0) {
    throw invalid(`Kamal ${version} is not supported`, `install a version from ${SUPPORTED.from} up to, but not including, ${SUPPORTED.below}; ${SUPPORTED.tried} was tried`);
  }
  const own = /^ {4}kamal \(([^)\n]+)\)$/m.exec(lockfile ?? '')?.[1];
  if (own !== undefined && own !== version) throw invalid(`the controller has Kamal ${version}, the application's Gemfile.lock names ${own}`, `install kamal ${own} for the controller, or update the application`);
}

function compare(one: string, other: string): number {
  const [left, right] = [one, other].map((version) => version.split('.').map((part) => Number.parseInt(part, 10)));
  for (const index of [0, 1, 2]) {
    const difference = (left?.[index] ?? 0) - (right?.[index] ?? 0);
    if (difference !== 0) return Number.isNaN(difference) ? -1 : difference;
  }
  return 0;
}

/** Where Kamal and SSH reach a target. */
export const addressOf = ({ endpoint }: Pick<DeployTarget, 'endpoint'>): string => endpoint.sshAddress ?? endpoint.address;

/** The configuration as people see it, against what the pool says. Throws Invalid. */
export function checkConfig(config: KamalConfig, role: RoleRef, ssh: DeployTarget['ssh'], fixed: readonly DeployTarget[]): void {
  const file = `deploy.yml of ${role.service}`;
  if (!config.roles.includes(role.role)) throw invalid(`${file} has no role ${role.role}, only ${config.roles.join(', ')}`, 'write kamal.role of the pool as it stands under servers');
  if (config.sshUser !== ssh.user) throw invalid(`${file} logs in as ${config.sshUser}, the pool as ${ssh.user}`, 'write the same as ssh.user of the pool and of deploy.yml');
  if (config.sshPort !== ssh.port) throw invalid(`${file} uses SSH port ${config.sshPort}, the pool ${ssh.port}`, 'write the same as ssh.port of the pool and of deploy.yml');
  const addresses = fixed.map(addressOf);
  const unknown = fixed.filter((target) => !config.hosts.includes(addressOf(target))).map((target) => `${target.host.name} (${addressOf(target)})`);
  if (unknown.length > 0) throw invalid(`fixed host ${unknown.join(', ')} does not stand in ${file}`, 'write address or sshAddress of fixedHosts as the host stands under servers, or add the host there');
  if (config.primaryHost !== undefined && fixed.length > 0 && !addresses.includes(config.primaryHost)) {
    throw invalid(`${config.primaryHost}, the primary host of ${file}, is no fixed host of any pool`, 'add it to fixedHosts with its hostKey: the deploy lock is there');
  }
}

/** The configuration with further hosts, against the one without. Throws Invalid. */
export function checkOverlay(config: KamalConfig, base: KamalConfig, role: RoleRef, addresses: readonly string[]): void {
  const missing = addresses.filter((address) => !config.hosts.includes(address));
  if (missing.length > 0) {
    throw invalid(`deploy.yml of ${role.service} does not list ${missing.join(', ')} though ${extraVariable(role.role)} names it`, `put the line of docs/kamal.md under servers: ${role.role} of deploy.yml, commit it and deploy once`);
  }
  if (config.primaryHost !== base.primaryHost) {
    throw invalid(`with further hosts the primary host of ${role.service} moves from ${base.primaryHost ?? 'nowhere'} to ${config.primaryHost ?? 'nowhere'}`, 'put hosts from the inventory after the hosts that people own');
  }
}

/** Names that secrets files give a value to, though it may come out empty. */
export function declaredSecrets(text: string): { name: string; meantEmpty: boolean }[] {
  return [...text.matchAll(/^[ \t]*(?:export[ \t]+)?([A-Za-z_]\w*)[ \t]*=[ \t]*(.*)$/gm)].map(([, name = '', value = '']) => ({ name, meantEmpty: /^(''|"")?\s*(#.*)?$/.test(value) }));
}

/**
 * Values that `kamal secrets print` gives to declared names, by name. A value of several lines goes on until the next
 * declared name.
 */
export function readSecrets(printed: string, names: readonly string[]): Map<string, string> {
  const values = new Map<string, string>();
  const declared = new Set(names);
  let current: string | undefined;
  for (const line of printed.split('\n')) {
    const name = line.slice(0, Math.max(0, line.indexOf('=')));
    if (declared.has(name)) {
      current = name;
      values.set(name, line.slice(name.length + 1));
    } else if (current !== undefined) {
      values.set(current, `${values.get(current)}\n${line}`);
    }
  }
  return new Map([...values].map(([name, value]) => [name, value.trimEnd()]));
}

/** Throws Invalid for a secret that came out empty: Kamal would deploy it so, and say nothing. */
export function checkSecrets(values: ReadonlyMap<string, string>, declared: readonly { name: string; meantEmpty: boolean }[], service: string): void {
  const unset = declared.filter(({ name, meantEmpty }) => !meantEmpty && (values.get(name) ?? '') === '').map(({ name }) => name);
  if (unset.length > 0) throw invalid(`secret ${[...new Set(unset)].join(', ')} of ${service} is empty`, 'give the controller the variable or the file that .kamal/secrets takes it from');
}
