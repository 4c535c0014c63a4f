/** A server image on which container images are there already, as people bake one to shorten a bring-up. */
import { join } from 'node:path';
import { until } from '../real/until.ts';
import type { RealHost } from './host.ts';
import type { Registry } from './registry.ts';
import type { Site } from './site.ts';

/** Pulls on this host and keeps what its engine then has; answers the folder inside the site. The host is of no use afterwards. */
export async function prepareDockerData(site: Site, host: RealHost, name: string, registry: Registry, containerImages: readonly string[]): Promise<string> {
  await until('the engine', async () => await host.run('docker', ['info']).then(() => true));
  await host.run('docker', ['login', registry.server, '--username', registry.username, '--password-stdin'], registry.password);
  for (const [index, image] of containerImages.entries()) {
    await host.run('docker', ['pull', '--quiet', image]);
    // Kamal removes the application's tag before it pulls: without another one the layers would go too.
    await host.run('docker', ['tag', image, `kept:${index}`]);
  }
  await host.stopDocker();
  const folder = join(site.folder, `image-${name}`);
  await host.copyDockerData(folder);
  return folder;
}
