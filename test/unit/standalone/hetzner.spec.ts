import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { stringify } from 'yaml';
import { type RunningController, startStandalone } from '../../../controller/compose/standalone.ts';
import { systemClock } from '../../../controller/runtime/clock.ts';
import { readSettings } from '../../../controller/runtime/settings.ts';
import { startDigitalOceanSim } from '../../support/digitalocean-sim/index.ts';
import { type HetznerSim, startHetznerSim } from '../../support/hetzner-sim/index.ts';
import { until } from '../../support/real/until.ts';
import { newKey, publicHalf } from '../../support/ssh-server.ts';
import { hetznerSuite } from '../act-cloud/hetzner/world.ts';

/** Real time on a machine that others use too. */
const PATIENT = { everyMs: 20, deadlineMs: 40_000 };
const WEB = { namespace: 'default', name: 'web' };
const hetzner = (change: object = {}): object => ({ serverType: 'cpx21', location: 'nbg1', image: 'docker-ce', networks: ['private'], ...change });

hetznerSuite('the controller with a Hetzner project', function () {
  this.timeout(60_000);
  let folder: string;
  let sim: HetznerSim;
  let running: RunningController | undefined;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hetzner-'));
    sim = await startHetznerSim({ clock: systemClock, createMilliseconds: 100, startMilliseconds: 100, attachMilliseconds: 50 });
    await mkdir(join(folder, 'config'));
  });
  afterEach(async () => {
    await running?.stop();
    running = undefined;
    await sim.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function start(placements: object[], spec: object, environment: Record<string, string>): Promise<RunningController['controller']['context']> {
    await writeFile(join(folder, 'config', 'web.yaml'), stringify({
      apiVersion: 'kamal-autoscaler.dev/v1alpha1', kind: 'HostPool', metadata: { name: 'web' },
      spec: {
        kamal: { service: 'shop', role: 'web' }, maxReplicas: 3, fixedHosts: [{ name: 'primary', address: '192.0.2.1' }], placements, roleKind: 'Job', ...spec,
      },
    }));
    const settings = readSettings({ config: join(folder, 'config'), installation: 'test', state: join(folder, 'state'), listen: '127.0.0.1:0' }, environment);
    if (settings.mode.kind !== 'Standalone') throw new Error('standalone expected');
    running = await startStandalone({ ...settings, mode: settings.mode }, { clock: systemClock, log: { log: () => undefined } });
    return running.controller.context;
  }
  const token = (): Record<string, string> => ({ HCLOUD_ENDPOINT: sim.endpoint, HCLOUD_TOKEN: sim.token });
  const placementsUsable = (context: RunningController['controller']['context']) => async () => {
    const condition = (await context.store.get('HostPool', WEB))?.status?.conditions?.find(({ type }) => type === 'PlacementsUsable');
    return condition?.status === 'Unknown' ? undefined : condition;
  };

  it('says of a placement what only the API knows, before anybody needs it', async () => {
    const { publicKey: _, ...key } = await writeKey(folder);
    const context = await start([
      { name: 'near', provider: 'Hetzner', hetzner: hetzner() },
      { name: 'far', provider: 'Hetzner', hetzner: hetzner({ location: 'fsn1', image: '200000002' }) },
    ], {}, { ...token(), ...key.environment });
    const condition = await until('the condition', placementsUsable(context), PATIENT);
    expect(condition).to.include({ status: 'False', reason: 'PlacementUnusable', message: 'placement far: image 200000002 is for arm, server type cpx21 is x86: write a hetzner.image for x86, or another hetzner.serverType' });
    expect(sim.project.servers.size).to.equal(0);
  });

  it('says that no token is set, and that nobody could log in', async () => {
    const context = await start([{ name: 'near', provider: 'Hetzner', hetzner: hetzner() }], {}, {});
    expect(await until('the condition', placementsUsable(context), PATIENT)).to.include({ status: 'False', message: 'provider Hetzner of placement near is not set up in this installation: set HCLOUD_TOKEN (or HCLOUD_TOKEN_FILE)' });
    await running?.stop();
    const again = await start([{ name: 'near', provider: 'Hetzner', hetzner: hetzner() }], { replicas: 2 }, token());
    await until('another condition', async () => (await placementsUsable(again)())?.message.includes('SSH') === true || undefined, PATIENT);
    const host = await until('a refusal', async () => (await again.store.list('KamalHost')).find(({ status }) => status?.failure !== undefined), PATIENT);
    expect(host.status?.failure).to.include({ class: 'Invalid', message: 'near: servers would be bought that nobody can log in to: set KAMAL_AUTOSCALER_SSH_KEY_FILE' });
    expect(sim.project.servers.size).to.equal(0);
  });

  it('buys in the second cloud what the first has not, and notes the cost in its currency', async function () {
    this.timeout(120_000);
    const droplets = await startDigitalOceanSim({ clock: systemClock, bootMilliseconds: 200 });
    try {
      sim.project.setCapacity('cpx21', 'nbg1', 0);
      const { publicKey: _, environment } = await writeKey(folder);
      const placements = [
        { name: 'near', provider: 'Hetzner', hetzner: hetzner({ networks: undefined }) },
        { name: 'far', provider: 'DigitalOcean', digitalocean: { size: 's-2vcpu-4gb', region: 'fra1', image: 'docker-20-04' } },
      ];
      const context = await start(placements, { replicas: 2 }, { ...token(), ...environment, DIGITALOCEAN_ACCESS_TOKEN: droplets.token, DIGITALOCEAN_API_URL: droplets.endpoint });
      const host = await until('a Droplet that runs', async () => (await context.store.list('KamalHost')).find(({ status }) => status?.phase === 'Bootstrapping'), PATIENT);
      expect(host.status).to.include({ provider: 'DigitalOcean', placement: 'far', address: '198.19.0.2' });
      expect([sim.project.servers.size, droplets.account.droplets.size]).to.deep.equal([0, 1]);
      const spend = await until('what it costs', async () => (await context.store.get('HostPool', WEB))?.status?.spend?.amounts?.[0], PATIENT);
      expect(spend).to.include({ currency: 'USD' });
      expect((await context.gate.read()).limits?.pauses['Hetzner cpx21 nbg1']?.class).to.equal('Capacity');
      await context.store.scale(WEB, 1);
      await until('no Droplet', () => (droplets.account.droplets.size === 0 ? true : undefined), PATIENT);
    } finally {
      await running?.stop();
      running = undefined;
      await droplets.close();
    }
  });

  it('buys, notes what it costs, and deletes', async function () {
    this.timeout(120_000);
    const { publicKey, environment } = await writeKey(folder);
    const context = await start([{ name: 'near', provider: 'Hetzner', hetzner: hetzner() }], { replicas: 2 }, { ...token(), ...environment });
    const host = await until('a server that runs', async () => (await context.store.list('KamalHost')).find(({ status }) => status?.phase === 'Bootstrapping'), PATIENT);
    expect(host.status).to.include({ provider: 'Hetzner', placement: 'near', phase: 'Bootstrapping', address: '10.0.0.2' });
    const [server] = [...sim.project.servers.values()];
    expect(server?.userData).to.include(publicKey);
    const spend = await until('what it costs', async () => (await context.store.get('HostPool', WEB))?.status?.spend?.amounts?.[0], PATIENT);
    expect(spend).to.include({ currency: 'EUR', soFar: 0.01 });

    await context.store.scale(WEB, 1);
    await until('no server', () => (sim.project.servers.size === 0 ? true : undefined), PATIENT);
    await until('no host', async () => ((await context.store.list('KamalHost')).length === 0 ? true : undefined), PATIENT);
    expect((await context.gate.read()).spent?.[new Date(systemClock.now()).toISOString().slice(0, 7)]?.['default/web']).to.deep.equal({ EUR: 0.0128 });
  });
});

async function writeKey(folder: string): Promise<{ publicKey: string; environment: Record<string, string> }> {
  const privateKey = newKey();
  const file = join(folder, 'key');
  await writeFile(file, privateKey, { mode: 0o600 });
  return { publicKey: publicHalf(privateKey), environment: { KAMAL_AUTOSCALER_SSH_KEY_FILE: file } };
}
