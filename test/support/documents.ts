/** One set of good and bad documents, for every place that admits them: the API server and the standalone store. */
import type { Kind } from '../../controller/api/index.ts';

export interface TriedDocument {
  title: string;
  kind: Kind;
  document: Record<string, unknown>;
  /** Absent for a good document; else what every refusal must say, whoever refuses. */
  substance?: readonly string[];
}

type Fields = Record<string, unknown>;

const titled = (title: string): string => title.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-').replaceAll(/^-|-$/g, '').slice(0, 50);

function object(kind: Kind, title: string, spec: unknown, metadata: Fields = {}, more: Fields = {}): Record<string, unknown> {
  return { apiVersion: 'kamal-autoscaler.dev/v1alpha1', kind, metadata: { name: titled(title), namespace: 'default', ...metadata }, spec, ...more };
}

/** The spec with these fields set; undefined leaves a field out. */
function changed(base: Fields, change: Fields): Fields {
  return Object.fromEntries(Object.entries({ ...base, ...change }).filter(([, value]) => value !== undefined));
}

const POLICY: Fields = { targetRef: { name: 'web' }, maxHosts: 4, metrics: [{ name: 'rps', target: 50 }] };
const LOAD_BALANCER: Fields = { traefik: { service: 'shop-web', apiURLs: ['http://192.0.2.2:8080'] } };
const POOL: Fields = {
  kamal: { service: 'shop', role: 'web' },
  maxReplicas: 4,
  placements: [{ name: 'here', provider: 'Local' }],
  loadBalancer: LOAD_BALANCER,
};
const HOST: Fields = { poolRef: { name: 'web' }, hostID: 'a1b2c3d4e5', slot: 1, intent: 'Serve' };
const SESSION: Fields = { service: 'shop', operationID: 'main/1', deadline: '2026-01-01T00:00:00Z' };

const good = (kind: Kind, base: Fields) => (title: string, change: Fields, more?: Fields): TriedDocument =>
  ({ title, kind, document: object(kind, title, changed(base, change), {}, more) });
const bad = (kind: Kind, base: Fields) => (title: string, change: Fields, ...substance: string[]): TriedDocument =>
  ({ title, kind, document: object(kind, title, changed(base, change)), substance });

const goodPolicy = good('ScalingPolicy', POLICY);
const badPolicy = bad('ScalingPolicy', POLICY);
const goodPool = good('HostPool', POOL);
const badPool = bad('HostPool', POOL);
const goodHost = good('KamalHost', HOST);
const badHost = bad('KamalHost', HOST);
const goodSession = good('DeploySession', SESSION);
const badSession = bad('DeploySession', SESSION);

