import { expect } from 'chai';
import { keyPairOfSeed } from '../../../controller/act/ssh/ed25519.ts';
import { type HetznerWorld, NEAR, hetznerSuite, requestOf, startWorld } from '../act-cloud/hetzner/world.ts';
import { requestOf as dropletOf, startWorld as startDigitalOcean } from '../act-cloud/digitalocean/world.ts';
import { call } from '../bad-input/installation.ts';

const HOST_KEY = keyPairOfSeed(Buffer.alloc(32, 9)).publicKey;

hetznerSuite('the inventory without a controller', () => {
  let world: HetznerWorld;
  beforeEach(async () => { world = await startWorld(); });
  afterEach(() => world.end());
  const inventory = (args: readonly string[] = [], env: Record<string, string> = {}): ReturnType<typeof call> =>
    call(['inventory', '--service', 'app', '--offline', '--installation', 'home', ...args], { HCLOUD_TOKEN: world.sim.token, HCLOUD_ENDPOINT: world.sim.endpoint, ...env });

  it('is what the labels of servers say, as far as they run', async () => {
    const placement = { ...NEAR, hetzner: { ...NEAR.hetzner!, networks: ['private'] } };
    const [one] = await Promise.all(['1', '2'].map((id) => world.provider.create(requestOf(id, placement))));
    await world.provider.mark?.(one!, 'Serving', HOST_KEY);
    // Its private address comes with its network.
    await world.until('both run', async () => (await world.provider.list('home')).servers.every(({ state }) => state === 'Running') || undefined);
    const { addresses } = (await world.provider.list('home')).servers.find(({ name }) => name === 'web-1')!;
    const { exitCode, stdout, stderr } = await inventory();
    expect([exitCode, JSON.parse(stdout), stderr]).to.deep.equal([0, { web: [addresses!.private] }, 'remark: web-2 is not labelled as serving, and left out\n']);
    expect((await inventory(['--format', 'known-hosts'])).stdout).to.equal(`${addresses!.private} ${HOST_KEY}\n`);
  });

  it('is that of all clouds whose tokens are set, or none', async () => {
    const droplets = await startDigitalOcean();
    try {
      for (const [{ provider, until }, request] of [[world, requestOf('1')], [droplets, dropletOf('2')]] as const) {
        await provider.create(request);
        const server = await until('it runs', async () => (await provider.list('home')).servers.find(({ state }) => state === 'Running'));
        await provider.mark?.(server, 'Serving', HOST_KEY);
      }
      const both = { DIGITALOCEAN_ACCESS_TOKEN: droplets.sim.token, DIGITALOCEAN_API_URL: droplets.sim.endpoint };
      const [own] = (await world.provider.list('home')).servers;
      expect(JSON.parse((await inventory([], both)).stdout)).to.deep.equal({ web: [own!.addresses!.publicIPv4, '198.19.0.2'] });
      const half = await inventory([], { ...both, DIGITALOCEAN_ACCESS_TOKEN: 'wrong' });
      expect([half.exitCode, half.stdout]).to.deep.equal([4, '']);
      expect(half.stderr).to.match(/^error: DigitalOcean answers GET \/v2\/droplets with 401/);
    } finally {
      await droplets.end();
    }
  });

  it('says nothing where the cloud refuses, does not answer, or holds nothing of it', async () => {
    const refused: [Awaited<ReturnType<typeof call>>, number, RegExp][] = [
      [await inventory(), 1, /no server of installation home is labelled with service app/],
      [await inventory([], { HCLOUD_TOKEN: 'x'.repeat(64) }), 4, /HCLOUD_TOKEN/],
      [await inventory([], { HCLOUD_ENDPOINT: 'http://127.0.0.1:9/v1' }), 1, /^error: Hetzner gives no answer/],
      [await inventory([], { HCLOUD_ENDPOINT: 'ftp://somewhere' }), 2, /HCLOUD_ENDPOINT "ftp:\/\/somewhere" is not an http or https URL/],
      [await call(['inventory', '--service', 'app', '--offline', '--installation', 'home']), 2, /no cloud can be asked: there is no token of one\nmend: Set HCLOUD_TOKEN/],
    ];
    for (const [outcome, exitCode, words] of refused) {
      expect([outcome.exitCode, outcome.stdout], outcome.stderr).to.deep.equal([exitCode, '']);
      expect(outcome.stderr).to.match(words).and.not.include(world.sim.token);
    }
  });
});
