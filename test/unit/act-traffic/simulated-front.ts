/** Where a simulated load balancer takes requests, and its health checks. */
import { request as httpRequest } from 'node:http';
import { startAnswering } from '../../support/real/answering.ts';

/** Sends requests to healthy servers in turn, and asks each for `/up` every 25 ms. Servers by URL, such as `http://127.0.0.1:8080`. */
export async function startSimulatedFront(servers: () => readonly string[], report: (url: string, healthy: boolean) => void): Promise<{ url: string; stop(): Promise<void> }> {
  const unhealthy = new Set<string>();
  let turn = 0;
  const front = await startAnswering((request, response) => {
    const healthy = servers().filter((url) => !unhealthy.has(url));
    const server = healthy[turn += 1, turn % Math.max(1, healthy.length)];
    if (server === undefined) return void response.writeHead(503).end('no available server');
    const onward = httpRequest(new URL(request.url ?? '/', server), { method: request.method, agent: false }, (answer) => {
      response.writeHead(answer.statusCode ?? 502);
      answer.pipe(response);
    });
    onward.on('error', () => response.writeHead(502).end()).end();
  });
  const note = (url: string, healthy: boolean): void => {
    if (healthy) unhealthy.delete(url);
    else unhealthy.add(url);
    report(url, healthy);
  };
  const checking = setInterval(() => {
    for (const url of servers()) void fetch(`${url}/up`).then(({ ok }) => note(url, ok), () => note(url, false));
  }, 25);
  return {
    url: front.url,
    async stop() {
      clearInterval(checking);
      await front.stop();
    },
  };
}
