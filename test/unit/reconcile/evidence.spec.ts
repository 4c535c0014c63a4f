import { expect } from 'chai';
import { ClassifiedError, type Evidence, seconds } from '../../../controller/model/index.ts';
import { loadEvidence, withEvidence } from '../../../controller/reconcile/evidence-document.ts';
import { poolDraft } from '../../support/drafts.ts';
import { type Bench, WEB, createBench } from './bench.ts';

const record = (index: number, text = ''): Evidence => ({
  host: `web-${index}`, hostID: `id-${index}`, cause: 'Unhealthy', reason: 'down', gatheredAt: index, server: '', status: {}, texts: [{ name: 'app log', text }], missing: [],
});

describe('evidence of a failed host', () => {
  let bench: Bench;
  beforeEach(async () => {
    bench = createBench({}, 'Kamal');
    const { address, ports } = bench.world.addFixedHost('primary', 'v1');
    await bench.put('HostPool', poolDraft('default', 'web', {
      replicas: 3, fixedHosts: [{ name: 'primary', address, ports }], placements: [{ name: 'here', provider: 'Local', local: { bootMilliseconds: 1000 } }],
      health: { intervalSeconds: 1, unhealthyAfterSeconds: 5 }, drain: { timeoutSeconds: 6 }, limits: { startTimeoutSeconds: 60 },
    } as never));
    await bench.drive('three serve', async () => (await bench.pool()).status?.readyReplicas === 3);
  });
  const kept = async (): Promise<Evidence[]> => (await loadEvidence(bench.store, WEB, bench.clock.now())).records;
  /** The machine is away for good; the name of its host. */
  async function breakOne(): Promise<string> {
    const name = (await bench.hosts())[0]?.metadata.name ?? '';
    bench.world.kill(name);
    return name;
  }
  const gone = (name: string): Promise<void> => bench.drive(`${name} is gone`, async () => (await bench.hosts()).every(({ metadata }) => metadata.name !== name));

  it('is kept, once, before its server goes, and its pool names it', async () => {
    let asked = 0;
    const { deployer } = bench.context;
    bench.context.deployer = { ...deployer, evidence: async (target, limit) => {
      asked += 1;
      return deployer.evidence(target, limit);
    } };
    const name = await breakOne();
    await gone(name);
    const [one, ...others] = await kept();
    expect([others.length, asked]).to.deep.equal([0, 1]);
    expect(one).to.deep.include({ host: name, texts: [{ name: 'app log', text: `the last words of ${name}` }], missing: [] });
    expect(one?.server).to.match(/^server local\S+ in here is Off, made at .+; NotListed$/);
    expect(one?.status.conditions).to.not.equal(undefined);
    expect((await bench.pool()).status?.evidence?.map(({ host }) => host)).to.deep.equal([name]);
    expect((await bench.events('HostPool')).filter((line) => line.startsWith('EvidenceKept'))).to.have.length(1);
  });

  it('is kept of a host that was replaced as unhealthy', async () => {
    const name = (await bench.hosts())[0]?.metadata.name ?? '';
    bench.kamal.reboot(name, 10_000, 'v1');
    await gone(name);
    expect((await kept()).map(({ host, cause }) => [host, cause])).to.deep.equal([[name, 'Unhealthy']]);
  });

  it('is kept of a start that failed, while its server is there', async () => {
    const { deployer } = bench.context;
    const ended = new Set<string>();
    let there: boolean | undefined;
    bench.context.deployer = {
      ...deployer,
      start: async (operation) => (operation.kind === 'Deploy' ? void ended.add(operation.id) : deployer.start(operation)),
      observe: (id) => (ended.has(id) ? { kind: 'Failed', class: 'Unavailable', message: 'target failed to become healthy', replaceHost: true } : deployer.observe(id)),
      evidence: async (target, limit) => {
        there = bench.world.hosts().some(({ order }) => order.name === target.host.name);
        return deployer.evidence(target, limit);
      },
    };
    await bench.store.scale(WEB, 4);
    await bench.drive('its evidence is kept', async () => (await kept()).length > 0);
    expect(there).to.equal(true);
    expect((await kept())[0]).to.include({ cause: 'StartFailed', reason: 'deploy failed, the host is replaced: target failed to become healthy' });
  });

  it('is not kept of hosts that are scaled in', async () => {
    await bench.store.scale(WEB, 1);
    await bench.drive('they are gone', async () => bench.world.hosts().length === 1);
    expect(await kept()).to.deep.equal([]);
  });

  it('holds a server up no longer than 20 s where its machine hangs', async () => {
    const name = await breakOne();
    let since: number | undefined;
    bench.context.deployer = { ...bench.context.deployer, evidence: () => {
      since = bench.clock.now();
      return new Promise(() => undefined);
    } };
    const driven = gone(name);
    for (let rounds = 0; rounds < 300 && since === undefined; rounds += 1) await bench.clock.advance(0);
    while (since === undefined || bench.clock.now() - since < seconds(21)) await bench.clock.advance(500);
    await driven;
    expect(bench.clock.now() - since).to.be.at.most(seconds(40));
    expect((await kept())[0]).to.deep.include({ host: name, texts: [], missing: [{ name: 'machine', why: 'it did not answer within 20 s' }] });
  });

  it('is given up where the store takes no record for 20 s', async () => {
    const { documents } = bench.context;
    let refused: number | undefined;
    bench.context.documents = { load: (document) => documents.load(document), save: async (document, value, version) => {
      if (!document.startsWith('evidence.')) return documents.save(document, value, version);
      refused ??= bench.clock.now();
      // What the bench goes on after.
      throw new ClassifiedError('Conflict', 'the disk is full');
    } };
    const name = await breakOne();
    await gone(name);
    expect(bench.clock.now() - (refused ?? 0)).to.be.within(seconds(19), seconds(40));
    expect(await kept()).to.deep.equal([]);
    expect((await bench.events('HostPool')).some((line) => line.startsWith(`EvidenceLost: what ${name} said could not be kept: the disk is full`))).to.equal(true);
  });

  it('is removed after 14 days', async () => {
    await gone(await breakOne());
    expect(await kept()).to.have.length(1);
    await bench.clock.advance(seconds(14 * 24 * 3600 + 60));
    expect(await kept(), 'not told').to.deep.equal([]);
    await bench.pass('Pool', WEB);
    expect((await bench.store.load('evidence.default.web'))?.value, 'not stored').to.deep.equal([]);
    expect((await bench.pool()).status?.evidence ?? []).to.deep.equal([]);
  });
});

describe('what is kept of a pool', () => {
  it('is one record a host, the ten newest, in 600 KB', () => {
    const ten = Array.from({ length: 15 }, (_, index) => index).reduce((records: Evidence[], index) => withEvidence(records, record(index)), []);
    expect(ten.map(({ hostID }) => hostID)).to.deep.equal([14, 13, 12, 11, 10, 9, 8, 7, 6, 5].map((index) => `id-${index}`));
    expect(withEvidence(ten, record(14)).map(({ hostID }) => hostID)).to.deep.equal(ten.map(({ hostID }) => hostID));
    const large = [0, 1, 2, 3].reduce((records: Evidence[], index) => withEvidence(records, record(index, 'ü'.repeat(120_000))), []);
    expect(large.map(({ hostID }) => hostID)).to.deep.equal(['id-3', 'id-2']);
  });
});
