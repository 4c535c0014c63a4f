/**
 * A standalone controller as a process, given every kind of secret, among peers that say again whatever they are told:
 * clouds, Prometheus, Kamal, and machines that print their environment.
 */
import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { stringify } from 'yaml';
import { HOST_KEY_ANNOTATION } from '../../../controller/api/index.ts';
import type { Store } from '../../../controller/ports/index.ts';
import { systemClock } from '../../../controller/runtime/clock.ts';
import { fromRoot } from '../../support/control-plane.ts';
import { openBeside } from '../../support/e2e/world.ts';
import { type HetznerSim, startHetznerSim } from '../../support/hetzner-sim/index.ts';
import { planted } from '../../support/planted.ts';
import { startAnswering } from '../../support/real/answering.ts';
import { freePort } from '../../support/real/free-port.ts';
import { RealProcess, privateFolder } from '../../support/real/real-process.ts';
import { until } from '../../support/real/until.ts';
import { newKey, publicHalf } from '../../support/ssh-server.ts';
import { type Machine, putContainer, startMachine } from './machine.ts';

/** Every kind of secret that a standalone controller is given; keys of files come on top. */
export const SECRETS = {
  hetzner: planted('hetzner'), digitalocean: planted('digitalocean'), prometheus: planted('prometheus'), prometheusHeader: planted('prometheus-header'), prometheusParameter: planted('prometheus-parameter'),
  traefik: planted('traefik'), deployed: planted('deployed'), registry: planted('registry'), application: planted('application'),
} as const;
export type SecretName = keyof typeof SECRETS;

export interface SecretsWorld extends AsyncDisposable {
  folder: string;
  state: string;
  store: Store;
  controller: RealProcess;
  hetzner: HetznerSim;
  /** What a person beside the controller has in the environment. */
  cliEnvironment: Readonly<Record<string, string>>;
  /** Lines of the controller's SSH key and of its TLS key, of which none may be told either. */
  keyLines: string[];
  /** Who was given a secret, by its name: what the peers have heard. */
  heard: Map<SecretName, string>;
  /** GET over TLS, as Traefik with its token where `authorization` is given. */
  get(path: string, authorization?: string, method?: string): Promise<{ status: number; body: string }>;
}

/** Knows no lock but its own, and fails to bring a host up, with all of its environment on both streams. */
const KAMAL = `#!/bin/sh
case "$1 $2" in
  'version '*) echo 2.12.0; exit ;;
  'config '*) printf -- '---\\n:roles:\\n- web\\n:hosts:\\n- 127.0.0.1\\n- 127.0.0.2\\n:primary_host: 127.0.0.1\\n:repository: registry.test/app\\n:ssh_options:\\n  :user: root\\n  :port: %s\\n  :key_data: ["%s"]\\n' "$SSH_PORT" "$SECRET_KEY_BASE"; exit ;;
  'secrets print') printf 'REGISTRY_PASSWORD=%s\\nSECRET_KEY_BASE=%s\\n' "$REGISTRY_PASSWORD" "$SECRET_KEY_BASE"; exit ;;
  'lock status') cat "$PLACE/lock" 2>/dev/null || echo 'There is no deploy lock'; exit ;;
  'lock acquire') for word; do case $word in --message=*) message=\${word#--message=} ;; esac; done
    printf 'Locked by: somebody at %s\\nVersion: v1\\nMessage: %s\\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$message" > "$PLACE/lock"; exit ;;
  'lock release') rm -f "$PLACE/lock"; exit ;;
esac
sleep 0.5
cp "$PLACE/exited"/* "$PLACE/newcomer/"
env > "$PLACE/kamal-environment"
env; env | base64; env >&2
echo "INFO docker login registry.test -u me -p $REGISTRY_PASSWORD on 127.0.0.2"
printf '{"auths":{"registry.test":{"auth":"%s"}}}\\n' "$(printf 'me:%s' "$REGISTRY_PASSWORD" | base64 -w 0)"
echo "  ERROR (Kamal::Cli::BootError): could not boot with $SECRET_KEY_BASE, $REGISTRY_PASSWORD"
exit 1
`;

