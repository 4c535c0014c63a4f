/** A pool of local hosts whose hosts are rolled, with what must hold at each look meanwhile. */
import { expect } from 'chai';
import type { HostPool, HostPoolSpec, KamalHost } from '../../../controller/api/index.ts';
import { seconds } from '../../../controller/model/index.ts';
import type { Condition } from '../../../controller/report/conditions.ts';
import { poolDraft } from '../../support/drafts.ts';
import { type Bench, createBench } from './bench.ts';

export const LOCAL = { name: 'here', provider: 'Local', local: { bootMilliseconds: 1000 } };

export interface RollSuite {
  /** The bench of the test under way. */
  now(): Bench;
  /** Puts the pool there and drives until so many hosts serve, the fixed one included; `beside` has room above them. */
  serving(replicas: number, spec?: object): Promise<KamalHost[]>;
  edit(spec: Partial<HostPoolSpec>): Promise<void>;
  annotate(annotations: Record<string, string>): Promise<void>;
  /** The condition HostsCurrent. */
  condition(): Promise<Condition | undefined>;
  ids(): Promise<string[]>;
  passTime(forSeconds: number): Promise<void>;
  /** Drives, and holds at each look that as many serve as are wanted and no more exist than wanted and surge. */
  driveServing(what: string, wanted: number, until: () => Promise<boolean>, surge?: number): Promise<void>;
}

/** Inside a `describe`: a fresh bench for each test, in which no request may be dropped. */
export function rollSuite(): RollSuite {
  let bench: Bench;
  beforeEach(() => { bench = createBench(); });
  afterEach(() => expect(bench.world.dropped).to.deep.equal([]));

  const change = async (of: (pool: HostPool) => HostPool): Promise<void> => void await bench.store.update('HostPool', of(await bench.pool()));
  return {
    now: () => bench,
    async serving(replicas, spec = {}) {
      const { address, ports } = bench.world.addFixedHost('primary', 'v1');
      await bench.put('HostPool', poolDraft('default', 'web', {
        replicas, maxReplicas: replicas + 1, fixedHosts: [{ name: 'primary', address, ports }], placements: [LOCAL], health: { intervalSeconds: 1 }, drain: { timeoutSeconds: 6 }, ...spec,
      } as never));
      await bench.drive('all serve', async () => (await bench.pool()).status?.readyReplicas === replicas);
      return bench.hosts();
    },
    edit: (spec) => change((pool) => ({ ...pool, spec: { ...pool.spec, ...spec } })),
    annotate: (annotations) => change((pool) => ({ ...pool, metadata: { ...pool.metadata, annotations: { ...pool.metadata.annotations, ...annotations } } })),
    condition: async () => ((await bench.pool()).status?.conditions as Condition[] | undefined)?.find(({ type }) => type === 'HostsCurrent'),
    ids: async () => (await bench.hosts()).map(({ spec }) => spec.hostID),
    passTime(forSeconds) {
      const until = bench.clock.now() + seconds(forSeconds);
      return bench.drive('time passes', async () => bench.clock.now() >= until);
    },
    driveServing: (what, wanted, until, surge = 1) => bench.drive(what, async () => {
      const members = bench.world.served()?.pools.flatMap((pool) => pool.members) ?? [];
      expect(members.length, 'members').to.be.at.least(wanted);
      expect(bench.world.hosts().length, 'servers').to.be.at.most(wanted + surge);
      return until();
    }),
  };
}
