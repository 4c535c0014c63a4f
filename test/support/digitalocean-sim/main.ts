/**
 * The simulator as a program, for a look with the vendor's own tools:
 *
 *   node test/support/digitalocean-sim/main.ts --port 8098 &
 *   doctl --api-url http://127.0.0.1:8098 --access-token sim-token compute droplet list
 *
 * Droplets are records without machines behind them. It listens on the loopback address alone and ends with Ctrl-C.
 */
import { systemClock } from '../../../controller/runtime/clock.ts';
import { runSimulator } from '../cloud-sim/program.ts';
import { contractAbsence } from './contract.ts';
import { startDigitalOceanSim } from './index.ts';

const absence = contractAbsence();
await runSimulator({ mostServers: 'droplet-limit', variable: 'DIGITALOCEAN_API_URL' }, absence, ({ port, token, mostServers, bootMilliseconds }) => startDigitalOceanSim({
  clock: systemClock, port, token, dropletLimit: mostServers, bootMilliseconds, ...(absence === undefined ? {} : { contract: 'Unchecked' as const }),
}));
