import { expect } from 'chai';
import { stringify } from 'yaml';
import { startAnswering } from '../support/real/answering.ts';
import type { Answering } from '../support/real/answering.ts';
import { startEtcd } from '../support/real/etcd.ts';
import type { Etcd } from '../support/real/etcd.ts';
import { realSuite } from '../support/real/gate.ts';
import { startKamalProxy } from '../support/real/kamal-proxy.ts';
import type { KamalProxy } from '../support/real/kamal-proxy.ts';
import { startKubeApiserver } from '../support/real/kube-apiserver.ts';
import type { KubeApiserver } from '../support/real/kube-apiserver.ts';
import { startKubeControllerManager } from '../support/real/kube-controller-manager.ts';
import { kubectl, tryKubectl } from '../support/real/kubectl.ts';
import { startPrometheus } from '../support/real/prometheus.ts';
import type { Prometheus } from '../support/real/prometheus.ts';
import { startTraefik } from '../support/real/traefik.ts';
import type { Traefik } from '../support/real/traefik.ts';
import { until } from '../support/real/until.ts';

const TIMEOUT_MS = 90_000;

const BOAT_CRD = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'boats.parts.test' },
  spec: {
    group: 'parts.test',
    scope: 'Namespaced',
    names: { kind: 'Boat', plural: 'boats', singular: 'boat' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: {
                type: 'object',
                properties: { oars: { type: 'integer' } },
                'x-kubernetes-validations': [{ rule: 'self.oars % 2 == 0', message: 'oars come in pairs' }],
              },
            },
          },
        },
        additionalPrinterColumns: [{ name: 'OARS', type: 'integer', jsonPath: '.spec.oars' }],
      },
    ],
  },
};

function boat(name: string, spec: Record<string, unknown>): string {
  return stringify({ apiVersion: 'parts.test/v1', kind: 'Boat', metadata: { name }, spec });
}

realSuite('real kube-apiserver', ['etcd', 'kube-apiserver', 'kubectl', 'kube-controller-manager'], function () {
  this.timeout(TIMEOUT_MS);
  let etcd: Etcd;
  let api: KubeApiserver;

  before(async () => {
    etcd = await startEtcd();
    api = await startKubeApiserver(etcd.url);
    await kubectl(api.adminKubeconfig, ['apply', '-f', '-'], stringify(BOAT_CRD));
    await kubectl(api.adminKubeconfig, ['wait', '--for=condition=Established', 'crd/boats.parts.test', '--timeout=20s']);
  });
  after(async () => {
    await api?.stop();
    await etcd?.stop();
  });

  it('takes a custom resource and shows its printer column', async () => {
    await kubectl(api.adminKubeconfig, ['apply', '-f', '-'], boat('skiff', { oars: 2 }));
    expect(await kubectl(api.adminKubeconfig, ['get', 'boats'])).to.match(/NAME +OARS\nskiff +2/);
  });

  it('refuses an unknown field and a broken CEL rule in its own words', async () => {
    const unknown = await tryKubectl(api.adminKubeconfig, ['apply', '--validate=strict', '-f', '-'], boat('odd', { oars: 2, sail: 1 }));
    expect(unknown).to.deep.include({ status: 1 });
    expect(unknown.stderr).to.include('unknown field "spec.sail"');
    const odd = await tryKubectl(api.adminKubeconfig, ['apply', '-f', '-'], boat('odd', { oars: 3 }));
    expect(odd.stderr).to.include('oars come in pairs');
  });

  it('lets a ServiceAccount do what RBAC grants it, and nobody without a name in', async () => {
    await kubectl(api.adminKubeconfig, ['create', 'serviceaccount', 'rower']);
    const rower = await api.serviceAccountKubeconfig('default', 'rower');
    const before = await tryKubectl(rower, ['get', 'boats']);
    expect(before.stderr).to.include('system:serviceaccount:default:rower').and.to.include('forbidden');

    await kubectl(api.adminKubeconfig, ['create', 'role', 'rower', '--verb=get,list', '--resource=boats.parts.test']);
    await kubectl(api.adminKubeconfig, ['create', 'rolebinding', 'rower', '--role=rower', '--serviceaccount=default:rower']);
    await until('the role to take effect', async () => (await tryKubectl(rower, ['get', 'boats'])).status === 0);
    expect((await tryKubectl(rower, ['get', 'secrets'])).stderr).to.include('forbidden');

    const anonymous = await tryKubectl(api.adminKubeconfig, ['get', 'boats', '--token=wrong']);
    expect(anonymous.stderr).to.match(/Unauthorized|logged in/);
  });

  it('keeps its objects over a restart on the same address', async () => {
    await kubectl(api.adminKubeconfig, ['apply', '-f', '-'], boat('ferry', { oars: 8 }));
    await api.process.halt();
    expect((await tryKubectl(api.adminKubeconfig, ['get', 'boats', '--request-timeout=2s'])).status).to.equal(1);
    await api.process.start();
    expect(await kubectl(api.adminKubeconfig, ['get', 'boats', 'ferry', '-o', 'name'])).to.equal('boat.parts.test/ferry\n');
  });

  it('ends a namespace with all in it when the namespace controller runs', async () => {
    await using _controller = await startKubeControllerManager(api.adminKubeconfig, ['namespace-controller']);
    await kubectl(api.adminKubeconfig, ['create', 'namespace', 'harbour']);
    await kubectl(api.adminKubeconfig, ['apply', '-n', 'harbour', '-f', '-'], boat('tug', { oars: 2 }));
    await kubectl(api.adminKubeconfig, ['delete', 'namespace', 'harbour', '--timeout=60s']);
    expect((await tryKubectl(api.adminKubeconfig, ['get', 'namespace', 'harbour'])).stderr).to.include('NotFound');
  });
});

