/** Commands for the host itself: lock, audit log, Docker, registry, the proxy's container, images. */
import { type Configuration, RUN_DIRECTORY } from '../config/configuration.ts';
import { APPS_DIRECTORY, defaultRunScript, defaultVolumeArgs } from '../config/proxy.ts';
import type { World } from '../world.ts';
import { combined, shellValue, type Words } from '../words.ts';

const PROXY = 'kamal-proxy';
const docker = (...words: Words): Words => ['docker', ...words];

export function lockCommands(config: Configuration) {
  const folder = `${RUN_DIRECTORY}/${['lock', config.service, config.destination].filter((part) => part !== undefined).join('-')}`;
  const details = `${folder}/details`;
  return {
    /** Ruby breaks base64 after 60 characters; the line breaks are sent too. */
    acquire: (text: string): Words => {
      const encoded = (Buffer.from(text).toString('base64').match(/.{1,60}/g) ?? []).map((line) => `${line}\n`).join('');
      return combined('&&', ['mkdir', folder], combined('>', ['echo', `"${encoded}"`], [details]));
    },
    release: (): Words => combined('&&', ['rm', details], ['rm', '-r', folder]),
    status: (): Words => combined('&&', combined('>', ['stat', folder], ['/dev/null']), combined('|', ['cat', details], ['base64', '-d'])),
  };
}

/** Who did what when, at the end of `.kamal/SERVICE[-DESTINATION]-audit.log`. */
export function auditCommands(config: Configuration, world: World) {
  const file = `${RUN_DIRECTORY}/${[config.service, config.destination, 'audit.log'].filter((part) => part !== undefined).join('-')}`;
  return {
    record: (line: string, role?: string): Words => {
      const tags = auditTags(config, world);
      const shown = [tags.recorded_at, tags.performer, tags.destination, role].filter((part) => part !== undefined).map((part) => `[${part}]`).join(' ');
      return combined('&&', ['mkdir', '-p', RUN_DIRECTORY], combined('>>', ['echo', shellValue(`${shown} ${line}`)], [file]));
    },
    reveal: (): Words => ['tail', '-n', '50', file],
  };
}

export interface AuditTags {
  recorded_at: string;
  performer: string;
  destination?: string;
  version: string;
  service_version: string;
  service: string;
}

export function auditTags(config: Configuration, world: World): AuditTags {
  const recorded = isoSeconds(world.now());
  const email = world.run(['git', 'config', 'user.email']).stdout.trim();
  const performer = email === '' ? world.run(['whoami']).stdout.trim() : email;
  const version = config.version();
  return {
    recorded_at: recorded,
    performer,
    ...(config.destination === undefined ? {} : { destination: config.destination }),
    version,
    service_version: `${config.service}@${version.includes('_') ? version : version.slice(0, 7)}`,
    service: config.service,
  };
}

export const isoSeconds = (time: Date): string => time.toISOString().replace(/\.\d+Z$/, 'Z');

export const hostCommands = {
  makeRunDirectory: (): Words => ['mkdir', '-p', RUN_DIRECTORY],
  dockerInstalled: (): Words => docker('-v'),
  superuser: (): Words => ['[ "${EUID:-$(id -u)}" -eq 0 ] || sudo -nl usermod >/dev/null'],
  root: (): Words => ['[ "${EUID:-$(id -u)}" -eq 0 ]'],
  inDockerGroup: (): Words => ['id -nG "${USER:-$(id -un)}" | grep -qw docker'],
  installDocker: (): Words => combined('|', ['sh', '-c', "'curl -fsSL https://get.docker.com || wget -O - https://get.docker.com || echo \"exit 1\"'"], ['sh']),
  createNetwork: (): Words => docker('network', 'create', 'kamal'),
  firstMirror: (): Words => docker('info', "--format '{{index .RegistryConfig.Mirrors 0}}'"),
} as const;

export const registryCommands = (config: Configuration) => ({
  login: (): Words => docker(
    'login', ...(config.registry.server === undefined ? [] : [config.registry.server]),
    '-u', { secret: shellValue(config.registry.username()) }, '-p', { secret: shellValue(config.registry.password()) },
  ),
  logout: (): Words => docker('logout', ...(config.registry.server === undefined ? [] : [config.registry.server])),
});

export function imageCommands(config: Configuration) {
  const image = (): string => `${config.repository}:${config.version()}`;
  return {
    remove: (): Words => docker('image', 'rm', '--force', image()),
    pull: (): Words => docker('pull', image()),
    checkLabel: (): Words => combined(
      '|',
      docker('inspect', '-f', "'{{ .Config.Labels.service }}'", image()),
      combined('||', ['grep', '-x', config.service], [`(echo "Image ${image()} is missing the 'service' label" && exit 1)`]),
    ),
  };
}

export function pruneCommands(config: Configuration) {
  const ours = ['--filter', `label=service=${config.service}`];
  const inUse = `$(docker container ls -a --format '{{.Image}}\\|' --filter label=service=${config.service} | tr -d '\\n')${config.repository}:${config.latestTag}\\|${config.repository}:<none>`;
  return {
    containers: (retain: number): Words => combined(
      '|',
      docker('ps', '-q', '-a', ...ours, ...['created', 'exited', 'dead'].flatMap((status) => ['--filter', `status=${status}`])),
      [`tail -n +${retain + 1}`],
      ['while read container_id; do docker rm $container_id; done'],
    ),
    danglingImages: (): Words => docker('image', 'prune', '--force', ...ours),
    unusedImages: (): Words => combined(
      '|',
      docker('image', 'ls', ...ours, '--format', "'{{.ID}} {{.Repository}}:{{.Tag}}'"),
      ['grep', `-v -w "${inUse}"`],
      ['while read image tag; do docker rmi $tag; done'],
    ),
  };
}

export function proxyCommands(config: Configuration, host: string) {
  const always = ['run', '--name', PROXY, '--network', 'kamal', '--detach', '--restart', 'unless-stopped', '--volume', 'kamal-proxy-config:/home/kamal-proxy/.config/kamal-proxy'];
  const run = (): Words => {
    const own = config.proxyRun(host);
    return own === undefined
      ? combined('|', defaultRunScript(), ['xargs', 'docker', ...always, ...defaultVolumeArgs])
      : docker(...always, ...own.args);
  };
  const start = (): Words => docker('container', 'start', PROXY);
  return {
    run,
    start,
    startOrRun: (): Words => combined('||', start(), run()),
    stop: (): Words => docker('container', 'stop', PROXY),
    removeContainer: (): Words => docker('container', 'prune', '--force', '--filter', 'label=org.opencontainers.image.title=kamal-proxy'),
    details: (): Words => docker('ps', '--filter', `'name=^${PROXY}$'`),
    version: (): Words => combined('|', docker('inspect', PROXY, "--format '{{.Config.Image}}'"), ['awk', '-F:', "'{print $NF}'"]),
    makeAppsDirectory: (): Words => ['mkdir', '-p', APPS_DIRECTORY],
  };
}
