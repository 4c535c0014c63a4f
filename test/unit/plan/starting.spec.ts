import { absent, aServer, at, found, running } from './builders.ts';
import { stepTable } from './step-table.ts';

const nobody = { kind: 'Unknown' as const, why: 'nobody could be asked' };
const unlisted = { membership: { kind: 'NotListed' as const } };
const wait = { kind: 'Wait' as const };
const advance = (to: string) => ({ kind: 'Advance' as const, to });
const never = { createAttempts: 0, lastCreateIntentAt: undefined, providerID: undefined };

stepTable('Pending', { phase: 'Pending', ...never }, { ...unlisted, server: absent() }, [
  { title: 'goes on to be provisioned', now: at(1), step: advance('Provisioning') },
  { title: 'is dropped when it is no longer wanted', host: { intent: 'Drain' }, now: at(1), step: advance('Deprovisioning') },
  { title: 'is dropped when it is deleted, even while the provider cannot be asked', host: { deleting: true }, facts: { server: { kind: 'Unknown', why: 'down' } }, now: at(1), step: advance('Deprovisioning') },
  { title: 'with an adopted server that serves it drains', host: { deleting: true, providerID: 'local:1' }, facts: { server: found(), membership: { kind: 'ListedUp' } }, now: at(1), step: advance('Draining') },
  { title: 'with an adopted server nothing is dropped while listings are unknown', host: { intent: 'Drain', providerID: 'local:1' }, facts: { server: found(), membership: { kind: 'Unknown', why: 'down' } }, now: at(1), step: wait },
]);

stepTable('Provisioning', { phase: 'Provisioning', providerID: undefined }, { ...unlisted, server: absent() }, [
  { title: 'buys: the first attempt needs no search', host: never, facts: { server: absent(at(-5)) }, now: at(1), step: { kind: 'CreateServer', attempt: 1 } },
  { title: 'buys nothing while the provider cannot be asked', host: never, facts: { server: { kind: 'Unknown', why: 'down' } }, now: at(1), step: wait },
  { title: 'buys nothing again before the last attempt has settled', facts: { server: absent(at(9)) }, now: at(9), step: { kind: 'Wait', until: at(10) } },
  { title: 'buys nothing again on an old list', facts: { server: absent(at(9)) }, now: at(20), step: wait },
  { title: 'buys again on a list younger than the last attempt', facts: { server: absent(at(10)) }, now: at(10), step: { kind: 'CreateServer', attempt: 2 } },
  { title: 'spaces later attempts out', host: { createAttempts: 3 }, facts: { server: absent(at(15)) }, now: at(15), step: { kind: 'Wait', until: at(20) } },
  { title: 'buys nothing when the time of the last attempt is lost', host: { lastCreateIntentAt: undefined }, now: at(20), step: wait },
  { title: 'never buys a second server for a recorded one', host: { createAttempts: 0, lastCreateIntentAt: undefined, providerID: 'local:1' }, facts: { server: absent(at(-1)) }, now: at(1), step: wait },
  { title: 'departs when the recorded server is gone', host: { providerID: 'local:1' }, facts: { server: absent(at(11)), machine: { kind: 'Unknown' }, probe: { kind: 'Unknown' } }, now: at(11), step: advance('Departing') },
  { title: 'waits for a server that starts', facts: { server: found({ state: 'Starting' }) }, now: at(1), step: wait },
  { title: 'waits for an address', facts: { server: { kind: 'Found', server: { ...aServer(), address: undefined }, asOf: at(1) } as never }, now: at(1), step: wait },
  { title: 'goes on with a server that runs', facts: { server: found() }, now: at(1), step: advance('Bootstrapping') },
  { title: 'fails at the start deadline', facts: { server: found({ state: 'Starting' }) }, now: at(600), step: { ...advance('Deprovisioning'), failure: { class: 'Unavailable', message: 'not in service within 600 s (startTimeoutSeconds): it was still Provisioning' } } },
  { title: 'fails at once when the provider says that the server will not come up', facts: { server: found({ state: 'Starting', trouble: { class: 'Capacity', message: 'no host left' } }) }, now: at(5), step: { ...advance('Deprovisioning'), failure: { class: 'Capacity', message: 'no host left' } } },
  { title: 'goes on with a server that came up in spite of trouble', facts: { server: found({ trouble: { class: 'Transient', message: 'attach_to_network failed' } }) }, now: at(5), step: advance('Bootstrapping') },
  { title: 'judges nothing at the start deadline while the provider cannot be asked', facts: { server: { kind: 'Unknown', why: 'down' } }, now: at(600), step: wait },
  { title: 'leaves when it is not wanted', host: { intent: 'Drain' }, facts: { server: found({ state: 'Starting' }) }, now: at(1), step: advance('Deprovisioning') },
  { title: 'leaves without a new purchase', host: { ...never, deleting: true }, now: at(1), step: advance('Deprovisioning') },
  { title: 'neither leaves nor buys when unwanted and the provider cannot be asked', host: { deleting: true }, facts: { server: { kind: 'Unknown', why: 'down' } }, now: at(1), step: wait },
  { title: 'deletes one extra server at a time', facts: { server: { kind: 'Duplicate', keep: aServer(), extra: [aServer({ providerID: 'local:2' }), aServer({ providerID: 'local:3' })], asOf: at(1) } }, now: at(1), step: { kind: 'DeleteExtra', server: aServer({ providerID: 'local:2' }) } },
  { title: 'goes on with the one that stays while the extra one leaves', facts: { server: { kind: 'Duplicate', keep: aServer(), extra: [aServer({ providerID: 'local:2', state: 'Leaving' })], asOf: at(1) } }, now: at(1), step: advance('Bootstrapping') },
]);

