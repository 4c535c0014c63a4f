import { expect } from 'chai';
import type { HostPool, HostPoolSpec, HostPoolStatus, KamalHost } from '../../../controller/api/index.ts';
import { type HostCounts, toTimestamp } from '../../../controller/model/index.ts';
import { poolReport } from '../../../controller/report/pool-report.ts';
import { withPoolReport } from '../../../controller/report/status.ts';
import { PRIMARY, START, hostOf, poolOf } from '../reconcile/bench.ts';

const counts = (change: Partial<HostCounts> = {}): HostCounts => ({ inService: 2, warming: 0, booting: 0, draining: 0, ...change });
const seen = (problem?: string): Parameters<typeof poolReport>[3] => ({ problem, returning: 0, placements: [{ kind: 'Usable' }], replacement: { kind: 'Allowed' }, roll: { pool: 'web', verdict: { kind: 'None' }, updated: 1, outdated: 0, reasons: [], kept: [] } });
const pool = (spec: Partial<HostPoolSpec> = {}, status: HostPoolStatus = {}): HostPool => ({ ...poolOf('web', { replicas: 2, ...spec }), status });
const failure = { class: 'Quota', message: 'the account is full', at: toTimestamp(START), count: 0 } as const;
const failing = hostOf('web-3', { phase: 'Pending', failure });
const UNTIL = toTimestamp(START + 30_000);

interface Row { title: string; pool?: HostPool; hosts?: KamalHost[]; counts?: HostCounts; problem?: string; state: string; reason: string; ready?: 'True' | 'False'; progressing?: 'True' | 'False' }

const ROWS: Row[] = [
  { title: 'as many serve as are wanted', state: 'Steady', reason: '2 of 2 serve' },
  { title: 'one more boots', pool: pool({ replicas: 3 }), counts: counts({ booting: 1 }), state: 'Growing', reason: '2 of 3 serve, 1 on the way', ready: 'False', progressing: 'True' },
  { title: 'one more is wanted and none boots yet', pool: pool({ replicas: 3 }), state: 'Growing', reason: '2 of 3 serve, 0 on the way', ready: 'False', progressing: 'True' },
  { title: 'one drains', pool: pool(), counts: counts({ draining: 1 }), state: 'Shrinking', reason: '1 draining, 2 wanted', progressing: 'True' },
  { title: 'one too many serves', pool: pool({ replicas: 1 }), state: 'Shrinking', reason: '0 draining, 1 wanted', progressing: 'True' },
  { title: 'no number is written', pool: pool({ replicas: undefined } as never), counts: counts({ booting: 1 }), state: 'Holding', reason: 'spec.replicas is not set: the 3 hosts that are there stay' },
  { title: 'one is down', hosts: [hostOf('web-1', { phase: 'InService', unhealthySince: UNTIL, reason: 'it does not answer' })], state: 'Replacing', reason: 'web-1: it does not answer', progressing: 'True' },
  { title: 'it is paused, whatever else is wrong', pool: pool({ paused: true, replicas: 5 }), hosts: [failing], problem: 'a conflict', state: 'Paused', reason: 'spec.paused: nothing is changed until it is false', ready: 'False' },
  { title: 'a create fails', hosts: [failing], state: 'Stuck', reason: 'web-3: Quota: the account is full', progressing: 'True' },
  { title: 'a host in service failed once', hosts: [hostOf('web-1', { phase: 'InService', failure })], state: 'Steady', reason: '2 of 2 serve' },
  { title: 'a start failed and the next is held back', pool: pool({}, { startFailures: 3, startBackoffUntil: UNTIL }), hosts: [failing], state: 'Stuck', reason: `3 failed starts, next not before ${UNTIL}: Quota: the account is full`, progressing: 'True' },
  { title: 'a start failed and its host is gone', pool: pool({}, { startFailures: 1, startBackoffUntil: UNTIL }), state: 'Stuck', reason: `1 failed starts, next not before ${UNTIL}`, progressing: 'True' },
  { title: 'the pause after a failed start is over', pool: pool({}, { startFailures: 1, startBackoffUntil: toTimestamp(START) }), state: 'Steady', reason: '2 of 2 serve' },
  { title: 'another pool has its service', problem: 'spec.loadBalancer.traefik.service web belongs to pool default/old, which had it first: write another service name', hosts: [failing], state: 'Stuck', reason: 'spec.loadBalancer.traefik.service web belongs to pool default/old, which had it first: write another service name', progressing: 'True' },
];

