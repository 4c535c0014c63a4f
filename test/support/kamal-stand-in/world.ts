/** All that the stand-in touches outside itself, so that tests can run it in-process against hosts of their own. */
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Duplex } from 'node:stream';
import { KamalError } from './errors.ts';

export interface LocalResult {
  status: number;
  stdout: string;
  stderr: string;
}

export interface World {
  argv: readonly string[];
  env: Readonly<Record<string, string | undefined>>;
  /** Relative paths of the configuration resolve against it. */
  cwd: string;
  out(text: string): void;
  err(text: string): void;
  /** Colours are for terminals, except those of the closing ERROR line, which Kamal always prints. */
  terminal: boolean;
  now(): Date;
  sleep(milliseconds: number): Promise<void>;
  /** So many random bytes as hex digits. */
  hex(bytes: number): string;
  /** A short command on this machine, such as git; throws a KamalError `Errno::ENOENT` when there is no such program. */
  run(argv: readonly string[]): LocalResult;
  /** A hook on this machine; its exit status, or 126 and 127 as a shell would say. */
  hook(path: string, env: Readonly<Record<string, string>>): Promise<LocalResult>;
  /** A TCP connection; rejects with Node's own error. */
  dial(host: string, port: number): Promise<Duplex & { remoteAddress?: string | undefined }>;
  /** Silence of a host after which its connection is given up. */
  keepalive: { intervalMs: number; unanswered: number };
}

/** 242 s were seen between a host's last word and `Net::SSH::Timeout`: eight intervals of Kamal's 30 s. */
export const KEEPALIVE = { intervalMs: 30_000, unanswered: 7 };

/** The world of a process of its own. */
export function processWorld(): World {
  const env = { ...process.env };
  return {
    argv: process.argv.slice(2),
    env,
    cwd: process.cwd(),
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    terminal: process.stdout.isTTY === true,
    now: () => new Date(),
    sleep: (milliseconds) => delay(milliseconds),
    hex: (bytes) => randomBytes(bytes).toString('hex'),
    run: ([program = '', ...args]) => {
      const result = spawnSync(program, args, { encoding: 'utf8', stdio: ['inherit', 'pipe', 'pipe'] });
      if (result.error !== undefined) throw new KamalError('Errno::ENOENT', `No such file or directory - ${program}`);
      return { status: result.status ?? 1, stdout: result.stdout, stderr: result.stderr };
    },
    hook: (path, extra) => runHook(path, { ...env, ...extra }),
    dial,
    keepalive: KEEPALIVE,
  };
}

function runHook(path: string, env: Record<string, string | undefined>): Promise<LocalResult> {
  return new Promise((resolve, reject) => {
    const child = spawn('/usr/bin/env', [path], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.once('error', reject);
    child.once('close', (code) => resolve({ status: code ?? 1, stdout, stderr }));
  });
}

function dial(host: string, port: number): ReturnType<World['dial']> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve(socket);
    });
  });
}
