import { expect } from 'chai';
import fc from 'fast-check';
import { type Fleet, type FleetHost, PHASES } from '../../../controller/model/index.ts';
import { chooseVictims, judgeReplacement, planPool } from '../../../controller/plan/index.ts';
import { aFleet, aFleetHost, applied, at } from './builders.ts';

const NOW = at(1000);

const someHost = (slot: number): fc.Arbitrary<FleetHost> => fc.record({
  phase: fc.oneof({ weight: 3, arbitrary: fc.constant('InService' as const) }, fc.constantFrom(...PHASES)),
  intent: fc.oneof({ weight: 3, arbitrary: fc.constant('Serve' as const) }, fc.constant('Drain' as const)),
  sickSince: fc.option(fc.integer({ min: 0, max: 999 }), { nil: undefined, freq: 2 }),
  outdated: fc.option(fc.constant('its template was changed'), { nil: undefined, freq: 1 }),
  replaces: fc.option(fc.integer({ min: 0, max: 12 }).map((other) => `web-${other}`), { nil: undefined, freq: 1 }),
  protected: fc.boolean(),
  quarantined: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, fc.constant(true)),
  deleting: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, fc.constant(true)),
  age: fc.integer({ min: 0, max: 1000 }),
  billing: fc.constantFrom('Hour' as const, 'Second' as const, 'None' as const),
}).map(({ sickSince, age, outdated, replaces, ...over }) => aFleetHost(slot, {
  ...over, ...(outdated === undefined ? {} : { outdated }), ...(replaces === undefined ? {} : { replaces }), createdAt: at(1000 - age), launchedAt: at(1000 - age),
  ...(sickSince === undefined ? { health: 'Healthy' } : { health: 'Unhealthy', unhealthySince: at(sickSince) }),
}));

const someFleet: fc.Arbitrary<Fleet> = fc.record({
  hosts: fc.uniqueArray(fc.integer({ min: 0, max: 12 }), { maxLength: 8 }).chain((slots) => fc.tuple(...slots.map(someHost))),
  fixedHosts: fc.integer({ min: 0, max: 2 }),
  unownedServers: fc.integer({ min: 0, max: 2 }),
  maxReplicas: fc.integer({ min: 1, max: 12 }),
  maxSurge: fc.integer({ min: 0, max: 3 }),
  rollSurge: fc.integer({ min: 1, max: 3 }),
  rollPaused: fc.boolean(),
  maxUnhealthyPercent: fc.integer({ min: 1, max: 100 }),
  failedStarts: fc.integer({ min: 0, max: 1 }),
  fixedDown: fc.integer({ min: 0, max: 1 }),
  paused: fc.boolean(),
  backsOff: fc.boolean(),
}).map(({ hosts, backsOff, fixedDown, ...over }) => aFleet(hosts, { ...over, fixedDown: Math.min(fixedDown, over.fixedHosts), ...(backsOff ? { startBackoffUntil: at(1001) } : {}) }));

const someReplicas = fc.option(fc.integer({ min: 0, max: 12 }), { nil: undefined });
const law = (check: (fleet: Fleet, replicas: number | undefined) => void): void =>
  fc.assert(fc.property(someFleet, someReplicas, check), { numRuns: 3000 });
const named = (fleet: Fleet, name: string): FleetHost => fleet.hosts.find(({ key }) => key.name === name)!;

