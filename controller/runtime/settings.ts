import { homedir } from 'node:os';
import { join } from 'node:path';
import { ClassifiedError, type ProviderName } from '../model/index.ts';
import type { Listen } from './http-server.ts';
import { type KamalFlags, type KamalSettings, readKamal } from './kamal-settings.ts';
import type { LogLevel } from './log.ts';
import { readSecret } from './read-secret.ts';
import { TLS_SETTING_NAMES } from './tls-files.ts';

/** A secret by value, or in a file that is read anew for every use. */
export type SecretSetting = { kind: 'Value'; value: string } | { kind: 'File'; path: string };

/** A cloud's API: where, and with which token. */
export interface CloudSettings {
  endpoint?: string;
  token: SecretSetting;
}

/** Where metrics come from: a Prometheus-compatible API, or the hosts themselves. */
export type MetricsSettings =
  | { kind: 'Scrape'; intervalSeconds: number }
  | {
    kind: 'Prometheus';
    baseURL: string;
    credential: { kind: 'None' } | { kind: 'Bearer'; token: SecretSetting } | { kind: 'Basic'; user: string; password: SecretSetting };
    tls: { certificateFile?: string; keyFile?: string; authorityFile?: string };
    headers: Record<string, string>;
    parameters: Record<string, string>;
    timeoutSeconds: number;
    scrapeIntervalSeconds?: number;
  };

export interface SSHSettings {
  keyFile: string;
  /** Of the key file. Secret. */
  passphrase?: string;
  /** Pins the keys of fixed hosts that have no hostKey. */
  knownHostsFile?: string;
}

/** Names of the variables of SSH, for errors about what they hold. */
export const SSH_SETTING_NAMES = { keyFile: 'KAMAL_AUTOSCALER_SSH_KEY_FILE', passphrase: 'KAMAL_AUTOSCALER_SSH_KEY_PASSPHRASE', knownHostsFile: 'KAMAL_AUTOSCALER_SSH_KNOWN_HOSTS_FILE' } as const;

/** Everything that `run` is told, by flags and environment; secrets come from the environment or files alone. */
export interface Settings {
  installation: string;
  mode: { kind: 'Standalone'; configFolder: string } | { kind: 'Cluster'; kubeconfig?: string; context?: string; namespace: string };
  stateFolder: string;
  listen: Listen;
  /** Other requests to the Traefik endpoint are refused. */
  traefikToken?: string;
  metrics: MetricsSettings;
  /** The key with which the controller logs in to hosts; absent where no pool has hosts that are reached over SSH. */
  ssh?: SSHSettings;
  /** How applications are deployed; absent where no pool has hosts that Kamal deploys to. */
  kamal?: KamalSettings;
  /** Hetzner Cloud, as the vendor's own tools are told; absent where no token is set. */
  hetzner?: CloudSettings;
  /** DigitalOcean, as the vendor's own tools are told; absent where no token is set. */
  digitalocean?: CloudSettings;
  /** Greatest number of servers a provider, over all pools. */
  ceilings: Partial<Record<ProviderName, number>>;
  /** Most that all hosts of a calendar month (UTC) may cost, net, by currency. */
  budgets: Record<string, number>;
  logLevel: LogLevel;
  /** A kamal-proxy binary that local hosts put in front of their app. */
  kamalProxy?: string;
  /** How local hosts serve, as JSON. */
  localHost?: string;
}

/** Values of flags; undefined where a flag was not given. */
export interface RunFlags extends KamalFlags {
  config?: string;
  cluster?: boolean;
  kubeconfig?: string;
  context?: string;
  namespace?: string;
  installation?: string;
  state?: string;
  listen?: string;
  prometheus?: string;
  scrapeInterval?: string;
  maxServers?: string;
  budget?: string;
  logLevel?: string;
}

type Environment = Record<string, string | undefined>;
const PREFIX = 'KAMAL_AUTOSCALER_';

