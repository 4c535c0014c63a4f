/** A secret by value (from an environment variable) or in a file that is read anew for every request, so that it can be rotated. */
export type Secret = { kind: 'Value'; value: string } | { kind: 'File'; path: string };

export type Credential =
  | { kind: 'None' }
  | { kind: 'Bearer'; token: Secret }
  | { kind: 'Basic'; user: string; password: Secret };

/** Client certificate and authorities as PEM files, read anew for every request. */
export interface TlsFiles {
  certificateFile?: string;
  keyFile?: string;
  authorityFile?: string;
}

/** How Prometheus, or what speaks its API, is reached. */
export interface PrometheusSettings {
  /** Up to the path prefix, without `/api/v1`: `https://mimir.example.com/prometheus`. */
  baseURL: string;
  credential: Credential;
  tls?: TlsFiles;
  /** Added to every request, such as `X-Scope-OrgID`. */
  headers?: Readonly<Record<string, string>>;
  /** Added to every request's parameters, such as `dedup=true` for Thanos. */
  parameters?: Readonly<Record<string, string>>;
  timeoutSeconds: number;
  /** Seconds between two samples; absent: learned from Prometheus. */
  scrapeIntervalSeconds?: number;
  /** Requests at the same time; default 4. */
  parallelRequests?: number;
}

/**
 * What is wrong with the settings, as one sentence that names the setting and its mend; undefined when nothing is.
 * The base URL is not repeated where it may hold a secret.
 */
export function settingsFault({ baseURL, timeoutSeconds, scrapeIntervalSeconds, tls }: PrometheusSettings): string | undefined {
  const url = URL.parse(baseURL);
  if (url === null || !/^https?:$/.test(url.protocol)) return 'baseURL is not an http or https URL: write one such as http://prometheus:9090';
  if (url.username !== '' || url.password !== '') return 'baseURL holds a user or a password: write them as basic credentials instead';
  if (url.search !== '' || url.hash !== '') return 'baseURL holds a query or a fragment: write parameters as extra parameters instead';
  if (url.pathname.replace(/\/+$/, '').endsWith('/api/v1')) return `baseURL ends in /api/v1: leave that out, write ${url.origin}${url.pathname.replace(/\/api\/v1\/*$/, '')}`;
  if (!(timeoutSeconds > 0)) return `timeoutSeconds is ${timeoutSeconds}: write a number above 0`;
  if (scrapeIntervalSeconds !== undefined && !(scrapeIntervalSeconds > 0)) return `scrapeIntervalSeconds is ${scrapeIntervalSeconds}: write a number above 0`;
  if ((tls?.certificateFile === undefined) !== (tls?.keyFile === undefined)) return 'a client certificate needs both certificateFile and keyFile: set both or neither';
  return undefined;
}

/** The setting that a refused credential is in, for messages. */
export function credentialSetting(credential: Credential): string {
  switch (credential.kind) {
    case 'None':
      return 'no credential is set: set a bearer token or basic credentials';
    case 'Bearer':
      return credential.token.kind === 'File' ? `the bearer token in ${credential.token.path} is refused: replace it` : 'the bearer token is refused: replace it';
    case 'Basic':
      return credential.password.kind === 'File'
        ? `user ${credential.user} with the password in ${credential.password.path} is refused: replace it`
        : `user ${credential.user} and its password are refused: replace them`;
  }
}
