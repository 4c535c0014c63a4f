import { expect } from 'chai';
import { type Server, classOf } from '../../../controller/model/index.ts';
import type { CloudProvider, CreateRequest } from '../../../controller/ports/index.ts';
import type { SimulatedClock } from '../../support/clock.ts';
import type { Fault, Faults } from '../../support/cloud-sim/faults.ts';
import { digitalOceanSuite, requestOf as dropletOf, startWorld as startDigitalOcean } from './digitalocean/world.ts';
import { hetznerSuite, requestOf as serverOf, startWorld as startHetzner } from './hetzner/world.ts';

const HOSTS = ['a', 'b', 'c', 'd'];
const SEEDS = Number(process.env['KAMAL_AUTOSCALER_SEEDS'] ?? 25);

/** What is alike in both clouds when seen from here. */
interface CloudUnderFaults {
  clock: SimulatedClock;
  provider: CloudProvider;
  faults: Faults;
  /** Names of the servers that exist, whatever lists say. */
  names(): string[];
  /** Names that were ordered though a server had them and the cloud does not refuse that. */
  repeated: readonly string[];
  until<T>(what: string, look: () => T | undefined | Promise<T | undefined>): Promise<T>;
  end(): Promise<void>;
}

interface Cloud {
  title: string;
  suite: typeof hetznerSuite;
  start(): Promise<CloudUnderFaults>;
  requestOf(host: string): CreateRequest;
  faults: Record<string, Fault[]>;
}

const anywhere = (tooMany: Fault[]): Fault[] => [
  { kind: 'Refuse', status: 502, code: 'bad_gateway' }, ...tooMany,
  { kind: 'Garbage', status: 404, body: '404 page not found', effect: 'None' }, { kind: 'Garbage', status: 200, body: '{"servers": null}', effect: 'Done' },
  { kind: 'LoseReply' }, { kind: 'Hang', effect: 'None' }, { kind: 'Hang', effect: 'Done' }, { kind: 'Slow', milliseconds: 3000 },
];
const CREATES: Fault[] = [{ kind: 'LoseReply' }, { kind: 'Hang', effect: 'Done' }, { kind: 'Garbage', status: 504, body: '<html>timeout</html>', effect: 'Done' }, { kind: 'ActionNeverEnds' }, { kind: 'NeverBoots' }];
const DELETES: Fault[] = [{ kind: 'DeleteForgotten' }, { kind: 'DeleteLingers', milliseconds: 3000 }, { kind: 'LoseReply' }];

const CLOUDS: readonly Cloud[] = [
  {
    title: 'Hetzner', suite: hetznerSuite, requestOf: serverOf,
    async start() {
      const world = await startHetzner();
      return { ...world, faults: world.sim.faults, names: () => [...world.sim.project.servers.values()].map(({ name }) => name), repeated: [] };
    },
    faults: {
      '*': anywhere([{ kind: 'Refuse', status: 409, code: 'conflict' }, { kind: 'Refuse', status: 429, code: 'rate_limit_exceeded' }]),
      'POST /servers': [...CREATES, { kind: 'Refuse', status: 412, code: 'resource_unavailable' }, { kind: 'Refuse', status: 403, code: 'resource_limit_exceeded' }, { kind: 'ActionFails', code: 'server_error', message: 'the hypervisor is gone' }],
      'DELETE /servers/{id}': [...DELETES, { kind: 'Refuse', status: 423, code: 'locked' }],
    },
  },
  {
    title: 'DigitalOcean', suite: digitalOceanSuite, requestOf: dropletOf,
    async start() {
      const world = await startDigitalOcean({ tagLagMilliseconds: 20_000 });
      const names = (): string[] => [...world.sim.account.droplets.values()].map(({ name }) => name);
      const repeated: string[] = [];
      world.sim.before = ({ method, template, body }) => {
        const { name } = body as { name: string } | undefined ?? {};
        if (method === 'POST' && template === '/v2/droplets' && name !== undefined && names().includes(name)) repeated.push(name);
      };
      return { ...world, faults: world.sim.faults, names, repeated };
    },
    faults: {
      '*': anywhere([{ kind: 'Refuse', status: 429, code: 'too_many_requests', headers: { 'retry-after': '3' } }, { kind: 'Refuse', status: 429, code: 'too_many_requests' }]),
      'POST /v2/droplets': [
        ...CREATES, { kind: 'MadeTwice' }, { kind: 'ListedLate', milliseconds: 20_000 }, { kind: 'ActionFails', code: 'errored', message: '' },
        { kind: 'Refuse', status: 422, code: 'unprocessable_entity', message: 'Size is temporarily unavailable in region' },
        { kind: 'Refuse', status: 422, code: 'unprocessable_entity', message: 'creating this/these droplet(s) will exceed your droplet limit' },
      ],
      'DELETE /v2/droplets/{droplet_id}': [...DELETES, { kind: 'Refuse', status: 422, code: 'unprocessable_entity', message: 'Droplet already has a pending event.' }],
    },
  },
];

