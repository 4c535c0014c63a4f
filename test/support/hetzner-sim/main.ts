/**
 * The simulator as a program, for a look with the vendor's own tools:
 *
 *   node test/support/hetzner-sim/main.ts --port 8099 &
 *   HCLOUD_ENDPOINT=http://127.0.0.1:8099/v1 HCLOUD_TOKEN=sim-token hcloud server list
 *
 * Servers are records without machines behind them. It listens on the loopback address alone and ends with Ctrl-C.
 */
import { systemClock } from '../../../controller/runtime/clock.ts';
import { runSimulator } from '../cloud-sim/program.ts';
import { contractAbsence } from './contract.ts';
import { startHetznerSim } from './index.ts';

const absence = contractAbsence();
await runSimulator({ mostServers: 'max-servers', variable: 'HCLOUD_ENDPOINT' }, absence, ({ port, token, mostServers, bootMilliseconds }) => startHetznerSim({
  clock: systemClock, port, token, maxServers: mostServers, createMilliseconds: bootMilliseconds / 2, startMilliseconds: bootMilliseconds / 2,
  ...(absence === undefined ? {} : { contract: 'Unchecked' as const }),
}));
