import { expect } from 'chai';
import { createDigitalOceanProvider } from '../../../controller/act/cloud/digitalocean/provider.ts';
import { markingIn as markingInTags } from '../../../controller/act/cloud/digitalocean/tags.ts';
import { markingIn as markingInLabels } from '../../../controller/act/cloud/hetzner/labels.ts';
import { createHetznerProvider } from '../../../controller/act/cloud/hetzner/provider.ts';
import { keyOf } from '../../../controller/api/index.ts';
import { isClass } from '../../../controller/model/index.ts';
import type { WorkKey } from '../../../controller/reconcile/context.ts';
import { reconcile } from '../../../controller/reconcile/dispatch.ts';
import type { Fault } from '../../support/cloud-sim/faults.ts';
import { ended } from '../../support/cloud-sim/suite.ts';
import { poolDraft } from '../../support/drafts.ts';
import { startDigitalOceanSim } from '../../support/digitalocean-sim/index.ts';
import { startHetznerSim } from '../../support/hetzner-sim/index.ts';
import { digitalOceanSuite } from '../act-cloud/digitalocean/world.ts';
import { type Bench, WEB, createBench } from './bench.ts';

const SEEDS = Number(process.env['KAMAL_AUTOSCALER_SEEDS'] ?? 6);
const WANTED = 3;
const MOST = 4;

const ANYWHERE: Fault[] = [
  { kind: 'Refuse', status: 503, code: 'service_unavailable' }, { kind: 'LoseReply' }, { kind: 'Hang', effect: 'None' }, { kind: 'Hang', effect: 'Done' },
  { kind: 'Slow', milliseconds: 3000 }, { kind: 'Garbage', status: 404, body: '404 page not found', effect: 'None' },
];
const AT_A_DELETE: Fault[] = [{ kind: 'DeleteForgotten' }, { kind: 'DeleteLingers', milliseconds: 20_000 }, { kind: 'LoseReply' }];
const AT_AN_ORDER: Fault[] = [{ kind: 'LoseReply' }, { kind: 'Hang', effect: 'Done' }, { kind: 'Garbage', status: 504, body: '<html>', effect: 'Done' }, { kind: 'ActionNeverEnds' }, { kind: 'ActionFails', code: 'server_error', message: 'no' }];
const AT_DIGITALOCEAN = (twice: boolean): Record<string, Fault[]> => ({
  '*': [...ANYWHERE, { kind: 'Refuse', status: 429, code: 'too_many_requests', headers: { 'retry-after': '3' } }, { kind: 'Refuse', status: 429, code: 'too_many_requests' }],
  'POST /v2/droplets': [
    ...AT_AN_ORDER, { kind: 'ListedLate', milliseconds: 30_000 }, ...(twice ? [{ kind: 'MadeTwice' } as const, { kind: 'MadeTwice' } as const] : []),
    { kind: 'Refuse', status: 422, code: 'unprocessable_entity', message: 'Size is temporarily unavailable' },
  ],
  'DELETE /v2/droplets/{droplet_id}': [...AT_A_DELETE, { kind: 'Refuse', status: 422, code: 'unprocessable_entity', message: 'Droplet already has a pending event.' }],
});
const AT_HETZNER: Record<string, Fault[]> = {
  '*': ANYWHERE, 'POST /servers': [...AT_AN_ORDER, { kind: 'ListedLate', milliseconds: 8000 }, { kind: 'Refuse', status: 412, code: 'resource_unavailable' }], 'DELETE /servers/{id}': AT_A_DELETE,
};
const PLACEMENTS = [
  { name: 'fra', provider: 'DigitalOcean', digitalocean: { size: 's-2vcpu-4gb', region: 'fra1', image: 'docker-20-04' } },
  { name: 'nbg', provider: 'Hetzner', hetzner: { serverType: 'cpx11', location: 'nbg1', image: 'docker-ce' } },
];

