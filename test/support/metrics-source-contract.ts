/** What every source of metrics must do, whatever it reads: one exporter of memory use a host is all that a world has. */
import { expect } from 'chai';
import type { Instant, Observation } from '../../controller/model/index.ts';
import type { MetricHost, MetricQuery, MetricsSource } from '../../controller/ports/index.ts';

export const CONTRACT_HOSTS = ['web-1', 'web-2', 'web-3'] as const;
/** Memory in use, in percent. */
export type MemoryUse = Partial<Record<(typeof CONTRACT_HOSTS)[number], number>>;

/** The page of a host's node exporter; NaN where it reports that. */
export const memoryPage = (percent: number): string => `node_memory_MemAvailable_bytes ${Number.isNaN(percent) ? 'NaN' : (100 - percent) * 1e6}\nnode_memory_MemTotal_bytes 1e8\n`;

export interface MetricsWorld {
  source: MetricsSource;
  now(): Instant;
  /** As the source's queries name them. */
  hosts: readonly MetricHost[];
  /** From now on the hosts say this, and those that are left out say nothing. Ends when the source can know. */
  report(use: MemoryUse): Promise<void>;
  /** Whatever the source asks answers no more. Ends when it can know. */
  silence(): Promise<void>;
  close(): Promise<void>;
}

export function metricsSourceContract(name: string, start: () => Promise<MetricsWorld>, { timeoutMs = 10_000 }: { timeoutMs?: number } = {}): void {
  describe(`metrics source: ${name}`, function () {
    this.timeout(timeoutMs);
    let world: MetricsWorld;
    let close: (() => Promise<void>) | undefined;
    before(async () => {
      world = await start();
      close = () => world.close();
    });
    after(() => close?.());

    const query = (changes: Partial<MetricQuery> = {}): MetricQuery => ({
      metric: 'memory', source: { kind: 'Signal', signal: 'memory' }, target: 60, pool: { namespace: 'shop', name: 'web' },
      spec: { kamal: { service: 'app', role: 'web' } }, hosts: world.hosts, ...changes,
    });
    const read = async (...queries: MetricQuery[]): Promise<Observation[]> => world.source.read(queries);
    const kindOf = (observation: Observation | undefined): string => (observation?.kind === 'Absence' ? observation.absence.kind : String(observation?.kind));

    it('answers each query once, in their order, under the policy\'s name; nothing for none', async () => {
      await world.report({ 'web-1': 40, 'web-2': 50, 'web-3': 60 });
      const answers = await read(query({ metric: 'a' }), query({ metric: 'b', pool: { namespace: 'shop', name: 'nobody' }, hosts: [] }), query({ metric: 'c' }));
      expect(answers.map(({ metric }) => metric)).to.deep.equal(['a', 'b', 'c']);
      expect(answers.map(kindOf)).to.deep.equal(['Value', 'Empty', 'Value']);
      expect({ ...answers[0], metric: '' }, 'the same question has the same answer').to.deep.equal({ ...answers[2], metric: '' });
      expect(await read()).to.deep.equal([]);
    });

    it('gives the mean over hosts with the time of its newest sample', async () => {
      const [seen] = await read(query());
      expect(seen).to.include({ kind: 'Value', value: 50 });
      expect(seen!.windowSeconds).to.be.greaterThan(0);
      expect(world.now() - seen!.asOf, 'neither old nor of the future').to.be.within(-1000, (3 * world.source.scrapeIntervalSeconds + 5) * 1000);
      expect(world.source.scrapeIntervalSeconds).to.be.greaterThan(0);
    });

    it('leaves hosts out that are warming', async () => {
      const [seen] = await read(query({ hosts: world.hosts.map((host) => (host.name === 'web-3' ? { ...host, warming: true } : host)) }));
      expect(seen).to.include({ kind: 'Value', value: 45 });
    });

    it('names a query that it cannot answer, and answers the others', async () => {
      const [wrong, right] = await read(query({ metric: 'wrong', source: { kind: 'PromQL', query: 'sum(' } }), query());
      expect(kindOf(wrong)).to.be.oneOf(['Refused', 'Unsupported']);
      expect(wrong?.kind === 'Absence' && wrong.absence.message).to.have.length.greaterThan(10);
      expect(right).to.include({ kind: 'Value', value: 50 });
    });

    it('takes a value that is no number for none', async () => {
      await world.report({ 'web-1': NaN, 'web-2': NaN, 'web-3': NaN });
      expect(kindOf((await read(query()))[0])).to.equal('NotANumber');
    });

    it('never takes few hosts for all of them, and says who is silent', async () => {
      await world.report({ 'web-1': 40 });
      const [seen] = await read(query());
      expect(kindOf(seen)).to.equal('TooFewHosts');
      expect(seen?.kind === 'Absence' && seen.absence.message).to.include('web-2, web-3');
    });

    it('gives a past or none of it, and never throws', async () => {
      const past = await world.source.readPast?.(query());
      expect(past?.loads.length ?? 1).to.be.greaterThan(0);
    });

    it('that is silent has no value, and says why; nothing is thrown', async () => {
      await world.silence();
      const [seen, ofSeveral] = await read(query(), query({ metric: 'b' }));
      expect(kindOf(seen)).to.be.oneOf(['Unreachable', 'Stale']);
      expect(kindOf(ofSeveral)).to.equal(kindOf(seen));
      expect(seen?.kind === 'Absence' && seen.absence.message).to.have.length.greaterThan(10);
      await world.source.readPast?.(query());
    });
  });
}
