/**
 * The simulator as a program, for a look with the vendor's own tools:
 *
 *   node test/support/hetzner-sim/main.ts --port 8099 &
 *   HCLOUD_ENDPOINT=http://127.0.0.1:8099/v1 HCLOUD_TOKEN=sim-token hcloud server list
 *
 * Servers are records without machines behind them. It listens on the loopback address alone and ends with Ctrl-C.
 */
import { parseArgs } from 'node:util';
import { systemClock } from '../../../controller/runtime/clock.ts';
import { contractAbsence } from './contract.ts';
import { startHetznerSim } from './index.ts';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    token: { type: 'string', default: 'sim-token' },
    'max-servers': { type: 'string', default: '10' },
    'boot-seconds': { type: 'string', default: '8' },
  },
});

const absence = contractAbsence();
if (absence !== undefined) console.error(`nothing is held to the vendor's document: ${absence}`);
const bootMilliseconds = Number(values['boot-seconds']) * 1000;
const sim = await startHetznerSim({
  clock: systemClock, port: Number(values.port), token: values.token, maxServers: Number(values['max-servers']),
  createMilliseconds: bootMilliseconds / 2, startMilliseconds: bootMilliseconds / 2,
  ...(absence === undefined ? {} : { contract: 'Unchecked' as const }),
});
console.log(`HCLOUD_ENDPOINT=${sim.endpoint}`);
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    void sim.close().then(() => process.exit(0), (error: Error) => {
      console.error(error.message);
      process.exit(1);
    });
  });
}
