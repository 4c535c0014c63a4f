/** Where a simulated cloud's load balancer takes requests, and its health checks. */
import { request as httpRequest } from 'node:http';
import { startAnswering } from '../../support/real/answering.ts';

/** Sends requests to healthy places in turn, and asks each for `/up` every 25 ms. */
export async function startCloudFront(port: number, addresses: () => readonly string[], report: (address: string, healthy: boolean) => void): Promise<{ url: string; stop(): Promise<void> }> {
  const unhealthy = new Set<string>();
  let turn = 0;
  const front = await startAnswering((request, response) => {
    const places = addresses().filter((address) => !unhealthy.has(address));
    const place = places[turn += 1, turn % Math.max(1, places.length)];
    if (place === undefined) return void response.writeHead(503).end('no available server');
    const onward = httpRequest({ host: place, port, path: request.url, method: request.method, agent: false }, (answer) => {
      response.writeHead(answer.statusCode ?? 502);
      answer.pipe(response);
    });
    onward.on('error', () => response.writeHead(502).end()).end();
  });
  const note = (address: string, healthy: boolean): void => {
    if (healthy) unhealthy.delete(address);
    else unhealthy.add(address);
    report(address, healthy);
  };
  const checking = setInterval(() => {
    for (const address of addresses()) void fetch(`http://${address}:${port}/up`).then(({ ok }) => note(address, ok), () => note(address, false));
  }, 25);
  return {
    url: front.url,
    async stop() {
      clearInterval(checking);
      await front.stop();
    },
  };
}