const policies = (): TriedDocument[] => [
  goodPolicy('a policy of two lines', {}),
  goodPolicy('a policy with everything', {
    mode: 'Recommend', minHosts: 2, intervalSeconds: 30,
    metrics: [
      { name: 'rps', target: 50, windowSeconds: 120 },
      { name: 'slow', query: 'p95', target: 0.25 },
      { name: 'carts', promql: 'sum(carts)', type: 'Ratio', aggregation: 'Sum', target: 12.5 },
      { name: 'replicationLag', target: 10, type: 'Threshold' },
    ],
    behavior: {
      scaleOut: { tolerancePercent: 5, policies: [{ type: 'Percent', value: 100, periodSeconds: 60 }] },
      scaleIn: { stabilizationWindowSeconds: 900, selectPolicy: 'Min' },
    },
    fallback: { hosts: 3 },
    hold: { hosts: 4, until: '2027-01-31T18:00:00Z', reason: 'sale' },
  }),
  goodPolicy('a policy of its own promql', { metrics: [{ name: 'mine', promql: 'vector(1)', type: 'Guard', target: 1 }] }),
  goodPolicy('a policy that may have no host', { minHosts: 0 }),
  goodPolicy('a policy whose status is not for writing', {}, { status: { desiredHosts: 99 } }),
  badPolicy('min above max', { minHosts: 9 }, 'minHosts is greater than maxHosts: write a minHosts that is at most maxHosts'),
  badPolicy('default min above max', { maxHosts: 0 }, 'spec.maxHosts', 'greater than or equal to 1'),
  badPolicy('no maxHosts', { maxHosts: undefined }, 'spec.maxHosts', 'Required value'),
  badPolicy('no target of the policy', { targetRef: undefined }, 'spec.targetRef', 'Required value'),
  badPolicy('another kind of target', { targetRef: { kind: 'Deployment', name: 'web' } }, 'spec.targetRef.kind', 'Unsupported value: "Deployment"', '"HostPool"'),
  badPolicy('no metrics', { metrics: undefined }, 'spec.metrics', 'Required value'),
  badPolicy('an empty list of metrics', { metrics: [] }, 'spec.metrics', 'should have at least 1 items'),
  badPolicy('a metric without a target', { metrics: [{ name: 'rps' }] }, 'spec.metrics[0].target', 'Required value'),
  badPolicy('a metric twice', { metrics: [{ name: 'rps', target: 1 }, { name: 'rps', target: 2 }] }, 'spec.metrics[1]', 'Duplicate value', 'rps'),
  badPolicy('a target of zero', { metrics: [{ name: 'rps', target: 0 }] }, 'spec.metrics[0]', 'target is not above 0: write a target greater than 0'),
  badPolicy('a target below zero', { metrics: [{ name: 'rps', target: -1.5 }] }, 'spec.metrics[0].target', 'greater than or equal to 0'),
  goodPolicy('a target just above zero', { metrics: [{ name: 'p95', target: 0.0001 }] }),
  badPolicy('a target in words', { metrics: [{ name: 'rps', target: '50' }] }, 'spec.metrics[0].target', 'must be of type number'),
  badPolicy('a metric nobody knows', { metrics: [{ name: 'happiness', target: 1 }] }, 'spec.metrics[0]', 'no ready-made query has this name'),
  badPolicy('a reserved metric', { metrics: [{ name: 'inFlight', query: 'rps', target: 1 }] }, 'spec.metrics[0]', 'reserved names: write another name'),
  badPolicy('query and promql', { metrics: [{ name: 'rps', query: 'rps', promql: 'x', type: 'Ratio', target: 1 }] }, 'query and promql are both set: keep one of them'),
  badPolicy('promql without a type', { metrics: [{ name: 'mine', promql: 'x', target: 1 }] }, 'promql needs a type: write type Ratio, Threshold or Guard'),
  badPolicy('aggregation of a ready-made query', { metrics: [{ name: 'rps', aggregation: 'Sum', target: 1 }] }, 'aggregation belongs to promql'),
  badPolicy('an unknown field', { cooldown: 60 }, 'unknown field "spec.cooldown"'),
  badPolicy('an unknown field within', { metrics: [{ name: 'rps', target: 1, treshold: 2 }] }, 'unknown field "spec.metrics[0].treshold"'),
  badPolicy('an unknown mode', { mode: 'enforce' }, 'spec.mode', 'Unsupported value: "enforce"', '"Enforce"'),
  badPolicy('a hold that ends some day', { hold: { hosts: 2, until: 'tomorrow' } }, 'spec.hold.until', 'date-time'),
  badPolicy('a rate limit of nothing', { behavior: { scaleOut: { policies: [{ type: 'Hosts', value: 0, periodSeconds: 60 }] } } }, 'spec.behavior.scaleOut.policies[0].value', 'greater than or equal to 1'),
  badPolicy('half a host', { maxHosts: 2.5 }, 'spec.maxHosts', 'must be of type integer'),
];

