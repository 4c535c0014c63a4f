import { deployerContract, type DeployerUnderTest } from '../../support/deployer-contract.ts';
import { requestStatus, startKamalWorld, startsOn } from '../../support/kamal-deployer/world.ts';
import { until } from '../../support/real/until.ts';

deployerContract('Kamal, its stand-in, and hosts of this process', async (): Promise<DeployerUnderTest> => {
  const world = await startKamalWorld(['10.0.0.11', '10.0.0.12', '10.0.0.13']);
  world.publish('v1', 'v2');
  return {
    deployer: world.deployer,
    hosts: ['10.0.0.11', '10.0.0.12', '10.0.0.13'].map(world.endpoint),
    nowhere: world.endpoint('10.0.0.99'),
    request: async ({ address }, path) => requestStatus(world.host(address), path),
    starts: async ({ address }) => startsOn(world.host(address)),
    until: (what, look) => until(what, look, { everyMs: 10 }),
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  };
});
