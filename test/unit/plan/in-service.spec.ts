import { expect } from 'chai';
import type { HostFacts, OperationKind } from '../../../controller/model/index.ts';
import { judgeReturning } from '../../../controller/plan/index.ts';
import { at, running, someFacts } from './builders.ts';
import { stepTable } from './step-table.ts';

const wait = { kind: 'Wait' as const };
const leaves = { kind: 'Advance' as const, to: 'Deploying' };
const start = (operation: OperationKind, version?: string) => ({ kind: 'StartOperation' as const, operation, ...(version === undefined ? {} : { version }) });
const op = (kind: OperationKind, version: string, startedAfter = 100) => ({ operation: { id: 'op', kind, version, startedAt: at(startedAfter) } });
const failed = { operation: { kind: 'Failed' as const, class: 'Transient' as const, message: 'registry refused', replaceHost: true } };

const enough = { siblings: { listed: 4, up: 2 } };
const down: Partial<HostFacts> = { membership: { kind: 'ListedDown', everywhere: true }, probe: { kind: 'Fails', why: 'refused' } };
const unreachable: Partial<HostFacts> = { machine: { kind: 'Unreachable', why: 'timeout' }, app: { kind: 'Unknown' } };
const fleet = (version: string, previousVersion?: string) => ({ fleet: { kind: 'Agreed' as const, version, ...(previousVersion === undefined ? {} : { previousVersion }) } });
const deploying = { fleet: { kind: 'Disagree' as const, why: 'hosts run v1 and v2' } };
const rebooted = { bootID: 'before' };
const since = { machine: { kind: 'Ready' as const, bootID: 'after' } };

stepTable('InService, seen down', {}, enough, [
  { title: 'leaves when it is down for a load balancer and does not answer', facts: { ...down, ...unreachable }, now: at(1000), step: leaves },
  { title: 'leaves when some load balancer calls it down and it does not answer', facts: { ...down, membership: { kind: 'ListedDown', everywhere: false } }, now: at(1000), step: leaves },
  { title: 'leaves when it answers nobody and says itself that no app runs', facts: { probe: { kind: 'Fails', why: 'refused' }, app: { kind: 'NotRunning' } }, now: at(1000), step: leaves },
  { title: 'leaves when it answers again, but its proxy routes to nothing', facts: { membership: { kind: 'ListedDown', everywhere: true }, app: running('v1', { routed: false }) }, now: at(1000), step: leaves },
  { title: 'leaves when it answers again after a boot, with an old version', host: rebooted, facts: { ...since, membership: { kind: 'ListedDown', everywhere: true }, app: running('v0') }, now: at(1000), step: leaves },
  { title: 'stays when it answers again after a boot, and is as it should be', host: rebooted, facts: { ...since, membership: { kind: 'ListedDown', everywhere: true } }, now: at(1000), step: wait },
  { title: 'stays when it answers the controller and never was away', facts: { membership: { kind: 'ListedDown', everywhere: true } }, now: at(1000), step: wait },
  { title: 'stays when the controller alone does not reach it', facts: { ...unreachable, probe: { kind: 'Fails', why: 'timeout' } }, now: at(1000), step: wait },
  { title: 'stays when no load balancer can be asked', facts: { ...down, ...unreachable, membership: { kind: 'Unknown', why: 'timeout' }, siblings: undefined as never }, now: at(1000), step: wait },
  { title: 'stays when most others are down too', facts: { ...down, ...unreachable, siblings: { listed: 5, up: 2 } }, now: at(1000), step: { ...wait, why: 'stays, as fewer than half of the others are up: a load balancer calls it down, and it does not answer: refused' } },
  { title: 'stays when it is the last one', facts: { ...down, ...unreachable, siblings: { listed: 0, up: 0 } }, now: at(1000), step: wait },
  { title: 'drains rather than leaves when it is not wanted', host: { intent: 'Drain' }, facts: { ...down, ...unreachable }, now: at(1000), step: { kind: 'Advance', to: 'Draining' } },
]);