const pools = (): TriedDocument[] => [
  goodPool('a pool', {}),
  goodPool('a pool of spare machines', {
    replicas: 2,
    fixedHosts: [{ name: 'primary', address: '192.0.2.1', ports: { http: 3000 } }],
    placements: [{ name: 'rack', provider: 'Static', static: { machines: [{ name: 'one', address: '2001:db8::1' }] } }],
    deletionPolicy: 'Drain', paused: true, health: { path: '/healthy', hostname: 'shop.example.com' },
  }),
  goodPool('a pool for jobs', { roleKind: 'Job', loadBalancer: undefined }),
  goodPool('a pool with nothing in it', { replicas: 0 }),
  badPool('replicas above the maximum', { replicas: 5 }, 'replicas is greater than maxReplicas: write replicas that are at most maxReplicas, or raise maxReplicas'),
  badPool('more fixed hosts than the maximum', { maxReplicas: 1, fixedHosts: [{ name: 'a', address: '192.0.2.1' }, { name: 'b', address: '192.0.2.2' }] }, 'maxReplicas counts fixed hosts too, raise it'),
  badPool('a web pool without load balancer', { loadBalancer: undefined }, 'write loadBalancer, or roleKind Job'),
  badPool('no placement', { placements: [] }, 'spec.placements', 'should have at least 1 items'),
  badPool('a static placement without machines', { placements: [{ name: 'rack', provider: 'Static' }] }, 'spec.placements[0]', 'a Static placement needs its machines: write static.machines'),
  badPool('static machines of another provider', { placements: [{ name: 'here', provider: 'Local', static: { machines: [{ name: 'one', address: '192.0.2.1' }] } }] }, 'static belongs to provider Static: leave it out or write provider Static'),
  badPool('local settings of another provider', { placements: [{ name: 'rack', provider: 'Static', local: {}, static: { machines: [{ name: 'one', address: '192.0.2.1' }] } }] }, 'local belongs to provider Local: leave it out or write provider Local'),
  badPool('a provider of the future', { placements: [{ name: 'moon', provider: 'Moon' }] }, 'spec.placements[0].provider', 'Unsupported value: "Moon"', '"Static"'),
  badPool('a fixed host twice', { fixedHosts: [{ name: 'a', address: '192.0.2.1' }, { name: 'a', address: '192.0.2.2' }] }, 'spec.fixedHosts[1]', 'Duplicate value'),
  badPool('a port out of range', { ports: { http: 70_000 } }, 'spec.ports.http', 'less than or equal to 65535'),
  badPool('an API URL without scheme', { loadBalancer: { traefik: { service: 'web', apiURLs: ['traefik:8080'] } } }, 'spec.loadBalancer.traefik.apiURLs[0]', 'should match'),
  goodPool('Traefiks that read files', { loadBalancer: { traefik: { service: 'web', apiURLs: ['http://10.0.0.2:8080', 'http://127.0.0.1:8080'], files: [
    { name: 'edge-1', path: '/etc/traefik/dynamic/kamal-autoscaler.yml', ssh: { address: '10.0.0.2', hostKey: 'ssh-ed25519 AAAA' } }, { name: 'here', path: '/etc/traefik/dynamic/pools.yaml' },
  ] } } }),
  goodPool('a load balancer of Hetzner', { loadBalancer: { hetzner: { name: 'front' } } }),
  badPool('two kinds of load balancer', { loadBalancer: { traefik: { service: 'web', apiURLs: ['http://10.0.0.2:8080'] }, hetzner: { name: 'front' } } }, 'a pool has one kind of load balancer: write one of traefik, hetzner and digitalocean'),
  badPool('no kind of load balancer', { loadBalancer: {} }, 'a pool has one kind of load balancer'),
  badPool('load balancers of two clouds', { loadBalancer: { hetzner: { name: 'front' }, digitalocean: { name: 'front' } } }, 'a pool has one kind of load balancer'),
  badPool('three kinds of load balancer', { loadBalancer: { traefik: { service: 'web', apiURLs: ['http://10.0.0.2:8080'] }, hetzner: { name: 'front' }, digitalocean: { name: 'front' } } }, 'a pool has one kind of load balancer'),
  goodPool('a load balancer of DigitalOcean', { loadBalancer: { digitalocean: { name: 'front' } } }),
  badPool('a file that Traefik would not read', { loadBalancer: { traefik: { service: 'web', apiURLs: ['http://10.0.0.2:8080'], files: [{ name: 'here', path: '/etc/traefik/pools.json' }] } } }, 'spec.loadBalancer.traefik.files[0].path', 'should match'),
  badPool('a file elsewhere without a host key', { loadBalancer: { traefik: { service: 'web', apiURLs: ['http://10.0.0.2:8080'], files: [{ name: 'a', path: '/etc/traefik/pools.yml', ssh: { address: '10.0.0.2' } }] } } }, 'spec.loadBalancer.traefik.files[0].ssh.hostKey', 'Required value'),
  badPool('an address with a space', { fixedHosts: [{ name: 'a', address: '192.0.2.1 ' }] }, 'spec.fixedHosts[0].address', 'should match'),
  badPool('a role in capitals', { kamal: { service: 'shop', role: 'Web' } }, 'spec.kamal.role', 'should match'),
  badPool('a name that is too long', { kamal: { service: 'x'.repeat(64), role: 'web' } }, 'spec.kamal.service', 'Too long'),
  badPool('paused in words', { paused: 'yes' }, 'spec.paused', 'must be of type boolean'),
  badPool('a deletion policy of another kind', { deletionPolicy: 'Delete' }, 'spec.deletionPolicy', 'Unsupported value: "Delete"', '"Retain"'),
];

