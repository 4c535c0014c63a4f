import { expect } from 'chai';
import type { Fleet, FleetHost } from '../../../controller/model/index.ts';
import { type RollVerdict, planPool, rollOf } from '../../../controller/plan/index.ts';
import { aFleet, aFleetHost as host, applied, at, brief } from './builders.ts';

const NOW = at(1000);
const old = (slot: number, over: Partial<FleetHost> = {}): FleetHost => host(slot, { outdated: 'a roll was asked for', ...over });
const apart = (slot: number, over: Partial<FleetHost> = {}): FleetHost => old(slot, { quarantined: true, phase: 'Quarantined', ...over });
const booting = (slot: number, over: Partial<FleetHost> = {}): FleetHost => host(slot, { phase: 'Deploying', ...over });
const leaving = (slot: number, over: Partial<FleetHost> = {}): FleetHost => old(slot, { phase: 'Draining', intent: 'Drain', ...over });
const sick: Partial<FleetHost> = { health: 'Unhealthy', unhealthySince: at(900) };

interface Row { title: string; fleet: Fleet; replicas?: number; problem?: string; steps: string[]; verdict: RollVerdict['kind']; why?: string }

/** Two are wanted unless a row says otherwise. */
const rows: Row[] = [
  { title: 'a host in quarantine is not rolled: once its place is taken, the others are', fleet: aFleet([apart(0), old(1), host(2)]), steps: ['create 3'], verdict: 'Rolls' },
  { title: 'the place of a host in quarantine is filled before anything is rolled', fleet: aFleet([apart(0), old(1)]), steps: ['create 2'], verdict: 'Waits', why: '1 of the 2 bought hosts that are wanted serve' },
  { title: 'a host in quarantine alone is no roll', fleet: aFleet([apart(0), host(1), host(2)]), steps: [], verdict: 'None' },
  { title: 'a host in quarantine takes up room, which is said', fleet: aFleet([apart(0), old(1), host(2)], { maxReplicas: 3 }), steps: [], verdict: 'Waits',
    why: 'there is no room above the hosts that serve: raise maxReplicas (3) by 1, release one of the 1 in quarantine, or roll when fewer are wanted' },
  { title: 'a host whose successor was bought, and that is set apart then: the successor has its place', fleet: aFleet([apart(0), host(1), booting(2, { replaces: 'web-0' })]), steps: [], verdict: 'None' },
  { title: 'one that was in quarantine and is deleted leaves within the surge, as others do', fleet: aFleet([apart(0, { deleting: true, phase: 'Draining' }), old(1), host(2)]), steps: [], verdict: 'Rolls' },
  { title: 'released and outdated, it is surplus before the one that is newer', fleet: aFleet([old(0, { phase: 'Quarantined' }), host(1), host(2)]), steps: ['drain web-0'], verdict: 'Rolls' },
  { title: 'protected hosts are skipped, and the others rolled', fleet: aFleet([old(0, { protected: true }), old(1)]), steps: ['create 2'], verdict: 'Rolls' },
  { title: 'only protected ones are outdated: nothing is bought for them', fleet: aFleet([old(0, { protected: true }), old(1, { protected: true })]), steps: [], verdict: 'None' },
  { title: 'protected when its successor was bought already: the successor is surplus, and leaves', fleet: aFleet([old(0, { protected: true }), host(1, { protected: true }), host(2, { replaces: 'web-0' })]), steps: ['drain web-2'], verdict: 'None' },
  { title: 'protected when its successor was bought already: another outdated one leaves for it', fleet: aFleet([old(0, { protected: true }), old(1), host(2, { replaces: 'web-0' })]), steps: ['drain web-1'], verdict: 'Rolls' },
  { title: 'at the maximum nothing leaves, for what serves is what is wanted', fleet: aFleet([old(0), old(1)], { maxReplicas: 2 }), steps: [], verdict: 'Waits',
    why: 'there is no room above the hosts that serve: raise maxReplicas (2) by 1, or roll when fewer are wanted' },
  { title: 'more than is wanted serves: an outdated one makes room itself', fleet: aFleet([old(0), old(1), old(2)], { maxReplicas: 3 }), steps: ['drain web-0'], verdict: 'Rolls' },
  { title: 'unowned servers take up room', fleet: aFleet([old(0), old(1)], { maxReplicas: 3, unownedServers: 1 }), steps: [], verdict: 'Waits' },
  { title: 'changed again while a newer one boots: that one leaves at once, and is bought anew later', fleet: aFleet([old(0), old(1), booting(2, { replaces: 'web-0', outdated: 'changed again' })]), steps: ['drain web-2'], verdict: 'Rolls' },
  { title: 'changed again when a newer one serves: the first ones leave', fleet: aFleet([old(0), old(1), old(2, { replaces: 'web-0' })]), steps: ['drain web-0'], verdict: 'Rolls' },
  { title: 'fewer are wanted while a newer one boots: that one keeps its purpose', fleet: aFleet([old(0), old(1), booting(2, { replaces: 'web-0' })]), replicas: 1, steps: ['drain web-1'], verdict: 'Rolls' },
  { title: 'more are wanted in a roll: they are bought first, and it waits', fleet: aFleet([old(0), old(1), booting(2, { replaces: 'web-0' })]), replicas: 4, steps: ['create 3'], verdict: 'Waits', why: '2 of the 4 bought hosts that are wanted serve' },
  { title: 'none is wanted any more', fleet: aFleet([old(0), booting(1, { replaces: 'web-0' })]), replicas: 0, steps: ['drain web-0', 'drain web-1'], verdict: 'Rolls' },
  { title: 'the newer one is down when it just served: the older one stays', fleet: aFleet([old(0), old(1), host(2, { replaces: 'web-0', ...sick })]), steps: ['drain web-2'], verdict: 'Waits', why: 'hosts that are down are replaced first' },
  { title: 'an older one is down, and its successor serves: it leaves as one that is down', fleet: aFleet([old(0, sick), old(1), host(2, { replaces: 'web-0' })]), steps: ['drain web-0'], verdict: 'Waits' },
  { title: 'what else leaves takes up the surge too', fleet: aFleet([old(0), old(1), host(2, { phase: 'Draining', intent: 'Drain' })]), steps: [], verdict: 'Rolls' },
  { title: 'within a larger surge, those that leave count', fleet: aFleet([leaving(0), old(1), old(2), host(3, { replaces: 'web-0' })], { rollSurge: 2 }), replicas: 3, steps: ['create 4'], verdict: 'Rolls' },
  { title: 'a paused pool says so', fleet: aFleet([old(0), old(1)], { paused: true }), steps: [], verdict: 'Waits', why: 'the pool is paused (spec.paused)' },
  { title: 'a roll that is paused says so before all else', fleet: aFleet([old(0), old(1)], { paused: true, rollPaused: true }), steps: [], verdict: 'Paused', why: 'it is paused' },
];

describe('a roll, beside what else happens to a pool', () => {
  for (const { title, fleet, replicas = 2, steps, verdict, why } of rows) {
    it(title, () => {
      const plan = planPool(fleet, replicas, NOW);
      expect(brief(plan)).to.deep.equal(steps);
      expect(brief(planPool(applied(fleet, plan, NOW), replicas, NOW)), 'planned again').to.deep.equal([]);
      const said = rollOf(fleet, replicas, NOW);
      expect(said.kind).to.equal(verdict);
      if (why !== undefined) expect(said).to.include({ why });
    });
  }

  it('says what keeps the whole pool from being planned, and nothing else then', () => {
    expect(rollOf(aFleet([old(0), leaving(1)]), 2, NOW, 'the cloud cannot be asked')).to.deep.equal({ kind: 'Waits', why: 'the cloud cannot be asked', left: 1 });
    expect(rollOf(aFleet([host(0)]), 1, NOW, 'the cloud cannot be asked')).to.deep.equal({ kind: 'None' });
  });
});
