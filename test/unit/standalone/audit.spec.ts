import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { createProcessTable } from '../../../controller/act/cloud/local/processes.ts';
import type { Audit } from '../../../controller/model/index.ts';
import { loadInventory } from '../../../controller/reconcile/inventory.ts';
import { systemClock } from '../../../controller/runtime/clock.ts';
import { until } from '../../support/real/until.ts';
import { type Place, call, createPlace, poolText, startInstallation } from '../bad-input/installation.ts';

describe('audit of a standalone installation', () => {
  let place: Place;
  beforeEach(async () => { place = await createPlace(); });
  afterEach(() => place.remove());
  const audit = async (env: Record<string, string> = {}) => call(['audit', '--state', place.state, '-o', 'json'], env);

  it('works while the controller is down, and says what it could not ask without its credentials', async () => {
    await place.write('pool.yaml', poolText({ placements: [{ name: 'here', provider: 'Hetzner', hetzner: { serverType: 'cpx11', location: 'nbg1', image: 'ubuntu-24.04' } }] }));
    const { running } = await startInstallation(place);
    try {
      await until('an inventory', async () => (await running.controller.context.documents.load('inventory')) !== undefined || undefined, { everyMs: 20 });
    } finally {
      await running.stop();
    }
    const { exitCode, stdout } = await audit();
    const { unasked, compared } = JSON.parse(stdout) as Audit;
    expect(unasked.map(({ place: where, subject }) => `${where} ${subject}`)).to.include.members(['Cloud Hetzner', 'LoadBalancer default/web at http://127.0.0.1:9', 'Host default/primary', 'DeployLock shop']);
    expect(compared).to.deep.equal({ pools: 1, hosts: 0, servers: 0 });
    expect(exitCode).to.equal(6);
  });

  it('compares host processes of this machine, and changes nothing among them', async () => {
    await place.write('pool.yaml', poolText({ roleKind: 'Job', replicas: 1, fixedHosts: [], loadBalancer: undefined, placements: [{ name: 'here', provider: 'Local', local: { bootMilliseconds: 0 } }] }));
    const { running } = await startInstallation(place);
    const { store } = running.controller.context;
    const records = join(place.state, 'local');
    const table = await createProcessTable({ folder: records, clock: systemClock });
    try {
      await until('a host in service, and in the inventory', async () => {
        const [host] = await store.list('KamalHost');
        return (host?.status?.phase === 'InService' && (await loadInventory(running.controller.context.documents)).inventory?.pools[0]?.hosts.length === 1) || undefined;
      }, { everyMs: 20 });
      await running.stop();
      const before = await readdir(records);
      const calm = await audit();
      expect(JSON.parse(calm.stdout), calm.stderr).to.deep.equal({ differences: [], unasked: [], locks: [], compared: { pools: 1, hosts: 1, servers: 1 } });
      expect(calm.exitCode).to.equal(0);
      expect(await readdir(records)).to.deep.equal(before);
    } finally {
      await running.stop();
      for (const { id } of await table.list()) await table.stop(id);
    }
    const { exitCode, stdout } = await audit();
    expect((JSON.parse(stdout) as Audit).differences.map(({ place: where, says }) => `${where}: ${says.replace(/local-\w+/, 'ID')}`)).to.deep.equal(['Cloud: its server ID is not listed by Local: it was deleted, or the token is of another project']);
    expect(exitCode).to.equal(5);
  });

  it('refuses a store that is not there, and a variable that cannot be', async () => {
    expect((await audit()).stderr).to.contain('store.db does not exist');
    await (await startInstallation(place)).running.stop();
    expect(await audit({ KAMAL_AUTOSCALER_BUDGET: 'much' })).to.include({ exitCode: 2 });
  });
});