realSuite('real Prometheus', ['prometheus'], function () {
  this.timeout(TIMEOUT_MS);
  let exporter: Answering;
  let prometheus: Prometheus;

  before(async () => {
    exporter = await startAnswering((request, response) => {
      if (request.url === '/targets') {
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify([{ targets: [`127.0.0.1:${exporter.port}`], labels: { pool: 'web', __meta_phase: 'InService' } }]));
      } else {
        response.setHeader('content-type', 'text/plain; version=0.0.4');
        response.end('# TYPE oars gauge\noars 42\n');
      }
    });
    prometheus = await startPrometheus({
      scrapeInterval: '1s',
      scrapeConfigs: [{ job_name: 'boats', http_sd_configs: [{ url: `${exporter.url}/targets`, refresh_interval: '1s' }] }],
    });
  });
  after(async () => {
    await prometheus?.stop();
    await exporter?.stop();
  });

  it('scrapes a target that it learned by HTTP service discovery', async () => {
    const [sample] = await until('a sample', async () => {
      const samples = await prometheus.query('oars');
      return samples.length > 0 && samples;
    });
    expect(sample).to.deep.include({ value: 42 });
    expect(sample?.labels).to.include({ job: 'boats', pool: 'web' }).and.not.to.have.property('__meta_phase');
  });

  it('says why it refuses a query', async () => {
    const refusal = await prometheus.query('rate(oars').then(String, String);
    expect(refusal).to.include('bad_data').and.to.include('rate(oars');
  });

  it('takes another configuration while it runs, and refuses a broken one', async () => {
    await prometheus.reload({ scrapeInterval: '1s', scrapeConfigs: [{ job_name: 'ships', static_configs: [{ targets: [`127.0.0.1:${exporter.port}`] }] }] });
    await until('the new job', async () => (await prometheus.query('oars{job="ships"}')).length === 1);
    const refusal = await prometheus.reload({ scrapeInterval: '1s', scrapeConfigs: [{ job_name: '' }] }).then(String, String);
    expect(refusal).to.include('Prometheus refuses the configuration');
  });
});

