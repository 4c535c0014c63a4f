import { expect } from 'chai';
import fc from 'fast-check';
import { type HostFacts, type HostStep, PHASES } from '../../../controller/model/index.ts';
import { type HostView, LIFECYCLE, nextHostStep } from '../../../controller/plan/index.ts';
import { aHost, aServer, absent, at, found, running } from './builders.ts';

const NOW = at(1000);
const time = fc.integer({ min: 0, max: 1000 }).map(at);
const perhaps = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined, freq: 2 });
const state = fc.constantFrom('Starting' as const, 'Running' as const, 'Off' as const, 'Leaving' as const);

const someHost: fc.Arbitrary<HostView> = fc.record({
  phase: fc.constantFrom(...PHASES), phaseSince: time, createdAt: time,
  intent: fc.constantFrom('Serve' as const, 'Drain' as const), deleting: fc.boolean(),
  quarantined: fc.oneof({ weight: 3, arbitrary: fc.constant(false) }, fc.constant(true)),
  poolState: fc.oneof({ weight: 4, arbitrary: fc.constant('Live' as const) }, fc.constantFrom('Paused' as const, 'Ending' as const)),
  roleKind: fc.constantFrom('Web' as const, 'Job' as const, 'Cable' as const),
  createAttempts: fc.integer({ min: 0, max: 4 }), lastCreateIntentAt: perhaps(time), providerID: perhaps(fc.constant('local:1')),
  operation: perhaps(fc.record({ id: fc.constant('op'), kind: fc.constantFrom('Rotate' as const, 'Deploy' as const, 'Resume' as const, 'Quiesce' as const, 'Stop' as const, 'Preseed' as const), version: fc.constantFrom('v0', 'v1'), startedAt: time })),
  drainDeadline: perhaps(fc.integer({ min: 0, max: 2000 }).map(at)), drainOrigin: perhaps(fc.constantFrom(...PHASES)), joiningSince: perhaps(time),
  bootID: perhaps(fc.constantFrom('one', 'two')), worksUnder: fc.constantFrom('DeployLock' as const, 'NoLock' as const), unlistedSince: perhaps(time),
  joinHold: perhaps(fc.record({ host: fc.constantFrom('web-0-abcdef12', 'web-9'), version: fc.constantFrom('v0', 'v1'), why: fc.constant('errors') })),
  listedUpSince: perhaps(time), ownKey: perhaps(fc.constant('own')), startTimeoutSeconds: fc.constantFrom(10, 600, 5000), operationFailures: fc.integer({ min: 0, max: 6 }),
}).map((over) => aHost(over as Partial<HostView>));

const someFacts: fc.Arbitrary<HostFacts> = fc.record({
  server: fc.oneof(
    fc.constant({ kind: 'Unknown' as const, why: 'down' }), time.map(absent), state.map((one) => found({ state: one })),
    fc.array(state, { minLength: 1, maxLength: 2 }).map((extra) => ({ kind: 'Duplicate' as const, keep: aServer(), extra: extra.map((one, index) => aServer({ providerID: `local:${index + 2}`, state: one })), asOf: NOW })),
  ),
  machine: fc.constantFrom({ kind: 'Unknown' as const }, { kind: 'Unreachable' as const, why: 'x' }, { kind: 'Preparing' as const, why: 'x' }, { kind: 'Mismatch' as const, why: 'x' }, { kind: 'Delivered' as const, ownKey: 'own' }, { kind: 'Delivered' as const, ownKey: 'other' }, { kind: 'Ready' as const }, { kind: 'Ready' as const, bootID: 'two' }),
  app: fc.constantFrom({ kind: 'Unknown' as const }, { kind: 'NotRunning' as const }, { kind: 'Quiesced' as const, version: 'v1' }, running(), running('v0'), running('v1', { routed: false }), running('v1', { rollback: 'Missing' })),
  probe: fc.constantFrom({ kind: 'Unknown' as const }, { kind: 'Answers' as const }, { kind: 'Fails' as const, why: 'x' }),
  membership: fc.constantFrom<HostFacts['membership']>({ kind: 'NoLoadBalancer' }, { kind: 'Unknown', why: 'x' }, { kind: 'ListedUp' }, { kind: 'ListedDown', everywhere: true }, { kind: 'Partial', why: 'x' }, { kind: 'NotListed' }),
  operation: fc.constantFrom<HostFacts['operation']>({ kind: 'None' }, { kind: 'Running' }, { kind: 'Succeeded' }, { kind: 'Lost' }, { kind: 'Failed', class: 'Transient', message: 'x', replaceHost: true }, { kind: 'Failed', class: 'Transient', message: 'x', replaceHost: false }),
  inFlight: fc.oneof(fc.constant({ kind: 'Unknown' as const }), fc.integer({ min: 0, max: 2 }).map((requests) => ({ kind: 'Count' as const, requests }))),
  siblings: fc.constantFrom({ listed: 3, up: 3 }, { listed: 3, up: 1 }, { listed: 0, up: 0 }),
  fleet: fc.constantFrom<HostFacts['fleet']>({ kind: 'Agreed', version: 'v1', previousVersion: 'v0' }, { kind: 'Disagree', why: 'x' }, { kind: 'Unknown', why: 'x' }),
});

