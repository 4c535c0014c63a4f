import { expect } from 'chai';
import type { MachineFact, OperationFact, OperationKind } from '../../controller/model/index.ts';
import type { DeployTarget, Operation } from '../../controller/ports/index.ts';
import { deployerContract } from '../support/deployer-contract.ts';
import { HOSTNAME, ROLE, type RealWorld, startRealWorld } from '../support/kamal-deployer/real.ts';
import { ask } from '../support/real-hosts/ask.ts';
import { pushApp } from '../support/real-hosts/images.ts';
import { HOST_PARTS } from '../support/real-hosts/machine-parts.ts';
import type { OwnHost } from '../support/real-hosts/people.ts';
import { realSuite, rootOnLinux } from '../support/real/gate.ts';
import { until } from '../support/real/until.ts';

realSuite('the Kamal deployer on real hosts', HOST_PARTS, function () {
  this.timeout(180_000);
  let world: RealWorld | undefined;
  before(async () => {
    world = await startRealWorld(3);
    console.log(`    with ${world.kamal.which}`);
  });
  after(() => world?.[Symbol.asyncDispose]());
  const real = (): RealWorld => {
    if (world === undefined) throw new Error('the world was not started');
    return world;
  };

  deployerContract('Kamal over SSH', async () => {
    const { deployer, newcomers, endpoint, at, clear, identity } = real();
    await clear(...newcomers);
    return {
      deployer: { ...deployer, inspect: async (...asked) => withoutBoot(await deployer.inspect(...asked)) }, hosts: newcomers.map(endpoint), nowhere: { address: '127.0.0.1', ports: { http: 1 }, sshAddress: '127.0.0.2' }, identity,
      request: async (there, path) => (await ask(there.address, path, { host: HOSTNAME })).status,
      starts: async (there) => (await at(there).host.run('docker', ['ps', '--all', '--quiet', '--filter', 'label=service=app'])).split('\n').filter((line) => line !== '').length,
      until: (what, look) => until(what, look, { everyMs: 100, deadlineMs: 60_000 }),
      [Symbol.asyncDispose]: async () => undefined,
    };
  });

  describe('beside people', () => {
    let nextID = 0;
    let newcomer: OwnHost;
    async function perform(kind: OperationKind, own: Partial<Operation> = {}): Promise<OperationFact> {
      const { deployer, target } = real();
      const id = `beside-${nextID += 1}`;
      await deployer.start({ id, kind, target: target(newcomer), ...own });
      return until(`${kind} ends`, () => {
        const fact = deployer.observe(id);
        return fact.kind === 'Running' ? undefined : fact;
      }, { everyMs: 100, deadlineMs: 120_000 });
    }
    const succeeded = { kind: 'Succeeded' };
    const fixed = (): DeployTarget[] => [real().target(real().primary)];
    const app = async () => (await real().deployer.inspect(real().target(newcomer), await real().deployer.reference(fixed(), ROLE))).app;
    const serves = async (host: OwnHost): Promise<string> => (await ask(host.address, '/', { host: HOSTNAME })).body.split(' ')[0] ?? '';

    before(async () => {
      const { newcomers: [first], clear, primary, project } = real();
      newcomer = first as OwnHost;
      await clear(newcomer, primary);
      for (const version of ['v1', 'v2']) await project.kamal(['setup', '--skip-push', `--version=${version}`]);
    });

    it('makes a host what the one that people deploy to is', async () => {
      expect(await real().deployer.reference(fixed(), ROLE)).to.include({ kind: 'Agreed', version: 'v2', previousVersion: 'v1' });
      expect(await perform('Deploy', { version: 'v2' })).to.deep.equal(succeeded);
      expect(await app()).to.deep.equal({ kind: 'Running', version: 'v2', routed: true, matchesFleet: true, rollback: 'Missing' });
      expect(await serves(newcomer)).to.equal('v2');
    });

    it('makes a fleet-wide rollback reach it', async () => {
      const { project, primary } = real();
      const rollback = async (): Promise<void> => {
        const { status, stdout } = await project.kamal(['rollback', 'v1', '--version=v2'], { KAMAL_AUTOSCALE_EXTRA_WEB: newcomer.address });
        expect(status, stdout).to.equal(0);
      };
      await rollback();
      expect(await serves(primary), 'before').to.equal('v2');
      expect(await perform('Preseed', { version: 'v1' })).to.deep.equal(succeeded);
      expect(await app()).to.include({ rollback: 'Ready' });
      await rollback();
      expect(await Promise.all([primary, newcomer].map(serves))).to.deep.equal(['v1', 'v1']);
      expect(await app()).to.include({ kind: 'Running', version: 'v1', routed: true });
    });

    it('finds and heals a version that a person\'s deploy left behind', async () => {
      const { project } = real();
      await project.kamal(['deploy', '-P', '--version=v2']);
      expect(await app()).to.include({ kind: 'Running', version: 'v1' });
      expect(await perform('Deploy', { version: 'v2' })).to.deep.equal(succeeded);
      expect(await app()).to.include({ kind: 'Running', version: 'v2', routed: true, matchesFleet: true });
    });

    it('finds an environment that differs, and heals it', async () => {
      const { project } = real();
      await project.kamal(['deploy', '-P', '--version=v2'], { SECRET_KEY_BASE: 'another one' });
      const seen = await app();
      expect(seen).to.include({ kind: 'Running', matchesFleet: false, why: 'environment variable SECRET_KEY_BASE differs' });
      await project.kamal(['deploy', '-P', '--version=v2']);
      expect(await app()).to.include({ matchesFleet: true });
    });

    it('shares the lock: people are kept out, and keep it out', async () => {
      const { lock, project } = real();
      expect(await lock.look(ROLE)).to.deep.equal({ kind: 'Free' });
      expect(await lock.acquire(ROLE, 'op-1')).to.include({ kind: 'Held', operationID: 'op-1' });
      expect((await project.kamal(['deploy', '-P', '--version=v2'])).stdout).to.include('LockError');
      expect(await lock.look(ROLE)).to.include({ kind: 'Held', operationID: 'op-1', by: 'kamal-autoscaler' });
      expect(await lock.release(ROLE, 'op-2')).to.include({ kind: 'Held', operationID: 'op-1' });
      expect(await lock.release(ROLE, 'op-1')).to.deep.equal({ kind: 'Free' });
      await project.kamal(['lock', 'acquire', '-p', '--version=v2', '-m', 'manual']);
      expect(await lock.acquire(ROLE, 'op-3')).to.include({ kind: 'Held', message: 'manual' });
      await project.kamal(['lock', 'release', '-p', '--version=v2']);
    });

    it('ends a run at its limit, and the same again repairs what it left', async () => {
      const { clear } = real();
      await clear(newcomer);
      expect(await perform('Deploy', { version: 'v2', timeoutSeconds: 1 })).to.deep.include({ kind: 'Failed', class: 'Transient', replaceHost: false });
      expect(await perform('Deploy', { version: 'v2' })).to.deep.equal(succeeded);
      expect(await serves(newcomer)).to.equal('v2');
    });

    it('says what is wrong with an image that is not there', async () => {
      expect(await perform('Deploy', { version: 'v404' })).to.deep.include({ kind: 'Failed', class: 'NotFound', replaceHost: false });
    });

    it('says that a host which does not get healthy is to be replaced, with the app\'s last words', async () => {
      const { estate } = real();
      await pushApp(estate.registry, { repository: 'acme/app', version: 'sick', service: 'app', env: { HEALTH: 'failing' } });
      const fact = await perform('Deploy', { version: 'sick' });
      expect(fact).to.deep.include({ kind: 'Failed', class: 'Transient', replaceHost: true });
      expect(await serves(newcomer), 'the one before goes on').to.equal('v2');
    });

    it('keeps what that host and Kamal said as evidence, without a value of its environment', async () => {
      const { deployer, target } = real();
      const { texts, missing } = await deployer.evidence(target(newcomer), 20);
      const text = (name: string): string => texts.find((one) => one.name === name)?.text ?? '';
      expect(text('kamal')).to.match(/^kamal (deploy|setup) .*--version=sick/).and.contain('target failed to become healthy');
      expect(text('app state')).to.contain('app-web-sick');
      expect(missing, 'the environment was read too, by which logs are redacted').to.deep.equal([]);
      expect(texts.map(({ name }) => name)).to.include('kamal-proxy log');
      expect(JSON.stringify(texts)).to.not.match(/hello|"msg\\":\\"Request/);
      expect(JSON.stringify(texts).length).to.be.below(60_000);
    });
  });
}, [rootOnLinux]);

/** Which boot it is, is no matter of a contract that has hosts without boots too. */
const withoutBoot = <T extends { machine: MachineFact }>(seen: T): T => (seen.machine.kind === 'Ready' ? { ...seen, machine: { kind: 'Ready' } } : seen);
