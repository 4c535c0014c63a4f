/** Commands for an app's containers on a host. */
import type { Configuration } from '../config/configuration.ts';
import type { Role } from '../config/role.ts';
import { combined, inShell, optionize, type Words } from '../words.ts';

const PROXY = 'kamal-proxy';
const HEALTH_STATUS = "'{{if .State.Health}}{{.State.Health.Status}}{{else}}{{.State.Status}}{{end}}'";
const HEALTH_LOG = "'{{json .State.Health}}'";
const ACTIVE = ['running', 'restarting'];

const docker = (...words: readonly string[]): string[] => ['docker', ...words];
const xargs = (words: Words): Words => ['xargs', ...words];

/** All of it; `role` narrows to the containers of one. */
export function appCommands(config: Configuration, role?: Role) {
  const filters = (statuses: readonly string[] = []): string[] => [
    `label=service=${config.service}`,
    `label=destination=${config.destination ?? ''}`,
    ...(role === undefined ? [] : [`label=role=${role.name}`]),
    ...statuses.map((status) => `status=${status}`),
  ].flatMap((filter) => ['--filter', filter]);
  return {
    containers: (): Words => docker('container', 'ls', '--all', ...filters()),
    details: (): Words => docker('ps', ...filters()),
    images: (): Words => docker('image', 'ls', config.repository),
    tagLatest: (): Words => docker('tag', `${config.repository}:${config.version()}`, `${config.repository}:${config.latestTag}`),
    filters,
  };
}

export function roleCommands(config: Configuration, role: Role) {
  const app = appCommands(config, role);
  const nameOf = (version: string): string => `${role.prefix}-${version}`;
  const idOf = (version: string): Words => docker('container', 'ls', '--all', '--filter', `'name=^${nameOf(version)}$'`, '--quiet');
  const versionFromName = `while read line; do echo \${line#${role.prefix}-}; done`;
  const stopArgs = role.stopTimeout === undefined ? [] : ['-t', String(role.stopTimeout)];
  const envFile = `.kamal/apps/${[config.service, config.destination].filter((part) => part !== undefined).join('-')}/env/roles/${role.name}.env`;

  /** The latest image's container where one runs, else whichever runs. */
  const current = (format: string): Words => {
    const latest = (ancestor: readonly string[]): string[] => docker('ps', '--latest', format, ...app.filters(ACTIVE), ...ancestor);
    const image = `$(docker image ls --filter reference=${config.repository}:${config.latestTag} --format '{{.ID}}')`;
    return combined('|', inShell(combined(';', latest(['--filter', `ancestor=${image}`]), latest([]))), ['head', '-1']);
  };

  return {
    idOf,
    envFile,
    /** `docker run` of the declared version. */
    run: (host: string, hostname: string): Words => {
      const version = config.version();
      return docker(
        'run', '--detach', '--restart', role.restartPolicy, '--name', nameOf(version), '--network', 'kamal', '--hostname', hostname,
        '--env', `KAMAL_CONTAINER_NAME=${shellText(nameOf(version))}`, '--env', `KAMAL_VERSION=${shellText(version)}`, '--env', `KAMAL_HOST=${shellText(host)}`,
        ...(config.destination === undefined ? [] : ['--env', `KAMAL_DESTINATION=${shellText(config.destination)}`]),
        ...role.env(host).clearArgs(), '--env-file', envFile,
        ...role.loggingArgs, ...config.volumeArgs, ...role.labelArgs, ...role.optionArgs,
        `${config.repository}:${version}`, ...(role.cmd === undefined ? [] : [role.cmd]),
      );
    },
    start: (): Words => docker('start', nameOf(config.version())),
    stop: (version?: string): Words => combined('|', version === undefined ? current('--quiet') : idOf(version), xargs(docker('stop', ...stopArgs))),
    rename: (from: string, to: string): Words => docker('rename', nameOf(from), nameOf(to)),
    status: (version: string): Words => combined('|', idOf(version), xargs(docker('inspect', '--format', HEALTH_STATUS))),
    healthLog: (version: string): Words => combined('|', idOf(version), xargs(docker('inspect', '--format', HEALTH_LOG))),
    logs: (version: string): Words => combined('|', idOf(version), ['xargs docker logs --timestamps 2>&1']),
    runningVersion: (): Words => combined('|', current("--format '{{.Names}}'"), [versionFromName]),
    versions: (): Words => combined('|', docker('ps', ...app.filters(), '--format', '"{{.Names}}"'), [versionFromName]),
    makeEnvDirectory: (): Words => ['mkdir', '-p', envFile.replace(/\/[^/]*$/, '')],
    proxyDeploy: (target: string): Words => docker('exec', PROXY, 'kamal-proxy', 'deploy', role.prefix, ...(role.proxy?.deployArgs(target) ?? [])),
    proxyRemove: (): Words => docker('exec', PROXY, 'kamal-proxy', 'remove', role.prefix),
    proxyResume: (): Words => docker('exec', PROXY, 'kamal-proxy', 'resume', role.prefix),
    proxyStop: (drainSeconds: number, message: string | undefined): Words => docker(
      'exec', PROXY, 'kamal-proxy', 'stop', role.prefix,
      ...optionize([['drain-timeout', `${drainSeconds}s`], ...(message === undefined ? [] : [['message', message] as const])], '='),
    ),
  };
}

/** Names and versions stand in plain quotes, unescaped, as Kamal has it. */
const shellText = (text: string): string => `"${text}"`;