stepTable('Bootstrapping', { phase: 'Bootstrapping' }, unlisted, [
  { title: 'waits for the machine', facts: { machine: { kind: 'Preparing', why: 'cloud-init' } }, now: at(1), step: wait },
  { title: 'waits for an unreachable machine', facts: { machine: { kind: 'Unreachable', why: 'refused' } }, now: at(1), step: wait },
  { title: 'goes on when the machine is ready', now: at(1), step: advance('Deploying') },
  { title: 'fails at the start deadline', facts: { machine: { kind: 'Unreachable', why: 'refused' } }, now: at(600), step: advance('Deprovisioning') },
  { title: 'fails into a drain where a load balancer lists it', facts: { machine: { kind: 'Unreachable', why: 'refused' }, membership: { kind: 'ListedUp' } }, now: at(600), step: advance('Draining') },
  { title: 'leaves when it is not wanted', host: { intent: 'Drain' }, now: at(1), step: advance('Deprovisioning') },
  { title: 'is not deleted while listings are unknown', host: { intent: 'Drain' }, facts: { membership: { kind: 'Unknown', why: 'down' } }, now: at(1), step: wait },
]);

const op = (kind: 'Rotate' | 'Deploy' | 'Resume' | 'Quiesce', startedAfter = 10) => ({ operation: { id: 'op', kind, startedAt: at(startedAfter) } });
const failed = (replaceHost: boolean) => ({ operation: { kind: 'Failed' as const, class: 'Transient' as const, message: 'registry refused', replaceHost } });
const own = 'ssh-ed25519 own';
const delivered = { machine: { kind: 'Delivered' as const, ownKey: own } };
const mismatch = { machine: { kind: 'Mismatch' as const, why: 'it shows the host key of another machine' } };


