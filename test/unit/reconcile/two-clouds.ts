/** A controller over simulators of both clouds, by the adapters that run in production. */
import { createDigitalOceanProvider } from '../../../controller/act/cloud/digitalocean/provider.ts';
import { markingIn as markingInTags } from '../../../controller/act/cloud/digitalocean/tags.ts';
import { markingIn as markingInLabels } from '../../../controller/act/cloud/hetzner/labels.ts';
import { createHetznerProvider } from '../../../controller/act/cloud/hetzner/provider.ts';
import { type HostPoolSpec, keyOf } from '../../../controller/api/index.ts';
import { isClass } from '../../../controller/model/index.ts';
import type { WorkKey } from '../../../controller/reconcile/context.ts';
import { reconcile } from '../../../controller/reconcile/dispatch.ts';
import { ended } from '../../support/cloud-sim/suite.ts';
import { poolDraft } from '../../support/drafts.ts';
import { startDigitalOceanSim } from '../../support/digitalocean-sim/index.ts';
import { startHetznerSim } from '../../support/hetzner-sim/index.ts';
import { type Bench, createBench } from './bench.ts';
import type { Condition } from '../../../controller/report/conditions.ts';

export const FRA = { name: 'fra', provider: 'DigitalOcean', digitalocean: { size: 's-2vcpu-4gb', region: 'fra1', image: 'docker-20-04' } };
export const NBG = { name: 'nbg', provider: 'Hetzner', hetzner: { serverType: 'cpx11', location: 'nbg1', image: 'docker-ce' } };

const READ_ONLY = 'a-token-that-may-only-read';

export interface TwoClouds {
  bench: Bench;
  droplets: Awaited<ReturnType<typeof startDigitalOceanSim>>;
  servers: Awaited<ReturnType<typeof startHetznerSim>>;
  /** Owners of all that is paid for, in both clouds. */
  paid(): string[];
  /** UIDs of the hosts that are wanted. */
  wishes(): Promise<string[]>;
  putPool(spec: Partial<Record<keyof HostPoolSpec, unknown>>): Promise<unknown>;
  /** Passes over everything, while time passes for those that wait for an answer. */
  round(): Promise<void>;
  /** Rounds for so many simulated seconds, or until the condition holds; whether it does. */
  passes(forSeconds: number, until?: () => boolean | Promise<boolean>): Promise<boolean>;
  /** Of the pool. */
  condition(type: string): Promise<Condition | undefined>;
  close(): Promise<void>;
}

/** `hetznerToken`: `ReadOnly` lets list and look, and refuses each order and each delete. */
export async function startTwoClouds({ tagLagMilliseconds = 0, hetznerToken = 'ReadWrite' }: { tagLagMilliseconds?: number; hetznerToken?: 'ReadWrite' | 'ReadOnly' } = {}): Promise<TwoClouds> {
  const bench = createBench();
  const { clock, context, store } = bench;
  const droplets = await startDigitalOceanSim({ clock, tagLagMilliseconds });
  const servers = await startHetznerSim({ clock, readOnlyToken: READ_ONLY });
  const userData = (): string => '#cloud-config\n';
  const digitalOcean = createDigitalOceanProvider({ endpoint: droplets.endpoint, token: { kind: 'Value', value: droplets.token }, clock, userData });
  const hetzner = createHetznerProvider({ endpoint: servers.endpoint, token: { kind: 'Value', value: hetznerToken === 'ReadOnly' ? READ_ONLY : servers.token }, clock, userData });
  Object.assign(context.providers, { DigitalOcean: digitalOcean, Hetzner: hetzner });
  const clouds: TwoClouds = {
    bench, droplets, servers,
    paid: () => [
      ...[...droplets.account.droplets.values()].map(({ tags }) => markingInTags(tags).hostID), ...[...servers.project.servers.values()].map(({ labels }) => markingInLabels(labels).hostID),
    ].map((hostID) => hostID ?? 'nobody').toSorted(),
    wishes: async () => (await bench.hosts()).map(({ spec }) => spec.hostID).toSorted(),
    putPool: (spec) => bench.put('HostPool', poolDraft('default', 'web', { roleKind: 'Job', loadBalancer: undefined, limits: { startTimeoutSeconds: 3600 }, ...spec } as never)),
    async round() {
      const [pools, hosts] = await Promise.all([store.list('HostPool'), store.list('KamalHost')]);
      const keys: WorkKey[] = [...pools.map((pool): WorkKey => ({ kind: 'Pool', key: keyOf(pool) })), ...hosts.map((host): WorkKey => ({ kind: 'Host', key: keyOf(host) })), { kind: 'Orphans' }];
      await ended(clock, Promise.all(keys.map((key) => reconcile(context, key).catch((error: unknown) => {
        // What a provider refuses is told with the pass that asked, which is then repeated.
        if (!isClass(error, 'Conflict', 'NotFound', 'Unavailable', 'Transient', 'RateLimited', 'Unauthorized', 'Capacity', 'Invalid', 'OutcomeUnknown')) throw error;
      }))));
      await clock.advance(1000);
    },
    async passes(forSeconds, until = () => false) {
      for (const end = clock.now() + forSeconds * 1000; clock.now() < end;) {
        if (await until()) return true;
        await clouds.round();
      }
      return until();
    },
    condition: async (type) => ((await bench.pool()).status?.conditions as Condition[] | undefined)?.find((one) => one.type === type),
    async close() {
      digitalOcean.close();
      hetzner.close();
      await Promise.all([droplets.close(), servers.close()]);
    },
  };
  return clouds;
}
