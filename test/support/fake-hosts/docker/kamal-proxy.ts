/** kamal-proxy 0.9.2 inside its container. */
import { ended, type Ending } from '../shell/evaluate.ts';
import { type DockerState, findContainer } from './state.ts';

export function kamalProxy(docker: DockerState, argv: readonly string[]): Ending {
  const [command = '', service = '', ...options] = argv;
  const option = (name: string): string | undefined => options.find((word) => word.startsWith(`--${name}=`))?.slice(name.length + 3);
  const known = docker.services.get(service);
  switch (command) {
    case 'deploy': {
      const target = option('target') ?? '';
      const container = findContainer(docker, target.replace(/:\d+$/, ''));
      if (container?.status !== 'running' || container.behaviour !== 'Healthy') {
        return ended(1, '', `Error: target failed to become healthy within configured timeout (${option('deploy-timeout') ?? '30s'})\n`);
      }
      // A service that was stopped stays stopped: maintenance outlives a deploy.
      docker.services.set(service, { target, host: option('host') ?? '*', state: known?.state ?? 'running' });
      return ended(0);
    }
    case 'list':
      return ended(0, table(docker));
    case 'stop':
    case 'resume':
    case 'remove':
      if (known === undefined) return ended(1, '', 'Error: service not found\n');
      if (command === 'remove') docker.services.delete(service);
      else docker.services.set(service, { ...known, state: command === 'stop' ? 'stopped' : 'running' });
      return ended(0);
    default:
      return ended(1, '', `Error: unknown command "${command}" for "kamal-proxy"\n`);
  }
}

/** With colours even where there is no terminal, as the real one. */
function table(docker: DockerState): string {
  const rows = [['Service', 'Host', 'Path', 'Target', 'State', 'TLS'], ...[...docker.services].map(([name, { host, target, state }]) => [name, host, '/', target, state, 'no'])];
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row, at) => `${row.map((cell, column) => `${at === 0 ? '\x1b[3;94m' : column === 0 ? '\x1b[1;34m' : '\x1b[m'}${cell}\x1b[0m${' '.repeat((widths[column] ?? 0) - cell.length)}  `).join('')}\n`).join('');
}
