/** One host: a process that boots for a while, then serves as a machine with kamal-proxy, an app and exporters does. */
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { identify } from '../process-identity.ts';
import { claimPart, proxyFolder, writePart } from '../record-files.ts';
import { createBuiltInProxy } from './built-in-proxy.ts';
import { controlListener } from './control.ts';
import { contentType } from './exposition.ts';
import { createHost } from './host.ts';
import { endWithTheWorld } from './lifetime.ts';
import { listen } from './listen.ts';
import { createNodeMetrics, useOfThisProcess } from './node-metrics.ts';
import type { Proxy } from './proxy.ts';
import type { HostAssignment } from './settings.ts';
import { startRealProxy } from './real-proxy.ts';

const [orderFile] = process.argv.slice(2);
if (orderFile === undefined) throw new Error('give the order file of the host');
const folder = dirname(orderFile);
const { order, settings, until } = JSON.parse(await readFile(orderFile, 'utf8')) as HostAssignment;

let proxy: Proxy | undefined;
// Power off: whoever released this host has drained it before.
process.once('SIGTERM', end);
endWithTheWorld(orderFile, until, end);
// Started by two controllers, as the first one was taken for dead: one host is enough.
if (!(await claimPart(folder, order.id, 'process', await identify(process.pid)))) process.exit(0);

if (order.bootMilliseconds !== 'Never') {
  await sleep(order.bootMilliseconds);
  await serve();
}

async function serve(): Promise<void> {
  const front = settings.kamalProxy === undefined
    ? await createBuiltInProxy()
    : await startRealProxy(settings.kamalProxy, proxyFolder(folder, order.id), Math.random);
  proxy = front;
  const bootedAt = performance.now();
  const host = createHost({ settings, proxy: front, sleep, random: Math.random, prepared: () => performance.now() >= bootedAt + settings.prepareMilliseconds });
  const node = createNodeMetrics(useOfThisProcess(), settings);
  const [nodeMetrics, appMetrics, control] = await Promise.all([
    listen((_request, response) => void response.writeHead(200, { 'content-type': contentType }).end(node.text(useOfThisProcess()))),
    listen((_request, response) => void response.writeHead(200, { 'content-type': contentType }).end(host.appMetrics())),
    listen(controlListener(host)),
  ]);
  await writePart(folder, order.id, 'ports', {
    http: front.http, proxyMetrics: front.metrics, nodeMetrics: nodeMetrics.port, appMetrics: appMetrics.port, control: control.port,
  });
}

function end(): void {
  void Promise.resolve(proxy?.close()).finally(() => process.exit(0));
}