stepTable('InService, changed', {}, enough, [
  { title: 'a boot that nobody saw, with an old version: leaves', host: rebooted, facts: { ...since, app: running('v0') }, now: at(1000), step: leaves },
  { title: 'a boot that nobody saw, with other options: leaves', host: rebooted, facts: { ...since, app: running('v1', { matchesFleet: false, why: 'its environment is another' }) }, now: at(1000), step: { ...leaves, why: 'leaves until it passes the checks of a newcomer: it was started anew, and the app runs, but not as the fleet does: its environment is another' } },
  { title: 'a boot that nobody saw, and all as it should be: stays', host: rebooted, facts: since, now: at(1000), step: wait },
  { title: 'a boot that nobody saw, while people deploy: waits until they agree', host: rebooted, facts: { ...since, ...deploying, app: running('v0') }, now: at(1000), step: wait },
  { title: 'a first word of the boot is no boot', facts: { ...since, app: running('v1') }, now: at(1000), step: wait },
  { title: 'a maintenance that was left behind: leaves, to be resumed', facts: { app: { kind: 'Quiesced', version: 'v1' } }, now: at(1000), step: leaves },
  { title: 'a maintenance that was left behind, and most others are down: is resumed where it is', facts: { app: { kind: 'Quiesced', version: 'v1' }, siblings: { listed: 1, up: 0 } }, now: at(1000), step: start('Resume') },
  { title: 'a maintenance of the whole fleet is a person\'s wish', facts: { app: { kind: 'Quiesced', version: 'v1' }, fleet: { kind: 'Disagree', why: 'they are in maintenance' } }, now: at(1000), step: { ...wait, why: 'serves nothing: its proxy refuses requests, as in maintenance; left as it is: they are in maintenance' } },
  { title: 'another host key: leaves', facts: { machine: { kind: 'Mismatch', why: 'it shows another key' }, app: { kind: 'Unknown' } }, now: at(1000), step: leaves },
  { title: 'the key of its user data again: leaves', host: { ownKey: 'own' }, facts: { machine: { kind: 'Delivered', ownKey: 'own' }, app: { kind: 'Unknown' } }, now: at(1000), step: leaves },
  { title: 'another host key on all of them, as after a restored store: stays', facts: { machine: { kind: 'Mismatch', why: 'it shows another key' }, app: { kind: 'Unknown' }, siblings: { listed: 3, up: 0 } }, now: at(1000), step: wait },
  { title: 'too many errors: leaves', host: { joinHold: { host: 'web-0-abcdef12', version: 'v1', why: 'it answers with errors' } }, now: at(1000), step: { ...leaves, why: 'leaves until it passes the checks of a newcomer: it answers with errors' } },
  { title: 'too many errors of another host: stays', host: { joinHold: { host: 'web-9', version: 'v1', why: 'it answers with errors' } }, now: at(1000), step: wait },
  { title: 'too many errors of a version that it does not run any more: stays', host: { joinHold: { host: 'web-0-abcdef12', version: 'v0', why: 'it answers with errors' } }, now: at(1000), step: wait },
]);