describe('what a pool says of itself when', () => {
  for (const row of ROWS) {
    it(`${row.title}: ${row.state}`, () => {
      const report = poolReport(row.pool ?? pool(), row.hosts ?? [], row.counts ?? counts(), seen(row.problem), START);
      expect(report).to.include({ state: row.state, reason: row.reason });
      const condition = (type: string) => report.conditions.find((candidate) => candidate.type === type);
      expect(condition('Ready')).to.include({ status: row.ready ?? 'True' });
      expect(condition('Progressing')).to.include({ status: row.progressing ?? 'False', reason: row.state, message: row.reason });
      // Paused or not, a failure that a person must mend stays visible.
      const stuck = row.state === 'Stuck' || row.problem !== undefined;
      expect(condition('Stuck')).to.include({ status: stuck ? 'True' : 'False' });
    });
  }
});

describe('a pool with hosts that people keep', () => {
  const marked = (name: string, mark: 'protected' | 'quarantined', status = {}): KamalHost => {
    const host = hostOf(name, { phase: mark === 'quarantined' ? 'Quarantined' : 'InService', ...status });
    return { ...host, metadata: { ...host.metadata, annotations: { [`kamal-autoscaler.dev/${mark}`]: 'true' } } };
  };
  const told = (hosts: KamalHost[], type: string, count = counts(), replicas = 2) =>
    poolReport(pool({ replicas }), hosts, count, seen(), START).conditions.find((candidate) => candidate.type === type);

  it('says which are in quarantine, that they cost, and how to end it', () => {
    const hosts = [marked('web-1', 'quarantined', { failure }), hostOf('web-2', { phase: 'InService' })];
    expect(told(hosts, 'Quarantine')).to.deep.include({ status: 'True', reason: 'HostsKept', message: 'web-1 is out of service and kept, paid for, and counted against maxReplicas and budget; to end it: kamal-autoscaler quarantine web-1 --release' });
    expect(poolReport(pool(), hosts, counts(), seen(), START)).to.include({ quarantinedReplicas: 1, state: 'Steady', reason: '2 of 2 serve, 1 in quarantine' });
    expect(told([], 'Quarantine')).to.include({ status: 'False' });
  });

  it('says when only protected ones could leave', () => {
    const hosts = [marked('web-1', 'protected'), marked('web-2', 'protected')];
    expect(told(hosts, 'ScaleInAllowed', counts(), 1)).to.deep.include({ status: 'False', reason: 'HostsProtected', message: '2 hosts are there and 1 wanted, and every one that could leave is protected: web-1, web-2; to let one go: kamal-autoscaler protect web-1 --off' });
    expect(told(hosts, 'ScaleInAllowed', counts(), 2)).to.include({ status: 'True' });
    expect(told([...hosts, hostOf('web-3', { phase: 'InService' })], 'ScaleInAllowed', counts({ inService: 3 }), 2)).to.include({ status: 'True' });
  });
});

describe("a pool's numbers", () => {
  it('count what serves and boots as replicas, fixed hosts among them, and select its hosts', () => {
    const report = poolReport(pool({ fixedHosts: [PRIMARY] }), [], counts({ inService: 3, booting: 2, draining: 1 }), seen(), START);
    expect(report).to.include({ replicas: 5, readyReplicas: 3, bootingReplicas: 2, drainingReplicas: 1, fixedReplicas: 1, selector: 'kamal-autoscaler.dev/pool=web' });
  });

  it('keep the time since which the state is what it is', () => {
    const steady = withPoolReport(pool(), poolReport(pool(), [], counts(), seen(), START), START);
    expect(steady.status).to.include({ state: 'Steady', stateSince: toTimestamp(START), observedGeneration: 1 });
    const still = withPoolReport(steady, poolReport(steady, [], counts({ inService: 2 }), seen(), START + 5000), START + 5000);
    expect(still.status?.stateSince).to.equal(toTimestamp(START));
    const growing = { ...steady, spec: { ...steady.spec, replicas: 4 } };
    expect(withPoolReport(growing, poolReport(growing, [], counts(), seen(), START + 9000), START + 9000).status?.stateSince).to.equal(toTimestamp(START + 9000));
  });
});
