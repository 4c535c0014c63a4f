import { expect } from 'chai';
import { createDigitalOceanProvider } from '../../../controller/act/cloud/digitalocean/provider.ts';
import { createHetznerProvider } from '../../../controller/act/cloud/hetzner/provider.ts';
import type { HostPoolSpec } from '../../../controller/api/index.ts';
import { type Server, seconds } from '../../../controller/model/index.ts';
import type { CloudProvider } from '../../../controller/ports/index.ts';
import { ended } from '../../support/cloud-sim/suite.ts';
import { type DigitalOceanSim, startDigitalOceanSim } from '../../support/digitalocean-sim/index.ts';
import { poolDraft } from '../../support/drafts.ts';
import { type HetznerSim, startHetznerSim } from '../../support/hetzner-sim/index.ts';
import { refused } from '../../support/refused.ts';
import { POOL_NEEDS } from '../../support/pool-needs.ts';
import { digitalOceanSuite } from '../act-cloud/digitalocean/world.ts';
import { type Bench, WEB, createBench } from './bench.ts';

type Placement = HostPoolSpec['placements'][number];
const GRACE_SECONDS = 600;
/** Lists that are asked rarely are older than the pass. */
const LIST_SECONDS = 30;
const PLACEMENTS: Placement[] = [
  { name: 'fra', provider: 'DigitalOcean', digitalocean: { size: 's-2vcpu-4gb', region: 'fra1', image: 'docker-20-04', sshKeys: ['ops'] } } as Placement,
  { name: 'nbg', provider: 'Hetzner', hetzner: { serverType: 'cpx11', location: 'nbg1', image: 'docker-ce', sshKeys: ['ops'] } } as Placement,
];

digitalOceanSuite('servers that no KamalHost owns, in each cloud', function () {
  this.timeout(60_000);
  let bench: Bench;
  let droplets: DigitalOceanSim;
  let servers: HetznerSim;
  let clouds: { DigitalOcean: CloudProvider & { close(): void }; Hetzner: CloudProvider & { close(): void } };

  beforeEach(async () => {
    bench = createBench();
    const { clock, context } = bench;
    [droplets, servers] = await Promise.all([startDigitalOceanSim({ clock }), startHetznerSim({ clock })]);
    const userData = (): string => '#cloud-config\n';
    clouds = {
      DigitalOcean: createDigitalOceanProvider({ endpoint: droplets.endpoint, token: { kind: 'Value', value: droplets.token }, clock, userData }),
      Hetzner: createHetznerProvider({ endpoint: servers.endpoint, token: { kind: 'Value', value: servers.token }, clock, userData }),
    };
    Object.assign(context.providers, clouds);
    context.deployer = { ...context.deployer, inspect: async () => ({ machine: { kind: 'Ready' }, app: { kind: 'NotRunning' } }) };
    await bench.put('HostPool', poolDraft('default', 'web', { roleKind: 'Job', loadBalancer: undefined, placements: PLACEMENTS } as never));
  });
  afterEach(async () => {
    clouds.DigitalOcean.close();
    clouds.Hetzner.close();
    await Promise.all([ended(bench.clock, droplets.close()), ended(bench.clock, servers.close())]);
  });

  async function lost(placement: Placement, hostID: string): Promise<Server> {
    const cloud = clouds[placement.provider as keyof typeof clouds];
    const server = await ended(bench.clock, cloud.create({ name: `web-${hostID}`, placement, owner: { installation: 'test', pool: WEB, hostID }, pool: POOL_NEEDS }));
    await bench.context.gate.noteAlive(hostID, WEB, server);
    return server;
  }
  async function look(): Promise<void> {
    await bench.clock.advance(seconds(LIST_SECONDS));
    for (const name of ['DigitalOcean', 'Hetzner'] as const) bench.context.servers.forget(name);
    await ended(bench.clock, bench.pass('Orphans'));
  }
  const there = (): number[] => [droplets.account.droplets.size, servers.project.servers.size];
  const written = (sim: DigitalOceanSim | HetznerSim): string[] => [...new Set(sim.calls.filter(({ method }) => method !== 'GET').map(({ method, template }) => `${method} ${template}`))].sort();

  it('are swept by the same grace, and no SSH key was made that could be left behind', async () => {
    const keys = (): unknown => [droplets.account.parts.sshKeys, servers.project.parts.sshKeys];
    const before = structuredClone(keys());
    for (const placement of PLACEMENTS) await lost(placement, `lost${placement.name}`);
    await look();
    await bench.clock.advance(seconds(GRACE_SECONDS - 2 * LIST_SECONDS));
    await look();
    expect(there(), 'within the grace').to.deep.equal([1, 1]);
    await bench.clock.advance(seconds(LIST_SECONDS));
    await look();
    expect(there()).to.deep.equal([0, 0]);
    expect(keys()).to.deep.equal(before);
    expect([written(droplets), written(servers)]).to.deep.equal([['DELETE /v2/droplets/{droplet_id}', 'POST /v2/droplets'], ['DELETE /servers/{id}', 'POST /servers']]);
  });

  it('at DigitalOcean are known by their tags: others of the name are left, and a tag that was taken off protects', async () => {
    const [placement] = PLACEMENTS;
    await lost(placement!, 'lostfra');
    const foreign = await ended(bench.clock, clouds.DigitalOcean.create({ name: 'web-lostfra2', placement: placement!, owner: { installation: 'another', pool: WEB, hostID: 'lostfra' }, pool: POOL_NEEDS }));
    await look();
    await bench.clock.advance(seconds(GRACE_SECONDS));
    const [own] = [...droplets.account.droplets.values()].filter(({ tags }) => tags.includes('kamal-autoscaler:installation:test'));
    const { tags } = own!;
    // Between the list and the delete a person takes it over.
    droplets.before = ({ method, template }) => {
      if (method === 'GET' && template === '/v2/droplets/{droplet_id}') own!.tags = ['mine'];
    };
    await refused('Conflict', look());
    expect(there()[0]).to.equal(2);
    droplets.before = undefined;
    own!.tags = tags;
    await look();
    expect([...droplets.account.droplets.keys()].map((id) => `digitalocean:${id}`)).to.deep.equal([foreign.providerID]);
  });

  it('that one cloud refuses to delete take no turn from those of the other', async () => {
    for (const index of [1, 2]) await lost(PLACEMENTS[0]!, `kept${index}`);
    await lost(PLACEMENTS[1]!, 'lostnbg');
    droplets.before = ({ method, template }) => {
      if (method === 'DELETE') droplets.faults.script(`DELETE ${template}`, { kind: 'Refuse', status: 422, code: 'unprocessable_entity', message: 'Droplet already has a pending event.' });
    };
    await look();
    await bench.clock.advance(seconds(GRACE_SECONDS));
    for (let pass = 0; pass < 2; pass += 1) await look().catch(() => undefined);
    expect(there()).to.deep.equal([2, 0]);
  });
});
