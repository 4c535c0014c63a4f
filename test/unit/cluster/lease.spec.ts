import { expect } from 'chai';
import { ClassifiedError } from '../../../controller/model/index.ts';
import { LeaseElection } from '../../../controller/runtime/cluster/lease.ts';
import type { LeaseObject, LeaseRecord, LeaseSpec } from '../../../controller/runtime/cluster/lease-record.ts';
import { createSimulatedClock } from '../../support/clock.ts';
import type { SimulatedClock } from '../../support/clock.ts';

/** One Lease with the conflicts of an API server. */
class SharedLease {
  record: LeaseRecord | undefined;
  version = 0;

  store(spec: LeaseSpec): LeaseRecord {
    this.version += 1;
    this.record = { spec, resourceVersion: String(this.version) };
    return structuredClone(this.record);
  }
}

/** What lies between one process and the Lease: the connection can be cut, hang, or lose an answer. */
class Connection implements LeaseObject {
  state: 'Up' | 'Cut' | 'Hanging' | 'AnswersLost' = 'Up';
  writes = 0;
  readonly #shared: SharedLease;

  constructor(shared: SharedLease) {
    this.#shared = shared;
  }

  async read(): Promise<LeaseRecord | undefined> {
    await this.#pass();
    return structuredClone(this.#shared.record);
  }

  async create(spec: LeaseSpec): Promise<LeaseRecord> {
    await this.#pass();
    if (this.#shared.record) throw new ClassifiedError('AlreadyExists', 'exists');
    return this.#answer(spec);
  }

  async replace({ spec, resourceVersion }: LeaseRecord): Promise<LeaseRecord> {
    await this.#pass();
    if (this.#shared.record?.resourceVersion !== resourceVersion) throw new ClassifiedError('Conflict', 'modified');
    return this.#answer(spec);
  }

  #answer(spec: LeaseSpec): LeaseRecord {
    this.writes += 1;
    const stored = this.#shared.store(spec);
    if (this.state === 'AnswersLost') throw new ClassifiedError('OutcomeUnknown', 'no answer in time');
    return stored;
  }

  async #pass(): Promise<void> {
    if (this.state === 'Cut') throw new ClassifiedError('Unavailable', 'connection refused');
    if (this.state === 'Hanging') await new Promise<never>(() => {});
  }
}

interface Instance {
  election: LeaseElection;
  clock: SimulatedClock;
  /** Time passes while the process is stopped: nothing of it runs meanwhile. */
  freeze(milliseconds: number): void;
  connection: Connection;
  changes: boolean[];
}

function instance(shared: SharedLease, identity: string, hoursOff = 0): Instance {
  const clock = createSimulatedClock(0);
  let frozen = 0;
  const passed = (): number => clock.now() + frozen;
  const wall = { now: () => Date.parse('2026-01-01T00:00:00Z') + hoursOff * 3_600_000 + passed(), sleep: clock.sleep };
  const connection = new Connection(shared);
  const election = new LeaseElection(connection, { clock: wall, monotonic: passed, random: () => 0.5, identity });
  const changes: boolean[] = [];
  election.onChange((leader) => changes.push(leader));
  const freeze = (milliseconds: number): void => {
    frozen += milliseconds;
  };
  return { election, clock, freeze, connection, changes };
}

/** The same time passes for all of them, a little at a time. */
async function pass(seconds: number, ...instances: Instance[]): Promise<void> {
  for (let step = 0; step < seconds * 4; step += 1) for (const { clock } of instances) await clock.advance(250);
}

describe('LeaseElection', () => {
  let shared: SharedLease;
  let a: Instance;
  let b: Instance;

  beforeEach(async () => {
    shared = new SharedLease();
    a = instance(shared, 'a');
    b = instance(shared, 'b', -5);
    a.election.start();
    await a.clock.settle();
    b.election.start();
    await b.clock.settle();
  });

  it('lets the first lead for as long as it renews, whatever the clocks of others say', async () => {
    await pass(300, a, b);
    expect(a.changes).to.deep.equal([true]);
    expect(b.changes).to.deep.equal([]);
    expect(b.election.holder()).to.equal('a');
    expect(a.connection.writes).to.be.within(140, 160);
  });

  it('hands over at once on a graceful stop', async () => {
    await pass(5, a, b);
    await a.election.stop();
    expect(a.election.isLeader()).to.equal(false);
    expect(shared.record?.spec.holderIdentity).to.equal('');
    await pass(3, b);
    expect(b.election.isLeader()).to.equal(true);
    expect(shared.record?.spec.leaseTransitions).to.equal(1);
  });

  it('lets a standby take over after a crash, only when a whole lease duration has passed', async () => {
    await pass(5, a, b);
    await pass(14, b);
    expect(b.election.isLeader()).to.equal(false);
    await pass(5, b);
    expect(b.election.isLeader()).to.equal(true);
  });

  it('knows when it wakes from a freeze that it leads no more, before it has asked anybody', async () => {
    await pass(5, a, b);
    await pass(60, b);
    a.freeze(60_000);
    expect(a.election.isLeader()).to.equal(false);
    expect(b.election.isLeader()).to.equal(true);
    await pass(10, a, b);
    expect(a.changes).to.deep.equal([true, false]);
    expect(b.changes).to.deep.equal([true]);
    expect(shared.record?.spec.holderIdentity).to.equal('b');
  });

  it('does not lead either when only the wall clock saw the freeze, as on a machine that slept', async () => {
    const clock = createSimulatedClock(0);
    let asleep = 0;
    const wall = { now: () => clock.now() + asleep, sleep: clock.sleep };
    const election = new LeaseElection(new Connection(new SharedLease()), { clock: wall, monotonic: () => 0, random: () => 0.5, identity: 'c' });
    election.start();
    await clock.settle();
    expect(election.isLeader()).to.equal(true);
    asleep = 11_000;
    expect(election.isLeader()).to.equal(false);
  });

  it('gives up by itself before others take over when the API server is away', async () => {
    await pass(5, a, b);
    a.connection.state = 'Cut';
    let both = 0;
    for (let step = 0; step < 40; step += 1) {
      await pass(1, a, b);
      if (a.election.isLeader() && b.election.isLeader()) both += 1;
    }
    expect(both).to.equal(0);
    expect(a.changes).to.deep.equal([true, false]);
    expect(b.changes).to.deep.equal([true]);
  });

  it('tells of the end on time while a renewal hangs', async () => {
    await pass(5, a, b);
    a.connection.state = 'Hanging';
    await pass(11, a, b);
    expect(a.changes).to.deep.equal([true, false]);
  });

  it('leads again when the API server was away for everybody', async () => {
    await pass(5, a, b);
    a.connection.state = 'Cut';
    b.connection.state = 'Cut';
    await pass(12, a, b);
    expect(a.election.isLeader() || b.election.isLeader()).to.equal(false);
    a.connection.state = 'Up';
    b.connection.state = 'Up';
    await pass(20, a, b);
    expect([a.election.isLeader(), b.election.isLeader()].filter(Boolean)).to.have.length(1);
  });

  it('does not count a renewal whose answer was lost, and goes on when answers come again', async () => {
    await pass(5, a, b);
    a.connection.state = 'AnswersLost';
    await pass(11, a, b);
    expect(a.election.isLeader()).to.equal(false);
    a.connection.state = 'Up';
    await pass(5, a, b);
    expect(a.election.isLeader()).to.equal(true);
    expect(b.changes).to.deep.equal([]);
  });

  it('gives way when somebody took the Lease from outside', async () => {
    await pass(5, a, b);
    const held = shared.record?.spec;
    if (!held) throw new Error('nobody holds the lease');
    shared.store({ ...held, holderIdentity: 'someone' });
    await pass(3, a, b);
    expect(a.election.isLeader()).to.equal(false);
    expect(a.election.holder()).to.equal('someone');
  });

  it('takes a Lease that was deleted, and only one of two does', async () => {
    await pass(5, a, b);
    shared.record = undefined;
    await pass(20, a, b);
    expect([a.election.isLeader(), b.election.isLeader()].filter(Boolean)).to.have.length(1);
  });

  it('goes on renewing when a listener throws', async () => {
    a.election.onChange(() => {
      throw new Error('mine');
    });
    await a.election.stop();
    const c = instance(shared, 'c');
    c.election.onChange(() => {
      throw new Error('mine');
    });
    c.election.start();
    await pass(60, c);
    expect(c.election.isLeader()).to.equal(true);
  });

  it('does not give back what it does not hold', async () => {
    await pass(5, a, b);
    await b.election.stop();
    expect(shared.record?.spec.holderIdentity).to.equal('a');
  });

  it('refuses durations that would let two lead', () => {
    const clock = createSimulatedClock(0);
    const options = { clock, monotonic: () => 0, random: () => 0.5, identity: 'c', renewDeadlineSeconds: 15 };
    expect(() => new LeaseElection(new Connection(shared), options)).to.throw(ClassifiedError, 'renew deadline 15 s');
  });
});
