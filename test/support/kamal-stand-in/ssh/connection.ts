/** One host's connection: kept open between commands, opened again when it was lost. */
import type { Client, ClientChannel } from 'ssh2';
import type { SshSettings } from '../config/ssh.ts';
import { KamalError } from '../errors.ts';
import type { World } from '../world.ts';
import { connectTo, UNRESOLVED } from './connect.ts';

export interface RemoteResult {
  /** Absent when a signal ended the command. */
  status: number | undefined;
  stdout: string;
  stderr: string;
}

export interface Connection {
  exec(command: string, onData?: (stream: 'stdout' | 'stderr', text: string) => void): Promise<RemoteResult>;
  /** Writes a file through the host's scp. */
  upload(content: string, path: string, mode: string): Promise<void>;
  close(): void;
}

/** What is asked again when a name is not resolved, and who is told of it. */
export interface DnsPatience {
  retries: number;
  warn(text: string): void;
}

export function connectionTo(world: World, host: string, settings: SshSettings, dns: DnsPatience): Connection {
  let open: { client: Client; lost?: KamalError } | undefined;

  const client = async (): Promise<{ client: Client; lost?: KamalError }> => {
    if (open !== undefined) return open;
    const fresh: { client: Client; lost?: KamalError } = { client: await resolved(world, host, dns, () => connectTo(world, host, settings)) };
    fresh.client.on('error', (error: Error & { level?: string; code?: string }) => (fresh.lost = lossOf(error, host)));
    fresh.client.once('close', () => {
      if (open === fresh) open = undefined;
    });
    open = fresh;
    return fresh;
  };

  /** A channel with a command; the promise of its end rejects when the connection is lost before it. */
  const start = async (command: string): Promise<{ channel: ClientChannel; ended: Promise<number | undefined> }> => {
    const current = await client();
    const lost = (): KamalError => current.lost ?? new KamalError('Net::SSH::Disconnect', 'connection closed by remote host');
    return new Promise((resolve, reject) => {
      const dropped = (): void => reject(lost());
      current.client.once('close', dropped);
      current.client.exec(command, (error, channel) => {
        current.client.off('close', dropped);
        if (error !== undefined) {
          reject(current.lost ?? new KamalError('Net::SSH::ChannelOpenFailed', error.message));
          return;
        }
        let exit: { status: number | undefined } | undefined;
        channel.once('exit', (status: number | null) => (exit = { status: status ?? undefined }));
        const ended = new Promise<number | undefined>((end, broken) => {
          channel.once('close', () => {
            if (exit === undefined) broken(lost());
            else end(exit.status);
          });
        });
        resolve({ channel, ended });
      });
    });
  };

  return {
    exec: async (command, onData) => {
      const { channel, ended } = await start(command);
      const texts = { stdout: '', stderr: '' };
      const collect = (stream: 'stdout' | 'stderr') => (text: string): void => {
        texts[stream] += text;
        onData?.(stream, text);
      };
      channel.setEncoding('utf8').on('data', collect('stdout'));
      channel.stderr.setEncoding('utf8').on('data', collect('stderr'));
      return { status: await ended, ...texts };
    },
    upload: async (content, path, mode) => {
      const { channel, ended } = await start(`scp -t ${shellEscaped(path)}`);
      const body = Buffer.from(content);
      const replies = acknowledgements(channel, ended);
      await replies.next();
      channel.write(`C${mode} ${body.length} ${path.replace(/^.*\//, '')}\n`);
      await replies.next();
      channel.write(Buffer.concat([body, Buffer.of(0)]));
      await replies.next();
      channel.end();
      const status = await ended;
      if (status !== 0) throw new KamalError('Net::SCP::Error', `SCP did not finish successfully (${String(status ?? '')})`);
    },
    close: () => open?.client.end(),
  };
}

/** Waits a tenth of a second before the second attempt, and twice as long before each further one. */
async function resolved<T>(world: World, host: string, dns: DnsPatience, connect: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await connect();
    } catch (error) {
      if (!(error instanceof KamalError) || error.ruby !== UNRESOLVED || attempt > dns.retries) throw error;
      const seconds = Math.min(0.1 * 2 ** (attempt - 1), 2);
      dns.warn(`Retrying DNS for ${host} (attempt ${attempt}/${dns.retries}) in ${seconds.toFixed(2)}s: ${error.message}`);
      await world.sleep(seconds * 1000);
    }
  }
}

function lossOf(error: Error & { level?: string; code?: string }, host: string): KamalError {
  if (error.level === 'client-timeout') return new KamalError('Net::SSH::Timeout', `Timeout, server ${host} not responding.`);
  if (error.code === 'ECONNRESET') return new KamalError('Errno::ECONNRESET', 'Connection reset by peer');
  return new KamalError('Net::SSH::Disconnect', 'connection closed by remote host');
}

/** scp answers each step with a byte 0, or with another byte and a complaint. */
function acknowledgements(channel: ClientChannel, ended: Promise<number | undefined>): { next(): Promise<void> } {
  let buffered = Buffer.alloc(0);
  let complaint = '';
  let wake = (): void => undefined;
  channel.on('data', (chunk: Buffer) => {
    buffered = Buffer.concat([buffered, chunk]);
    wake();
  });
  channel.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
  const over = ended.then((status) => Promise.reject(new KamalError('Net::SCP::Error', `SCP did not finish successfully (${String(status ?? '')}): ${complaint.trim()}`)));
  over.catch(() => undefined);
  return {
    next: async () => {
      while (buffered.length === 0) await Promise.race([new Promise<void>((resolve) => (wake = resolve)), over]);
      const byte = buffered[0];
      if (byte !== 0) throw new KamalError('Net::SCP::Error', buffered.subarray(1).toString().trim());
      buffered = buffered.subarray(1);
    },
  };
}

const shellEscaped = (path: string): string => path.replaceAll(/[^A-Za-z0-9_\-.,:+/@\n]/g, '\\$&');