export async function startSecretsWorld(): Promise<SecretsWorld> {
  await using making = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'secrets-'));
  making.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 10 }));
  for (const name of ['config', 'state', 'projects/app/config', 'projects/app/.kamal', 'exited']) await mkdir(join(folder, name), { recursive: true });
  const [state, key] = [join(folder, 'state'), newKey()];
  const heard = new Map<SecretName, string>();
  const hear = (who: string, told: string): void => {
    for (const [name, secret] of Object.entries(SECRETS)) if (told.includes(secret)) heard.set(name as SecretName, who);
  };

  const primary = await startMachine(join(folder, 'primary'), publicHalf(key));
  making.defer(() => primary.close());
  const newcomer = await startMachine(join(folder, 'newcomer'), publicHalf(key), { address: '127.0.0.2', port: primary.port });
  making.defer(() => newcomer.close());
  const environment = [`SECRET_KEY_BASE=${SECRETS.application}`, 'RAILS_ENV=production'];
  await putContainer(primary, 'running', environment, '');
  await putContainer({ folder: join(folder, 'exited') }, 'exited', environment, `boot\nconnecting with ${SECRETS.application}\n${Buffer.from(`x:${SECRETS.application}`).toString('base64')}\n`);

  const hetzner = await startHetznerSim({ clock: systemClock, token: SECRETS.hetzner, contract: 'Unchecked', createMilliseconds: 100, startMilliseconds: 100, attachMilliseconds: 50 });
  making.defer(() => hetzner.close());
  /** Says all that it was asked with again: as DigitalOcean's refusal, and as Prometheus's. */
  const echo = await startAnswering((request, response) => {
    void textOf(request).then((body) => {
      const told = `${request.url} ${JSON.stringify(request.headers)} ${body}`;
      hear(request.url?.includes('/api/v1/') === true ? 'Prometheus' : 'DigitalOcean', told);
      response.writeHead(request.url?.includes('/api/v1/') === true ? 400 : 403, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ id: 'forbidden', message: `no: ${told}`, status: 'error', errorType: 'bad_data', error: `no: ${told}` }));
    });
  });
  making.defer(() => echo.stop());

  const port = await freePort();
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', '/CN=controller', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', join(folder, 'tls.key'), '-out', join(folder, 'tls.pem')], { stdio: 'pipe' });
  await writeInputs(folder, key, primary);
  const cliEnvironment = {
    HCLOUD_ENDPOINT: hetzner.endpoint, HCLOUD_TOKEN: SECRETS.hetzner, DIGITALOCEAN_API_URL: `http://127.0.0.1:${echo.port}`, DIGITALOCEAN_ACCESS_TOKEN: SECRETS.digitalocean, KAMAL_AUTOSCALER_SSH_KEY_FILE: join(folder, 'key'),
  };
  const controller = await RealProcess.start({
    name: 'controller', command: process.execPath,
    args: ['--no-warnings', fromRoot('controller/main.ts'), 'run', '--config', join(folder, 'config'), '--state', state, '--installation', 'secrets', '--listen', `127.0.0.1:${port}`, '--prometheus', `http://127.0.0.1:${echo.port}`, '--kamal-projects', join(folder, 'projects'), '--log-level', 'debug'],
    env: {
      PATH: process.env['PATH'] ?? '', HOME: folder, PLACE: folder, SSH_PORT: String(primary.port),
      ...cliEnvironment, KAMAL_AUTOSCALER_PROMETHEUS_TOKEN: SECRETS.prometheus, KAMAL_AUTOSCALER_PROMETHEUS_HEADERS: `X-Scope=${SECRETS.prometheusHeader}`, KAMAL_AUTOSCALER_PROMETHEUS_PARAMETERS: `key=${SECRETS.prometheusParameter}`,
      KAMAL_AUTOSCALER_TRAEFIK_TOKEN: SECRETS.traefik, KAMAL_AUTOSCALER_DEPLOYED_TOKEN: SECRETS.deployed,
      KAMAL_AUTOSCALER_TLS_CERT_FILE: join(folder, 'tls.pem'), KAMAL_AUTOSCALER_TLS_KEY_FILE: join(folder, 'tls.key'), KAMAL_AUTOSCALER_KAMAL: join(folder, 'kamal'),
      REGISTRY_PASSWORD: SECRETS.registry, SECRET_KEY_BASE: SECRETS.application,
    },
    ready: async () => (await get('/readyz')).status === 200,
  }, await privateFolder('controller'));
  making.defer(() => controller.stop());

  async function get(path: string, authorization?: string, method = 'GET'): Promise<{ status: number; body: string }> {
    const ca = await readFile(join(folder, 'tls.pem'));
    return await new Promise((resolve, reject) => {
      httpsRequest({ host: '127.0.0.1', port, path, method, ca, agent: false, headers: { ...(authorization === undefined ? {} : { authorization }), ...(method === 'POST' ? { 'content-type': 'application/x-www-form-urlencoded' } : {}) } }, (response) => {
        textOf(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject);
      }).on('error', reject).end(method === 'POST' ? 'service=app' : undefined);
    });
  }
  const endings: (() => void)[] = [];
  const store = openBeside(state, endings);
  making.defer(() => endings.forEach((end) => end()));
  await vouchFor(store, newcomer);
  // What every key of its kind begins with is no secret.
  const another = newKey();
  const keyLines = [key, await readFile(join(folder, 'tls.key'), 'utf8')].flatMap((text) => text.split('\n')).filter((line) => line.length > 40 && !another.includes(line));
  const ending = making.move();
  return {
    folder, state, store, controller, hetzner, cliEnvironment, keyLines, heard, get,
    [Symbol.asyncDispose]: () => ending.disposeAsync(),
  };
}