digitalOceanSuite('a pool in both clouds, on a day on which a fifth of all goes wrong', function () {
  this.timeout(120_000);

  for (let seed = 1; seed <= SEEDS; seed += 1) {
    it(`ends with exactly the servers that it wants, none bought twice and none leaked, seed ${seed}`, async () => {
      const bench = createBench();
      const { clock, context } = bench;
      const droplets = await startDigitalOceanSim({ clock, tagLagMilliseconds: seed % 3 === 0 ? 10_000 : 0 });
      const servers = await startHetznerSim({ clock });
      const userData = (): string => '#cloud-config\n';
      const digitalOcean = createDigitalOceanProvider({ endpoint: droplets.endpoint, token: { kind: 'Value', value: droplets.token }, clock, userData });
      const hetzner = createHetznerProvider({ endpoint: servers.endpoint, token: { kind: 'Value', value: servers.token }, clock, userData });
      Object.assign(context.providers, { DigitalOcean: digitalOcean, Hetzner: hetzner });
      const twice = seed % 2 === 0;

      /** Owners of all that is paid for, in both clouds. */
      const paid = (): string[] => [
        ...[...droplets.account.droplets.values()].map(({ tags }) => markingInTags(tags).hostID), ...[...servers.project.servers.values()].map(({ labels }) => markingInLabels(labels).hostID),
      ].map((hostID) => hostID ?? 'nobody').toSorted();
      const trouble = (from: number): void => {
        droplets.faults.seed(seed + from, 0.2, AT_DIGITALOCEAN(twice));
        servers.faults.seed(seed + from + 1, 0.2, AT_HETZNER);
      };
      const peace = (): void => {
        droplets.faults.clear();
        servers.faults.clear();
      };
      const wishes = async (): Promise<string[]> => (await bench.hosts()).map(({ spec }) => spec.hostID).toSorted();
      const rounds = async (count: number, until: () => Promise<boolean> = async () => false): Promise<boolean> => {
        for (let round = 0; round < count; round += 1) {
          if (await until()) return true;
          await roundOf(bench);
          const owners = paid();
          expect(new Set(owners).size, 'never more than the pool may have').to.be.at.most(MOST);
          if (!twice) expect(new Set(owners).size, 'no host has two').to.equal(owners.length);
        }
        return until();
      };
      // A server whose action never ends stays in Provisioning, until a start deadline that is long here.
      const settled = (count: number) => async (): Promise<boolean> => {
        const hosts = await bench.hosts();
        return hosts.length === count && JSON.stringify(paid()) === JSON.stringify(await wishes()) && hosts.every(({ status }) => status?.phase === 'Bootstrapping' || status?.phase === 'Provisioning');
      };

      try {
        await bench.put('HostPool', poolDraft('default', 'web', { replicas: WANTED, maxReplicas: MOST, roleKind: 'Job', loadBalancer: undefined, placements: PLACEMENTS, limits: { startTimeoutSeconds: 3600 } } as never));
        trouble(1000);
        await rounds(60);
        peace();
        expect(await rounds(400, settled(WANTED)), `grown: ${JSON.stringify([paid(), await stateOf(bench)])}`).to.equal(true);

        trouble(2000);
        await bench.store.scale(WEB, 1);
        await rounds(40);
        peace();
        expect(await rounds(400, settled(1)), `shrunk: ${JSON.stringify([paid(), await stateOf(bench)])}`).to.equal(true);
        // Nothing else is there a good while later, and no reservation holds anybody's place.
        await clock.advance(700_000);
        await rounds(3);
        expect(paid()).to.deep.equal(await wishes());
        expect(Object.values((await context.gate.read()).entries).filter(({ state }) => state === 'Alive' || state === 'Reserved')).to.have.length(1);
      } finally {
        digitalOcean.close();
        hetzner.close();
        await Promise.all([droplets.close(), servers.close()]);
      }
    });
  }
});

/** Passes over everything, while time passes for those that wait for an answer. */
async function roundOf({ clock, context, store }: Bench): Promise<void> {
  const [pools, hosts] = await Promise.all([store.list('HostPool'), store.list('KamalHost')]);
  const keys: WorkKey[] = [...pools.map((pool): WorkKey => ({ kind: 'Pool', key: keyOf(pool) })), ...hosts.map((host): WorkKey => ({ kind: 'Host', key: keyOf(host) })), { kind: 'Orphans' }];
  await ended(clock, Promise.all(keys.map((key) => reconcile(context, key).catch((error: unknown) => {
    // What a provider refuses is told with the pass that asked, which is then repeated.
    if (!isClass(error, 'Conflict', 'NotFound', 'Unavailable', 'Transient', 'RateLimited', 'Unauthorized', 'Capacity', 'Invalid', 'OutcomeUnknown')) throw error;
  }))));
  await clock.advance(1000);
}

const stateOf = async (bench: Bench): Promise<unknown> => (await bench.hosts()).map(({ spec, status }) => [spec.hostID, spec.intent, status?.phase, status?.provider, status?.reason]);
