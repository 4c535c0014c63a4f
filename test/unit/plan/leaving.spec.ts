import type { OperationKind } from '../../../controller/model/index.ts';
import { absent, aServer, at, found, running } from './builders.ts';
import { stepTable } from './step-table.ts';

const wait = { kind: 'Wait' as const };
const advance = (to: string) => ({ kind: 'Advance' as const, to });
const start = (operation: OperationKind) => ({ kind: 'StartOperation' as const, operation });
const op = (kind: OperationKind, startedAfter = 110) => ({ operation: { id: 'op', kind, startedAt: at(startedAfter) } });
const quiesced = { app: { kind: 'Quiesced' as const, version: 'v1' } };
const unreachable = { machine: { kind: 'Unreachable' as const, why: 'timeout' }, app: { kind: 'Unknown' as const } };
const dockerless = { machine: { kind: 'Preparing' as const, why: 'Docker does not answer yet' }, app: { kind: 'Unknown' as const } };
const mismatch = { machine: { kind: 'Mismatch' as const, why: 'it shows another host key' }, app: { kind: 'Unknown' as const } };
const fails = { probe: { kind: 'Fails' as const, why: 'timeout' } };
const drain = { phase: 'Draining' as const, phaseSince: at(100), intent: 'Drain' as const, drainOrigin: 'InService' as const, drainDeadline: at(160), joiningSince: at(20) };
const oneSilent = { kind: 'Unknown' as const, why: 'http://lb3: no answer', others: 'NotListed' as const };
const off = { membership: { kind: 'NotListed' as const } };

