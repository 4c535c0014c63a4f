import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, type Server as TcpServer, type Socket, connect, createServer } from 'node:net';
import ssh2, { type Connection, type ServerChannel } from 'ssh2';
import { keyPairOfSeed } from '../../controller/act/ssh/ed25519.ts';
import { publicKeyOf } from '../../controller/act/ssh/public-key.ts';

/** What becomes of a command. */
export type CommandEnd =
  | { kind: 'Exits'; code: number; stdout?: string | Buffer; stderr?: string }
  | { kind: 'Killed'; signal: string }
  /** It goes on for ever. */
  | { kind: 'Hangs' }
  /** The connection is gone in the middle of it. */
  | { kind: 'Drops' };

export interface SshServerOptions {
  /** Private keys, in any format that ssh2 reads. */
  hostKeys: readonly string[];
  /** Public keys that may log in, as `type base64`. */
  authorizedKeys: readonly string[];
  user?: string;
  /** Another loopback address than 127.0.0.1, and a port that is free there. */
  at?: { address: string; port: number };
  run?: (command: string, input: string) => CommandEnd | Promise<CommandEnd>;
  /** Answers SFTP, whose subsystem it has only with this. */
  files?: (requests: ssh2.SFTPWrapper) => void;
  /** Whether connections to other places go through it, as sshd's AllowTcpForwarding. */
  forwarding?: 'Allowed' | 'Refused';
  /**
   * `Silent` accepts TCP and says nothing; `Stalls` stops after its banner; `NoSsh` speaks HTTP; `Shuts` closes at once;
   * `NeverAnswersLogin` takes the key and says no word; `Garbage` sends rubbish once somebody is logged in.
   */
  behaviour?: 'Usual' | 'Silent' | 'Stalls' | 'NoSsh' | 'Shuts' | 'NeverAnswersLogin' | 'Garbage';
}

/** An sshd in this process, on a loopback address. */
export interface SshServer {
  readonly port: number;
  /** Public halves of its host keys. */
  readonly hostKeys: string[];
  /** Command lines that were asked for. */
  readonly commands: string[];
  /** TCP connections that were ever accepted, and those that are open. */
  readonly accepted: number;
  readonly open: number;
  /** Resolves once so many TCP connections were accepted. */
  whenAccepted(count: number): Promise<void>;
  /** New connections see these, as after a reload. */
  setHostKeys(privateKeys: readonly string[]): void;
  /** Resolves once somebody asked to log in. */
  readonly loginAsked: Promise<void>;
  /** Cuts every connection, without a word. */
  cut(): void;
  /** The same as from a machine that knows nothing of them: the next packet is answered with a reset. */
  reset(): void;
  close(): Promise<void>;
}

export async function startSshServer(options: SshServerOptions): Promise<SshServer> {
  const commands: string[] = [];
  const sockets = new Set<Socket>();
  const waiting: { count: number; resolve: () => void }[] = [];
  const login = Promise.withResolvers<void>();
  let accepted = 0;
  let hostKeys = [...options.hostKeys];

  const tcp: TcpServer = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    accepted += 1;
    socket.once('close', () => sockets.delete(socket)).on('error', () => undefined);
    take(socket, options, hostKeys, { commands, loginAsked: login.resolve });
    for (const { count, resolve } of waiting) if (accepted >= count) resolve();
  });
  tcp.listen(options.at?.port ?? 0, options.at?.address ?? '127.0.0.1');
  await once(tcp, 'listening');

  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: (tcp.address() as AddressInfo).port,
    get hostKeys() { return hostKeys.map(publicHalf); },
    commands, loginAsked: login.promise,
    get accepted() { return accepted; },
    get open() { return sockets.size; },
    whenAccepted: (count) => (accepted >= count ? Promise.resolve() : new Promise((resolve) => { waiting.push({ count, resolve }); })),
    setHostKeys(privateKeys) { hostKeys = [...privateKeys]; },
    cut,
    reset() {
      for (const socket of sockets) socket.resetAndDestroy();
    },
    async close() {
      if (!tcp.listening) return;
      const closed = once(tcp, 'close');
      tcp.close();
      cut();
      await closed;
    },
  };
}

export type KeyType = 'ed25519' | 'rsa' | 'ecdsa';

/** A new private key. ssh2's own generator now and then makes one that it cannot read: it leaves out a leading zero byte. */
export const newKey = (type: KeyType = 'ed25519'): string => {
  switch (type) {
    case 'ed25519': return keyPairOfSeed(randomBytes(32)).privateKey;
    case 'rsa': return generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
    case 'ecdsa': return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'sec1', format: 'pem' }).toString();
  }
};

