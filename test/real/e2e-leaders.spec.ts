import { expect } from 'chai';
import { API_VERSION } from '../../controller/api/index.ts';
import { CONTROL_PLANE_PARTS } from '../support/control-plane.ts';
import { type ClusterWorld, SERVICE_ACCOUNT, apply, startClusterWorld } from '../support/e2e-leaders/cluster-world.ts';
import { type ConstantLoad, startConstantLoad } from '../support/e2e-leaders/load.ts';
import type { Replica } from '../support/e2e-leaders/replica.ts';
import { staysTrue } from '../support/e2e-leaders/stays-true.ts';
import { POOL, type World } from '../support/e2e-leaders/world.ts';
import { realSuite } from '../support/real/gate.ts';
import { tryKubectl } from '../support/real/kubectl.ts';
import { until } from '../support/real/until.ts';

/** To meet a moment that passes quickly. */
const AT_ONCE = { everyMs: 20, deadlineMs: 60_000 };
/** Longer than a lease runs. */
const SUCCESSION = { everyMs: 100, deadlineMs: 60_000 };
const RATE = 15;

/**
 * Two controllers, processes of their own, as the ServiceAccount of manifests/ and nobody else, share one cloud. Each
 * test begins with what the one before left in service and with both controllers alive.
 */
realSuite('two controllers on a real kube-apiserver, with the permissions of manifests/', CONTROL_PLANE_PARTS, function () {
  this.timeout(180_000);
  let cluster: ClusterWorld;
  let world: World;
  let load: ConstantLoad;
  /** At the begin of the test. */
  let hosts: number;
  let purchases: number;
  let mostFailures: number;
  let leader: Replica;
  let standby: Replica;

  before(async () => {
    cluster = await startClusterWorld({ replicas: 2 });
    world = cluster.world;
    await apply(cluster, world.poolText({ replicas: 1 }));
    await world.atRest(1);
  });

  beforeEach(async () => {
    for (const replica of world.replicas) await replica.revive();
    mostFailures = 0;
    hosts = (await world.hosts()).length + 1;
    purchases = world.purchases.length;
    leader = await world.leader();
    standby = world.replicas.find((replica) => replica !== leader)!;
    load = startConstantLoad(world.url, RATE);
  });

  afterEach(async function () {
    if (this.currentTest?.state === 'failed') console.error(await world.situation());
    await load.end(mostFailures);
  });

  after(async () => {
    await cluster?.[Symbol.asyncDispose]();
  });

  const scale = (replicas: number): Promise<string> => cluster.plane.kubectl(['scale', 'hostpool/web', '-n', POOL.namespace, `--replicas=${replicas}`]);
  const inPhase = async (phase: string): Promise<boolean> => (await world.hosts()).some(({ status }) => status?.phase === phase);

  /** Every UID was bought once, and so many in this test. */
  function expectBought(count: number): void {
    const hostIDs = world.purchases.slice(purchases).map(({ hostID }) => hostID);
    expect(hostIDs, JSON.stringify(world.purchases)).to.have.length(count);
    expect(new Set(world.purchases.map(({ hostID }) => hostID)).size).to.equal(purchases + count);
  }

  /** Changes the number, ends the leader once the moment has come, and waits until the other one has finished the work. */
  async function killAt(wanted: number, moment: () => Promise<boolean>): Promise<void> {
    await scale(wanted);
    await until('the moment', moment, AT_ONCE);
    await leader.kill();
    await until('the successor', () => standby.leads(), SUCCESSION);
    await world.atRest(wanted);
    expectBought(Math.max(0, wanted - hosts));
  }

  describe('when the leader is killed', () => {
    it('right after the KamalHosts appeared, nothing is bought twice', () => killAt(hosts + 2, async () => (await world.hosts()).length === hosts + 1));

    it('right after the first server was bought, nothing is bought twice', () => killAt(hosts + 2, async () => world.purchases.length > purchases));

    it('while hosts join the load balancer, nothing is bought twice', () => killAt(hosts + 2, () => inPhase('Joining')));

    it('while hosts drain, no request is lost', () => killAt(hosts - 3, () => inPhase('Draining')));
  });

  describe('when the leader is frozen in the middle of buying', () => {
    it('another goes on, and the frozen one does nothing when it wakes', async () => {
      await scale(hosts + 2);
      await until('the new KamalHosts', async () => (await world.hosts()).length === hosts + 1, AT_ONCE);
      leader.freeze();
      await until('the successor', () => standby.leads(), SUCCESSION);
      await world.atRest(hosts + 2);
      await scale(hosts + 1);
      await world.atRest(hosts + 1);
      const servers = await world.serverIDs();
      const lines = (await leader.log()).length;

      leader.wake();
      await until('its first answer', async () => (await leader.config())?.status === 503, { everyMs: 5 });
      await until('its word that it leads no more', async () => !(await leader.leads()));
      await staysTrue('the woken one touches nothing', 5_000, async () => {
        expect((await leader.config())?.status).to.equal(503);
        expect(await world.serverIDs()).to.deep.equal(servers);
        expect(await standby.leads()).to.equal(true);
      });
      await world.atRest(hosts + 1);
      expectBought(2);
      // What it was at ended in a conflict, or with the news that it leads no more.
      expect((await leader.log()).slice(lines).filter(({ level }) => level === 'error')).to.deep.equal([]);
    });
  });

  describe('when the leader is asked to end', () => {
    it('the lease is handed over within seconds', async () => {
      const since = performance.now();
      const halted = leader.controller.process.halt(20_000);
      await until('the successor', () => standby.leads(), { everyMs: 20 });
      // A crash would cost the lease's duration of 15 s.
      expect(performance.now() - since).to.be.lessThan(8_000);
      await halted;
      expect((await leader.log()).slice(-2).map(({ message }) => message)).to.deep.equal(['ends: passes under way are finished first', 'stands by']);
      await until('the answer of the successor', async () => (await standby.config())?.status === 200);
    });
  });

  describe('in a whole life of pool, policy and hosts', () => {
    it('the ServiceAccount is refused nothing', async function () {
      this.timeout(300_000);
      await scale(1);
      await world.atRest(1);
      await apply(cluster, policyText());
      await world.atRest(3);
      // A host that loses its power is replaced; what it was serving at that moment is lost.
      mostFailures = 10;
      await world.killHost((await world.hosts())[0]!);
      await until('the replacement', async () => world.purchases.length === purchases + 3, { deadlineMs: 90_000 });
      await world.atRest(3);
      await apply(cluster, policyText({ metrics: [{ name: 'rps', target: 1_000, windowSeconds: 5 }] }));
      await world.atRest(1);
      await cluster.plane.kubectl(['delete', 'scalingpolicy/web', '-n', POOL.namespace]);
      // Deleted by itself, under a live pool: the host leaves, and another comes for it.
      await scale(2);
      await world.atRest(2);
      const [host] = await world.hosts();
      await cluster.plane.kubectl(['delete', 'kamalhost', host!.metadata.name, '-n', POOL.namespace]);
      await until('the end of the host', async () => (await world.hosts()).every(({ spec }) => spec.hostID !== host!.spec.hostID), SUCCESSION);
      await world.atRest(2);
      await apply(cluster, world.poolText({ deletionPolicy: 'Drain' }));
      await cluster.plane.kubectl(['delete', 'hostpool/web', '-n', POOL.namespace, '--timeout=60s']);
      expect(await world.serverIDs()).to.deep.equal([]);

      const requests = (await cluster.audit()).filter(({ user }) => user.username === SERVICE_ACCOUNT);
      expect(requests.filter(({ responseStatus }) => responseStatus?.code === 403 || responseStatus?.code === 401)).to.deep.equal([]);
      const verbs = new Set(requests.map(({ verb, objectRef }) => `${verb} ${[objectRef?.resource, objectRef?.subresource].filter(Boolean).join('/')}`));
      expect([...verbs]).to.include.members([
        'create kamalhosts', 'delete kamalhosts', 'update kamalhosts', 'update kamalhosts/status', 'patch hostpools/scale', 'update hostpools',
        'update hostpools/status', 'update scalingpolicies/status', 'watch scalingpolicies', 'update leases', 'update configmaps', 'create events',
      ]);
      for (const replica of world.replicas) expect((await replica.log()).filter(({ error = '' }) => /Forbidden|Unauthorized/.test(error))).to.deep.equal([]);
    });

    it('and what it has no permission for would show', async () => {
      const before = (await cluster.audit()).length;
      await tryKubectl(cluster.kubeconfig, ['get', 'secrets', '-A']);
      const refused = (await cluster.audit()).slice(before).filter(({ user, responseStatus }) => user.username === SERVICE_ACCOUNT && responseStatus?.code === 403);
      expect(refused.map(({ objectRef }) => objectRef?.resource)).to.deep.equal(['secrets']);
    });
  });
});

/** At the constant load two bought hosts beside the fixed one are wanted. */
const policyText = (spec: Record<string, unknown> = {}): string => JSON.stringify({
  apiVersion: API_VERSION, kind: 'ScalingPolicy', metadata: POOL,
  spec: {
    targetRef: { name: POOL.name }, minHosts: 1, maxHosts: 3, intervalSeconds: 1,
    metrics: [{ name: 'rps', target: RATE / 3, windowSeconds: 5 }],
    behavior: { scaleIn: { stabilizationWindowSeconds: 5, policies: [{ type: 'Hosts', value: 3, periodSeconds: 5 }] } },
    ...spec,
  },
});
