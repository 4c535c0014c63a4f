import { connect as connectSocket } from 'node:net';
import type { Duplex } from 'node:stream';
import { NodeSSH } from 'node-ssh';
import type { ClientChannel, SFTPWrapper, ServerHostKeyAlgorithm } from 'ssh2';
import { ClassifiedError } from '../../model/index.ts';
import type { Clock } from '../../ports/index.ts';
import type { ClientKey } from './client-key.ts';
import { type Hop, type Progress, commandFailure, connectFailure, placeOf, tooLate } from './failure.ts';
import { publicKeyOf, typeOf } from './public-key.ts';
import { type RemoteFiles, remoteFiles } from './sftp.ts';
import type { TrustedKey } from './trust.ts';
import { within } from './within.ts';

export interface SSHLimits {
  /** From the first packet to the login, each hop. */
  connectSeconds: number;
  /** One command, unless its caller says otherwise. */
  commandSeconds: number;
  /** A connection that nobody used for so long is closed. */
  idleSeconds: number;
  /** A silent host is asked so often whether it is there, and given up after three questions without an answer. */
  keepaliveSeconds: number;
  /** A command that prints more, on both outputs together, is cut off. */
  outputBytes: number;
  /** Commands at the same time, over all hosts. */
  concurrency: number;
}

export const DEFAULT_SSH_LIMITS: SSHLimits = { connectSeconds: 6, commandSeconds: 30, idleSeconds: 60, keepaliveSeconds: 5, outputBytes: 1024 * 1024, concurrency: 32 };

export interface CommandResult {
  /** Exit status; undefined when a signal ended it. */
  code: number | undefined;
  signal?: string;
  stdout: string;
  stderr: string;
}

export interface CommandOptions {
  /** For messages; no secret. */
  what: string;
  seconds?: number;
  /** Standard input. */
  input?: string;
}

/** Reaches a port, from here or from a host on the way. */
export type Dial = (address: string, port: number, signal: AbortSignal) => Promise<Duplex>;

/** A login at one host. */
export interface Connection {
  /** The key that the host showed and proved. */
  readonly answered: TrustedKey;
  /** Settles when it has ended, by either side. */
  readonly closed: Promise<void>;
  /** Whether another command may be sent. */
  usable(): boolean;
  /** Runs a command line of the remote shell. Rejects with Unavailable, Transient or OutcomeUnknown; an exit status is a result. */
  run(commandLine: string, options: CommandOptions): Promise<CommandResult>;
  /** Works on files. Rejects as run does, as the work does, or with Invalid where the machine offers no SFTP. */
  files<T>(work: (files: RemoteFiles) => Promise<T>, options: Omit<CommandOptions, 'input'>): Promise<T>;
  dial: Dial;
  close(): void;
}

export interface ConnectionSettings {
  clientKey: Pick<ClientKey, 'privateKey'>;
  clock: Clock;
  limits: SSHLimits;
}

const UNANSWERED_KEEPALIVES = 3;
/** In the order of our liking; SHA-1 signatures are not taken. */
const HOST_KEY_ALGORITHMS: readonly ServerHostKeyAlgorithm[] = ['ssh-ed25519', 'ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp521', 'rsa-sha2-512', 'rsa-sha2-256'];

export const dialDirectly: Dial = (address, port, signal) => new Promise((resolve, reject) => {
  const socket = connectSocket({ host: address, port, noDelay: true });
  const giveUp = (): void => void socket.destroy(new Error('given up'));
  signal.addEventListener('abort', giveUp);
  socket.once('error', reject).once('connect', () => {
    signal.removeEventListener('abort', giveUp);
    socket.off('error', reject);
    resolve(socket);
  });
});

/** Logs in, unless `stop` aborts. Rejects with Unavailable, HostKey or Unauthorized; nothing is left open then. */
export async function openConnection(hop: Hop, dial: Dial, stop: AbortSignal, settings: ConnectionSettings): Promise<Connection> {
  const { clock, limits } = settings;
  const progress: Progress = { stage: 'Dialling' };
  const ssh = new NodeSSH();
  let socket: Duplex | undefined;
  try {
    const answered = await within(clock, limits.connectSeconds, async (late) => {
      const giveUp = AbortSignal.any([late, stop]);
      giveUp.addEventListener('abort', () => socket?.destroy());
      socket = await dial(hop.address, hop.port, giveUp);
      if (giveUp.aborted) throw new Error('given up');
      return await logIn(ssh, socket, hop, progress, settings);
    }, () => tooLate(hop, progress, limits.connectSeconds));
    return connectionOf(ssh, socket as Duplex | undefined, hop, answered, settings);
  } catch (error) {
    ssh.dispose();
    socket?.destroy();
    throw connectFailure(hop, error, progress);
  }
}

