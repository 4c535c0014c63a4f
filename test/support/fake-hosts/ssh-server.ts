/** An SSH server in this process for a {@link FakeHost}: commands, and files through `scp -t`. */
import { once } from 'node:events';
import { connect, createServer as createTcpServer, type AddressInfo, type Server as TcpServer, type Socket } from 'node:net';
import ssh2, { type Connection, type ServerChannel } from 'ssh2';
import { type KeyType, newKey, publicHalf } from '../ssh-server.ts';
import type { FakeHost } from './host.ts';

export interface HostServer {
  port: number;
  /** Lines of known_hosts without the name: type and key. */
  hostKeys: readonly string[];
  /** How it meets who connects. `Silent` takes the connection and says nothing. */
  manner: 'Answering' | 'Silent' | 'Hanging up';
  /** How many are open. */
  readonly connections: number;
  /** From now on nothing is read from the connections that are open, as if the network were cut. */
  freeze(): void;
  dial(): Promise<Socket>;
  stop(): Promise<void>;
}

export interface KeyPair {
  privateKey: string;
  /** `type base64`. */
  publicLine: string;
}


export function makeKeyPair(type?: KeyType): KeyPair {
  const privateKey = newKey(type);
  return { privateKey, publicLine: publicHalf(privateKey) };
}

/** Lets in whoever has `clientKey`, under any user name. */
export async function serveHost(host: FakeHost, hostKeys: readonly KeyPair[], clientKey: KeyPair): Promise<HostServer> {
  const ssh = new ssh2.Server({ hostKeys: hostKeys.map((key) => key.privateKey) }, (connection) => accept(connection, host, clientKey));
  const sockets = new Set<Socket>();
  const tcp: TcpServer = createTcpServer((socket) => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.once('close', () => sockets.delete(socket)).on('error', () => undefined);
    if (server.manner === 'Answering') ssh.injectSocket(socket);
    else if (server.manner === 'Hanging up') socket.destroy();
  });
  tcp.listen(0, '127.0.0.1');
  await once(tcp, 'listening');
  const { port } = tcp.address() as AddressInfo;
  const server: HostServer = {
    port,
    hostKeys: hostKeys.map((key) => key.publicLine),
    manner: 'Answering',
    dial: async () => {
      const socket = connect({ host: '127.0.0.1', port, noDelay: true });
      await once(socket, 'connect');
      return socket;
    },
    get connections() {
      return sockets.size;
    },
    freeze: () => {
      for (const socket of sockets) socket.pause();
    },
    stop: async () => {
      const closed = tcp.listening ? once(tcp, 'close') : Promise.resolve();
      tcp.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
  return server;
}

function accept(connection: Connection, host: FakeHost, clientKey: KeyPair): void {
  connection.on('error', () => undefined);
  connection.on('authentication', (context) => {
    if (context.method !== 'publickey' || context.key.data.toString('base64') !== clientKey.publicLine.split(' ')[1]) {
      context.reject(['publickey']);
    } else {
      context.accept();
    }
  });
  connection.on('session', (acceptSession) => {
    acceptSession().on('exec', (acceptExec, _reject, { command }) => {
      const channel = acceptExec();
      const upload = /^scp -t (.+)$/.exec(command);
      void (upload === null ? runCommand(channel, host, command) : receiveFile(channel, host, upload[1] ?? ''));
    });
  });
}

async function runCommand(channel: ServerChannel, host: FakeHost, command: string): Promise<void> {
  const { status, stdout, stderr } = await host.run(command);
  if (channel.destroyed) return;
  channel.stderr.write(stderr);
  channel.write(stdout);
  channel.exit(status);
  channel.end();
}

/** scp's sink: a byte 0 for each step that went well. */
async function receiveFile(channel: ServerChannel, host: FakeHost, path: string): Promise<void> {
  host.commands.push(`scp -t ${path}`);
  channel.write(Buffer.of(0));
  let received = Buffer.alloc(0);
  let header: RegExpExecArray | null = null;
  for await (const chunk of channel as AsyncIterable<Buffer>) {
    received = Buffer.concat([received, chunk]);
    if (header === null) {
      header = /^C\d{4} (\d+) [^\n]*\n/.exec(received.toString('latin1'));
      if (header === null) continue;
      received = received.subarray(header[0].length);
      channel.write(Buffer.of(0));
    }
    const size = Number(header[1]);
    if (received.length <= size) continue;
    const problem = host.files.write(path, received.subarray(0, size).toString(), false);
    channel.write(problem === undefined ? Buffer.of(0) : `\x01scp: ${path}: ${problem}\n`);
    channel.exit(problem === undefined ? 0 : 1);
    channel.end();
    return;
  }
}