/** A pool whose placements are bought from Hetzner: each a change of the first. */
function hetzner(...changes: Fields[]): Fields {
  return { placements: changes.map((change, index) => ({ name: `p${index}`, provider: 'Hetzner', hetzner: changed({ serverType: 'cpx21', location: 'nbg1', image: 'docker-ce' }, change) })) };
}

/** The same with Droplets. */
function droplets(...changes: Fields[]): Fields {
  return { placements: changes.map((change, index) => ({ name: `d${index}`, provider: 'DigitalOcean', digitalocean: changed({ size: 's-2vcpu-4gb', region: 'fra1', image: 'docker-20-04' }, change) })) };
}

const inBoth = (atHetzner: Fields, atDigitalOcean: Fields): Fields =>
  ({ placements: [...hetzner(atHetzner)['placements'] as Fields[], ...droplets(atDigitalOcean)['placements'] as Fields[]] });

const NO_AUTO = { addresses: { ssh: 'PublicIPv4', loadBalancer: 'Private', metrics: 'Private' } };

const byLabel = (key: string, value = 'web'): Fields => ({ loadBalancer: { hetzner: { name: 'front', label: { key, value } } } });
const byTag = (tag: string): Fields => ({ loadBalancer: { digitalocean: { name: 'front', tag } } });

const targetPools = (): TriedDocument[] => [
  goodPool('targets by label', { ...hetzner({ labels: { team: 'shop' } }, {}), ...byLabel('example.com/serves') }),
  badPool('a label that each server gets at once', { ...hetzner({}, { labels: { serves: 'no' } }), ...byLabel('serves') }, 'would be sent requests before it can answer any: take the key out of hetzner.labels'),
  badPool('targets by a label of the controller', { ...hetzner({}), ...byLabel('kamal-autoscaler.dev/serving') }, 'a label belongs to the controller or to Hetzner: write a key that begins with neither'),
  badPool('targets by a value with a blank', { ...hetzner({}), ...byLabel('serves', 'the web') }, 'spec.loadBalancer.hetzner.label.value', 'should match'),
  goodPool('Droplets by tag', { ...droplets({ tags: ['firewall:web'] }, {}), ...byTag('serves:web') }),
  badPool('a tag that each Droplet gets at once', { ...droplets({}, { tags: ['firewall:web', 'serves:web'] }), ...byTag('serves:web') }, 'would be sent requests before it can answer any: take it out of digitalocean.tags'),
  badPool('Droplets by a tag of the controller', { ...droplets({}), ...byTag('kamal-autoscaler:serving:true') }, 'a tag belongs to the controller'),
  badPool('Droplets by a tag with a dot', { ...droplets({}), ...byTag('serves.web') }, 'spec.loadBalancer.digitalocean.tag', 'should match'),
];

