import { expect } from 'chai';
import { createRoutedLoadBalancer } from '../../../controller/act/traffic/index.ts';
import type { LoadBalancers } from '../../../controller/act/traffic/routed.ts';
import { ClassifiedError, type Membership, type PoolMembership } from '../../../controller/model/index.ts';
import type { LoadBalancer, LoadBalancerSpec } from '../../../controller/ports/index.ts';

const pool = (name: string, way: Partial<PoolMembership>): PoolMembership => ({
  pool: { namespace: 'shop', name }, service: name, strategy: 'p2c', healthCheck: { path: '/up', intervalSeconds: 3, timeoutSeconds: 2 }, emptyWanted: false, members: [], ...way,
});
const HTTP = pool('http', {});
const FILES = pool('files', { files: [{ name: 'edge', path: '/etc/traefik/pools.yml' }] });
const HETZNER = pool('hetzner', { hetzner: { name: 'front' } });
const DIGITALOCEAN = pool('digitalocean', { digitalocean: { name: 'front', tag: 'web' } });

describe('ways to load balancers', () => {
  let told: Record<keyof LoadBalancers, string[][]>;
  let routed: LoadBalancer;
  let refusing: keyof LoadBalancers | undefined;
  beforeEach(() => {
    told = { http: [], files: [], hetzner: [], digitalocean: [] };
    refusing = undefined;
    const way = (name: keyof LoadBalancers): LoadBalancer => ({
      async apply({ pools }) {
        if (refusing === name) throw new ClassifiedError('Invalid', `${name} refuses`);
        told[name].push(pools.map((one) => one.pool.name));
      },
      confirm: async () => [{ instance: name, kind: 'Listing', servers: [] }],
    });
    routed = createRoutedLoadBalancer({ http: way('http'), files: way('files'), hetzner: way('hetzner'), digitalocean: way('digitalocean') });
  });
  const apply = (...pools: PoolMembership[]): Promise<void> => routed.apply({ generation: 1, pools } satisfies Membership);

  it('serve Traefiks that poll no pool of a cloud, and nothing at all where there are no others', async () => {
    await apply(HTTP, FILES, HETZNER, DIGITALOCEAN);
    await apply(HETZNER, DIGITALOCEAN);
    expect(told.http).to.deep.equal([['http', 'files']]);
    for (const way of ['files', 'hetzner', 'digitalocean'] as const) expect(told[way].at(-1), way).to.deep.equal(['hetzner', 'digitalocean']);
  });

  it('that refuse are told, and the others have it nevertheless', async () => {
    refusing = 'hetzner';
    const error = await apply(HTTP, HETZNER, DIGITALOCEAN).then(() => undefined, (thrown: unknown) => thrown);
    expect(String(error)).to.include('hetzner refuses');
    expect(told.digitalocean).to.have.length(1);
    expect(told.http).to.have.length(1);
  });

  it('are asked each for its own', async () => {
    const traefik = { service: 'web', apiURLs: ['http://10.0.0.2:8080'], strategy: 'p2c', entryPoint: 'web' } as const;
    const asked = async (spec: object): Promise<string | undefined> => (await routed.confirm(spec as LoadBalancerSpec))[0]?.instance;
    expect(await asked({ traefik })).to.equal('http');
    expect(await asked({ traefik: { ...traefik, files: FILES.files } })).to.equal('files');
    expect(await asked({ hetzner: { name: 'front' } })).to.equal('hetzner');
    expect(await asked({ digitalocean: { name: 'front' } })).to.equal('digitalocean');
  });
});
