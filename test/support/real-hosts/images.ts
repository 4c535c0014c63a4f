/** The images that hosts run: the sample application in several versions, and kamal-proxy. */
import { randomBytes } from 'node:crypto';
import { locate } from '../../../hack/real-parts/locate.ts';
import { pushImage } from './image.ts';
import type { Registry } from './registry.ts';

/** The tag that Kamal 2.12.0 wants. */
export const PROXY_IMAGE = 'basecamp/kamal-proxy:v0.9.2';

export interface AppImage {
  /** Such as `acme/shop`. */
  repository: string;
  version: string;
  /** Kamal's service; Kamal refuses an image without this label. */
  service: string;
  /** What the application minds, see the head of `hack/real-parts/modules/sample-app/main.go`. */
  env?: Readonly<Record<string, string>>;
  /** Megabytes that cannot be compressed, for a pull that takes its time. */
  weightMegabytes?: number;
}

/** Answers the image's full name. */
export async function pushApp(registry: Registry, { repository, version, service, env = {}, weightMegabytes = 0 }: AppImage): Promise<string> {
  const weight = weightMegabytes === 0 ? [] : [{ '/weight': { bytes: randomBytes(weightMegabytes * 2 ** 20) } }];
  return await pushImage(registry, `${repository}:${version}`, {
    layers: [{ '/bin/app': { program: await locate('sample-app') } }, ...weight, { '/version': { bytes: Buffer.from(version) } }],
    env: { PATH: '/bin', ...env },
    command: ['/bin/app'],
    labels: { service },
    port: 80,
  });
}

/** The part's static program alone: its state, its socket and the applications' error pages need folders that can be written. */
export async function pushProxy(registry: Registry): Promise<string> {
  const home = '/home/kamal-proxy';
  return await pushImage(registry, PROXY_IMAGE, {
    layers: [{ '/bin/kamal-proxy': { program: await locate('kamal-proxy') }, [`${home}/.config/kamal-proxy`]: 'Folder', [`${home}/.apps-config`]: 'Folder', '/run': 'Folder', '/tmp': 'Folder' }],
    env: { PATH: '/bin', HOME: home, XDG_RUNTIME_DIR: '/run' },
    command: ['kamal-proxy', 'run'],
    labels: {},
    port: 80,
  });
}