async function writeInputs(folder: string, key: string, primary: Machine): Promise<void> {
  await writeFile(join(folder, 'key'), key, { mode: 0o600 });
  await writeFile(join(folder, 'kamal'), KAMAL);
  await chmod(join(folder, 'kamal'), 0o755);
  await writeFile(join(folder, 'projects/app/config/deploy.yml'), 'service: app\n');
  await writeFile(join(folder, 'projects/app/.kamal/secrets'), 'REGISTRY_PASSWORD=$REGISTRY_PASSWORD\nSECRET_KEY_BASE=$SECRET_KEY_BASE\n');
  const document = (kind: string, name: string, spec: object): string => stringify({ apiVersion: 'kamal-autoscaler.dev/v1alpha1', kind, metadata: { name }, spec });
  await writeFile(join(folder, 'config/pool.yaml'), document('HostPool', 'web', {
    kamal: { service: 'app', role: 'web' }, roleKind: 'Job', maxReplicas: 3, replicas: 3, ssh: { port: primary.port }, ports: { nodeMetrics: 9100 },
    fixedHosts: [{ name: 'primary', address: '127.0.0.1', hostKey: primary.hostKey }],
    placements: [
      { name: 'spare', provider: 'Static', static: { machines: [{ name: 'spare-1', address: '127.0.0.2' }] } },
      { name: 'near', provider: 'Hetzner', hetzner: { serverType: 'cpx21', location: 'nbg1', image: 'docker-ce' } },
    ],
  }));
  // Apart: while one cloud of a pool cannot be asked, nothing is bought in another.
  await writeFile(join(folder, 'config/far.yaml'), document('HostPool', 'far', {
    kamal: { service: 'other', role: 'web' }, roleKind: 'Job', maxReplicas: 3, replicas: 2, fixedHosts: [{ name: 'primary', address: '127.0.0.3' }],
    placements: [{ name: 'far', provider: 'DigitalOcean', digitalocean: { size: 's-2vcpu-4gb', region: 'fra1', image: 'docker-20-04' } }],
  }));
  await writeFile(join(folder, 'config/front.yaml'), document('HostPool', 'front', {
    kamal: { service: 'front', role: 'web' }, maxReplicas: 1, fixedHosts: [{ name: 'front-1', address: '127.0.0.4' }], placements: [{ name: 'here', provider: 'Local' }],
    loadBalancer: { traefik: { service: 'front', apiURLs: ['http://127.0.0.1:9'] } },
  }));
  await writeFile(join(folder, 'config/policy.yaml'), document('ScalingPolicy', 'web', { targetRef: { name: 'web' }, mode: 'Observe', minHosts: 1, maxHosts: 3, metrics: [{ name: 'rps', target: 10 }] }));
}

/** A person who vouches for the key of a spare machine: nobody gave it the one of its user data. */
async function vouchFor(store: Store, { address, hostKey }: Machine): Promise<void> {
  await until('the spare machine to be taken', async () => {
    const host = (await store.list('KamalHost')).find(({ status }) => status?.address === address);
    if (host === undefined) return false;
    await store.update('KamalHost', { ...host, metadata: { ...host.metadata, annotations: { ...host.metadata.annotations, [HOST_KEY_ANNOTATION]: hostKey } } });
    return true;
  }, { everyMs: 50 });
}