realSuite('real Traefik', ['traefik'], function () {
  this.timeout(TIMEOUT_MS);
  let provider: Answering;
  let first: Answering;
  let second: Answering;
  let traefik: Traefik;
  let members: string[] | 'unsure' = 'unsure';
  let polls = 0;
  let secretSeen: string | undefined;

  before(async () => {
    first = await startAnswering((_request, response) => response.end('first'));
    second = await startAnswering((_request, response) => response.end('second'));
    provider = await startAnswering((request, response) => {
      polls += 1;
      secretSeen = request.headers['x-provider-secret'] as string | undefined;
      if (members === 'unsure') {
        response.statusCode = 503;
        return response.end();
      }
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ http: { routers: { web: { rule: 'PathPrefix(`/`)', service: 'web', entryPoints: ['web'] } }, services: { web: { loadBalancer: { servers: members.map((url) => ({ url })) } } } } }));
    });
    traefik = await startTraefik({
      http: { endpoint: `${provider.url}/traefik`, pollInterval: '200ms', headers: { 'X-Provider-Secret': 'oar' } },
      providersThrottleDuration: '100ms',
      buckets: [0.05, 0.2, 1],
    });
  });
  after(async () => {
    await traefik?.stop();
    await provider?.stop();
    await second?.stop();
    await first?.stop();
  });

  const listed = async (): Promise<string[]> => ((await traefik.service('web@http'))?.loadBalancer?.servers ?? []).map((server) => server.url).sort();
  const answers = async (count: number): Promise<Set<string>> => {
    const seen = new Set<string>();
    for (let request = 0; request < count; request += 1) {
      const response = await fetch(traefik.url);
      seen.add(response.ok ? await response.text() : String(response.status));
    }
    return seen;
  };

  it('knows no route while its first document is a 503', async () => {
    await until('a poll', () => polls > 0);
    expect(secretSeen).to.equal('oar');
    expect(await traefik.service('web@http')).to.equal(undefined);
    expect(await answers(1)).to.deep.equal(new Set(['404']));
  });

  it('follows the document of its HTTP provider', async () => {
    members = [first.url];
    await until('one member', async () => (await listed()).length === 1);
    await until('the route', async () => (await answers(1)).has('first'));
    members = [first.url, second.url];
    await until('two members', async () => (await listed()).length === 2);
    expect(await listed()).to.deep.equal([first.url, second.url].sort());
    expect(await answers(6)).to.deep.equal(new Set(['first', 'second']));
  });

  it('keeps its routes while the provider answers 503', async () => {
    members = 'unsure';
    const since = polls;
    await until('three more polls', () => polls >= since + 3);
    expect(await answers(6)).to.deep.equal(new Set(['first', 'second']));
  });

  it('counts durations in the buckets that were asked for', async () => {
    const text = await (await fetch(traefik.metricsUrl)).text();
    expect(text).to.match(/traefik_service_request_duration_seconds_bucket\{[^}]*service="web@http"[^}]*le="0\.2"\} \d+/);
    expect(text).not.to.include('le="0.3"');
  });

  it('comes back on the same port with what the provider says then', async () => {
    members = [second.url];
    await traefik.process.halt();
    await traefik.process.start();
    await until('the route', async () => (await answers(1)).has('second'));
    expect(await answers(4)).to.deep.equal(new Set(['second']));
  });
});

realSuite('real kamal-proxy', ['kamal-proxy'], function () {
  this.timeout(TIMEOUT_MS);
  let app: Answering;
  let proxy: KamalProxy;

  before(async () => {
    app = await startAnswering((request, response) => response.end(request.url === '/up' ? 'up' : 'ahoy'));
    proxy = await startKamalProxy();
  });
  after(async () => {
    await proxy?.stop();
    await app?.stop();
  });

  it('serves a target that is deployed to it, and lists it as running', async () => {
    expect(await proxy.list()).to.deep.equal([]);
    await proxy.deploy('web', `127.0.0.1:${app.port}`, ['--health-check-interval=100ms']);
    expect(await (await fetch(proxy.url)).text()).to.equal('ahoy');
    expect(await proxy.list()).to.deep.equal([{ service: 'web', host: '*', path: '/', target: `127.0.0.1:${app.port}`, state: 'running', tls: 'no' }]);
  });

  it('publishes its request metrics under the names that the queries use', async () => {
    const text = await (await fetch(proxy.metricsUrl)).text();
    expect(text).to.match(/kamal_proxy_http_requests_total\{[^}]*service="web"[^}]*\} \d+/);
    expect(text).to.match(/kamal_proxy_http_in_flight_requests\{service="web"\} 0/);
    expect(text).to.include('kamal_proxy_http_request_duration_seconds_bucket');
  });

  it('refuses a target that never becomes healthy', async () => {
    await using sick = await startAnswering((_request, response) => {
      response.statusCode = 500;
      response.end();
    });
    const refusal = await proxy
      .deploy('sick', `127.0.0.1:${sick.port}`, ['--host=sick.test', '--deploy-timeout=1s', '--health-check-interval=100ms'])
      .then(() => 'deployed', String);
    expect(refusal).to.match(/target failed to become healthy/);
  });

  it('serves the same target again after it was killed and started', async () => {
    proxy.process.signal('SIGKILL');
    await until('its end', () => proxy.process.pid === undefined);
    await proxy.process.start();
    await until('the restored route', async () => (await fetch(proxy.url)).ok);
    expect(await (await fetch(proxy.url)).text()).to.equal('ahoy');
  });
});