const dropletPools = (): TriedDocument[] => [
  goodPool('a pool of Droplets', droplets({}, { region: 'ams3' })),
  goodPool('a pool of Droplets with everything', droplets({ vpc: 'private', publicNetwork: 'None', sshKeys: ['ops', '3b:16:bf'], tags: ['firewall:web'], userData: 'packages: [htop]', image: '200000001' })),
  goodPool('a pool in both clouds', inBoth({}, {})),
  goodPool('a pool in both clouds over joined private networks', { ...inBoth({ networks: ['private'] }, { vpc: 'private' }), ...NO_AUTO }),
  badPool('a DigitalOcean placement that does not say what', { placements: [{ name: 'cloud', provider: 'DigitalOcean' }] }, 'spec.placements[0]', 'write digitalocean.size, digitalocean.region and digitalocean.image'),
  badPool('digitalocean of another provider', { placements: [{ name: 'here', provider: 'Local', digitalocean: { size: 's-2vcpu-4gb', region: 'fra1', image: 'docker-20-04' } }] }, 'digitalocean belongs to provider DigitalOcean: leave it out or write provider DigitalOcean'),
  badPool('a fallback of the wrong CPU architecture in another cloud', inBoth({ serverType: 'cax11' }, {}), 'placements mix CPU architectures', 'all that DigitalOcean sells'),
  badPool('a fallback in another VPC', droplets({ vpc: 'private' }, { vpc: 'other' }), 'a fallback placement is off the private network of the others: write the same digitalocean.vpc in all placements'),
  badPool('a fallback in another cloud off the private network', inBoth({ networks: ['private'] }, {}), 'a fallback placement in another cloud is off the private network of the others'),
  badPool('private networks of two clouds that nobody has joined', inBoth({ networks: ['private'] }, { vpc: 'private' }), 'private networks of two clouds reach each other only where you have joined them'),
  badPool('a Droplet that nobody reaches', droplets({ publicNetwork: 'None' }), 'a Droplet without public addresses needs a private network: write vpc, or another publicNetwork'),
  badPool('IPv6 addresses that Droplets do not get', { ...droplets({}), addresses: { metrics: 'PublicIPv6' } }, 'addresses names PublicIPv6, but a placement has none'),
  badPool('private addresses without a VPC', { ...droplets({}), addresses: { ssh: 'Private' } }, 'addresses names Private, but a placement has no networks'),
  badPool('a tag of the controller', droplets({ tags: ['kamal-autoscaler:pool:mine'] }), 'a tag belongs to the controller'),
  badPool('a tag with a dot', droplets({ tags: ['the.shop'] }), 'spec.placements[0].digitalocean.tags', 'should match'),
  badPool('a size in capitals', droplets({ size: 'S-1' }), 'spec.placements[0].digitalocean.size', 'should match'),
];

const hetznerPools = (): TriedDocument[] => [
  goodPool('a pool that is bought', hetzner({})),
  goodPool('a pool that is bought with everything', {
    ...hetzner({ networks: ['private', 'backup'], firewalls: ['web'], placementGroup: 'spread', publicNetwork: 'None', sshKeys: ['ops'], labels: { team: 'shop', 'example.com/cost-centre': '42', empty: '' }, userData: 'packages: [htop]' }, { networks: ['private'], location: 'fsn1' }),
    addresses: { ssh: 'Private', loadBalancer: 'Private', metrics: 'Private' }, ssh: { user: 'deploy', port: 2222, jumpHost: { address: 'bastion.example.com', hostKey: 'ssh-ed25519 AAAA' } },
  }),
  goodPool('arm alone', hetzner({ serverType: 'cax11' }, { serverType: 'cax21' })),
  goodPool('bought and spare machines', { placements: [...hetzner({ networks: ['private'] })['placements'] as Fields[], { name: 'rack', provider: 'Static', static: { machines: [{ name: 'one', address: '10.0.0.9' }] } }] }),
  badPool('a Hetzner placement that does not say what', { placements: [{ name: 'cloud', provider: 'Hetzner' }] }, 'spec.placements[0]', 'write hetzner.serverType, hetzner.location and hetzner.image'),
  badPool('hetzner of another provider', { placements: [{ name: 'here', provider: 'Local', hetzner: { serverType: 'cpx21', location: 'nbg1', image: 'docker-ce' } }] }, 'hetzner belongs to provider Hetzner: leave it out or write provider Hetzner'),
  badPool('a fallback of the wrong CPU architecture', hetzner({}, { serverType: 'cax11' }), 'placements mix CPU architectures', 'write server types of one architecture'),
  badPool('a fallback off the private network', hetzner({ networks: ['private'] }, { location: 'fsn1' }), 'a fallback placement is off the private network of the others: write the same first hetzner.networks in all placements'),
  badPool('a fallback on another private network', hetzner({ networks: ['private'] }, { networks: ['other', 'private'] }), 'a fallback placement is off the private network of the others'),
  badPool('private addresses without a network', { ...hetzner({}), addresses: { ssh: 'Private' } }, 'addresses names Private, but a placement has no networks: write hetzner.networks or digitalocean.vpc in every placement, or another address'),
  badPool('public addresses that the servers do not get', { ...hetzner({ publicNetwork: 'IPv6' }), addresses: { loadBalancer: 'PublicIPv4' } }, 'addresses names PublicIPv4, but a placement has none'),
  badPool('IPv6 addresses that the fallback does not get', { ...hetzner({}, { publicNetwork: 'IPv4' }), addresses: { metrics: 'PublicIPv6' } }, 'addresses names PublicIPv6, but a placement has none'),
  badPool('a server that nobody reaches', hetzner({ publicNetwork: 'None' }), 'a server without public addresses needs a private network: write networks, or another publicNetwork'),
  badPool('a label of the controller', hetzner({ labels: { 'kamal-autoscaler.dev/pool': 'mine' } }), 'a label belongs to the controller or to Hetzner'),
  badPool('a label value with a blank', hetzner({ labels: { team: 'the shop' } }), 'spec.placements[0].hetzner.labels', 'should match'),
  badPool('a server type in capitals', hetzner({ serverType: 'CPX21' }), 'spec.placements[0].hetzner.serverType', 'should match'),
  badPool('more networks than a server has', hetzner({ networks: ['a', 'b', 'c', 'd'] }), 'spec.placements[0].hetzner.networks', 'must have at most 3 items'),
];