stepTable('Bootstrapping, first contact', { phase: 'Bootstrapping' }, unlisted, [
  { title: 'pins the key that the machine made itself, and does nothing else', facts: delivered, now: at(1), step: { kind: 'PinHostKey', hostKey: own } },
  { title: 'lets the pinned key take over', host: { ownKey: own }, facts: delivered, now: at(1), step: { kind: 'StartOperation', operation: 'Rotate' } },
  { title: 'waits for the pinned key to take over', host: { ownKey: own, ...op('Rotate') }, facts: { ...delivered, operation: { kind: 'Running' } }, now: at(11), step: wait },
  { title: 'lets it take over again after a crash', host: { ownKey: own, ...op('Rotate') }, facts: { ...delivered, operation: { kind: 'Lost' } }, now: at(11), step: { kind: 'StartOperation', operation: 'Rotate' } },
  { title: 'backs off where it did not take over', host: { ownKey: own, ...op('Rotate') }, facts: { ...delivered, ...failed(false) }, now: at(11), step: { kind: 'Wait', until: at(25) } },
  { title: 'gives up after three tries', host: { ownKey: own, ...op('Rotate'), operationFailures: 2 }, facts: { ...delivered, ...failed(false) }, now: at(11), step: { ...advance('Deprovisioning'), failure: { class: 'Transient', message: 'registry refused' } } },
  { title: 'goes on under its own key', host: { ownKey: own, ...op('Rotate') }, facts: { operation: { kind: 'Succeeded' } }, now: at(12), step: advance('Deploying') },
  { title: 'another key than the pinned one under the delivered key: nothing is done', host: { ownKey: 'ssh-ed25519 first' }, facts: delivered, now: at(1), step: wait },
  { title: 'a wrong key: nothing is done', facts: mismatch, now: at(1), step: { kind: 'Wait', why: 'the machine is not who it should be, so nothing is done on it: it shows the host key of another machine' } },
  { title: 'a wrong key at the start deadline: replaced, as a failure of its own class', facts: mismatch, now: at(600), step: { ...advance('Deprovisioning'), failure: { class: 'HostKey', message: 'not in service within 600 s (startTimeoutSeconds): it shows the host key of another machine' } } },
  { title: 'an adopted server whose key nobody knows any more stays', host: { createAttempts: 0 }, facts: { ...mismatch, membership: { kind: 'ListedUp' } }, now: at(9000), step: wait },
]);

