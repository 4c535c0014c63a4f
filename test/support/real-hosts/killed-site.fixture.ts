/** Run as a process of its own, which a suite kills: a site with one host, on which one container runs. */
import { until } from '../real/until.ts';
import { pushApp } from './images.ts';
import { FRESH_IMAGE, startRack } from './rack.ts';
import { startRegistry } from './registry.ts';
import { startSite } from './site.ts';

const site = await startSite();
const rack = await startRack(site);
const registry = await startRegistry(site);
const image = await pushApp(registry, { repository: 'acme/shop', version: 'v1', service: 'shop' });
await rack.boot({ id: 1, name: 'web-1', userData: '', image: FRESH_IMAGE, serverType: 'cx22', location: 'fsn1', authorizedKeys: [], publicNet: 'None' });
const host = rack.host(1);
await until('the engine', async () => await host.run('docker', ['info']).then(() => true));
await host.run('docker', ['login', registry.server, '--username', registry.username, '--password-stdin'], registry.password);
await host.run('docker', ['run', '--detach', image]);
console.log(JSON.stringify({ name: site.name, interface: site.subnet.interface, holder: site.holder, folder: site.folder }));
setInterval(() => undefined, 60_000);
