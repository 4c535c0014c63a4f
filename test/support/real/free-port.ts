/** Ports for servers that cannot be asked to pick one themselves. */
import { createServer } from 'node:net';

/**
 * Below the range from which kernels take the ports of outgoing connections: a port from there can be taken by
 * any connection between our look and the server's start, which under load happens.
 */
const FIRST = 20_000;
const LAST = 31_999;
const ATTEMPTS = 100;

const given = new Set<number>();

/** A port that nothing listens on at 127.0.0.1 now, and that this process has not given out before. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST + 1));
    if (given.has(port) || !(await isFree(port))) continue;
    given.add(port);
    return port;
  }
  throw new Error(`no free port between ${FIRST} and ${LAST} on 127.0.0.1 in ${ATTEMPTS} attempts`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}