const budgets = (): TriedDocument[] => [
  goodPolicy('a policy with a budget', { budget: { perMonth: 59.9, currency: 'EUR' } }),
  badPolicy('a budget of nothing', { budget: { perMonth: 0, currency: 'EUR' } }, 'perMonth is not above 0: write an amount greater than 0, or maxHosts to limit hosts'),
  badPolicy('a budget without a currency', { budget: { perMonth: 10 } }, 'spec.budget.currency', 'Required value'),
  badPolicy('a budget in signs', { budget: { perMonth: 10, currency: '€' } }, 'spec.budget.currency'),
];

const others = (): TriedDocument[] => [
  goodHost('a host', {}),
  badHost('a host without identity', { hostID: undefined }, 'spec.hostID', 'Required value'),
  badHost('an unknown intent', { intent: 'Stay' }, 'spec.intent', 'Unsupported value: "Stay"', '"Drain"'),
  badHost('a slot below zero', { slot: -1 }, 'spec.slot', 'greater than or equal to 0'),
  goodSession('a session', { members: ['web-1', 'web-2'] }),
  badSession('a member twice', { members: ['web-1', 'web-1'] }, 'spec.members[1]', 'Duplicate value: "web-1"'),
  badSession('a deadline that is no time', { deadline: '12:00' }, 'spec.deadline', 'date-time'),
  { title: 'no spec', kind: 'ScalingPolicy', document: object('ScalingPolicy', 'no spec', undefined), substance: ['spec', 'Required value'] },
  { title: 'a name in capitals', kind: 'HostPool', document: object('HostPool', 'x', POOL, { name: 'Web' }), substance: ['metadata.name', 'Invalid value: "Web"', 'lowercase RFC 1123 subdomain'] },
  { title: 'a label with a space', kind: 'HostPool', document: object('HostPool', 'label', POOL, { labels: { team: 'a b' } }), substance: ['metadata.labels', 'Invalid value: "a b"'] },
  { title: 'an unknown field of metadata', kind: 'HostPool', document: object('HostPool', 'meta', POOL, { colour: 'red' }), substance: ['unknown field "metadata.colour"'] },
  { title: 'an unknown field at the top', kind: 'HostPool', document: object('HostPool', 'top', POOL, {}, { data: 1 }), substance: ['unknown field "data"'] },
];

/** Good and bad documents of every kind; each has a name of its own. */
export const triedDocuments = (): TriedDocument[] => [...policies(), ...budgets(), ...pools(), ...hetznerPools(), ...dropletPools(), ...targetPools(), ...others()];
