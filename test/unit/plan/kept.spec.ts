import { expect } from 'chai';
import type { Fleet, FleetHost } from '../../../controller/model/index.ts';
import { planPool } from '../../../controller/plan/index.ts';
import { aFleet, aFleetHost as host, at, brief } from './builders.ts';

const NOW = at(1000);
const MARKS = {
  none: {}, protected: { protected: true }, quarantined: { quarantined: true, phase: 'Quarantined' }, both: { protected: true, quarantined: true, phase: 'Quarantined' },
} as const satisfies Record<string, Partial<FleetHost>>;
type Marked = keyof typeof MARKS;

/** What happens to web-0, which carries the mark, and to the pool around it. */
interface Row { title: string; fleet: (marked: Partial<FleetHost>) => Fleet; replicas: number | undefined; steps: Record<Marked, string[]> }

const sick = { health: 'Unhealthy', unhealthySince: at(900) } as const;
const rows: Row[] = [
  { title: 'all is as it should be', replicas: 2, fleet: (marked) => aFleet([host(0, marked), host(1)]), steps: { none: [], protected: [], quarantined: ['create 2'], both: ['create 2'] } },
  { title: 'one is enough', replicas: 1, fleet: (marked) => aFleet([host(0, { createdAt: at(900), ...marked }), host(1)]), steps: { none: ['drain web-0'], protected: ['drain web-1'], quarantined: [], both: [] } },
  { title: 'none is wanted', replicas: 0, fleet: (marked) => aFleet([host(0, marked), host(1)]), steps: { none: ['drain web-1', 'drain web-0'], protected: ['drain web-1'], quarantined: ['drain web-1'], both: ['drain web-1'] } },
  { title: 'the pool holds what is there', replicas: undefined, fleet: (marked) => aFleet([host(0, marked), host(1)]), steps: { none: [], protected: [], quarantined: [], both: [] } },
  { title: 'one is enough, and it is outdated', replicas: 1, fleet: (marked) => aFleet([host(0, { outdated: 'a roll', ...marked }), host(1)], { fixedHosts: 0 }), steps: { none: ['drain web-0'], protected: ['drain web-1'], quarantined: [], both: [] } },
  { title: 'a roll of all', replicas: 2, fleet: (marked) => aFleet([host(0, { outdated: 'a roll', ...marked }), host(1, { outdated: 'a roll' })]), steps: { none: ['create 2'], protected: ['create 2'], quarantined: ['create 2'], both: ['create 2'] } },
  { title: 'it is down', replicas: 2, fleet: (marked) => aFleet([host(0, { ...sick, ...marked }), host(1), host(2)], { maxUnhealthyPercent: 100 }), steps: { none: ['drain web-0'], protected: ['drain web-0'], quarantined: [], both: [] } },
  { title: 'it is down, at the maximum', replicas: 2, fleet: (marked) => aFleet([host(0, { ...sick, ...marked }), host(1)], { maxReplicas: 2, maxUnhealthyPercent: 100 }), steps: { none: ['drain web-0'], protected: ['drain web-0'], quarantined: [], both: [] } },
  { title: 'another is down, at the maximum', replicas: 2, fleet: (marked) => aFleet([host(0, marked), host(1, sick)], { maxReplicas: 2, maxUnhealthyPercent: 100 }), steps: { none: ['drain web-1'], protected: ['drain web-1'], quarantined: ['drain web-1'], both: ['drain web-1'] } },
  { title: 'more are wanted, at the maximum', replicas: 3, fleet: (marked) => aFleet([host(0, marked), host(1)], { maxReplicas: 2 }), steps: { none: [], protected: [], quarantined: [], both: [] } },
  { title: 'its KamalHost is deleted', replicas: 2, fleet: (marked) => aFleet([host(0, { ...marked, deleting: true }), host(1)]), steps: { none: ['create 2'], protected: ['create 2'], quarantined: ['create 2'], both: ['create 2'] } },
  { title: 'it was told to drain before', replicas: 2, fleet: (marked) => aFleet([host(0, { intent: 'Drain', phase: 'Draining', ...marked }), host(1)]), steps: { none: ['serve web-0'], protected: ['serve web-0'], quarantined: ['create 2'], both: ['create 2'] } },
  { title: 'the pool is paused', replicas: 0, fleet: (marked) => aFleet([host(0, marked), host(1)], { paused: true }), steps: { none: [], protected: [], quarantined: [], both: [] } },
];

describe('a host that a person keeps, when', () => {
  for (const { title, fleet, replicas, steps } of rows) {
    for (const marked of Object.keys(MARKS) as Marked[]) {
      it(`${title}: ${marked === 'both' ? 'protected and quarantined' : marked}`, () => expect(brief(planPool(fleet(MARKS[marked]), replicas, NOW))).to.deep.equal(steps[marked]));
    }
  }
});
