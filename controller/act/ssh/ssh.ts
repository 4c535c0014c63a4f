import type { Clock, DeployTarget } from '../../ports/index.ts';
import { type CommandOptions, type CommandResult, DEFAULT_SSH_LIMITS, type Dial, type SSHLimits, dialDirectly } from './connection.ts';
import { type Route, createConnections } from './connections.ts';
import { quoteArguments } from './quote.ts';
import type { RemoteFiles } from './sftp.ts';
import { type Trust, type TrustSettings, type TrustedKey, addressOf, jumpKeys, trustedKeys } from './trust.ts';
import { createGate } from './within.ts';

/** Takes out of a text what must not be shown. */
export type Redact = (text: string) => string;

export interface RemoteOptions extends CommandOptions {
  /** Default `Own`. */
  trust?: Trust;
}

/** Who is logged in to, as far as SSH is concerned. */
export type SSHTarget = Pick<DeployTarget, 'host' | 'endpoint' | 'ssh' | 'identity'>;

/** Programs and files on other machines. Every call ends within its limits; every rejection is a ClassifiedError that may be shown. */
export interface SSH {
  /**
   * Runs a program with these arguments. An exit status is a result, not an error. Rejects with `Unavailable`,
   * `Unauthorized`, `HostKey`, `Transient`, or `OutcomeUnknown` where the program may have run.
   */
  run(target: DeployTarget, command: readonly string[], options: RemoteOptions): Promise<CommandResult>;
  /** Works on files over SFTP, under the machine's own key. Rejects as run does, as the work does, or with Invalid where there is no SFTP. */
  files<T>(target: SSHTarget, work: (files: RemoteFiles) => Promise<T>, options: Omit<CommandOptions, 'input'>): Promise<T>;
  /** Logs in, unless a connection is there, and says under which key the machine answered. Rejects as run does. */
  contact(target: DeployTarget, trust: Trust): Promise<TrustedKey>;
  /** Ends every connection; calls afterwards reject with Unavailable. */
  close(): Promise<void>;
}

export interface SSHSettings extends TrustSettings {
  clock: Clock;
  limits?: Partial<SSHLimits>;
  dial?: Dial;
}

export function createSSH(settings: SSHSettings): SSH {
  const limits = { ...DEFAULT_SSH_LIMITS, ...settings.limits };
  const connections = createConnections({ clientKey: settings.clientKey, clock: settings.clock, limits, dial: settings.dial ?? dialDirectly });
  const gate = createGate(limits.concurrency);

  async function routeTo(target: SSHTarget, trust: Trust): Promise<Route> {
    const { identity, host, ssh } = target;
    const { jumpHost } = ssh;
    return {
      identity: identity.kind === 'Bought' ? `bought ${identity.hostID}` : `fixed ${host.namespace}/${host.name}`,
      hop: { name: host.name, ...addressOf(target), user: ssh.user, trusted: await trustedKeys(target, trust, settings) },
      ...(jumpHost === undefined ? {} : { jump: { name: 'jump host', address: jumpHost.address, port: jumpHost.port, user: jumpHost.user, trusted: jumpKeys(jumpHost) } }),
    };
  }

  return {
    run: (target, command, { trust = 'Own', ...options }) => gate(async () =>
      connections.use(await routeTo(target, trust), (connection) => connection.run(quoteArguments(command), options))),
    files: (target, work, options) => gate(async () => connections.use(await routeTo(target, 'Own'), (connection) => connection.files(work, options))),
    contact: (target, trust) => gate(async () => connections.use(await routeTo(target, trust), async ({ answered }) => answered)),
    close: () => connections.close(),
  };
}