stepTable('InService, mended where it is', {}, enough, [
  { title: 'a version that a person\'s deploy missed', facts: fleet('v2'), now: at(1000), step: start('Deploy', 'v2') },
  { title: 'options that a person\'s deploy missed', facts: { app: running('v1', { matchesFleet: false, why: 'its environment is another' }) }, now: at(1000), step: start('Deploy', 'v1') },
  { title: 'a proxy that routes to another version', facts: { app: running('v1', { routed: false }) }, now: at(1000), step: start('Deploy', 'v1') },
  { title: 'nothing while people deploy', facts: { ...deploying, app: running('v0') }, now: at(1000), step: wait },
  { title: 'nothing while nobody knows what is right', facts: { fleet: { kind: 'Unknown', why: 'timeout' }, app: running('v0') }, now: at(1000), step: wait },
  { title: 'nothing that was not asked', facts: { ...fleet('v2'), machine: { kind: 'Unknown' }, app: { kind: 'Unknown' } }, now: at(1000), step: wait },
  { title: 'waits for the deploy that runs', host: op('Deploy', 'v2'), facts: { ...fleet('v2'), operation: { kind: 'Running' } }, now: at(110), step: wait },
  { title: 'backs off after one that failed', host: op('Deploy', 'v2'), facts: { ...fleet('v2'), ...failed }, now: at(129), step: { ...wait, why: 'serves; its deploy failed and is tried again: registry refused' } },
  { title: 'and tries again: what serves is never replaced for that', host: { ...op('Deploy', 'v2'), operationFailures: 9 }, facts: { ...fleet('v2'), ...failed }, now: at(1000), step: start('Deploy', 'v2') },
  { title: 'is not brought up again and again where it did not help', host: op('Deploy', 'v1'), facts: { app: running('v1', { matchesFleet: false, why: 'its environment is another' }), operation: { kind: 'Succeeded' } }, now: at(3000), step: { ...wait, why: 'serves; its deploy ended, and still the app runs, but not as the fleet does: its environment is another' } },
  { title: 'but another version is', host: op('Deploy', 'v1'), facts: { ...fleet('v2'), operation: { kind: 'Succeeded' } }, now: at(300), step: start('Deploy', 'v2') },
  { title: 'a rollback is prepared', facts: { ...fleet('v1', 'v0'), app: running('v1', { rollback: 'Missing' }) }, now: at(1000), step: start('Preseed', 'v0') },
  { title: 'a rollback that is prepared is not again', facts: { ...fleet('v1', 'v0'), app: running('v1', { rollback: 'Ready' }) }, now: at(1000), step: wait },
  { title: 'the right version comes before its rollback', facts: { ...fleet('v1', 'v0'), app: running('v0', { rollback: 'Missing' }) }, now: at(1000), step: start('Deploy', 'v1') },
  { title: 'a rollback is prepared anew after each deploy', host: op('Preseed', 'v0'), facts: { ...fleet('v2', 'v1'), app: running('v2', { rollback: 'Missing' }), operation: { kind: 'Succeeded' } }, now: at(300), step: start('Preseed', 'v1') },
]);

stepTable('InService, without a load balancer', { roleKind: 'Job', hasLoadBalancer: false }, { membership: { kind: 'NoLoadBalancer' }, probe: { kind: 'Unknown' } }, [
  { title: 'a boot with an old version is mended where it is', host: rebooted, facts: { ...since, app: running('v0') }, now: at(1000), step: start('Deploy', 'v1') },
  { title: 'a stopped job may be a person\'s wish', facts: { app: { kind: 'NotRunning' } }, now: at(1000), step: wait },
  { title: 'another host key: leaves', facts: { machine: { kind: 'Mismatch', why: 'it shows another key' }, app: { kind: 'Unknown' } }, now: at(1000), step: leaves },
  { title: 'a machine that is asked over SSH is asked at a calm pace', host: { worksUnder: 'DeployLock' }, now: at(1000), step: { ...wait, afterSeconds: 15 } },
]);

describe('judgeReturning', () => {
  const silent: Partial<HostFacts> = { ...unreachable, probe: { kind: 'Fails', why: 'timeout' } };
  const rows: [string, Partial<HostFacts>, number | undefined, string, number | undefined][] = [
    ['answers the controller', { machine: { kind: 'Unknown' } }, 0, 'Healthy', undefined],
    ['its machine answers', { ...silent, machine: { kind: 'Ready' } }, 0, 'Healthy', undefined],
    ['silent since now', silent, undefined, 'Suspect', 100],
    ['silent, not for long enough', silent, 41, 'Suspect', 41],
    ['silent for long enough', silent, 40, 'Unhealthy', 40],
  ];
  for (const [title, facts, from, health, stored] of rows) {
    it(title, () => {
      const judgement = judgeReturning(someFacts(facts), from === undefined ? undefined : at(from), 60, at(100));
      expect([judgement.health, judgement.since]).to.deep.equal([health, stored === undefined ? undefined : at(stored)]);
    });
  }
});