const law = (check: (host: HostView, facts: HostFacts, step: HostStep) => void): void =>
  fc.assert(fc.property(someHost, someFacts, (host, facts) => check(host, facts, nextHostStep(host, facts, NOW))), { numRuns: 10_000 });
const out = ({ membership }: HostFacts): boolean => membership.kind === 'NotListed' || membership.kind === 'NoLoadBalancer';

describe('nextHostStep, laws over any host and any facts', () => {
  it('moves only along a row of the lifecycle table', () => law((host, _facts, step) => {
    if (step.kind !== 'Advance') return;
    expect(LIFECYCLE.some(({ from, to }) => (from === host.phase || from === 'any') && to === step.to), `${host.phase} → ${step.to}`).to.equal(true);
  }));

  it('buys only in Provisioning, for a wanted host, on the word of the provider that nothing is there', () => law((host, facts, step) => {
    if (step.kind !== 'CreateServer') return;
    expect([host.phase, host.intent, host.deleting, host.poolState, host.providerID, facts.server.kind]).to.deep.equal(['Provisioning', 'Serve', false, 'Live', undefined, 'Absent']);
    expect(step.attempt).to.equal(host.createAttempts + 1);
    if (host.createAttempts > 0 && facts.server.kind === 'Absent') expect(facts.server.asOf).to.be.at.least(host.lastCreateIntentAt! + 10_000);
  }));

  it('deletes the server only in Deprovisioning, of a deleted object, when no load balancer is known to list it', () => law((host, facts, step) => {
    if (step.kind !== 'DeleteServer') return;
    expect([host.phase, host.deleting, host.poolState]).to.deep.equal(['Deprovisioning', true, 'Live']);
    expect(['ListedUp', 'ListedDown', 'Partial']).to.not.include(facts.membership.kind);
  }));

  it('deletes an extra server only beside one that stays', () => law((_host, facts, step) => {
    if (step.kind === 'DeleteExtra') expect(facts.server.kind === 'Duplicate' && facts.server.keep.providerID !== step.server.providerID).to.equal(true);
  }));

  it('quiesces, stops and passes the point of no return only when no load balancer lists the host', () => law((host, facts, step) => {
    const stops = step.kind === 'StartOperation' && (step.operation === 'Quiesce' || step.operation === 'Stop');
    const returns = step.kind !== 'DeleteObject' || host.phase === 'Deprovisioning';
    if (stops || !returns) expect(out(facts)).to.equal(true);
  }));

  it('goes to Deprovisioning with a server that has an address only when no load balancer lists it', () => law((host, facts, step) => {
    const has = facts.server.kind === 'Found' || facts.server.kind === 'Duplicate';
    if (step.kind === 'Advance' && step.to === 'Deprovisioning' && host.phase !== 'Released' && has) expect(out(facts)).to.equal(true);
  }));

  it('releases only from Released, or without any sign of a server; retains only when the pool goes away', () => law((host, facts, step) => {
    if (step.kind === 'Release' && host.poolState !== 'Ending') expect([host.phase, facts.server.kind === 'Found']).to.deep.equal(['Released', false]);
    if (step.kind === 'Release' && host.poolState === 'Ending' && host.phase !== 'Released') expect([host.createAttempts, host.providerID, facts.server.kind === 'Found']).to.deep.equal([0, undefined, false]);
    if (step.kind === 'Retain') expect(host.poolState).to.equal('Ending');
  }));

  it('a pool that pauses only waits, one that goes away only lets go, once no work runs', () => law((host, facts, step) => {
    if (host.poolState === 'Paused') expect(step.kind).to.equal('Wait');
    if (host.poolState === 'Ending') expect(facts.operation.kind === 'Running' ? ['Wait', 'Release'] : ['Retain', 'Release']).to.include(step.kind);
  }));

  it('starts no operation while one runs, except past a drain deadline', () => law((host, facts, step) => {
    if (step.kind === 'StartOperation' && host.operation !== undefined && facts.operation.kind === 'Running') expect([host.phase, step.operation]).to.deep.equal(['Draining', 'Stop']);
  }));

  it('gives no order to a machine that is not who it should be, and lets a key take over only once it is pinned', () => law((host, { machine }, step) => {
    if (step.kind === 'PinHostKey') expect([host.phase, host.ownKey, machine]).to.deep.equal(['Bootstrapping', undefined, { kind: 'Delivered', ownKey: step.hostKey }]);
    if (step.kind !== 'StartOperation') return;
    expect(machine.kind).to.not.equal('Mismatch');
    expect(step.operation === 'Rotate').to.equal(machine.kind === 'Delivered');
    if (machine.kind === 'Delivered') expect(host.ownKey).to.equal(machine.ownKey);
  }));

  it('takes a host in service out for checks only while others are up, and mends it only towards a fleet that agrees', () => law((host, { siblings, membership, fleet }, step) => {
    if (host.phase !== 'InService') return;
    if (step.kind === 'Advance' && step.to === 'Deploying' && membership.kind !== 'NoLoadBalancer') expect(siblings!.up).to.be.greaterThan(0);
    if (step.kind === 'StartOperation') expect(fleet.kind).to.equal('Agreed');
  }));

  it('counts a failed start only on the way into service', () => law((host, _facts, step) => {
    if (step.kind === 'Advance' && step.failure !== undefined) expect(['Provisioning', 'Bootstrapping', 'Deploying', 'Joining']).to.include(host.phase);
  }));

  it('in quarantine is never deleted, never bought, brought up or a member, and its server is never given back', () => law((host, facts, step) => {
    if (!host.quarantined || host.deleting || host.poolState !== 'Live' || step.kind === 'DeleteExtra') return;
    if (host.phase === 'Released') return;
    expect(['Wait', 'Advance', 'StartOperation']).to.include(step.kind);
    if (step.kind === 'Advance') expect(step.to === 'Quarantined' || step.to === 'Draining', `${host.phase} → ${step.to}`).to.equal(true);
    if (step.kind === 'StartOperation') expect([host.phase, out(facts)]).to.deep.equal(['Draining', true]);
    if (host.phase === 'Quarantined') expect(step.kind).to.equal('Wait');
  }));

  it('every wait has a reason and an end', () => law((_host, _facts, step) => {
    expect(step.why.length).to.be.within(6, 300);
    if (step.kind === 'Wait') expect(step.afterSeconds).to.be.within(0.001, 200);
  }));

  it('is a function of its arguments', () => law((host, facts, step) => {
    expect(nextHostStep(host, facts, NOW)).to.deep.equal(step);
  }));
});

describe('the lifecycle table', () => {
  it('every guard has a row that some host takes', () => {
    const left = new Set(LIFECYCLE.flatMap(({ from, to }) => (from === 'any' ? [] : [`${from} ${to}`])));
    // Some rows take a chance of one in thousands.
    for (let draws = 0; draws < 10 && left.size > 0; draws += 1) law((host, _facts, step) => {
      if (step.kind === 'Advance') left.delete(`${host.phase} ${step.to}`);
    });
    expect([...left]).to.deep.equal([]);
  });

  it('every phase but the first is entered, and no phase but Released is left to rest with a server', () => {
    for (const phase of PHASES.slice(1)) expect(LIFECYCLE.some(({ to }) => to === phase), phase).to.equal(true);
    for (const phase of PHASES) expect(LIFECYCLE.some(({ from }) => from === phase), phase).to.equal(true);
  });
});
