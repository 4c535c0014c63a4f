/** What kamal-proxy is told of a role, and how its own container is run. */
import { BeyondStandIn } from '../errors.ts';
import { argumentize, optionize } from '../words.ts';
import type { ConfigurationBase } from './configuration.ts';
import { checkProxy, isHash, type RawHash, textOf } from './validate.ts';

export const PROXY_VERSION = 'v0.9.2';
const APPS = '.kamal/proxy/apps-config';
const APPS_VOLUME = ['--volume', `$PWD/${APPS}:/home/kamal-proxy/.apps-config`];

export interface ProxyConfig {
  hosts: readonly string[];
  ssl: boolean;
  ownCertificates: boolean;
  /** Present when deploy.yml says how to run the container. */
  run?: ProxyRun;
  deployArgs(target: string): string[];
}

export interface ProxyRun {
  /** All after `--restart unless-stopped` and the volume of the proxy's own state. */
  args: readonly string[];
  /** To tell whether two roles of a host want the same. */
  raw: RawHash;
}

export function readProxy(raw: RawHash, base: ConfigurationBase, role: string | undefined, context: string): ProxyConfig {
  checkProxy(raw, context);
  const own = isHash(raw['ssl']) && Boolean(raw['ssl']['certificate_pem']) && Boolean(raw['ssl']['private_key_pem']);
  const hosts = (raw['hosts'] ?? (typeof raw['host'] === 'string' ? raw['host'].split(',') : [])) as string[];
  const run = isHash(raw['run']) && Object.keys(raw['run']).length > 0 ? { args: runArgs(raw['run']), raw: raw['run'] } : undefined;
  return {
    hosts,
    ssl: Boolean(raw['ssl']),
    ownCertificates: own,
    ...(run === undefined ? {} : { run }),
    deployArgs: (target) => {
      if (own) throw new BeyondStandIn(`the stand-in for kamal uploads no certificates (proxy.ssl of role ${role ?? ''})`);
      return optionize(deployOptions(raw, base, hosts, `${target}:${Number(raw['app_port'] ?? 80)}`), '=');
    },
  };
}

type Option = readonly [string, string | number | boolean | readonly string[]];

const seconds = (value: unknown): string | undefined => (value === undefined || value === null || value === false ? undefined : `${textOf(value)}s`);

function deployOptions(raw: RawHash, base: ConfigurationBase, hosts: readonly string[], target: string): Option[] {
  const { healthcheck, buffering, logging } = raw as Record<string, RawHash | undefined>;
  const prefixes = raw['path_prefixes'] ?? (typeof raw['path_prefix'] === 'string' ? raw['path_prefix'].split(',') : []);
  const options: [string, unknown][] = [
    ['target', target],
    ['host', hosts],
    ['tls', raw['ssl'] ? true : undefined],
    ['deploy-timeout', seconds(base.deployTimeout)],
    ['drain-timeout', seconds(base.drainTimeout)],
    ['health-check-interval', seconds(healthcheck?.['interval'])],
    ['health-check-timeout', seconds(healthcheck?.['timeout'])],
    ['health-check-path', healthcheck?.['path']],
    ['target-timeout', seconds(raw['response_timeout'])],
    ['buffer-requests', buffering?.['requests'] ?? true],
    ['buffer-responses', buffering?.['responses'] ?? true],
    ['buffer-memory', buffering?.['memory']],
    ['max-request-body', buffering?.['max_request_body']],
    ['max-response-body', buffering?.['max_response_body']],
    ['path-prefix', prefixes],
    ['strip-path-prefix', raw['strip_path_prefix']],
    ['forward-headers', raw['forward_headers']],
    ['tls-redirect', raw['ssl_redirect']],
    ['log-request-header', logging?.['request_headers'] ?? ['Cache-Control', 'Last-Modified', 'User-Agent']],
    ['log-response-header', logging?.['response_headers']],
  ];
  return options.filter((option): option is [string, Option[1]] => option[1] !== undefined && option[1] !== null);
}

function publishArgs(run: RawHash): string[] {
  if (run['publish'] === false) return [];
  const ips = (run['bind_ips'] ?? [undefined]) as (string | undefined)[];
  return ips.flatMap((ip) => {
    const address = ip?.includes(':') === true && !ip.startsWith('[') ? `[${ip}]` : ip;
    const published = (port: unknown, inside: number): string => [address, port, inside].flatMap((part) => textOf(part) || []).join(':');
    return argumentize('--publish', [[published(run['http_port'] ?? 80, 80), undefined], [published(run['https_port'] ?? 443, 443), undefined]]);
  });
}

function runArgs(run: RawHash): string[] {
  const metrics = run['metrics_port'] as number | undefined;
  const image = [run['registry'], run['repository'] ?? 'basecamp/kamal-proxy'].flatMap((part) => textOf(part) || []).join('/');
  const command: Option[] = [...(run['debug'] ? [['debug', true] as const] : []), ...(metrics === undefined ? [] : [['metrics-port', metrics] as const])];
  return [
    ...APPS_VOLUME,
    ...publishArgs(run),
    ...argumentize('--log-opt', [[`max-size=${textOf(run['log_max_size'] ?? '10m')}`, undefined]]),
    ...(metrics === undefined ? [] : [`--expose=${metrics}`]),
    ...(isHash(run['options']) ? optionize(Object.entries(run['options']) as [string, string][]) : []),
    `${image}:${textOf(run['version'] ?? PROXY_VERSION)}`,
    ['kamal-proxy', 'run', ...optionize(command)].join(' '),
  ];
}

/** How the container is started where deploy.yml says nothing of it: files on the host may override the defaults. */
export function defaultRunScript(): readonly string[] {
  const read = (file: string, otherwise: string): string => `$(cat .kamal/proxy/${file} 2> /dev/null || echo "${otherwise}")`;
  const options = '--publish 80:80 --publish 443:443 --log-opt max-size=10m';
  return ['echo', `${read('options', options)} ${read('image', 'basecamp/kamal-proxy')}:${read('image_version', PROXY_VERSION)} ${read('run_command', '')}`];
}

export const defaultVolumeArgs = APPS_VOLUME;
export const APPS_DIRECTORY = APPS;
