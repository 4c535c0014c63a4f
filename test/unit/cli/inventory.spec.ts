import { expect } from 'chai';
import { ClassifiedError, type Server, type ServerPart } from '../../../controller/model/index.ts';
import { HOST_KEY, NOON, type World, createWorld } from './world.ts';

const server = (name: string, part: Partial<ServerPart> | 'NoLabels' = {}, more: Partial<Server> = {}): Server => ({
  provider: 'Hetzner', placement: 'near', providerID: `hetzner:${name}`, name, owner: { installation: 'home', pool: { namespace: 'default', name: 'web' }, hostID: `id-of-${name}` }, state: 'Running', createdAt: NOON,
  ...(part === 'NoLabels' ? {} : { part: { service: 'shop', role: 'web', serving: 'Serving', sshPort: 22, sshAddress: `10.0.0.${name.split('-')[1]}`, ...part } }), ...more,
});

describe('inventory', () => {
  let world: World;
  beforeEach(() => {
    world = createWorld();
  });
  /** Nothing but an error, for a deploy that reads on from here must stop. */
  async function refusal(line: string, exitCode: number, words: RegExp, env: Record<string, string> = {}): Promise<void> {
    const outcome = await world.call(line, { env });
    expect(outcome).to.include({ exitCode, stdout: '' });
    expect(outcome.stderr).to.match(words);
  }

  describe('of the store', () => {
    it('prints addresses by role', async () => {
      const { exitCode, stdout, stderr } = await world.call('inventory --service shop');
      expect([exitCode, JSON.parse(stdout), stderr]).to.deep.equal([0, { web: ['192.0.2.21'], job: [] }, '']);
      expect(world.closed()).to.equal(1);
    });

    it('prints host keys, details and the keys that log in', async () => {
      expect((await world.call('inventory --service shop --format known-hosts')).stdout).to.equal(`192.0.2.21 ${HOST_KEY}\n`);
      expect(JSON.parse((await world.call('inventory --service shop --format details')).stdout)).to.deep.include({ generation: 7, asOf: '2026-10-05T11:59:00.000Z' });
      expect((await world.call('inventory --format authorized-keys')).stdout).to.match(/^ssh-ed25519 \S+ kamal-autoscaler\n$/);
    });

    it('names a host whose key is not known', async () => {
      delete world.inventory!.pools[0]!.hosts[0]!.hostKey;
      const { stdout, stderr } = await world.call('inventory --service shop --format known-hosts');
      expect([stdout, stderr]).to.deep.equal(['', 'remark: no host key of web-1-c0ffee00 is known\n']);
    });

    it('prints nothing and fails where it is not sure', async () => {
      world.inventory!.pools[1]!.unsure = 'nobody knows yet whether server jobs-1 serves';
      await refusal('inventory --service shop', 1, /^error: who serves role job of service shop is not known: nobody knows yet whether server jobs-1 serves\nmend: /);
      world.inventory = undefined;
      await refusal('inventory --service shop', 1, /^error: no controller has looked at hosts with this store yet\nmend: .*--offline/);
    });

    it('prints nothing for a service or destination that is none', async () => {
      await refusal('inventory --service shp', 3, /^error: no pool brings up service shp; there is service shop\n/);
      await refusal('inventory --service shop --destination x', 3, /service shop, destination x/);
    });

    it('takes no flag that has no meaning here', async () => {
      await refusal('inventory', 2, /^error: no service is named\n/);
      await refusal('inventory --service shop --format xml', 2, /^error: --format "xml" is no form of output\nmend: write json, details, known-hosts, authorized-keys\n$/);
      await refusal('inventory --service shop --installation home', 2, /^error: --installation goes with --offline\n/);
      await refusal('inventory --service shop --allow-empty web', 2, /^error: --allow-empty goes with --offline\n/);
    });
  });

  describe('of the clouds', () => {
    const OFFLINE = 'inventory --service shop --offline --installation home';

    it('prints who is labelled as serving, and names who is left out', async () => {
      world.servers = [server('web-10'), server('web-9', { hostKey: HOST_KEY, sshPort: 2222 }), server('web-3', { serving: 'NotServing' }), server('jobs-4', { role: 'job' }), server('web-5', {}, { state: 'Leaving' }), server('other-6', { service: 'blog' }), server('web-7', { destination: 'staging' }), server('web-8', 'NoLabels')];
      const { exitCode, stdout, stderr } = await world.call(OFFLINE);
      expect([exitCode, JSON.parse(stdout)]).to.deep.equal([0, { job: ['10.0.0.4'], web: ['10.0.0.10', '10.0.0.9'] }]);
      expect(stderr).to.equal('remark: web-3 is not labelled as serving, and left out\n');
      expect((await world.call(`${OFFLINE} --format known-hosts`)).stdout).to.equal(`[10.0.0.9]:2222 ${HOST_KEY}\n`);
      expect(JSON.parse((await world.call(`${OFFLINE} --destination staging`)).stdout)).to.deep.equal({ web: ['10.0.0.7'] });
      expect(world.locations).to.deep.equal([]);
    });

    it('takes the installation from the environment', async () => {
      world.servers = [server('web-1')];
      expect((await world.call('inventory --service shop --offline', { env: { KAMAL_AUTOSCALER_INSTALLATION: 'home' } })).exitCode).to.equal(0);
      await refusal('inventory --service shop --offline', 2, /^error: no installation is named\n/);
    });

    it('never prints an empty list of which it is not sure', async () => {
      await refusal(OFFLINE, 1, /^error: no server of installation home is labelled with service shop\nmend: .*--allow-empty web\n$/);
      world.servers = [server('web-1', { serving: 'NotServing' }), server('jobs-2', { role: 'job' })];
      await refusal(OFFLINE, 1, /^error: of 1 servers of role web none is labelled as serving\n/m);
      const { exitCode, stdout } = await world.call(`${OFFLINE} --allow-empty web,cable`);
      expect([exitCode, JSON.parse(stdout)]).to.deep.equal([0, { cable: [], job: ['10.0.0.2'], web: [] }]);
    });

    it('fails where a cloud does not answer, has no token, or tells no address', async () => {
      world.servers = new ClassifiedError('Unavailable', 'Hetzner does not answer', { mend: 'Try again.' });
      await refusal(OFFLINE, 1, /^error: Hetzner does not answer\nmend: Try again\.\n$/);
      world.servers = new ClassifiedError('Invalid', 'no cloud can be asked: there is no token of one');
      await refusal(OFFLINE, 2, /no token/);
      const { sshAddress: _, ...nowhere } = server('web-1').part!;
      world.servers = [{ ...server('web-1'), part: nowhere }];
      await refusal(OFFLINE, 1, /^error: server web-1 serves, and its provider tells no address of it\n/);
    });
  });
});
