/** Containers as `docker inspect` tells of them, and hosts as they are seen. */
import type { SeenApp } from '../../../controller/act/deploy/kamal/app-state.ts';
import { type Container, readContainers } from '../../../controller/act/deploy/kamal/containers.ts';
import { seconds } from '../../../controller/model/index.ts';

export const ROLE = { service: 'shop', role: 'web' };
export const NOW = Date.UTC(2026, 10, 23, 16);
export const KEY = Buffer.from('a key of this process');
export const DIGESTS = new Map([['sha256:one', ['registry.test:5000/acme/shop@sha256:aaaa']]]);

export interface InspectedOptions {
  id?: string;
  /** Name of the container. */
  name?: string;
  status?: string;
  /** Seconds before NOW. */
  age?: number;
  image?: string;
  env?: string[];
  host?: Record<string, unknown>;
  config?: Record<string, unknown>;
}

export const inspected = ({ id = 'f'.repeat(64), name = 'shop-web-v1', status = 'running', age = 3600, image = 'sha256:one', env = [], host = {}, config = {} }: InspectedOptions = {}): string => JSON.stringify({
  Id: id, Name: `/${name}`, Created: new Date(NOW - seconds(age)).toISOString(), Image: image, State: { Status: status },
  Config: { Image: `registry.test:5000/acme/shop:${name.split('-').at(-1)}`, Env: ['KAMAL_HOST=10.0.0.2', `KAMAL_CONTAINER_NAME=${name}`, 'KAMAL_VERSION=x', 'RAILS_ENV=production', ...env], Cmd: ['bin/rails', 'server'], Entrypoint: null, User: 'rails', ...config },
  HostConfig: { NetworkMode: 'kamal', RestartPolicy: { Name: 'unless-stopped', MaximumRetryCount: 0 }, LogConfig: { Type: 'json-file', Config: { 'max-size': '10m' } }, Memory: 0, Binds: null, ...host },
});

export const containersOf = (...options: InspectedOptions[]): Container[] => readContainers(options.map(inspected), ROLE, DIGESTS, KEY);

export const idOf = (letter: string): string => letter.repeat(64);

/** A host whose proxy sends requests to the container with this id; `undefined`: it knows no app. */
export const seen = (containers: InspectedOptions[], target: string | undefined, state = 'running'): SeenApp => ({
  containers: containersOf(...containers), asOf: NOW, proxy: target === undefined ? [] : [{ service: 'shop-web', targets: [target.slice(0, 12)], state }],
});
