import { expect } from 'chai';
import type { HostFacts } from '../../../controller/model/index.ts';
import { judgeFlapping, judgeHealth } from '../../../controller/plan/index.ts';
import { absent, at, found, running, someFacts } from './builders.ts';

const downEverywhere: Partial<HostFacts> = { membership: { kind: 'ListedDown', everywhere: true }, probe: { kind: 'Fails', why: 'refused' } };
const cutOff: Partial<HostFacts> = { probe: { kind: 'Fails', why: 'timeout' }, machine: { kind: 'Unreachable', why: 'timeout' }, app: { kind: 'Unknown' } };
const job: Partial<HostFacts> = { membership: { kind: 'NoLoadBalancer' }, probe: { kind: 'Unknown' } };

const rows: { title: string; facts: Partial<HostFacts>; since?: number; was?: 'Healthy' | 'Unhealthy'; health: string; storedSince?: number }[] = [
  { title: 'up', facts: {}, health: 'Healthy' },
  { title: 'up ends the evidence', facts: {}, since: 0, health: 'Healthy' },
  { title: 'down everywhere, just now', facts: downEverywhere, health: 'Suspect', storedSince: 100 },
  { title: 'down everywhere, not for long enough', facts: downEverywhere, since: 41, health: 'Suspect', storedSince: 41 },
  { title: 'down everywhere for long enough', facts: downEverywhere, since: 40, health: 'Unhealthy', storedSince: 40 },
  { title: 'down in one load balancer only', facts: { ...downEverywhere, membership: { kind: 'ListedDown', everywhere: false } }, since: 0, health: 'Suspect' },
  { title: 'down everywhere, but it answers the controller', facts: { membership: { kind: 'ListedDown', everywhere: true } }, since: 0, health: 'Suspect' },
  { title: 'down everywhere, not probed', facts: { ...downEverywhere, probe: { kind: 'Unknown' } }, since: 0, health: 'Suspect' },
  { title: 'a partition of the controller: the load balancers call it up', facts: cutOff, since: 0, health: 'Suspect' },
  { title: 'a partition of the controller: nobody can be asked', facts: { ...cutOff, membership: { kind: 'Unknown', why: 'timeout' } }, since: 0, health: 'Suspect' },
  { title: 'a partition of the controller: even the provider', facts: { ...cutOff, membership: { kind: 'Unknown', why: 'timeout' }, server: { kind: 'Unknown', why: 'timeout' } }, since: 0, health: 'Suspect' },
  { title: 'not listed yet, it answers', facts: { membership: { kind: 'NotListed' } }, health: 'Healthy' },
  { title: 'listed by some, it does not answer', facts: { ...cutOff, membership: { kind: 'Partial', why: 'one of two' } }, since: 0, health: 'Suspect' },
  { title: 'the verdict stands when Traefik lists a dead host up after a change', facts: cutOff, since: 0, was: 'Unhealthy', health: 'Unhealthy', storedSince: 0 },
  { title: 'the verdict stands when the host is taken off the list', facts: { ...cutOff, membership: { kind: 'NotListed' } }, since: 0, was: 'Unhealthy', health: 'Unhealthy', storedSince: 0 },
  { title: 'the verdict falls when the host answers', facts: { membership: { kind: 'ListedDown', everywhere: true } }, since: 0, was: 'Unhealthy', health: 'Suspect' },
  { title: 'and it is healthy when all agree', facts: {}, since: 0, was: 'Unhealthy', health: 'Healthy' },
  { title: 'job: runs', facts: job, health: 'Healthy' },
  { title: 'job: off and silent for long enough', facts: { ...job, ...cutOff, server: found({ state: 'Off' }) }, since: 40, health: 'Unhealthy', storedSince: 40 },
  { title: 'job: silent alone proves nothing', facts: { ...job, ...cutOff }, since: 0, health: 'Suspect' },
  { title: 'job: absent alone proves nothing here; the lifecycle decides', facts: { ...job, ...cutOff, server: absent() }, since: 0, health: 'Suspect' },
  { title: 'job: stopped, perhaps by a person', facts: { ...job, app: { kind: 'NotRunning' } }, since: 0, health: 'Suspect' },
  { title: 'job: off by the provider, but it answers', facts: { ...job, app: running(), server: found({ state: 'Off' }) }, since: 0, health: 'Healthy' },
];

describe('judgeHealth', () => {
  for (const { title, facts, since, was, health, storedSince } of rows) {
    it(title, () => {
      const judgement = judgeHealth(someFacts(facts), since === undefined ? undefined : at(since), 60, at(100), was);
      expect(judgement.health).to.equal(health);
      expect(judgement.since).to.equal(storedSince === undefined ? undefined : at(storedSince));
      expect(judgement.why).to.not.equal('');
    });
  }
});

describe('judgeFlapping', () => {
  const cases: [title: string, leftServiceAt: number[], unhealthyAfterSeconds: number, unhealthy: boolean][] = [
    ['never', [], 60, false],
    ['four times in a minute', [940, 955, 970, 985], 60, false],
    ['five times in a minute', [930, 945, 960, 975, 990], 60, true],
    ['five times, the first just within ten times unhealthyAfterSeconds', [401, 500, 600, 700, 800], 60, true],
    ['five times, the first just too long ago', [400, 500, 600, 700, 800], 60, false],
    ['as often for a pool that waits longer before it replaces: slow flapping counts there', [100, 300, 500, 700, 900], 300, true],
    ['and for one that replaces soon it does not', [100, 300, 500, 700, 900], 10, false],
    ['times that a clock which was set back has left in the future', [1100, 1200, 1300, 1400, 1500], 60, false],
  ];
  for (const [title, leftServiceAt, unhealthyAfterSeconds, unhealthy] of cases) {
    it(title, () => {
      const judgement = judgeFlapping(leftServiceAt.map(at), unhealthyAfterSeconds, at(1000));
      expect(judgement?.health).to.equal(unhealthy ? 'Unhealthy' : undefined);
      expect(judgement?.since).to.equal(unhealthy ? at(leftServiceAt[0]!) : undefined);
    });
  }
});