stepTable('Deploying', { phase: 'Deploying' }, { ...unlisted, app: { kind: 'NotRunning' }, probe: { kind: 'Fails', why: 'refused' } }, [
  { title: 'deploys the wanted version', now: at(1), step: { kind: 'StartOperation', operation: 'Deploy', version: 'v1' } },
  { title: 'deploys nothing without a version', facts: { fleet: nobody }, now: at(1), step: wait },
  { title: 'deploys nothing over what it cannot see', facts: { app: { kind: 'Unknown' } }, now: at(1), step: wait },
  { title: 'deploys nothing on a machine with a wrong key', facts: mismatch, now: at(1), step: wait },
  { title: 'deploys nothing on a machine that shows the delivered key again', host: { ownKey: own }, facts: delivered, now: at(1), step: wait },
  { title: 'deploys nothing on a machine that does not answer', facts: { machine: { kind: 'Unreachable', why: 'refused' } }, now: at(1), step: wait },
  { title: 'waits for the deploy that runs', host: op('Deploy'), facts: { operation: { kind: 'Running' } }, now: at(20), step: wait },
  { title: 'does not join before the deploy that runs has ended', host: op('Deploy'), facts: { operation: { kind: 'Running' }, app: running(), probe: { kind: 'Answers' } }, now: at(20), step: wait },
  { title: 'starts a lost deploy again', host: op('Deploy'), facts: { operation: { kind: 'Lost' } }, now: at(11), step: { kind: 'StartOperation', operation: 'Deploy' } },
  { title: 'joins after a lost deploy that had its effect', host: op('Deploy'), facts: { operation: { kind: 'Lost' }, app: running(), probe: { kind: 'Answers' } }, now: at(11), step: advance('Joining') },
  { title: 'joins what serves already, without a second deploy', facts: { app: running(), probe: { kind: 'Answers' } }, now: at(1), step: advance('Joining') },
  { title: 'waits for the health path of the wanted version', facts: { app: running() }, now: at(1), step: wait },
  { title: 'deploys over another version', facts: { app: running('v0'), probe: { kind: 'Answers' } }, now: at(1), step: { kind: 'StartOperation', operation: 'Deploy', version: 'v1' } },
  { title: 'deploys over options that are not the fleet\'s', facts: { app: running('v1', { matchesFleet: false }), probe: { kind: 'Answers' } }, now: at(1), step: { kind: 'StartOperation', operation: 'Deploy' } },
  { title: 'deploys where the proxy does not route', facts: { app: running('v1', { routed: false }) }, now: at(1), step: { kind: 'StartOperation', operation: 'Deploy' } },
  { title: 'a maintenance page is no readiness: it resumes', facts: { app: { kind: 'Quiesced', version: 'v1' }, probe: { kind: 'Answers' } }, now: at(1), step: { kind: 'StartOperation', operation: 'Resume' } },
  { title: 'resumes after the quiesce of an earlier drain', host: { ...op('Quiesce', -10) }, facts: { app: { kind: 'Quiesced', version: 'v1' }, operation: { kind: 'Succeeded' } }, now: at(1), step: { kind: 'StartOperation', operation: 'Resume' } },
  { title: 'a failed quiesce of an earlier drain is no failed deploy', host: { ...op('Quiesce', -10), operationFailures: 9 }, facts: failed(true), now: at(1), step: { kind: 'StartOperation', operation: 'Deploy' } },
  { title: 'backs off after a failed deploy', host: op('Deploy'), facts: failed(false), now: at(11), step: { kind: 'Wait', until: at(25) } },
  { title: 'tries a failed deploy again', host: op('Deploy'), facts: failed(false), now: at(25), step: { kind: 'StartOperation', operation: 'Deploy' } },
  { title: 'gives up after three failed deploys', host: { ...op('Deploy'), operationFailures: 2 }, facts: failed(false), now: at(11), step: { ...advance('Deprovisioning'), failure: { class: 'Transient', message: 'registry refused' } } },
  { title: 'a failed mending from its time in service is no failed start', host: { ...op('Deploy', -10), operationFailures: 9, joiningSince: at(-100) }, facts: failed(true), now: at(1), step: { kind: 'StartOperation', operation: 'Deploy' } },
  { title: 'nothing is resumed while the fleet may be in maintenance', facts: { app: { kind: 'Quiesced', version: 'v1' }, fleet: { kind: 'Disagree', why: 'they are in maintenance' } }, now: at(1), step: { kind: 'Wait', why: 'the hosts that it must be like do not agree, as in a deploy, so it waits: they are in maintenance' } },
  { title: 'departs when it lost its power after it was a member', host: { joiningSince: at(-9) }, facts: { machine: { kind: 'Unreachable', why: 'timeout' }, app: { kind: 'Unknown' }, server: found({ state: 'Off' }) }, now: at(1), step: advance('Departing') },
  { title: 'is replaced when the failure says so', host: op('Deploy'), facts: failed(true), now: at(11), step: { ...advance('Deprovisioning'), failure: { class: 'Transient', message: 'registry refused' } } },
  { title: 'fails at the start deadline', host: op('Deploy'), facts: { operation: { kind: 'Running' } }, now: at(600), step: advance('Deprovisioning') },
  { title: 'does not fail for a version that nobody knows', facts: { fleet: nobody, app: running() }, now: at(6000), step: wait },
  { title: 'counts the deadline anew after a drain was taken back', host: { phaseSince: at(5000), joiningSince: at(30), drainOrigin: 'InService' }, facts: { app: { kind: 'Quiesced', version: 'v1' } }, now: at(5001), step: { kind: 'StartOperation', operation: 'Resume' } },
  { title: 'drains when it fails after it was a member', host: { phaseSince: at(5000), joiningSince: at(30), drainOrigin: 'InService' }, now: at(5600), step: advance('Draining') },
  { title: 'leaves when it is not wanted', host: { intent: 'Drain' }, now: at(1), step: advance('Deprovisioning') },
  { title: 'leaves by a drain when it was a member', host: { intent: 'Drain', joiningSince: at(-9) }, now: at(1), step: advance('Draining') },
  { title: 'a running deploy ends before the drain begins', host: { intent: 'Drain', joiningSince: at(-9), ...op('Deploy') }, facts: { operation: { kind: 'Running' } }, now: at(11), step: wait },
]);