/** What may be told; anything else is a mistake of the adapter's. */
const EXPECTED = new Set(['done', 'Capacity', 'Quota', 'Transient', 'Unavailable', 'OutcomeUnknown', 'RateLimited', 'Invalid', 'NotFound', 'AlreadyExists']);

for (const { title, suite, start, requestOf, faults } of CLOUDS) suite(`a ${title} on which half of all goes wrong`, function () {
  this.timeout(60_000);
  let cloud: CloudUnderFaults;
  beforeEach(async () => {
    cloud = await start();
  });
  afterEach(() => cloud.end());

  /** The end of a call for which simulated time must pass; undefined where it failed as it may. */
  async function ended<T>(call: Promise<T>): Promise<T | undefined> {
    let result: { outcome: string; answer?: T } | undefined;
    void call.then((answer) => { result = { outcome: 'done', answer }; }, (error: unknown) => { result = { outcome: classOf(error) }; });
    const { outcome, answer } = await cloud.until('the call ends', () => result);
    expect([...EXPECTED]).to.include(outcome);
    return answer;
  }
  const listed = async (): Promise<readonly Server[] | undefined> => (await ended(cloud.provider.list('home')))?.servers;
  const remove = (servers: readonly Server[]): Promise<unknown> => Promise.all(servers.map((server) => ended(cloud.provider.delete(server))));
  const settled = (): Promise<void> => cloud.clock.advance(cloud.provider.settleSeconds * 1000);
  const bought = HOSTS.map((host) => requestOf(host).name);
  const there = (): string[] => cloud.names().toSorted();
  /** All but the first of each host's. */
  const twinsAmong = (servers: readonly Server[]): Server[] => servers.filter(({ owner }, at) => servers.findIndex((other) => other.owner.hostID === owner.hostID) < at);

  for (let seed = 1; seed <= SEEDS; seed += 1) {
    it(`buys each host one server and leaves none behind, seed ${seed}`, async () => {
      cloud.faults.seed(seed, 0.5, faults);
      for (let round = 0; round < 25; round += 1) {
        if (round === 20) cloud.faults.clear();
        const servers = await listed();
        if (servers !== undefined) {
          const missing = HOSTS.filter((host) => !servers.some(({ owner }) => owner.hostID === host));
          if (round > 20 && missing.length === 0 && twinsAmong(servers).length === 0) break;
          await Promise.all(missing.map((host) => ended(cloud.provider.create(requestOf(host)))));
          await remove(twinsAmong(servers));
        }
        expect(cloud.repeated, 'orders for a host that has a server').to.deep.equal([]);
        // Two of three orders come too soon: what an earlier one made may not be listed yet.
        await (round % 3 === 2 ? settled() : cloud.clock.advance(5_000));
      }
      expect(there()).to.deep.equal(bought);

      cloud.faults.seed(seed + 1000, 0.5, faults);
      for (let round = 0; round < 25 && there().length > 0; round += 1) {
        if (round === 20) cloud.faults.clear();
        await remove(await listed() ?? []);
        await settled();
      }
      expect(there()).to.deep.equal([]);
    });
  }
});
