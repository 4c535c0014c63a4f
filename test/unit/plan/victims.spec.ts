import { expect } from 'chai';
import type { FleetHost } from '../../../controller/model/index.ts';
import { chooseVictims } from '../../../controller/plan/index.ts';
import { aFleetHost as host, at } from './builders.ts';

const NOW = at(7200);
const hourly = (slot: number, launchedSecondsAgo: number): FleetHost => host(slot, { billing: 'Hour', launchedAt: at(7200 - launchedSecondsAgo), createdAt: at(0) });

const rows: { title: string; hosts: FleetHost[]; count: number; victims: number[] }[] = [
  { title: 'booting, then unhealthy, then serving', hosts: [host(0), host(1, { health: 'Unhealthy' }), host(2, { phase: 'Joining', createdAt: at(0) })], count: 3, victims: [2, 1, 0] },
  { title: 'the newest of equals', hosts: [host(0), host(2), host(1)], count: 2, victims: [2, 1] },
  { title: 'least paid time left of the started hour', hosts: [hourly(0, 600), hourly(1, 3500), hourly(2, 7100)], count: 3, victims: [2, 1, 0] },
  { title: 'an hour that ends now has nothing left', hosts: [hourly(0, 3600), hourly(1, 3599)], count: 1, victims: [0] },
  { title: 'a server just launched has its whole hour left', hosts: [hourly(0, 0), hourly(1, 1)], count: 1, victims: [1] },
  { title: 'seconds are never lost, so age decides', hosts: [host(0, { launchedAt: at(7199) }), host(1, { launchedAt: at(3700) })], count: 1, victims: [1] },
  { title: 'protected, draining and deleting hosts are never chosen',
    hosts: [host(0, { protected: true }), host(1, { intent: 'Drain' }), host(2, { deleting: true }), host(3, { phase: 'Departing' })], count: 4, victims: [] },
  { title: 'none for a count of 0 or less', hosts: [host(0)], count: -1, victims: [] },
];

describe('chooseVictims', () => {
  for (const { title, hosts, count, victims } of rows) {
    it(title, () => expect(chooseVictims(hosts, count, NOW).map(({ slot }) => slot)).to.deep.equal(victims));
  }

  it('leaves its input as it is', () => {
    const hosts = [host(0), host(1)];
    chooseVictims(hosts, 1, NOW);
    expect(hosts.map(({ slot }) => slot)).to.deep.equal([0, 1]);
  });
});
