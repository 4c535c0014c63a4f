import { absent, at, found } from './builders.ts';
import { stepTable } from './step-table.ts';

const wait = { kind: 'Wait' as const };
const advance = (to: string) => ({ kind: 'Advance' as const, to });
const off = { membership: { kind: 'NotListed' as const } };
const expired = at(90_000);
const apart = { quarantined: true };
const stop = { operation: { id: 'op', kind: 'Stop' as const, startedAt: at(120) } };
const quiesce = { operation: { id: 'op', kind: 'Quiesce' as const, startedAt: at(110) } };
const drained = { ...off, app: { kind: 'Quiesced' as const, version: 'v1' }, operation: { kind: 'Succeeded' as const } };
const drain = { ...apart, phase: 'Draining' as const, phaseSince: at(100), drainOrigin: 'InService' as const, joiningSince: at(20), drainDeadline: at(160) };

stepTable('quarantine of a host that serves', apart, {}, [
  { title: 'drains', now: at(101), step: advance('Draining') },
  { title: 'drains without power too: who set it apart may have switched it off', facts: { server: found({ state: 'Off' }) }, now: at(101), step: advance('Draining') },
  { title: 'drains while it joins', host: { phase: 'Joining' }, now: at(101), step: advance('Draining') },
  { title: 'drains while it is checked anew', host: { phase: 'Deploying', joiningSince: at(20) }, now: at(101), step: advance('Draining') },
  { title: 'does nothing in a pool that is paused', host: { poolState: 'Paused' }, now: at(101), step: wait },
]);

stepTable('quarantine, the drain', drain, off, [
  { title: 'leaves the load balancers first', facts: { membership: { kind: 'ListedUp' } }, now: at(101), step: wait },
  { title: 'gives requests in flight their time', host: quiesce, facts: { ...drained, inFlight: { kind: 'Count', requests: 2 } }, now: at(120), step: wait },
  { title: 'does not stop the app', host: quiesce, facts: drained, now: at(120), step: advance('Quarantined') },
  { title: 'stops a worker, which would take jobs', host: { roleKind: 'Job' }, facts: { membership: { kind: 'NoLoadBalancer' } }, now: at(120), step: { kind: 'StartOperation', operation: 'Stop' } },
  { title: 'and keeps it then', host: { roleKind: 'Job', ...stop }, facts: { membership: { kind: 'NoLoadBalancer' }, app: { kind: 'NotRunning' } }, now: at(130), step: advance('Quarantined') },
  { title: 'keeps what cannot be reached', facts: { machine: { kind: 'Unreachable', why: 'timeout' }, app: { kind: 'Unknown' }, probe: { kind: 'Fails', why: 'timeout' } }, now: at(160), step: advance('Quarantined') },
  { title: 'keeps what was being stopped when the quarantine came', host: { ...stop, intent: 'Drain' }, facts: { app: { kind: 'NotRunning' } }, now: at(130), step: advance('Quarantined') },
  { title: 'is not kept when its KamalHost is deleted', host: { ...stop, deleting: true }, facts: { app: { kind: 'NotRunning' } }, now: at(130), step: advance('Deprovisioning') },
]);

stepTable('quarantine on the way into service', { ...apart, phase: 'Bootstrapping' }, { ...off, machine: { kind: 'Unreachable', why: 'timeout' } }, [
  { title: 'keeps the server as it is, past its start deadline too', now: expired, step: advance('Quarantined') },
  { title: 'keeps it in Provisioning', host: { phase: 'Provisioning' }, now: expired, step: advance('Quarantined') },
  { title: 'keeps it where its start failed', host: { phase: 'Deprovisioning' }, now: expired, step: advance('Quarantined') },
  { title: 'buys nothing', host: { phase: 'Provisioning', createAttempts: 0 }, facts: { server: absent() }, now: at(10), step: wait },
  { title: 'waits for what runs on it', host: { phase: 'Deploying', operation: { id: 'op', kind: 'Deploy', startedAt: at(1) } }, facts: { operation: { kind: 'Running' } }, now: expired, step: wait },
]);

stepTable('Quarantined', { ...apart, phase: 'Quarantined', joiningSince: at(20) }, off, [
  { title: 'stays', now: expired, step: wait },
  { title: 'stays when it is not wanted', host: { intent: 'Drain' }, now: expired, step: wait },
  { title: 'stays when its server is off', facts: { server: found({ state: 'Off' }) }, now: expired, step: wait },
  { title: 'stays when its server is gone: its release says so', facts: { server: absent(), machine: { kind: 'Unknown' }, probe: { kind: 'Unknown' } }, now: expired, step: wait },
  { title: 'comes back when it is released', host: { quarantined: false }, now: expired, step: advance('Provisioning') },
  { title: 'leaves when it is released and not wanted', host: { quarantined: false, intent: 'Drain' }, now: expired, step: advance('Draining') },
  { title: 'leaves when its KamalHost is deleted', host: { deleting: true }, now: expired, step: advance('Draining') },
  { title: 'leaves at once where it never joined', host: { deleting: true, joiningSince: undefined } as never, now: expired, step: advance('Deprovisioning') },
  { title: 'departs when it is released and its server is gone', host: { quarantined: false }, facts: { server: absent(), machine: { kind: 'Unknown' }, probe: { kind: 'Unknown' } }, now: expired, step: advance('Departing') },
  { title: 'is retained when its pool goes away', host: { poolState: 'Ending' }, now: expired, step: { kind: 'Retain' } },
]);
