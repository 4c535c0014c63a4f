/** A connection to a host, with net-ssh's words for all that can go wrong on the way. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Duplex } from 'node:stream';
import ssh2, { type AnyAuthMethod, type Client as SshClient, type ConnectConfig, type ServerHostKeyAlgorithm } from 'ssh2';
import type { SshSettings } from '../config/ssh.ts';
import { KamalError } from '../errors.ts';
import type { World } from '../world.ts';
import { type ClientConfig, clientConfig, expandPath } from './client-config.ts';
import { hostKeys } from './known-hosts.ts';

/** The class of a name that no server knows; Kamal asks again a few times. */
export const UNRESOLVED = 'SocketError';

const DEFAULT_IDENTITIES = ['~/.ssh/id_ed25519', '~/.ssh/id_rsa', '~/.ssh/id_dsa', '~/.ssh/id_ecdsa'];

/** Rejects with a KamalError of net-ssh's or Ruby's class. */
export async function connectTo(world: World, host: string, settings: SshSettings): Promise<SshClient> {
  const config = clientConfig(world, host, settings.config);
  const target = { host: config.hostName ?? host, port: settings.port };
  const socket = await openSocket(world, target, settings, config);
  try {
    await firstWord(socket, config.connectTimeoutSeconds);
    return await shakeHands(world, socket, target, settings, config);
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

type Target = { host: string; port: number };
type Socket = Duplex & { remoteAddress?: string | undefined };

async function openSocket(world: World, target: Target, settings: SshSettings, config: ClientConfig): Promise<Socket> {
  const command = proxyCommand(settings, config);
  if (command !== undefined) return throughCommand(world, command.replaceAll('%h', target.host).replaceAll('%p', String(target.port)));
  const dialed = world.dial(target.host, target.port).catch((error: unknown) => Promise.reject(dialError(error, target)));
  if (config.connectTimeoutSeconds === undefined) return dialed;
  return withinSeconds(config.connectTimeoutSeconds, dialed, new KamalError('Net::SSH::ConnectionTimeout', 'Net::SSH::ConnectionTimeout'), (late) => late.destroy());
}

/** Ruby names the address that a name stands for; of several the last one tried. */
function dialError(error: unknown, { host, port }: Target): KamalError {
  const last = error instanceof AggregateError ? error.errors.at(-1) as unknown : error;
  const { code, address = host } = last as NodeJS.ErrnoException & { address?: string };
  const said: Readonly<Record<string, string>> = {
    ECONNREFUSED: 'Connection refused', EHOSTUNREACH: 'No route to host', ENETUNREACH: 'Network is unreachable',
  };
  if (code === 'ETIMEDOUT') return new KamalError('Net::SSH::ConnectionTimeout', 'Net::SSH::ConnectionTimeout');
  if (code === 'ENOTFOUND') return new KamalError(UNRESOLVED, 'getaddrinfo: Name or service not known');
  if (code === 'EAI_AGAIN') return new KamalError(UNRESOLVED, 'getaddrinfo: Temporary failure in name resolution');
  if (code === 'ECONNRESET') return new KamalError('Errno::ECONNRESET', 'Connection reset by peer');
  const words = said[code ?? ''];
  if (code === undefined || words === undefined) throw error;
  return new KamalError(`Errno::${code}`, `${words} - connect(2) for ${address}:${port}`);
}

/** Jump hosts are reached by this machine's ssh, as net-ssh does it. */
function proxyCommand(settings: SshSettings, config: ClientConfig): string | undefined {
  if (settings.via !== undefined && 'command' in settings.via) return settings.via.command;
  const jump = settings.via?.jump ?? config.proxyJump;
  if (jump === undefined) return config.proxyCommand;
  const [first = '', ...further] = jump.split(',');
  const [, user, host = '', port] = /^(?:([^@]+)@)?(\[[^\]]+\]|[^:]+)(?::(\d+))?$/.exec(first) ?? [];
  const files = Array.isArray(settings.config) ? settings.config.map((file) => ` -F ${file}`).join('') : '';
  return `ssh${user === undefined ? '' : ` -l ${user}`}${port === undefined ? '' : ` -p ${port}`}${further.length === 0 ? '' : ` -J ${further.join(',')}`}${files} -W %h:%p ${host}`;
}

async function throughCommand(world: World, command: string): Promise<Socket> {
  const child = spawn('sh', ['-c', `exec ${command}`], { cwd: world.cwd, env: { ...world.env }, stdio: ['pipe', 'pipe', 'inherit'] });
  const stream = Duplex.from({ readable: child.stdout, writable: child.stdin });
  stream.once('close', () => child.kill());
  const alive = await Promise.race([once(child.stdout, 'readable').then(() => child.stdout.readableLength > 0), once(child, 'exit').then(() => false)]);
  if (alive) return stream;
  stream.destroy();
  throw new KamalError('Net::SSH::Proxy::ConnectError', `command failed: ${command}`);
}

/** Waits until the host says something, as it must before anything else. */
async function firstWord(socket: Socket, timeoutSeconds: number | undefined): Promise<void> {
  const closed = new KamalError('Net::SSH::Disconnect', 'connection closed by remote host');
  const spoke = new Promise<void>((resolve, reject) => {
    const end = (): void => reject(closed);
    socket.once('readable', () => {
      if (socket.readableLength > 0) resolve();
    }).once('end', end).once('close', end).once('error', end);
  });
  if (timeoutSeconds === undefined) return spoke;
  return withinSeconds(timeoutSeconds, spoke, new KamalError('Net::SSH::ConnectionTimeout', 'timeout during server version negotiating'));
}

async function withinSeconds<T>(seconds: number, work: Promise<T>, late: KamalError, dispose?: (value: T) => void): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      if (dispose !== undefined) void work.then(dispose, () => undefined);
      reject(late);
    }, seconds * 1000);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}