/** A new private key behind a passphrase, and its public half as `type base64`. */
export function newLockedKey(passphrase: string): { privateKey: string; publicLine: string } {
  for (;;) {
    const made = ssh2.utils.generateKeyPairSync('ed25519', { passphrase, cipher: 'aes256-cbc', rounds: 1 });
    if (!(ssh2.utils.parseKey(made.private, passphrase) instanceof Error)) return { privateKey: made.private, publicLine: made.public.trim() };
  }
}

/** As `type base64`. */
export function publicHalf(privateKey: string): string {
  const key = ssh2.utils.parseKey(privateKey);
  if (key instanceof Error) throw key;
  return publicKeyOf(key.getPublicSSH());
}

interface Notes {
  commands: string[];
  loginAsked: () => void;
}

function take(socket: Socket, options: SshServerOptions, hostKeys: readonly string[], notes: Notes): void {
  switch (options.behaviour ?? 'Usual') {
    case 'Silent': return;
    case 'Shuts': return void socket.destroy();
    case 'Stalls': return void socket.write('SSH-2.0-stalls\r\n');
    case 'NoSsh': return void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
    case 'Usual': case 'NeverAnswersLogin': case 'Garbage': {
      const server = new ssh2.Server({ hostKeys: [...hostKeys] }, (client) => greet(client, socket, options, notes));
      server.injectSocket(socket);
    }
  }
}

function greet(client: Connection, socket: Socket, options: SshServerOptions, { commands, loginAsked }: Notes): void {
  client.on('error', () => undefined);
  client.on('authentication', (login) => {
    loginAsked();
    if (options.behaviour === 'NeverAnswersLogin' && login.method === 'publickey') return;
    const known = login.method === 'publickey' && login.username === (options.user ?? 'root') && options.authorizedKeys.includes(publicKeyOf(login.key.data));
    // ssh2 leaves it to us to judge the signature.
    const proven = login.method === 'publickey' && (login.signature === undefined || isProven(login));
    if (known && proven) login.accept();
    else login.reject(['publickey']);
  });
  client.on('ready', () => {
    if (options.behaviour === 'Garbage') socket.write(Buffer.alloc(4_096, 0xff));
  });
  client.on('session', (accept) => {
    const session = accept().on('exec', (acceptExec, _reject, { command }) => {
      commands.push(command);
      void carryOut(acceptExec(), command, socket, options);
    });
    const { files } = options;
    if (files !== undefined) session.on('sftp', (acceptFiles) => files(acceptFiles()));
  });
  client.on('tcpip', (accept, reject, { destIP, destPort }) => {
    if (options.forwarding !== 'Allowed') return reject();
    const onward = connect({ host: destIP, port: destPort, noDelay: true });
    onward.once('error', () => reject()).once('connect', () => {
      const channel = accept();
      channel.pipe(onward).pipe(channel);
      // One end of a pair goes with the other; errors after the start mean no more than that.
      onward.on('error', () => channel.destroy()).once('close', () => channel.destroy());
      channel.on('error', () => onward.destroy()).once('close', () => onward.destroy());
    });
  });
}

function isProven({ key, blob, signature, hashAlgo }: ssh2.PublicKeyAuthContext): boolean {
  const parsed = ssh2.utils.parseKey(key.data);
  return !(parsed instanceof Error) && blob !== undefined && signature !== undefined && parsed.verify(blob, signature, hashAlgo);
}

async function commandEnd(run: SshServerOptions['run'], command: string, input: string): Promise<CommandEnd> {
  try {
    return await run?.(command, input) ?? { kind: 'Exits', code: 0 };
  } catch (error) {
    return { kind: 'Exits', code: 255, stderr: `the test's own machine failed: ${String(error)}\n` };
  }
}

async function carryOut(channel: ServerChannel, command: string, socket: Socket, { run }: SshServerOptions): Promise<void> {
  channel.on('error', () => undefined);
  const chunks: Buffer[] = [];
  for await (const chunk of channel) chunks.push(chunk as Buffer);
  const end = await commandEnd(run, command, Buffer.concat(chunks).toString('utf8'));
  switch (end.kind) {
    case 'Hangs': return;
    case 'Drops': return void socket.destroy();
    case 'Killed': {
      channel.exit(end.signal);
      channel.end();
      return;
    }
    case 'Exits': {
      if (end.stderr !== undefined) channel.stderr.write(end.stderr);
      if (end.stdout !== undefined) channel.write(end.stdout);
      channel.exit(end.code);
      channel.end();
    }
  }
}