/** Flags over environment over defaults. Throws Invalid with the flag or variable, the value and the mend. */
export function readSettings(flags: RunFlags, environment: Environment): Settings {
  const from = (name: string) => environment[PREFIX + name];
  const settings: Settings = {
    installation: readInstallation(flags.installation ?? from('INSTALLATION')),
    mode: readMode(flags, from),
    stateFolder: stateFolder(flags.state, environment),
    listen: { ...readListen(flags.listen ?? from('LISTEN') ?? '127.0.0.1:9595'), ...readTLS(environment) },
    metrics: readMetrics(flags, environment),
    ceilings: readCeilings(flags.maxServers ?? from('MAX_SERVERS')),
    budgets: readBudgets(flags.budget ?? from('BUDGET')),
    logLevel: readLogLevel(flags.logLevel ?? from('LOG_LEVEL') ?? 'info'),
  };
  const traefikToken = readSecret(environment, 'TRAEFIK_TOKEN');
  if (traefikToken !== undefined) settings.traefikToken = traefikToken;
  const ssh = readSSH(environment);
  if (ssh !== undefined) settings.ssh = ssh;
  const kamal = readKamal(flags, environment);
  if (kamal !== undefined) settings.kamal = kamal;
  const hetzner = readHetzner(environment);
  if (hetzner !== undefined) settings.hetzner = hetzner;
  const digitalocean = readDigitalOcean(environment);
  if (digitalocean !== undefined) settings.digitalocean = digitalocean;
  const kamalProxy = from('KAMAL_PROXY');
  if (kamalProxy !== undefined) settings.kamalProxy = kamalProxy;
  const localHost = from('LOCAL_HOST');
  if (localHost !== undefined) settings.localHost = localHost;
  return settings;
}

/** Where the standalone store lies; the CLI's other commands look there too. */
export function stateFolder(flag: string | undefined, environment: Environment): string {
  return flag ?? environment[`${PREFIX}STATE`] ?? join(environment['XDG_STATE_HOME'] ?? join(homedir(), '.local', 'state'), 'kamal-autoscaler');
}

function readInstallation(value: string | undefined): string {
  if (value === undefined || value === '') {
    throw invalid('no installation name: write --installation NAME (or KAMAL_AUTOSCALER_INSTALLATION); every server carries it, so choose one that no other installation at the same provider has, and keep it');
  }
  if (!/^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/.test(value)) {
    throw invalid(`--installation ${JSON.stringify(value)}: write at most 40 lower case letters, digits and inner dashes`);
  }
  return value;
}

function readMode(flags: RunFlags, from: (name: string) => string | undefined): Settings['mode'] {
  const configFolder = flags.config ?? (flags.cluster === true ? undefined : from('CONFIG'));
  if (configFolder !== undefined && flags.cluster === true) throw invalid('--config and --cluster are both given: keep one of them');
  if (configFolder !== undefined) return { kind: 'Standalone', configFolder };
  if (flags.cluster !== true) throw invalid('nothing to run on: write --config DIR for standalone mode, or --cluster for a Kubernetes API server');
  return {
    kind: 'Cluster',
    namespace: flags.namespace ?? from('NAMESPACE') ?? 'kamal-autoscaler',
    ...(flags.kubeconfig === undefined ? {} : { kubeconfig: flags.kubeconfig }),
    ...(flags.context === undefined ? {} : { context: flags.context }),
  };
}

function readListen(value: string): Settings['listen'] {
  const match = /^(?:\[([0-9a-fA-F:]+)\]|([^:\s]*)):(\d{1,5})$/.exec(value);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) throw invalid(`--listen ${JSON.stringify(value)}: write ADDRESS:PORT, such as 127.0.0.1:9595`);
  return { address: match[1] ?? (match[2] === '' ? '0.0.0.0' : match[2] ?? ''), port };
}

