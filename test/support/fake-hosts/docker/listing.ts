/** Lists of Docker's. */
import { ended, type Ending } from '../shell/evaluate.ts';
import { dockerArguments } from './arguments.ts';
import { type Container, type DockerState, filtered, formatted, hasLabel } from './state.ts';

export function listContainers(state: DockerState, argv: readonly string[]): Ending {
  const options = dockerArguments(argv);
  const all = options.has('--all', '-a', '--latest');
  const found = filtered(state.containers, options.all('--filter', '-f'), all).slice(0, options.has('--latest') ? 1 : undefined);
  const template = options.one('--format');
  const shown = (container: Container): Container => (options.has('--no-trunc') ? container : { ...container, id: container.id.slice(0, 12) });
  if (options.has('--quiet', '-q')) return ended(0, text(found.map((container) => shown(container).id)));
  if (template !== undefined) return ended(0, text(found.map((container) => formatted(shown(container), template))));
  return ended(0, text(['CONTAINER ID   IMAGE   COMMAND   CREATED   STATUS   PORTS   NAMES', ...found.map(row)]));
}

const text = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');

const row = (container: Container): string =>
  `${container.id.slice(0, 12)}   ${container.image}   "cmd"   1 minute ago   ${statusOf(container)}   -   ${container.name}`;

function statusOf({ status, exitCode }: Container): string {
  if (status === 'running') return 'Up 1 minute';
  return status === 'created' ? 'Created' : `Exited (${exitCode})`;
}

export function listImages(state: DockerState, argv: readonly string[]): Ending {
  const options = dockerArguments(argv);
  const template = options.one('--format') ?? '{{.Repository}}:{{.Tag}} {{.ID}}';
  const filters = options.all('--filter', '-f');
  const found = [...state.images].filter(([reference, image]) => filters.every((filter) => {
    const [kind, ...value] = filter.split('=');
    return kind === 'reference' ? reference === value.join('=') : hasLabel(image.labels, value.join('='));
  }));
  return ended(0, text(found.map(([reference, image]) => {
    const [, repository = '', tag = ''] = /^(.*):([^:/]*)$/.exec(reference) ?? [];
    return template.replaceAll('{{.ID}}', image.id.slice(0, 12)).replaceAll('{{.Repository}}', repository).replaceAll('{{.Tag}}', tag);
  })));
}

export function pruneContainers(state: DockerState, argv: readonly string[]): Ending {
  const filters = dockerArguments(argv).all('--filter');
  const gone = filtered(state.containers, filters, true).filter((container) => container.status !== 'running');
  state.containers = state.containers.filter((container) => !gone.includes(container));
  return prune();
}

export const prune = (): Ending => ended(0, 'Total reclaimed space: 0B\n');