stepTable('Draining', drain, off, [
  { title: 'stops nothing while listed', facts: { membership: { kind: 'ListedUp' } }, now: at(101), step: wait },
  { title: 'stops nothing while listed by some', facts: { membership: { kind: 'Partial', why: 'one of two' } }, now: at(500), step: wait },
  { title: 'stops nothing while a load balancer cannot be asked, for as long as it takes', facts: { membership: { kind: 'Unknown', why: 'down' } }, now: at(90_000), step: wait },
  { title: 'waits for one load balancer that cannot be asked while the others do not list it', facts: { membership: oneSilent }, now: at(3_699), step: wait },
  { title: 'and goes on at its deadline', facts: { membership: oneSilent }, now: at(3_700), step: start('Quiesce') },
  { title: 'but not where another one lists it', facts: { membership: { kind: 'Unknown', why: 'down' } }, now: at(3_700), step: wait },
  { title: 'a deleted one too', host: { deleting: true }, facts: { membership: oneSilent, app: { kind: 'NotRunning' } }, now: at(3_700), step: advance('Deprovisioning') },
  { title: 'quiesces once it is listed nowhere', now: at(110), step: start('Quiesce') },
  { title: 'one that was drained out of its joining may yet be listed: waits', host: { drainOrigin: 'Joining', unlistedSince: at(101), intent: 'Drain' }, now: at(110.9), step: wait },
  { title: 'for as long as a load balancer may take to act on what it has read', host: { drainOrigin: 'Joining', unlistedSince: at(101), intent: 'Drain' }, now: at(111), step: start('Quiesce') },
  { title: 'but not where the silent ones are no longer waited for', host: { drainOrigin: 'Joining' }, facts: { membership: oneSilent }, now: at(3_700), step: start('Quiesce') },
  { title: 'quiesces even when its deadline has passed', now: at(500), step: start('Quiesce') },
  { title: 'gives requests in flight their time after a late removal', host: { ...op('Quiesce', 500), unlistedSince: at(500) }, facts: { ...quiesced, operation: { kind: 'Succeeded' }, inFlight: { kind: 'Count', requests: 1 } }, now: at(559), step: wait },
  { title: 'and ends it then', host: { ...op('Quiesce', 500), unlistedSince: at(500) }, facts: { ...quiesced, operation: { kind: 'Succeeded' }, inFlight: { kind: 'Count', requests: 1 } }, now: at(560), step: start('Stop') },
  { title: 'waits for the quiesce that runs', host: op('Quiesce'), facts: { operation: { kind: 'Running' } }, now: at(111), step: wait },
  { title: 'a quiesce beyond the deadline holds nothing up', host: op('Quiesce'), facts: { ...quiesced, operation: { kind: 'Running' }, inFlight: { kind: 'Count', requests: 2 } }, now: at(160), step: start('Stop') },
  { title: 'quiesces again after a lost quiesce', host: op('Quiesce'), facts: { operation: { kind: 'Lost' } }, now: at(111), step: start('Quiesce') },
  { title: 'does not count the quiesce of an earlier drain', host: op('Quiesce', 50), facts: { operation: { kind: 'Succeeded' } }, now: at(111), step: start('Quiesce') },
  { title: 'waits for requests in flight', host: op('Quiesce'), facts: { ...quiesced, operation: { kind: 'Succeeded' }, inFlight: { kind: 'Count', requests: 3 } }, now: at(120), step: { kind: 'Wait', afterSeconds: 1 } },
  { title: 'unknown is not zero', host: op('Quiesce'), facts: { ...quiesced, operation: { kind: 'Succeeded' }, inFlight: { kind: 'Unknown' } }, now: at(159), step: wait },
  { title: 'stops when nothing is in flight', host: op('Quiesce'), facts: { ...quiesced, operation: { kind: 'Succeeded' } }, now: at(120), step: start('Stop') },
  { title: 'stops at the deadline', host: op('Quiesce'), facts: { ...quiesced, operation: { kind: 'Succeeded' }, inFlight: { kind: 'Unknown' } }, now: at(160), step: start('Stop') },
  { title: 'a failed quiesce is not repeated: nobody sends requests any more', host: op('Quiesce'), facts: { operation: { kind: 'Failed', class: 'Transient', message: 'x', replaceHost: false } }, now: at(120), step: start('Stop') },
  { title: 'checks the listing again right before the stop', host: op('Quiesce'), facts: { ...quiesced, operation: { kind: 'Succeeded' }, membership: { kind: 'ListedUp' } }, now: at(120), step: wait },
  { title: 'waits for the stop that runs', host: op('Stop'), facts: { operation: { kind: 'Running' } }, now: at(120), step: wait },
  { title: 'starts a lost stop again', host: op('Stop'), facts: { operation: { kind: 'Lost' } }, now: at(120), step: start('Stop') },
  { title: 'backs off after a failed stop', host: op('Stop'), facts: { operation: { kind: 'Failed', class: 'Transient', message: 'x', replaceHost: false } }, now: at(120), step: { kind: 'Wait', until: at(125) } },
  { title: 'stops again what a deploy has started again', host: op('Stop'), facts: { operation: { kind: 'Succeeded' } }, now: at(125), step: start('Stop') },
  { title: 'goes on after many failed stops, past the deadline', host: { ...op('Stop', 400), operationFailures: 5 }, facts: { operation: { kind: 'Failed', class: 'Transient', message: 'x', replaceHost: false } }, now: at(401), step: { kind: 'DeleteObject' } },
  { title: 'gives the object its deletion when the app is stopped', facts: { app: { kind: 'NotRunning' } }, now: at(120), step: { kind: 'DeleteObject' } },
  { title: 'is deprovisioned once the object has its deletion', host: { deleting: true }, facts: { app: { kind: 'NotRunning' } }, now: at(120), step: advance('Deprovisioning') },
  { title: 'a stopped app that is still listed stays', host: { deleting: true }, facts: { app: { kind: 'NotRunning' }, membership: { kind: 'ListedDown', everywhere: true } }, now: at(120), step: wait },
  { title: 'a deleted host drains too', host: { deleting: true }, now: at(120), step: start('Quiesce') },
  { title: 'unreachable: waits for the deadline', facts: { ...unreachable, ...fails }, now: at(159), step: wait },
  { title: 'unreachable: goes when nothing answers past the deadline', facts: { ...unreachable, ...fails }, now: at(160), step: { kind: 'DeleteObject' } },
  { title: 'unreachable: stays while its health path answers', facts: unreachable, now: at(900), step: wait },
  { title: 'unreachable: stays while it is listed', facts: { ...unreachable, ...fails, membership: { kind: 'Unknown', why: 'down' } }, now: at(900), step: wait },
  { title: 'a dead Docker: waits for the deadline', facts: { ...dockerless, ...fails }, now: at(159), step: wait },
  { title: 'a dead Docker: goes when nothing answers past the deadline', facts: { ...dockerless, ...fails }, now: at(160), step: { kind: 'DeleteObject' } },
  { title: 'a dead Docker: stays while its health path answers', facts: dockerless, now: at(900), step: wait },
  { title: 'an app that nobody can ask about: goes when nothing answers past the deadline', facts: { app: { kind: 'Unknown' }, ...fails }, now: at(160), step: { kind: 'DeleteObject' } },
  { title: 'a machine that was not asked: stays', facts: { machine: { kind: 'Unknown' }, app: { kind: 'Unknown' }, ...fails }, now: at(900), step: wait },
  { title: 'a wrong host key: waits for the deadline', facts: { ...mismatch }, now: at(159), step: wait },
  { title: 'a wrong host key: goes with its server, given no order', facts: { ...mismatch }, now: at(160), step: { kind: 'DeleteObject' } },
  { title: 'a wrong host key: stays while it is listed', facts: { ...mismatch, membership: { kind: 'ListedUp' } }, now: at(900), step: wait },
  { title: 'departs when it lost its power', facts: { ...unreachable, ...fails, server: found({ state: 'Off' }) }, now: at(120), step: advance('Departing') },
]);