function readTLS(environment: Environment): Pick<Listen, 'tls'> {
  const [certificateFile, keyFile] = [environment[TLS_SETTING_NAMES.certificateFile], environment[TLS_SETTING_NAMES.keyFile]];
  if (filled(certificateFile) && filled(keyFile)) return { tls: { certificateFile, keyFile } };
  if (!filled(certificateFile) && !filled(keyFile)) return {};
  const [is, lacks] = filled(certificateFile) ? [TLS_SETTING_NAMES.certificateFile, TLS_SETTING_NAMES.keyFile] : [TLS_SETTING_NAMES.keyFile, TLS_SETTING_NAMES.certificateFile];
  throw invalid(`${is} is set without its other half: set ${lacks} too`);
}

/** Where metrics come from. Throws Invalid like `readSettings`. */
export function readMetrics(flags: Pick<RunFlags, 'prometheus' | 'scrapeInterval'>, environment: Environment): MetricsSettings {
  const from = (name: string) => environment[PREFIX + name];
  const interval = flags.scrapeInterval ?? from('SCRAPE_INTERVAL');
  const intervalSeconds = interval === undefined ? undefined : readNumber('--scrape-interval', interval, 1, 3600);
  const url = flags.prometheus ?? from('PROMETHEUS_URL');
  if (url === undefined) return { kind: 'Scrape', intervalSeconds: intervalSeconds ?? 15 };
  const files = { certificateFile: from('PROMETHEUS_CERT_FILE'), keyFile: from('PROMETHEUS_KEY_FILE'), authorityFile: from('PROMETHEUS_CA_FILE') };
  return {
    kind: 'Prometheus', baseURL: url,
    credential: readCredential(environment),
    tls: Object.fromEntries(Object.entries(files).filter(([, file]) => file !== undefined)),
    headers: readPairs(`${PREFIX}PROMETHEUS_HEADERS`, from('PROMETHEUS_HEADERS')),
    parameters: readPairs(`${PREFIX}PROMETHEUS_PARAMETERS`, from('PROMETHEUS_PARAMETERS')),
    timeoutSeconds: readNumber(`${PREFIX}PROMETHEUS_TIMEOUT`, from('PROMETHEUS_TIMEOUT') ?? '5', 1, 60),
    ...(intervalSeconds === undefined ? {} : { scrapeIntervalSeconds: intervalSeconds }),
  };
}

function readCredential(environment: Environment): (MetricsSettings & { kind: 'Prometheus' })['credential'] {
  const token = secretSetting(environment, 'PROMETHEUS_TOKEN');
  const user = environment[`${PREFIX}PROMETHEUS_USERNAME`];
  if (token !== undefined && user !== undefined) throw invalid(`${PREFIX}PROMETHEUS_TOKEN and ${PREFIX}PROMETHEUS_USERNAME are both set: keep one of them`);
  if (token !== undefined) return { kind: 'Bearer', token };
  if (user === undefined) return { kind: 'None' };
  const password = secretSetting(environment, 'PROMETHEUS_PASSWORD');
  if (password === undefined) throw invalid(`${PREFIX}PROMETHEUS_USERNAME is set without a password: set ${PREFIX}PROMETHEUS_PASSWORD or ${PREFIX}PROMETHEUS_PASSWORD_FILE`);
  return { kind: 'Basic', user, password };
}

function secretSetting(environment: Environment, name: string): SecretSetting | undefined {
  const path = environment[`${PREFIX}${name}_FILE`];
  const value = environment[PREFIX + name];
  if (path !== undefined) return { kind: 'File', path };
  return value === undefined ? undefined : { kind: 'Value', value };
}

/** `NAME=value` pairs with commas between. */
function readPairs(variable: string, text: string | undefined): Record<string, string> {
  if (text === undefined || text === '') return {};
  return Object.fromEntries(text.split(',').map((pair) => {
    const at = pair.indexOf('=');
    // The value may be a secret, so the message names the place only.
    if (at < 1) throw invalid(`${variable}: write NAME=value pairs with commas between`);
    return [pair.slice(0, at).trim(), pair.slice(at + 1)];
  }));
}

