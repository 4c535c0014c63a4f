import { expect } from 'chai';
import type { HostFacts } from '../../../controller/model/index.ts';
import { judgeHealth } from '../../../controller/plan/index.ts';
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