function shakeHands(world: World, socket: Socket, target: Target, settings: SshSettings, config: ClientConfig): Promise<SshClient> {
  const known = hostKeys(world, config, { ...target, peerAddress: socket.remoteAddress });
  const algorithms = hostKeyAlgorithms(config, known.keys.map((key) => key.type));
  const client = new ssh2.Client();
  return new Promise((resolve, reject) => {
    let refused: unknown;
    const fail = (error: Error & { level?: string; code?: string }): void => {
      if (refused !== undefined) reject(refused as Error);
      else if (error.level === 'client-authentication') reject(new KamalError('Net::SSH::AuthenticationFailed', `Authentication failed for user ${settings.user}@${target.host}`));
      else if (error.code === 'ECONNRESET') reject(new KamalError('Errno::ECONNRESET', 'Connection reset by peer'));
      else reject(new KamalError('Net::SSH::Disconnect', 'connection closed by remote host'));
    };
    client.once('ready', () => resolve(client)).once('error', fail).once('close', () => fail(new Error('closed')));
    // An error after the handshake is told by the command that it breaks.
    client.on('error', () => undefined);
    client.connect({
      sock: socket,
      username: settings.user,
      readyTimeout: 0,
      keepaliveInterval: world.keepalive.intervalMs,
      keepaliveCountMax: world.keepalive.unanswered,
      ...(algorithms === undefined ? {} : { algorithms: { serverHostKey: algorithms } }),
      hostVerifier: (key: Buffer) => {
        try {
          known.verify(key);
          return true;
        } catch (error) {
          refused = error;
          return false;
        }
      },
      authHandler: identities(world, settings, config),
    } satisfies ConnectConfig);
  });
}

/** The types of the keys that are known come first, so that a host with several shows the one that is pinned. */
function hostKeyAlgorithms(config: ClientConfig, knownTypes: readonly string[]): ServerHostKeyAlgorithm[] | undefined {
  if (config.hostKeyAlgorithms !== undefined) return [...config.hostKeyAlgorithms] as ServerHostKeyAlgorithm[];
  if (knownTypes.length === 0) return undefined;
  const usual = ['ssh-ed25519', 'ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp521', 'rsa-sha2-512', 'rsa-sha2-256', 'ssh-rsa'];
  const known = usual.filter((name) => knownTypes.includes(name) || (name.startsWith('rsa-') && knownTypes.includes('ssh-rsa')));
  return [...new Set([...known, ...usual])] as ServerHostKeyAlgorithm[];
}

function identities(world: World, settings: SshSettings, config: ClientConfig): AnyAuthMethod[] {
  const files = settings.keys ?? (config.identityFiles.length > 0 ? config.identityFiles : DEFAULT_IDENTITIES);
  const read = files.flatMap((file) => {
    try {
      return [readFileSync(expandPath(world, file))];
    } catch {
      return [];
    }
  });
  const keys = [...(settings.keyData ?? []).map((key) => Buffer.from(key)), ...read].filter((key) => !(ssh2.utils.parseKey(key) instanceof Error));
  const agent = config.identityAgent ?? world.env['SSH_AUTH_SOCK'];
  const only = settings.keysOnly ?? config.identitiesOnly ?? false;
  return [
    ...keys.map((key) => ({ type: 'publickey' as const, username: settings.user, key })),
    ...(agent === undefined || agent === '' || only ? [] : [{ type: 'agent' as const, username: settings.user, agent }]),
  ];
}
