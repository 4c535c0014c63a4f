import { expect } from 'chai';
import { API_VERSION, type DeploySession } from '../../../controller/api/index.ts';
import { type LockFact, seconds, toTimestamp } from '../../../controller/model/index.ts';
import { locksAudit } from '../../../controller/reconcile/audit-locks.ts';
import { auditInstallation } from '../../../controller/reconcile/audit.ts';
import { INSTALLATION } from '../../support/context.ts';
import { poolDraft } from '../../support/drafts.ts';
import { START, createBench } from './bench.ts';

const NOW = START + seconds(100_000);
const RUN_SECONDS = 600;
const SINCE = '2026-01-02T03:36:40.000Z';
const held = (over: Partial<LockFact & { kind: 'Held' }> = {}): LockFact => ({ kind: 'Held', by: 'alice', message: 'a migration', since: NOW - seconds(600), ...over });
const ours = (over: Partial<LockFact & { kind: 'Held' }> = {}): LockFact => held({ by: 'kamal-autoscaler', message: `autoscaler ${INSTALLATION}/op1`, operationID: `${INSTALLATION}/op1`, ...over });

function session(deadlineIn: number, over: Partial<DeploySession['spec']> = {}, phase: NonNullable<DeploySession['status']>['phase'] = 'Held'): DeploySession {
  return {
    apiVersion: API_VERSION, kind: 'DeploySession', metadata: { name: 'shop', namespace: 'default', uid: 'u', resourceVersion: '1', generation: 1, creationTimestamp: SINCE },
    spec: { service: 'shop', operationID: `${INSTALLATION}/op1`, deadline: toTimestamp(NOW + seconds(deadlineIn)), ...over }, status: { phase },
  };
}

const rows: { title: string; fact: LockFact; sessions?: DeploySession[]; destination?: string; partial?: boolean; says?: string; mend?: string; unasked?: string; session?: string }[] = [
  { title: 'nothing of a lock that nobody holds', fact: { kind: 'Free' } },
  { title: 'nothing of one that this installation works under', fact: ours(), sessions: [session(60)], session: 'default/shop' },
  { title: 'nothing of one whose last work may still run', fact: ours(), sessions: [session(-RUN_SECONDS + 1)], session: 'default/shop' },
  { title: 'a session that outlived its last work, as no controller works', fact: ours(), sessions: [session(-RUN_SECONDS)],
    says: `held by kamal-autoscaler since ${SINCE}: autoscaler test/op1 (for 600 s); DeploySession default/shop should have released it by 2026-01-02T03:46:40.000Z: no controller works on it`, mend: 'kamal lock release' },
  { title: 'a person who may deploy right now', fact: held(), says: `held by alice since ${SINCE}: a migration (for 600 s); no DeploySession of this installation holds it. Release it where nobody deploys any more`, mend: 'kamal lock status' },
  { title: 'a lock that a person left behind', fact: held({ since: NOW - seconds(3600) }), destination: 'staging',
    says: 'held by alice since 2026-01-02T02:46:40.000Z: a migration (for 3600 s); no DeploySession of this installation holds it', mend: 'kamal lock release -d staging' },
  { title: 'one that does not say since when', fact: { kind: 'Held', by: 'bob', message: 'x' }, says: 'held by bob: x; no DeploySession of this installation holds it. Release it where nobody deploys any more', mend: 'kamal lock status' },
  { title: 'one of ours that no session knows', fact: ours({ since: NOW - seconds(4000) }), sessions: [session(60, { operationID: `${INSTALLATION}/op2` }, 'Waiting')],
    says: 'held by kamal-autoscaler since 2026-01-02T02:40:00.000Z: autoscaler test/op1 (for 4000 s); it is of this installation, and no DeploySession knows it', mend: 'kamal lock release' },
  { title: 'one of another installation', fact: held({ by: 'kamal-autoscaler', operationID: 'other/op1', message: 'x' }),
    says: `held by kamal-autoscaler since ${SINCE}: x (for 600 s); no DeploySession of this installation holds it. Release it where nobody deploys any more`, mend: 'kamal lock status' },
  { title: 'a session that takes a free lock for its own', fact: { kind: 'Free' }, sessions: [session(60)], says: 'DeploySession default/shop takes it for its own, and nobody holds it', mend: 'kamal-autoscaler run' },
  { title: 'nothing of a session that only waits', fact: { kind: 'Free' }, sessions: [session(60, {}, 'Waiting')] },
  { title: 'that it could not ask', fact: { kind: 'Unknown', class: 'Unavailable', why: 'the primary does not answer' }, unasked: 'the primary does not answer' },
  { title: 'that the session may be in another namespace than the one asked', fact: ours(), partial: true,
    unasked: `held by kamal-autoscaler since ${SINCE}: autoscaler test/op1 (for 600 s); it is of this installation, and its session may be in a namespace that was not asked` },
];

describe('the audit of deploy locks tells', () => {
  for (const { title, fact, sessions = [], destination, partial = false, says, mend, unasked, session: of } of rows) {
    it(title, () => {
      const lock = destination === undefined ? { service: 'shop' } : { service: 'shop', destination };
      const { findings, locks } = locksAudit([{ lock, fact, longestRunSeconds: RUN_SECONDS }], sessions, INSTALLATION, partial, NOW);
      const subject = destination === undefined ? 'shop' : `shop.${destination}`;
      expect(findings).to.deep.equal([
        ...(says === undefined ? [] : [{ kind: 'Difference', difference: { place: 'DeployLock', subject, says, mend } }]),
        ...(unasked === undefined ? [] : [{ kind: 'Unasked', unasked: { place: 'DeployLock', subject, why: unasked } }]),
      ]);
      expect(locks.map(({ by, session: holder }) => [by, holder])).to.deep.equal(fact.kind === 'Held' ? [[fact.by, of]] : []);
    });
  }

  it('who holds the lock of an installation that works, and each lock once', async () => {
    const bench = createBench({}, 'Kamal');
    const { address, ports } = bench.world.addFixedHost('primary', 'v1');
    const fixedHosts = [{ name: 'primary', address, ports }];
    for (const pool of ['web', 'other']) await bench.put('HostPool', poolDraft('default', pool, { replicas: 1, fixedHosts } as never));
    const audit = () => auditInstallation({ ...bench.context, deployLock: bench.kamal.lock });
    bench.kamal.hold({ by: 'alice', message: 'a migration' });
    const { locks, differences } = await audit();
    expect(locks).to.deep.equal([{ service: 'shop', by: 'alice', message: 'a migration', since: toTimestamp(bench.clock.now()) }]);
    expect(differences.filter(({ place }) => place === 'DeployLock').map(({ mend }) => mend)).to.deep.equal(['kamal lock status']);
    bench.kamal.hold(undefined);
    expect((await audit()).locks).to.deep.equal([]);
  });
});