const serves = { app: running(), probe: { kind: 'Answers' as const } };
const hold = { joinHold: { host: 'web-9', version: 'v1', why: 'web-9 answers 12 of 60 requests with errors' } };

stepTable('Deploying, under the deploy lock', { phase: 'Deploying', worksUnder: 'DeployLock', ...op('Deploy') }, { ...unlisted, app: { kind: 'NotRunning' }, operation: { kind: 'Running' } }, [
  { title: 'leaves only when the run has ended: the lock is released with the host', host: { intent: 'Drain' }, now: at(20), step: { kind: 'Wait' } },
  { title: 'is given up only when the run has ended', now: at(100_000), step: { kind: 'Wait' } },
  { title: 'leaves then', host: { intent: 'Drain' }, facts: { operation: { kind: 'Succeeded' } }, now: at(20), step: advance('Deprovisioning') },
]);

stepTable('Deploying, what its pool asks before it joins', { phase: 'Deploying' }, { ...unlisted, ...serves }, [
  { title: 'joins when its paths answer and are warm', facts: { preJoin: { kind: 'Answers' }, warmUp: 'Done' }, now: at(1), step: advance('Joining') },
  { title: 'waits for a path that does not answer', facts: { preJoin: { kind: 'Fails', why: '/db answers 503' } }, now: at(1), step: { kind: 'Wait', why: 'a path that must answer before it joins does not: /db answers 503' } },
  { title: 'waits for paths that were not asked', facts: { preJoin: { kind: 'Unknown' } }, now: at(1), step: wait },
  { title: 'waits while it is warmed up', facts: { warmUp: 'Running' }, now: at(1), step: wait },
  { title: 'waits until its warm-up has begun', facts: { warmUp: 'NotBegun' }, now: at(1), step: wait },
  { title: 'is replaced at the start deadline, and says what did not answer', facts: { preJoin: { kind: 'Fails', why: '/db answers 503' } }, now: at(600), step: { ...advance('Deprovisioning'), failure: { class: 'Unavailable', message: 'not in service within 600 s (startTimeoutSeconds): a path that must answer before it joins does not: /db answers 503' } } },
  { title: 'does not join while its version is held back', host: hold, now: at(1), step: { kind: 'Wait', why: 'no host of version v1 joins: web-9 answers 12 of 60 requests with errors' } },
  { title: 'is not replaced for that either', host: hold, now: at(9000), step: wait },
  { title: 'is not replaced while many fail by one cause', host: { replacementHeld: '3 of 5 hosts are down' }, facts: { probe: { kind: 'Fails', why: '/up answers 500' } }, now: at(9000), step: wait },
  { title: 'joins as soon as that cause is gone', host: { replacementHeld: '3 of 5 hosts are down' }, now: at(9000), step: advance('Joining') },
  { title: 'joins with another version', host: hold, facts: { app: running('v2'), fleet: { kind: 'Agreed', version: 'v2' } }, now: at(1), step: advance('Joining') },
]);

stepTable('Deploying, without a load balancer', { phase: 'Deploying', roleKind: 'Job', hasLoadBalancer: false }, { membership: { kind: 'NoLoadBalancer' }, probe: { kind: 'Unknown' } }, [
  { title: 'a job has neither route nor health path', facts: { app: running('v1', { routed: false }) }, now: at(1), step: advance('Joining') },
  { title: 'a job of another version is deployed', facts: { app: running('v0') }, now: at(1), step: { kind: 'StartOperation', operation: 'Deploy' } },
]);

