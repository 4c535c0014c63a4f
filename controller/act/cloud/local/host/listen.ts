import { type RequestListener, createServer } from 'node:http';

export interface Listening {
  readonly port: number;
  /** Takes no more connections and cuts those that are open. */
  close(): void;
}

/** Longer than load balancers keep idle connections, so that it is never this side that closes one as it is used. */
const keepAliveMilliseconds = 120_000;

/** Serves on a free port of 127.0.0.1. */
export function listen(listener: RequestListener): Promise<Listening> {
  return new Promise((resolve, reject) => {
    const server = createServer({ keepAliveTimeout: keepAliveMilliseconds, requestTimeout: 0 }, listener);
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      if (address === null || typeof address === 'string') return reject(new Error('a server on a port has no port'));
      resolve({
        port: address.port,
        close() {
          server.close();
          server.closeAllConnections();
        },
      });
    });
  });
}