describe('planPool, laws', () => {
  it('planning again after applying the plan is empty', () => law((fleet, replicas) => {
    expect(planPool(applied(fleet, planPool(fleet, replicas, NOW), NOW), replicas, NOW)).to.deep.equal([]);
  }));

  it('never creates above maxReplicas, with everything counted that exists', () => law((fleet, replicas) => {
    const creates = planPool(fleet, replicas, NOW).filter(({ kind }) => kind === 'CreateHost').length;
    if (creates > 0) expect(fleet.fixedHosts + fleet.hosts.length + fleet.unownedServers + creates).to.be.at.most(fleet.maxReplicas);
  }));

  it('never creates a slot that is taken, nor one slot twice', () => law((fleet, replicas) => {
    const slots = [...fleet.hosts.map(({ slot }) => slot), ...planPool(fleet, replicas, NOW).flatMap((step) => (step.kind === 'CreateHost' ? [step.slot] : []))];
    expect(new Set(slots).size).to.equal(slots.length);
  }));

  it('never drains a protected host that serves, nor one that is deleted or in quarantine, nor more than there are without replicas', () => law((fleet, replicas) => {
    for (const step of planPool(fleet, replicas, NOW)) {
      if (step.kind !== 'SetIntent') continue;
      const host = named(fleet, step.host.name);
      expect(host.deleting).to.equal(false);
      expect(host.intent, 'changes something').to.not.equal(step.intent);
      expect(host.quarantined).to.equal(false);
      if (step.intent === 'Drain') expect(host.protected && host.health === 'Healthy').to.equal(false);
      if (step.intent === 'Drain' && replicas === undefined) expect(host.health === 'Unhealthy' || host.outdated !== undefined).to.equal(true);
      if (step.intent === 'Serve') expect(host.health).to.equal('Healthy');
    }
  }));

  it('never leaves fewer serving hosts than wanted by draining one that serves', () => law((fleet, replicas) => {
    const serving = ({ hosts }: Fleet): number => hosts.filter(({ phase, health, intent, deleting, quarantined }) => phase === 'InService' && health === 'Healthy' && intent === 'Serve' && !deleting && !quarantined).length;
    const after = applied(fleet, planPool(fleet, replicas, NOW), NOW);
    // A pool that only holds counts what was bought for an outdated host once more than it keeps.
    if (serving(after) >= serving(fleet) || (replicas === undefined && fleet.hosts.some(({ outdated }) => outdated !== undefined))) return;
    const wanted = Math.min(replicas ?? fleet.hosts.length + fleet.fixedHosts, fleet.maxReplicas) - fleet.fixedHosts;
    const protectedOnes = fleet.hosts.filter((host) => host.protected).length;
    expect(serving(after) + protectedOnes).to.be.at.least(Math.max(0, wanted));
  }));

  it('paused: no step; backing off: no create', () => law((fleet, replicas) => {
    const plan = planPool(fleet, replicas, NOW);
    if (fleet.paused) expect(plan).to.deep.equal([]);
    if (fleet.startBackoffUntil !== undefined) expect(plan.filter(({ kind }) => kind === 'CreateHost')).to.deep.equal([]);
  }));

  it('a shared cause buys nothing for what is down, nor anything while starts fail', () => law((fleet, replicas) => {
    if (judgeReplacement(fleet).kind !== 'Held') return;
    const creates = planPool(fleet, replicas, NOW).filter(({ kind }) => kind === 'CreateHost').length;
    if (creates === 0) return;
    expect(fleet.failedStarts).to.equal(0);
    expect(fleet.fixedHosts + fleet.hosts.filter(({ intent, deleting, quarantined }) => intent === 'Serve' && !deleting && !quarantined).filter(({ phase }) => !['Departing', 'Deprovisioning', 'Released'].includes(phase)).length + creates)
      .to.be.at.most(replicas ?? 0);
  }));

  it('a roll buys only while all that is wanted serves, and no more than its surge above that', () => law((fleet, replicas) => {
    const plan = planPool(fleet, replicas, NOW);
    const bought = plan.flatMap((step) => (step.kind === 'CreateHost' && fleet.hosts.some(({ key, health, outdated }) => key.name === step.replaces && health === 'Healthy' && outdated !== undefined) ? [step] : []));
    if (bought.length === 0) return;
    expect(fleet.rollPaused).to.equal(false);
    const after = applied(fleet, plan, NOW);
    const stays = after.hosts.filter(({ intent, deleting, phase }) => intent === 'Serve' && !deleting && !['Departing', 'Deprovisioning', 'Released'].includes(phase));
    const wanted = replicas === undefined ? stays.length - stays.filter(({ replaces }) => stays.some(({ key, outdated }) => outdated !== undefined && key.name === replaces)).length
      : Math.min(replicas, fleet.maxReplicas) - fleet.fixedHosts;
    const protectedOnes = stays.filter((host) => host.protected).length;
    expect(stays.filter(({ phase }) => phase === 'InService').length).to.be.at.least(wanted);
    expect(stays.length).to.be.at.most(Math.max(wanted, protectedOnes) + fleet.rollSurge + protectedOnes);
    if (replicas !== undefined) expect(after.hosts.filter(({ quarantined, deleting }) => !quarantined || deleting).length, 'with all that leaves').to.be.at.most(wanted + fleet.rollSurge);
  }));

  it('a roll ends with every host made anew, and never with fewer serving than wanted', () => {
    fc.assert(fc.property(someFleet, fc.option(fc.integer({ min: 0, max: 8 }), { nil: undefined }), (start, replicas) => {
      const hosts = start.hosts.map((host): FleetHost => {
        const { replaces: _replaces, unhealthySince: _since, ...rest } = host;
        return { ...rest, health: 'Healthy', protected: false, quarantined: false, phase: 'InService', intent: 'Serve', deleting: false };
      });
      let fleet: Fleet = { ...start, paused: false, rollPaused: false, hosts, maxReplicas: 30, failedStarts: 0 };
      delete fleet.startBackoffUntil;
      const wanted = replicas === undefined ? hosts.length : Math.max(0, replicas - fleet.fixedHosts);
      const least = Math.min(wanted, hosts.length);
      for (let round = 0; round < 60; round += 1) {
        const stayed = applied(fleet, planPool(fleet, replicas, NOW), NOW);
        const serving = stayed.hosts.filter(({ phase, intent }) => phase === 'InService' && intent === 'Serve').length;
        expect(serving, `round ${round}`).to.be.at.least(least);
        expect(stayed.hosts.length, `round ${round}`).to.be.at.most(Math.max(wanted + fleet.rollSurge, hosts.length));
        fleet = worldMovesOn(stayed);
      }
      expect(fleet.hosts.filter(({ outdated }) => outdated !== undefined)).to.deep.equal([]);
      expect(fleet.hosts).to.have.length(wanted);
    }), { numRuns: 1000 });
  });

  it('driven to rest the pool has the wanted hosts', () => {
    fc.assert(fc.property(someFleet, fc.integer({ min: 0, max: 12 }), (start, replicas) => {
      // A roll needs room above what is wanted, which a pool at its maximum has not.
      let fleet: Fleet = { ...start, paused: false, maxUnhealthyPercent: 100, fixedDown: 0, maxSurge: Math.max(1, start.maxSurge), hosts: start.hosts.map((host) => ({ ...host, protected: false, quarantined: false })) };
      delete fleet.startBackoffUntil;
      const wanted = Math.max(0, Math.min(replicas, fleet.maxReplicas - fleet.unownedServers) - fleet.fixedHosts);
      for (let round = 0; round < 60; round += 1) fleet = worldMovesOn(applied(fleet, planPool(fleet, replicas, NOW), NOW));
      expect(fleet.hosts.filter(({ health }) => health === 'Unhealthy')).to.deep.equal([]);
      const room = Math.min(replicas, fleet.maxReplicas) - fleet.fixedHosts;
      expect(fleet.hosts.length).to.be.within(Math.min(wanted, room), Math.max(0, room));
    }), { numRuns: 1000 });
  });
});

/** What leaves is gone, what boots serves, a drain that was taken back serves again. */
const worldMovesOn = (fleet: Fleet): Fleet => ({
  ...fleet,
  hosts: fleet.hosts
    .filter(({ intent, deleting, phase }) => intent === 'Serve' && !deleting && !['Departing', 'Deprovisioning', 'Released'].includes(phase))
    .map((host) => ({ ...host, phase: 'InService' })),
});

describe('chooseVictims, laws', () => {
  it('chooses only what may go, and never one that serves before one that does not', () => {
    fc.assert(fc.property(someFleet, fc.integer({ min: 0, max: 9 }), ({ hosts }, count) => {
      const victims = chooseVictims(hosts, count, NOW);
      expect(victims.length).to.be.at.most(count);
      for (const host of victims) expect(host.protected || host.quarantined || host.deleting || host.intent === 'Drain').to.equal(false);
      const serves = victims.map(({ phase, health }) => phase === 'InService' && health === 'Healthy');
      expect(serves).to.deep.equal([...serves].sort((a, b) => Number(a) - Number(b)));
    }));
  });
});