stepTable('Joining', { phase: 'Joining', phaseSince: at(100), joiningSince: at(100) }, {}, [
  { title: 'up since too short a time', now: at(102), step: { kind: 'Wait', until: at(103) } },
  { title: 'still up one interval later', now: at(103), step: advance('InService') },
  { title: 'the interval counts from the listing where that is known', host: { listedUpSince: at(110) }, now: at(112), step: { kind: 'Wait', until: at(113) } },
  { title: 'the interval counts from the latest join', host: { joiningSince: at(10) }, now: at(102), step: wait },
  { title: 'listed by some only', facts: { membership: { kind: 'Partial', why: 'one of two' } }, now: at(110), step: wait },
  { title: 'listed down', facts: { membership: { kind: 'ListedDown', everywhere: true } }, now: at(110), step: wait },
  { title: 'no load balancer: at once', facts: { membership: { kind: 'NoLoadBalancer' } }, now: at(100), step: advance('InService') },
  { title: 'fails into a drain at the start deadline', facts: { membership: { kind: 'ListedDown', everywhere: true } }, now: at(600), step: advance('Draining') },
  { title: 'does not fail for a load balancer that cannot be asked', facts: { membership: { kind: 'Unknown', why: 'down' } }, now: at(600), step: wait },
  { title: 'a host that was checked anew has its own deadline', host: { phaseSince: at(5000), joiningSince: at(100) }, facts: { membership: { kind: 'NotListed' } }, now: at(5001), step: wait },
  { title: 'a host that came back has its own deadline', host: { phaseSince: at(5000), joiningSince: at(5000), drainOrigin: 'InService' }, facts: { membership: { kind: 'NotListed' } }, now: at(5001), step: wait },
  { title: 'drains when it is not wanted', host: { intent: 'Drain' }, now: at(101), step: advance('Draining') },
]);

const gone = { machine: { kind: 'Unreachable' as const, why: 'timeout' }, probe: { kind: 'Fails' as const, why: 'timeout' } };

stepTable('InService', {}, {}, [
  { title: 'stays', now: at(1000), step: { kind: 'Wait', afterSeconds: 5 } },
  { title: 'stays while everything is unknown', facts: { ...gone, membership: { kind: 'Unknown', why: 'down' }, server: { kind: 'Unknown', why: 'down' } }, now: at(1000), step: wait },
  { title: 'drains by intent', host: { intent: 'Drain' }, now: at(1000), step: advance('Draining') },
  { title: 'drains when it is deleted by itself', host: { deleting: true }, now: at(1000), step: advance('Draining') },
  { title: 'departs when its server vanished', facts: { ...gone, server: absent() }, now: at(1000), step: advance('Departing') },
  { title: 'does not depart on an old list', host: { phaseSince: at(999) }, facts: { ...gone, server: absent(at(998)) }, now: at(1000), step: wait },
  { title: 'does not depart while it answers: the token may be of another project', facts: { server: absent() }, now: at(1000), step: wait },
  { title: 'departs without power', facts: { ...gone, server: found({ state: 'Off' }) }, now: at(1000), step: advance('Departing') },
  { title: 'does not depart while it answers, whatever the provider says of its power', facts: { server: found({ state: 'Off' }) }, now: at(1000), step: wait },
  { title: 'departs when somebody deletes its server', facts: { server: found({ state: 'Leaving' }) }, now: at(1000), step: advance('Departing') },
  { title: 'a paused pool changes nothing', host: { poolState: 'Paused', deleting: true }, now: at(1000), step: wait },
  { title: 'is retained when its pool goes away', host: { poolState: 'Ending', deleting: true }, now: at(1000), step: { kind: 'Retain' } },
]);