stepTable('Draining, under the deploy lock', { ...drain, worksUnder: 'DeployLock', unlistedSince: at(110) }, off, [
  { title: 'asks for nothing while requests are in flight', facts: { inFlight: { kind: 'Count', requests: 2 } }, now: at(120), step: wait },
  { title: 'asks for nothing before the deadline where nobody counts them', facts: { inFlight: { kind: 'Unknown' } }, now: at(159), step: wait },
  { title: 'quiesces for what nobody counted when none is in flight', now: at(120), step: { ...start('Quiesce'), drainSeconds: 5 } },
  { title: 'gives requests in flight all of their time, from when nothing listed it', facts: { inFlight: { kind: 'Count', requests: 2 } }, now: at(169), step: wait },
  { title: 'quiesces at the deadline', facts: { inFlight: { kind: 'Count', requests: 2 } }, now: at(170), step: { ...start('Quiesce'), drainSeconds: 5 } },
  { title: 'gives a late removal its time', host: { unlistedSince: at(200) }, facts: { inFlight: { kind: 'Count', requests: 2 } }, now: at(259), step: wait },
  { title: 'stops then', host: op('Quiesce', 120), facts: { ...quiesced, operation: { kind: 'Succeeded' } }, now: at(122), step: start('Stop') },
  { title: 'begins no stop beside a quiesce that runs', host: op('Quiesce', 170), facts: { ...quiesced, operation: { kind: 'Running' } }, now: at(172), step: wait },
  { title: 'never waits for a lock where nothing can be reached', facts: { ...unreachable, ...fails }, now: at(170), step: { kind: 'DeleteObject' } },
]);

stepTable('Draining, taken back', { ...drain, intent: 'Serve' }, off, [
  { title: 'goes back to be checked anew', now: at(110), step: advance('Deploying') },
  { title: 'goes back even while listed', facts: { membership: { kind: 'ListedUp' } }, now: at(110), step: advance('Deploying') },
  { title: 'goes back from a quiesced proxy', host: op('Quiesce'), facts: { ...quiesced, operation: { kind: 'Running' } }, now: at(111), step: advance('Deploying') },
  { title: 'waits for a quiesce whose effect is to come', host: op('Quiesce'), facts: { operation: { kind: 'Running' } }, now: at(111), step: wait },
  { title: 'not after the stop began', host: op('Stop'), facts: { operation: { kind: 'Running' } }, now: at(121), step: wait },
  { title: 'not after its deletion', host: { deleting: true }, now: at(121), step: start('Quiesce') },
  { title: 'not while the machine cannot be reached', facts: { ...unreachable, ...fails }, now: at(121), step: wait },
  { title: 'not a machine that is not who it should be', facts: mismatch, now: at(121), step: wait },
  { title: 'not when the drain began because the start failed', host: { drainOrigin: 'Joining', unlistedSince: at(101) }, now: at(700), step: start('Quiesce') },
  { title: 'but when it was drained while it joined in time', host: { drainOrigin: 'Joining' }, now: at(110), step: advance('Deploying') },
]);

stepTable('Draining, other roles', drain, off, [
  { title: 'cable: no quiesce, as it cuts WebSockets', host: { roleKind: 'Cable' }, now: at(110), step: wait },
  { title: 'cable: the deadline ends it', host: { roleKind: 'Cable' }, now: at(160), step: start('Stop') },
  { title: 'job: stops at once', host: { roleKind: 'Job', hasLoadBalancer: false }, facts: { membership: { kind: 'NoLoadBalancer' }, probe: { kind: 'Unknown' } }, now: at(110), step: start('Stop') },
  { title: 'job: an unreachable one goes at its deadline', host: { roleKind: 'Job', hasLoadBalancer: false }, facts: { ...unreachable, membership: { kind: 'NoLoadBalancer' }, probe: { kind: 'Unknown' } }, now: at(160), step: { kind: 'DeleteObject' } },
]);

