/** Images, containers and networks of one Docker engine. */
import type { Behaviour, PublishedImage } from './registry.ts';
import { idOf } from './registry.ts';

export interface Container {
  id: string;
  name: string;
  image: string;
  imageId: string;
  labels: Readonly<Record<string, string>>;
  status: 'created' | 'running' | 'exited';
  exitCode: number;
  behaviour: Behaviour;
  log: string;
  command: readonly string[];
  env: readonly string[];
}

export interface LocalImage extends PublishedImage {
  id: string;
}

export interface DockerState {
  /** The newest first. */
  containers: Container[];
  images: Map<string, LocalImage>;
  networks: Set<string>;
  loggedIn: boolean;
  /** Of kamal-proxy: by service. Lost with nothing but a removal. */
  services: Map<string, Service>;
  counter: number;
}

export interface Service {
  target: string;
  host: string;
  state: 'running' | 'stopped';
}

export const freshDocker = (): DockerState => ({ containers: [], images: new Map(), networks: new Set(['bridge', 'host', 'none']), loggedIn: false, services: new Map(), counter: 0 });

export function newContainer(docker: DockerState, seed: string, options: Pick<Container, 'name' | 'image' | 'labels' | 'command' | 'env'>): Container {
  docker.counter += 1;
  const image = docker.images.get(options.image);
  const container: Container = {
    ...options,
    id: idOf(`${seed}/${options.name}/${docker.counter}`),
    imageId: image?.id ?? '',
    labels: { ...image?.labels, ...options.labels },
    status: 'created',
    exitCode: 0,
    behaviour: image?.behaviour ?? 'Healthy',
    log: image?.says ?? '',
  };
  docker.containers.unshift(container);
  return container;
}

/** By name, or by the start of the id. */
export const findContainer = (docker: DockerState, reference: string): Container | undefined =>
  docker.containers.find((container) => container.name === reference || (reference !== '' && container.id.startsWith(reference)));

export function startContainer(container: Container): void {
  const crashes = container.behaviour === 'Crashing';
  container.status = crashes ? 'exited' : 'running';
  container.exitCode = crashes ? 1 : 0;
}

/** Filters of `docker ps`: of one kind any may fit, all kinds must. */
export function filtered(containers: readonly Container[], filters: readonly string[], all: boolean): Container[] {
  const of = (kind: string): string[] => filters.filter((filter) => filter.startsWith(`${kind}=`)).map((filter) => filter.slice(kind.length + 1));
  const statuses = of('status');
  return containers.filter((container) => {
    if (statuses.length > 0 ? !statuses.includes(container.status) : !all && container.status !== 'running') return false;
    if (!of('label').every((label) => hasLabel(container.labels, label))) return false;
    const ancestors = of('ancestor');
    if (ancestors.length > 0 && !ancestors.some((ancestor) => ancestor !== '' && (container.imageId.startsWith(ancestor) || container.image === ancestor))) return false;
    const names = of('name');
    return names.length === 0 || names.some((name) => new RegExp(name).test(container.name));
  });
}

export function hasLabel(labels: Readonly<Record<string, string>>, filter: string): boolean {
  const [key = '', ...value] = filter.split('=');
  return Object.hasOwn(labels, key) && (!filter.includes('=') || labels[key] === value.join('='));
}

/** Go templates, as far as they are asked for. */
export function formatted(container: Container, template: string): string {
  return template
    .replace('{{json .State.Health}}', 'null')
    .replace(/\{\{if \.State\.Health\}\}.*?\{\{else\}\}\{\{\.State\.Status\}\}\{\{end\}\}/, container.status)
    .replaceAll(/\{\{\s*\.Names\s*\}\}/g, container.name)
    .replaceAll(/\{\{\s*\.(?:Config\.)?Image\s*\}\}/g, container.image)
    .replaceAll(/\{\{\s*\.ID\s*\}\}/g, container.id)
    .replaceAll(/\{\{\s*\.Config\.Cmd\s*\}\}/g, `[${container.command.join(' ')}]`)
    .replaceAll(/\{\{\s*\.State\.Status\s*\}\}/g, container.status);
}
