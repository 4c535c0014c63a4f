/** One address before several controllers, each connection to any one that takes it: what a Service does in a cluster. */
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

export interface Front extends AsyncDisposable {
  url: string;
}

export async function startFront(ports: readonly number[]): Promise<Front> {
  const open = new Set<Socket>();
  const server = createServer((client) => {
    keep(client);
    const first = Math.floor(Math.random() * ports.length);
    join(client, [...ports.slice(first), ...ports.slice(0, first)]);
  });

  function keep(socket: Socket): void {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    socket.on('error', () => socket.destroy());
  }
  function join(client: Socket, [port, ...others]: readonly number[]): void {
    if (port === undefined) return void client.destroy();
    const backend = connect(port, '127.0.0.1');
    const next = (): void => join(client, others);
    backend.once('error', next);
    backend.once('connect', () => {
      backend.off('error', next);
      keep(backend);
      client.once('close', () => backend.destroy());
      backend.once('close', () => client.destroy());
      client.pipe(backend).pipe(client);
    });
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}
