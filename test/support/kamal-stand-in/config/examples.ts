/**
 * The keys that Kamal 2.12.0 takes in each section of deploy.yml, with a value of the type that it wants. `'...'` is a
 * section with a list of its own.
 */
export type Example = string | number | boolean | readonly Example[] | { readonly [key: string]: Example };

const SECTION = '...';
const PROXY_RUN = {
  http_port: 80, https_port: 443, metrics_port: 9090, debug: true, log_max_size: '30m', publish: false, bind_ips: ['0.0.0.0'],
  registry: 'r', repository: 'r', version: 'v', options: {},
} as const;

export const EXAMPLES = {
  configuration: {
    service: 's', image: 'i', labels: { label: 'value' }, volumes: ['v'], registry: SECTION, servers: SECTION, env: SECTION,
    asset_path: 'p', hooks_path: 'p', hooks_output: {}, secrets_path: 'p', error_pages_path: 'p', require_destination: true,
    primary_role: 'r', allow_empty_roles: false, retain_containers: 3, minimum_version: '1', readiness_delay: 4, deploy_timeout: 10,
    drain_timeout: 10, stop_timeout: 30, run_directory: 'd', ssh: SECTION, builder: SECTION, accessories: SECTION, proxy: SECTION,
    sshkit: SECTION, boot: SECTION, logging: SECTION, output: SECTION, aliases: SECTION,
  },
  role: {
    hosts: ['h'], cmd: 'c', stop_timeout: 30, options: {}, logging: SECTION, proxy: SECTION, labels: { label: 'value' }, env: SECTION, asset_path: 'p',
  },
  proxy: {
    host: 'h', hosts: ['h'], app_port: 3000, ssl: {}, ssl_redirect: false, forward_headers: true, response_timeout: 10,
    path_prefix: 'p', path_prefixes: ['p'], strip_path_prefix: false, healthcheck: { interval: 3, path: 'p', timeout: 3 },
    buffering: { requests: true, responses: true, max_request_body: 1, max_response_body: 0, memory: 1 },
    logging: { request_headers: ['h'], response_headers: ['h'] }, run: PROXY_RUN,
  },
  registry: { server: 's' },
  ssh: {
    user: 'u', port: '22', proxy: 'p', proxy_command: 'c', log_level: 'l', keys_only: false, keys: ['k'], key_data: ['k'], config: ['c'], forward_agent: false,
  },
  sshkit: { max_concurrent_starts: 10, pool_idle_timeout: 300, dns_retries: 3 },
  boot: { limit: '25%', wait: 10, parallel_roles: true },
  logging: { driver: 'd', options: {} },
} as const satisfies Readonly<Record<string, Example>>;
