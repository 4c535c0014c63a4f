import { expect } from 'chai';
import type { Audit } from '../../../controller/model/index.ts';
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
    expect(unasked.map(({ place: where, subject }) => `${where} ${subject}`)).to.include.members(['Cloud Hetzner', 'LoadBalancer default/web at http://127.0.0.1:9', 'Host default/primary']);
    expect(compared).to.deep.equal({ pools: 1, hosts: 0, servers: 0 });
    expect(exitCode).to.equal(6);
  });

  it('refuses a store that is not there, and a variable that cannot be', async () => {
    expect((await audit()).stderr).to.contain('store.db does not exist');
    await (await startInstallation(place)).running.stop();
    expect(await audit({ KAMAL_AUTOSCALER_BUDGET: 'much' })).to.include({ exitCode: 2 });
  });
});
