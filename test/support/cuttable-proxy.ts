import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

/** A TCP proxy whose line can be cut and mended: what is behind it is away for one client only. */
export interface CuttableProxy {
  port: number;
  /** Connections that clients have opened so far. */
  accepted(): number;
  /** Ends all connections and refuses new ones. */
  cut(): void;
  mend(): void;
  close(): Promise<void>;
}

export async function startCuttableProxy(target: { host: string; port: number }): Promise<CuttableProxy> {
  let whole = true;
  let accepted = 0;
  const sockets = new Set<Socket>();
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    // Cutting is an error for both ends; their `close` follows.
    socket.on('error', () => {});
  };
  const server = createServer((client) => {
    accepted += 1;
    keep(client);
    if (!whole) {
      client.destroy();
      return;
    }
    const behind = connect(target);
    keep(behind);
    client.pipe(behind).pipe(client);
    client.on('close', () => behind.destroy());
    behind.on('close', () => client.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endAll = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    accepted: () => accepted,
    cut() {
      whole = false;
      endAll();
    },
    mend() {
      whole = true;
    },
    async close() {
      endAll();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