async function logIn(ssh: NodeSSH, sock: Duplex, hop: Hop, progress: Progress, { clientKey, limits }: ConnectionSettings): Promise<TrustedKey> {
  progress.stage = 'Listening';
  sock.once('data', () => { progress.stage = 'Shaking hands'; });
  let answered: TrustedKey | undefined;
  const login = ssh.connect({
    sock: sock as NonNullable<Parameters<NodeSSH['connect']>[0]['sock']>,
    username: hop.user, privateKey: clientKey.privateKey, authHandler: ['publickey'],
    // Time is kept by our own limit.
    readyTimeout: 0, keepaliveInterval: limits.keepaliveSeconds * 1_000, keepaliveCountMax: UNANSWERED_KEEPALIVES,
    algorithms: { serverHostKey: algorithmsFor(hop.trusted) },
    hostVerifier: (blob: Buffer) => {
      const shown = publicKeyOf(blob);
      answered = hop.trusted.find(({ key }) => key === shown);
      if (answered === undefined) progress.refused = shown;
      return answered !== undefined;
    },
  });
  // node-ssh listens for errors only until the login, and an error without a listener ends the process: a host that
  // sends garbage afterwards must not. Its end is told by `close`.
  ssh.connection?.on('error', () => undefined).once('handshake', () => { progress.stage = 'Logging in'; });
  await login;
  if (answered === undefined) throw new ClassifiedError('Defect', `${placeOf(hop)} was let in without showing a host key`);
  return answered;
}

/** Kinds of trusted keys first, so that a host with several keys shows the one that is pinned; then the rest, so that a stranger's key can be named. */
function algorithmsFor(trusted: readonly TrustedKey[]): ServerHostKeyAlgorithm[] {
  const types = trusted.map(({ key }) => typeOf(key));
  const liked = HOST_KEY_ALGORITHMS.filter((algorithm) => types.includes(algorithm.startsWith('rsa-') ? 'ssh-rsa' : algorithm));
  return [...liked, ...HOST_KEY_ALGORITHMS.filter((algorithm) => !liked.includes(algorithm))];
}

function connectionOf(ssh: NodeSSH, socket: Duplex | undefined, hop: Hop, answered: TrustedKey, { clock, limits }: ConnectionSettings): Connection {
  const { connection } = ssh;
  let state: 'Open' | 'Suspect' | 'Closed' = connection === null ? 'Closed' : 'Open';
  const closed = connection === null ? Promise.resolve() : new Promise<void>((resolve) => {
    connection.once('close', () => {
      state = 'Closed';
      resolve();
    });
  });

  async function run(commandLine: string, { what, seconds = limits.commandSeconds, input }: CommandOptions): Promise<CommandResult> {
    const output: { stdout: Buffer[]; stderr: Buffer[] } = { stdout: [], stderr: [] };
    let size = 0;
    let channel: ClientChannel | undefined;
    const end = (): void => {
      channel?.signal('KILL');
      channel?.close();
    };
    const take = (chunks: Buffer[]) => (chunk: Buffer): void => {
      if (size > limits.outputBytes) return;
      size += chunk.length;
      chunks.push(chunk);
      if (size > limits.outputBytes) end();
    };
    try {
      const { code, signal } = await within(clock, seconds, () => ssh.execCommand(commandLine, {
        noTrim: true, ...(input === undefined ? {} : { stdin: input }),
        onChannel: (opened) => { channel = opened; }, onStdout: take(output.stdout), onStderr: take(output.stderr),
      }), () => {
        // The host may hang as a whole: the next command dials anew, for this is an unknown outcome too.
        end();
        return new ClassifiedError('OutcomeUnknown', `${what} on ${placeOf(hop)} did not end within ${seconds} s`);
      });
      if (size > limits.outputBytes) throw new ClassifiedError('Unrecognised', `${what} on ${placeOf(hop)} printed more than ${limits.outputBytes} bytes`);
      if (code === null && signal === null) throw new Error('lost');
      return { code: code ?? undefined, ...(signal === null ? {} : { signal }), stdout: textOf(output.stdout), stderr: textOf(output.stderr) };
    } catch (error) {
      throw judged(what, error);
    }
  }

  async function files<T>(work: (files: RemoteFiles) => Promise<T>, { what, seconds = limits.commandSeconds }: Omit<CommandOptions, 'input'>): Promise<T> {
    let channel: SFTPWrapper | undefined;
    try {
      return await within(clock, seconds, async (late) => {
        channel = await ssh.requestSFTP();
        // Who came too late has nobody left that would end it.
        if (late.aborted) channel.end();
        return await work(remoteFiles(channel));
      }, () => new ClassifiedError('OutcomeUnknown', `${what} on ${placeOf(hop)} did not end within ${seconds} s`));
    } catch (error) {
      throw judged(what, error);
    } finally {
      channel?.end();
    }
  }

  /** A lost connection tells its commands before it tells itself; who asks in between must not get it. */
  function judged(what: string, error: unknown): ClassifiedError {
    const failure = commandFailure(hop, what, error);
    if (state === 'Open' && (failure.class === 'OutcomeUnknown' || failure.class === 'Unavailable')) state = 'Suspect';
    return failure;
  }

  return {
    answered, closed, run, files,
    usable: () => state === 'Open',
    dial: (address, port, signal) => dialThrough(ssh, hop, address, port, signal),
    close() {
      // The client leaves a socket alone that has said goodbye already; a host that vanished then never answers, and the socket stays.
      socket?.destroy();
    },
  };
}

async function dialThrough(ssh: NodeSSH, hop: Hop, address: string, port: number, signal: AbortSignal): Promise<Duplex> {
  try {
    const channel = await ssh.forwardOut('127.0.0.1', 0, address, port);
    // The jump host may take minutes to give up on a target that is away.
    if (signal.aborted) channel.destroy();
    return channel;
  } catch (error) {
    throw new Error(`${placeOf(hop)} says: ${(error as Error).message.replace(/^\(SSH\) Channel open failure: /, '')}`, { cause: error });
  }
}

const textOf = (chunks: readonly Buffer[]): string => Buffer.concat(chunks).toString('utf8');