stepTable('Departing', { phase: 'Departing', phaseSince: at(100) }, { ...unreachable, ...fails, ...off, server: absent() }, [
  { title: 'leaves the load balancers first', facts: { membership: { kind: 'ListedDown', everywhere: true } }, now: at(101), step: wait },
  { title: 'waits while they cannot be asked', facts: { membership: { kind: 'Unknown', why: 'down' } }, now: at(9000), step: wait },
  { title: 'waits for one of them', facts: { membership: oneSilent }, now: at(3_699), step: wait },
  { title: 'and goes on without it at the deadline', facts: { membership: oneSilent }, now: at(3_700), step: { kind: 'DeleteObject' } },
  { title: 'and on to its server', host: { deleting: true }, facts: { membership: oneSilent }, now: at(3_700), step: advance('Deprovisioning') },
  { title: 'gives the object its deletion', now: at(101), step: { kind: 'DeleteObject' } },
  { title: 'goes on to look for what is left', host: { deleting: true }, now: at(101), step: advance('Deprovisioning') },
  { title: 'with a server without power too', host: { deleting: true }, facts: { server: found({ state: 'Off' }) }, now: at(101), step: advance('Deprovisioning') },
  { title: 'a server that is back leaves by a drain or is taken back', facts: { server: found(), probe: { kind: 'Answers' } }, now: at(101), step: advance('Draining') },
]);

stepTable('Deprovisioning', { phase: 'Deprovisioning', phaseSince: at(200), deleting: true }, off, [
  { title: 'gives the object its deletion before anything is deleted', host: { deleting: false }, now: at(201), step: { kind: 'DeleteObject' } },
  { title: 'deletes the server', now: at(201), step: { kind: 'DeleteServer', server: aServer() } },
  { title: 'deletes a server without power', facts: { server: found({ state: 'Off' }) }, now: at(201), step: { kind: 'DeleteServer' } },
  { title: 'deletes nothing while a load balancer lists it again', facts: { membership: { kind: 'ListedUp' } }, now: at(201), step: wait },
  { title: 'waits for a server that leaves', facts: { server: found({ state: 'Leaving' }) }, now: at(201), step: wait },
  { title: 'releases nothing while the provider cannot be asked', facts: { server: { kind: 'Unknown', why: 'down' } }, now: at(900), step: wait },
  { title: 'releases nothing on an old list', facts: { server: absent(at(199)) }, now: at(201), step: wait },
  { title: 'releases nothing while a create call may have its effect', host: { lastCreateIntentAt: at(198) }, facts: { server: absent(at(207)) }, now: at(207), step: wait },
  { title: 'releases what is gone for sure', facts: { server: absent(at(201)) }, now: at(201), step: advance('Released') },
  { title: 'deletes the extra server first', facts: { server: { kind: 'Duplicate', keep: aServer(), extra: [aServer({ providerID: 'local:2' })], asOf: at(201) } }, now: at(201), step: { kind: 'DeleteExtra' } },
  { title: 'stays as it is when the pool goes away', host: { poolState: 'Ending' }, now: at(201), step: { kind: 'Retain' } },
]);

stepTable('Released', { phase: 'Released', deleting: true }, { server: absent() }, [
  { title: 'waits for the work that was begun on it, under its lock', facts: { operation: { kind: 'Running' } }, now: at(300), step: wait },
  { title: 'lets the finalizer go', now: at(300), step: { kind: 'Release' } },
  { title: 'takes a server back that appeared late', facts: { server: found() }, now: at(300), step: advance('Deprovisioning') },
  { title: 'owns no server when its pool goes away', host: { poolState: 'Ending' }, now: at(300), step: { kind: 'Release' } },
]);

stepTable('a pool that goes away', { poolState: 'Ending', deleting: true }, { server: absent() }, [
  { title: 'a host that never bought is released', host: { phase: 'Pending', createAttempts: 0, providerID: undefined }, now: at(300), step: { kind: 'Release' } },
  { title: 'a host that may have bought is retained', host: { phase: 'Provisioning', providerID: undefined }, now: at(300), step: { kind: 'Retain' } },
  { title: 'a server that is there is retained, even where no attempt was counted', host: { phase: 'Pending', createAttempts: 0, providerID: undefined }, facts: { server: found() }, now: at(300), step: { kind: 'Retain' } },
  { title: 'a host on which work runs is let go when that has ended', host: { phase: 'Deploying' }, facts: { server: found(), operation: { kind: 'Running' } }, now: at(300), step: { kind: 'Wait' } },
  { title: 'a draining host is retained', host: { phase: 'Draining' }, facts: { app: running() }, now: at(300), step: { kind: 'Retain' } },
]);