/** The key of the controller and what pins the hosts of others; undefined where no key is named. Throws Invalid. */
export function readSSH(environment: Environment): SSHSettings | undefined {
  const [keyFile, knownHostsFile] = [environment[SSH_SETTING_NAMES.keyFile], environment[SSH_SETTING_NAMES.knownHostsFile]];
  if (keyFile === undefined || keyFile === '') {
    if (knownHostsFile === undefined) return undefined;
    throw invalid(`${SSH_SETTING_NAMES.knownHostsFile} is set without a key to log in with: set ${SSH_SETTING_NAMES.keyFile} too`);
  }
  const passphrase = readSecret(environment, 'SSH_KEY_PASSPHRASE');
  return { keyFile, ...(passphrase === undefined ? {} : { passphrase }), ...(knownHostsFile === undefined ? {} : { knownHostsFile }) };
}

function readCeilings(text: string | undefined): Settings['ceilings'] {
  if (text === undefined) return {};
  return Object.fromEntries(text.split(',').map((pair) => {
    const [name = '', count = ''] = pair.split('=');
    if (!['Local', 'Static', 'Hetzner', 'DigitalOcean'].includes(name)) throw invalid(`--max-servers ${JSON.stringify(text)}: ${JSON.stringify(name)} is no provider: write Local=N, Static=N, Hetzner=N or DigitalOcean=N, with commas between`);
    return [name, readNumber('--max-servers', count, 0, 10_000)];
  }));
}

/** `EUR=600`, several with commas between: nothing is converted, so each currency has a budget of its own. */
function readBudgets(text: string | undefined): Settings['budgets'] {
  if (text === undefined) return {};
  return Object.fromEntries(text.split(',').map((pair) => {
    const match = /^([A-Z]{3})=(\d{1,9}(?:\.\d{1,2})?)$/.exec(pair.trim());
    if (match === null || Number(match[2]) === 0) throw invalid(`--budget ${JSON.stringify(text)}: ${JSON.stringify(pair)} is no amount: write CURRENCY=AMOUNT for a month, such as EUR=600, with commas between`);
    return [match[1], Number(match[2])];
  }));
}

/** `HCLOUD_…`, not `KAMAL_AUTOSCALER_…`: who has hcloud or Terraform at work has set them already. Undefined where no token is set. */
export const readHetzner = (environment: Environment): CloudSettings | undefined => readCloud('HCLOUD_TOKEN', 'HCLOUD_ENDPOINT', environment);

/** `DIGITALOCEAN_…`, as doctl and Terraform have them. Undefined where no token is set. */
export const readDigitalOcean = (environment: Environment): CloudSettings | undefined => readCloud('DIGITALOCEAN_ACCESS_TOKEN', 'DIGITALOCEAN_API_URL', environment);

function readCloud(tokenName: string, endpointName: string, environment: Environment): CloudSettings | undefined {
  const [value, path, endpoint] = [environment[tokenName], environment[`${tokenName}_FILE`], environment[endpointName]];
  const token: SecretSetting | undefined = filled(path) ? { kind: 'File', path } : filled(value) ? { kind: 'Value', value } : undefined;
  return token === undefined ? undefined : { token, ...(filled(endpoint) ? { endpoint } : {}) };
}

const filled = (text: string | undefined): text is string => text !== undefined && text !== '';

function readLogLevel(value: string): LogLevel {
  if (value === 'debug' || value === 'info' || value === 'warn' || value === 'error') return value;
  throw invalid(`--log-level ${JSON.stringify(value)}: write debug, info, warn or error`);
}

function readNumber(name: string, text: string, least: number, greatest: number): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isInteger(value) || value < least || value > greatest) throw invalid(`${name} ${JSON.stringify(text)}: write a whole number from ${least} to ${greatest}`);
  return value;
}

const invalid = (message: string): ClassifiedError => new ClassifiedError('Invalid', message);
