import { expect } from 'chai';
import type { Fleet, FleetHost } from '../../../controller/model/index.ts';
import { planPool } from '../../../controller/plan/index.ts';
import { aFleet, aFleetHost as host, applied, at, brief } from './builders.ts';

const NOW = at(1000);
const three = [host(0), host(1), host(2)];
const sick = (slot: number, over: Partial<FleetHost> = {}): FleetHost => host(slot, { health: 'Unhealthy', unhealthySince: at(900), ...over });
const booting = (slot: number, over: Partial<FleetHost> = {}): FleetHost => host(slot, { phase: 'Deploying', createdAt: at(950), ...over });
const old = (slot: number, over: Partial<FleetHost> = {}): FleetHost => host(slot, { outdated: 'a roll was asked for', ...over });
const draining = (slot: number, over: Partial<FleetHost> = {}): FleetHost => host(slot, { phase: 'Draining', intent: 'Drain', ...over });

interface Row { title: string; fleet: Fleet; replicas?: number; steps: string[] }

const rows: Row[] = [
  { title: 'enough is enough', fleet: aFleet(three), replicas: 3, steps: [] },
  { title: 'too few: the lowest free slots', fleet: aFleet([host(0), host(2)]), replicas: 4, steps: ['create 1', 'create 3'] },
  { title: 'fixed hosts count', fleet: aFleet([host(0)], { fixedHosts: 2 }), replicas: 4, steps: ['create 1'] },
  { title: 'fixed hosts are never drained', fleet: aFleet([host(0)], { fixedHosts: 2 }), replicas: 0, steps: ['drain web-0'] },
  { title: 'booting hosts count', fleet: aFleet([host(0), booting(1)]), replicas: 2, steps: [] },
  { title: 'a leaving host keeps its slot', fleet: aFleet([draining(0, { deleting: true })]), replicas: 1, steps: ['create 1'] },
  { title: 'the name of an unowned server is not used', fleet: aFleet([], { unownedServers: 1, unownedSlots: [0] }), replicas: 1, steps: ['create 1'] },
  { title: 'a drain is taken back before anything is bought, the newest first',
    fleet: aFleet([host(0), draining(1, { drainingSince: at(10) }), draining(2, { drainingSince: at(20) })]), replicas: 2, steps: ['serve web-2'] },
  { title: 'drains are taken back, then the rest is bought', fleet: aFleet([host(0), draining(1)]), replicas: 3, steps: ['serve web-1', 'create 2'] },
  { title: 'the drain of a deleted host is not taken back', fleet: aFleet([draining(0, { deleting: true })]), replicas: 1, steps: ['create 1'] },
  { title: 'the drain of an unhealthy host is not taken back', fleet: aFleet([draining(0, { health: 'Unhealthy' })]), replicas: 1, steps: ['create 1'] },
  { title: 'a host beyond its drain is not taken back', fleet: aFleet([draining(0, { phase: 'Deprovisioning' })]), replicas: 1, steps: ['create 1'] },
  { title: 'a drain that was taken back stays', fleet: aFleet([host(0), draining(1, { intent: 'Serve' })]), replicas: 2, steps: [] },
  { title: 'never above maxReplicas: draining hosts count', fleet: aFleet([host(0), draining(1, { deleting: true })], { maxReplicas: 2 }), replicas: 2, steps: [] },
  { title: 'never above maxReplicas: unowned servers count', fleet: aFleet([host(0)], { maxReplicas: 3, unownedServers: 1 }), replicas: 3, steps: ['create 1'] },
  { title: 'a server that is about to be adopted is not bought anew', fleet: aFleet([host(0)], { unownedServers: 1, returningServers: 1, unownedSlots: [1] }), replicas: 3, steps: ['create 2'] },
  { title: 'more servers about to be adopted than missing hosts: nothing', fleet: aFleet([host(0)], { unownedServers: 3, returningServers: 3 }), replicas: 2, steps: [] },
  { title: 'replicas above a lowered maximum shrink to it', fleet: aFleet(three, { maxReplicas: 2 }), replicas: 3, steps: ['drain web-2'] },
  { title: 'backoff stops creates', fleet: aFleet([host(0)], { startBackoffUntil: at(1001) }), replicas: 2, steps: [] },
  { title: 'backoff is over at its time', fleet: aFleet([host(0)], { startBackoffUntil: NOW }), replicas: 2, steps: ['create 1'] },
  { title: 'backoff never stops drains', fleet: aFleet(three, { startBackoffUntil: at(1001) }), replicas: 2, steps: ['drain web-2'] },
  { title: 'backoff does not stop a drain from being taken back', fleet: aFleet([draining(0)], { startBackoffUntil: at(1001) }), replicas: 1, steps: ['serve web-0'] },
  { title: 'a paused pool plans nothing', fleet: aFleet(three, { paused: true }), replicas: 1, steps: [] },
  { title: 'too many: a booting host goes before a serving one', fleet: aFleet([booting(0), host(1)]), replicas: 1, steps: ['drain web-0'] },
  { title: 'too many: an unhealthy host goes first', fleet: aFleet([sick(0), host(1), host(2)]), replicas: 2, steps: ['drain web-0'] },
  { title: 'holding: the newcomer of an unhealthy host that was drained first stands for the other one',
    fleet: aFleet([sick(0), host(1, { createdAt: at(950) }), sick(2, { intent: 'Drain' }), booting(3, { replaces: 'web-2' })], { maxSurge: 2 }), steps: [] },
  { title: 'holding: a newcomer is told by the age of unhealthy hosts that leave, too',
    fleet: aFleet([host(0, { createdAt: at(700) }), sick(1, { unhealthySince: at(600), intent: 'Drain' }), sick(2, { unhealthySince: at(800) }), booting(3, { replaces: 'web-1' })], { maxSurge: 2 }), steps: [] },
  { title: 'a host that was seen down and did not come back is replaced', fleet: aFleet([host(0), sick(1, { phase: 'Deploying' })]), replicas: 2, steps: ['create 2'] },
  { title: 'too many right after an adoption: the number may be of yesterday, so all stay', fleet: aFleet(three, { adoptedLately: true }), replicas: 1, steps: [] },
  { title: 'a protected host stays', fleet: aFleet([host(0, { protected: true })]), replicas: 0, steps: [] },

  { title: 'replacement: a newcomer first', fleet: aFleet([sick(0), host(1)]), replicas: 2, steps: ['create 2'] },
  { title: 'replacement: no drain while the newcomer boots', fleet: aFleet([sick(0), host(1), booting(2)]), replicas: 2, steps: [] },
  { title: 'replacement: the drain once the newcomer serves', fleet: aFleet([sick(0), host(1), host(2)]), replicas: 2, steps: ['drain web-0'] },
  { title: 'replacement: at most maxSurge at once', fleet: aFleet([sick(0), sick(1), sick(2)], { maxSurge: 2, maxUnhealthyPercent: 100 }), replicas: 3, steps: ['create 3', 'create 4'] },
  { title: 'replacement: one after the other does not get stuck', fleet: aFleet([sick(0), sick(1), host(2), host(3)]), replicas: 3, steps: ['drain web-1'] },
  { title: 'replacement: the next waits until the last is gone',
    fleet: aFleet([sick(0), draining(1, { health: 'Unhealthy' }), host(2), host(3)]), replicas: 3, steps: [] },
  { title: 'replacement at the maximum: the drain first', fleet: aFleet([sick(0), host(1)], { maxReplicas: 2 }), replicas: 2, steps: ['drain web-0'] },
  { title: 'replacement at the maximum: then the successor, once there is room',
    fleet: aFleet([host(1)], { maxReplicas: 2 }), replicas: 2, steps: ['create 0'] },
  { title: 'replacement at the maximum: room that is coming is waited for',
    fleet: aFleet([sick(0), host(1), draining(2, { deleting: true })], { maxReplicas: 3 }), replicas: 2, steps: [] },
  { title: 'replacement: maxSurge 0 replaces nothing', fleet: aFleet([sick(0), host(1)], { maxSurge: 0 }), replicas: 2, steps: [] },
  { title: 'replacement: a protected host is replaced too', fleet: aFleet([sick(0, { protected: true }), host(1), host(2)]), replicas: 2, steps: ['drain web-0'] },

  { title: 'quarantine: its successor is bought', fleet: aFleet([host(0, { quarantined: true }), host(1)]), replicas: 2, steps: ['create 2'] },
  { title: 'quarantine: no successor while the pool holds what is there', fleet: aFleet([host(0, { quarantined: true }), host(1)]), steps: [] },
  { title: 'quarantine: it counts against the maximum', fleet: aFleet([host(0, { quarantined: true }), host(1)], { maxReplicas: 2 }), replicas: 2, steps: [] },
  { title: 'quarantine: it is neither drained nor taken back', fleet: aFleet([host(0, { quarantined: true }), draining(1, { quarantined: true }), host(2)]), replicas: 0, steps: ['drain web-2'] },
  { title: 'quarantine: it uses up no surge of a replacement', fleet: aFleet([sick(0, { quarantined: true, phase: 'Quarantined' }), sick(1), host(2)]), replicas: 2, steps: ['create 3'] },
  { title: 'quarantine: once released it is surplus where its successor serves', fleet: aFleet([host(0, { phase: 'Quarantined' }), host(1), host(2)]), replicas: 2, steps: ['drain web-0'] },
  { title: 'quarantine: once released and protected, another host leaves', fleet: aFleet([host(0, { phase: 'Quarantined', protected: true }), host(1), host(2)]), replicas: 2, steps: ['drain web-2'] },

  { title: 'a shared cause: nothing is bought for those that are down', fleet: aFleet([sick(0), sick(1), host(2)]), replicas: 3, steps: [] },
  { title: 'a shared cause: growth goes on', fleet: aFleet([sick(0), sick(1), host(2)]), replicas: 4, steps: ['create 3'] },
  { title: 'a shared cause, and a start failed by it: nothing is bought', fleet: aFleet([sick(0), sick(1), host(2)], { failedStarts: 1 }), replicas: 4, steps: [] },
  { title: 'a shared cause: at the maximum nothing makes room', fleet: aFleet([sick(0), sick(1), host(2)], { maxReplicas: 3 }), replicas: 3, steps: [] },
  { title: 'a shared cause: those that are down leave first when fewer are wanted', fleet: aFleet([sick(0), sick(1), host(2)]), replicas: 1, steps: ['drain web-1', 'drain web-0'] },
  { title: 'fixed hosts fail the same way: nothing is bought', fleet: aFleet([sick(0), host(1), host(2)], { fixedHosts: 1, fixedDown: 1 }), replicas: 4, steps: [] },
  { title: 'fixed hosts are down, and starts fail: nothing is bought', fleet: aFleet([host(1), host(2)], { fixedHosts: 2, fixedDown: 1, failedStarts: 1 }), replicas: 5, steps: [] },
  { title: 'fixed hosts are down, and nothing else is: growth goes on', fleet: aFleet([host(1), host(2)], { fixedHosts: 2, fixedDown: 1 }), replicas: 5, steps: ['create 0'] },
  { title: 'a placement that is gone as a whole is replaced',
    fleet: aFleet([sick(0, { placement: 'here' }), sick(1, { placement: 'here' }), host(2, { placement: 'there' })], { placements: ['here', 'there'] }), replicas: 3, steps: ['create 3'] },

  { title: 'a roll: a newer host first', fleet: aFleet([old(0), old(1)]), replicas: 2, steps: ['create 2'] },
  { title: 'a roll: as many as its surge', fleet: aFleet([old(0), old(1), old(2)], { rollSurge: 2 }), replicas: 3, steps: ['create 3', 'create 4'] },
  { title: 'a roll: nothing while the newer one boots', fleet: aFleet([old(0), old(1), booting(2, { replaces: 'web-0' })]), replicas: 2, steps: [] },
  { title: 'a roll: the older one goes when the newer serves', fleet: aFleet([old(0), old(1), host(2, { replaces: 'web-1' })]), replicas: 2, steps: ['drain web-1'] },
  { title: 'a roll: the next when the older one is gone', fleet: aFleet([old(0), host(2, { replaces: 'web-1' }), draining(1, { outdated: 'old' })]), replicas: 2, steps: [] },
  { title: 'a roll goes on', fleet: aFleet([old(0), host(2, { replaces: 'web-1' })]), replicas: 2, steps: ['create 1'] },
  { title: 'a roll: a protected host stays', fleet: aFleet([old(0, { protected: true }), host(1)]), replicas: 2, steps: [] },
  { title: 'a roll waits until all that is wanted serves', fleet: aFleet([old(0), old(1), booting(2)]), replicas: 3, steps: [] },
  { title: 'a roll waits for hosts that are down', fleet: aFleet([old(0), old(1), sick(2)], { maxSurge: 0 }), replicas: 3, steps: [] },
  { title: 'a roll waits for room', fleet: aFleet([old(0), old(1)], { maxReplicas: 2 }), replicas: 2, steps: [] },
  { title: 'a roll waits while starts fail', fleet: aFleet([old(0), old(1)], { startBackoffUntil: at(1001) }), replicas: 2, steps: [] },
  { title: 'a paused roll buys nothing', fleet: aFleet([old(0), old(1)], { rollPaused: true }), replicas: 2, steps: [] },
  { title: 'a paused roll drains nothing', fleet: aFleet([old(0), old(1), host(2, { replaces: 'web-1' })], { rollPaused: true }), replicas: 2, steps: [] },
  { title: 'a paused roll shrinks as it should', fleet: aFleet([old(0), old(1), host(2, { replaces: 'web-1' })], { rollPaused: true }), replicas: 1, steps: ['drain web-1', 'drain web-0'] },
  { title: 'a roll that is taken back: what it bought leaves', fleet: aFleet([host(0), host(1), booting(2, { replaces: 'web-1', outdated: 'old' })]), replicas: 2, steps: ['drain web-2'] },
  { title: 'fewer are wanted during a roll: older ones go', fleet: aFleet([host(0), old(1), host(2)]), replicas: 2, steps: ['drain web-1'] },
  { title: 'more are wanted during a roll: the newer one counts', fleet: aFleet([old(0), old(1), booting(2, { replaces: 'web-1' })]), replicas: 3, steps: [] },
  { title: 'no replicas: a roll keeps the number', fleet: aFleet([old(0), old(1)]), steps: ['create 2'] },
  { title: 'no replicas: the older one goes when its own successor serves', fleet: aFleet([old(0), old(1), host(2, { replaces: 'web-0' })]), steps: ['drain web-0'] },

  { title: 'no replicas: hold', fleet: aFleet(three), steps: [] },
  { title: 'no replicas: hold even above a lowered maximum', fleet: aFleet(three, { maxReplicas: 1 }), steps: [] },
  { title: 'no replicas: a drain is not taken back', fleet: aFleet([host(0), draining(1)]), steps: [] },
  { title: 'no replicas: an unhealthy host is replaced', fleet: aFleet([sick(0), host(1)]), steps: ['create 2'] },
  { title: 'no replicas: one successor is enough', fleet: aFleet([sick(0), host(1), booting(2)]), steps: [] },
  { title: 'no replicas: the drain once the successor serves', fleet: aFleet([sick(0), host(1), host(2, { createdAt: at(950) })]), steps: ['drain web-0'] },
  { title: 'no replicas: the successor of a host that left is not the successor of another',
    fleet: aFleet([sick(0), host(1, { createdAt: at(950), replaces: 'web-7' })]), steps: ['create 2'] },
  { title: 'no replicas, at the maximum: nothing, as the number would be forgotten', fleet: aFleet([sick(0), host(1)], { maxReplicas: 2 }), steps: [] },
];

describe('planPool', () => {
  for (const { title, fleet, replicas, steps } of rows) {
    it(title, () => {
      const plan = planPool(fleet, replicas, NOW);
      expect(brief(plan)).to.deep.equal(steps);
      expect(brief(planPool(applied(fleet, plan, NOW), replicas, NOW)), 'planned again').to.deep.equal([]);
      for (const { why } of plan) expect(why).to.not.equal('');
    });
  }
});
