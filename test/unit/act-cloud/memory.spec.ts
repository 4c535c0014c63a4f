import { createLocalProvider } from '../../../controller/act/cloud/local/provider.ts';
import { createLocalDeployer } from '../../../controller/act/deploy/local.ts';
import { createRoutedDeployer } from '../../../controller/act/deploy/routed.ts';
import type { Endpoint } from '../../../controller/model/index.ts';
import type { Deployer } from '../../../controller/ports/index.ts';
import { type SimulatedClock, createSimulatedClock } from '../../support/clock.ts';
import { cloudContract } from '../../support/cloud-contract.ts';
import { type DeployerUnderTest, deployerContract } from '../../support/deployer-contract.ts';
import { type MemoryWorld, createMemoryWorld, memoryEndpoint } from '../../support/memory-world.ts';

const start = Date.UTC(2026, 0, 1);

/** Looks once a simulated quarter second, for at most two simulated minutes. */
const untilIn = (clock: SimulatedClock) => async <T>(what: string, look: () => Promise<T | undefined>): Promise<T> => {
  for (let waited = 0; waited <= 120_000; waited += 250) {
    const seen = await look();
    if (seen !== undefined) return seen;
    await clock.advance(250);
  }
  throw new Error(`${what}: not within two simulated minutes`);
};

let ids = 0;
const newID = (): string => `${ids += 1}`;

cloudContract('local provider in memory', async () => {
  const clock = createSimulatedClock(start);
  const world = createMemoryWorld({ clock });
  return {
    provider: createLocalProvider({ table: world.table, clock, newID, maxServers: 3 }),
    placement: { name: 'here', provider: 'Local', local: { bootMilliseconds: 3000 } },
    capacity: 3, whenFull: 'Quota', secondCreate: 'AnotherServer', until: untilIn(clock), now: () => clock.now(),
    kill: async (server) => world.kill(server.name),
    [Symbol.asyncDispose]: async () => {},
  };
});

const localInMemory = async (compose: (local: Deployer, another: () => Deployer) => Deployer): Promise<DeployerUnderTest> => {
  const clock = createSimulatedClock(start);
  const world = createMemoryWorld({ clock });
  for (const name of ['a', 'b', 'c']) {
    await world.table.start({ id: name, name, placement: 'here', createdAt: clock.now(), bootMilliseconds: 0 });
  }
  const at = (endpoint: Endpoint) => hostAt(world, endpoint);
  return {
    deployer: compose(createLocalDeployer({ control: world.control, clock }), () => createLocalDeployer({ control: createMemoryWorld({ clock }).control, clock })),
    hosts: world.hosts().map(memoryEndpoint),
    nowhere: { address: '127.0.0.1', ports: { http: 1, control: 1 } },
    async request(endpoint, path) {
      const { app } = at(endpoint);
      if (app === undefined) return 404;
      return app.quiesced !== undefined && path !== '/up' ? 503 : 200;
    },
    starts: async (endpoint) => at(endpoint).starts,
    until: untilIn(clock),
    [Symbol.asyncDispose]: async () => {},
  };
};

deployerContract('local deployer in memory', () => localInMemory((local) => local));
// As it is composed beside Kamal: the one that has a host's control port is asked.
deployerContract('local deployer in memory, behind the choice of a deployer', () => localInMemory((local, another) => createRoutedDeployer({ control: local, kamal: another(), isKamals: async () => false })));

function hostAt(world: MemoryWorld, endpoint: Endpoint) {
  const host = world.hosts().find(({ ports }) => ports.http === endpoint.ports.http);
  if (host === undefined) throw new Error(`no host at port ${endpoint.ports.http}`);
  return host;
}
