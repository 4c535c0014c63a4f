import { expect } from 'chai';
import { containerName } from '../../../controller/act/deploy/kamal/app-names.ts';
import type { OperationFact, OperationKind } from '../../../controller/model/index.ts';
import type { DeployTarget, Operation } from '../../../controller/ports/index.ts';
import { newContainer, startContainer } from '../../support/fake-hosts/docker/state.ts';
import { type KamalWorld, ROLE, STATIC_HOST, deployFile, requestStatus, startKamalWorld, startsOn } from '../../support/kamal-deployer/world.ts';
import { until } from '../../support/real/until.ts';

const [one, two] = ['10.0.0.11', '10.0.0.12'];

const exited = (code: number, stdout = '') => ({ kind: 'Exited' as const, code, stdout, stderr: '' });

describe('the Kamal deployer', () => {
  let world: KamalWorld;
  let nextID = 0;
  beforeEach(async () => {
    world = await startKamalWorld([one, two]);
    world.publish('v1', 'v2');
  });
  afterEach(() => world[Symbol.asyncDispose]());

  async function perform(kind: OperationKind, own: Partial<Operation> = {}): Promise<OperationFact> {
    const id = `operation-${nextID += 1}`;
    await world.deployer.start({ id, kind, target: world.target(one), ...own });
    return until(`${id} ends`, () => {
      const fact = world.deployer.observe(id);
      return fact.kind === 'Running' ? undefined : fact;
    }, { everyMs: 10 });
  }
  const deploy = (version: string, target?: DeployTarget): Promise<OperationFact> => perform('Deploy', { version, ...(target === undefined ? {} : { target }) });
  /** Runs that change something on hosts. */
  const acted = (): string[] => world.runs.map(({ words }) => words).filter((words) => !/^(config|secrets|version)\b/.test(words));
  const succeeded = { kind: 'Succeeded' };
  /** A person's deploy to the host that deploy.yml lists. */
  const deployStatic = (version: string) => world.stage.kamal(['setup', '-P', `--version=${version}`], { VERSION: version }, `${world.stage.folder}/projects/app`);
  const fixed = (): DeployTarget => world.target(STATIC_HOST, { identity: { kind: 'Fixed' } });
  const reference = () => world.deployer.reference([fixed()], ROLE);

  describe('brings a host up', () => {
    it('by setup where nothing is there, under our lock, with the host in the line of deploy.yml', async () => {
      expect(await deploy('v1')).to.deep.equal(succeeded);
      expect(acted()).to.deep.equal([`setup --skip-push --hosts=${one} --version=v1 --skip-hooks`]);
      expect(world.runs.at(-1)).to.deep.include({ lock: 'Ours' });
      expect(world.runs.at(-1)?.environment).to.include({ VERSION: 'v1', KAMAL_LOCK: 'true', KAMAL_AUTOSCALE_EXTRA_WEB: one });
      expect(world.host(STATIC_HOST).commands, 'on the host that people own').to.deep.equal([]);
    });

    it('by app boot where network, proxy, login and image are there', async () => {
      await deploy('v1');
      await perform('Stop');
      expect(await deploy('v1')).to.deep.equal(succeeded);
      expect(acted().at(-1)).to.equal(`app boot --roles=web --hosts=${one} --version=v1`);
    });

    it('by setup where the image is there alone, and keeps its layers', async () => {
      const { docker } = world.host(one);
      docker.loggedIn = true;
      docker.images.set('registry.test:5000/acme/app:v1', { id: 'a'.repeat(64), labels: { service: 'app' }, behaviour: 'Healthy', says: '' });
      world.instead.push({ words: /^setup/, end: exited(0) });
      await deploy('v1');
      expect(acted()).to.deep.equal([`setup --skip-push --hosts=${one} --version=v1 --skip-hooks`]);
      expect(docker.images.has('registry.test:5000/acme/app:kept-app-web')).to.equal(true);
    });

    it('by deploy where another version runs', async () => {
      await deploy('v1');
      expect(await deploy('v2')).to.deep.equal(succeeded);
      expect(acted().at(-1)).to.equal(`deploy --skip-push --hosts=${one} --version=v2 --skip-hooks`);
    });

    it('by deploy where this version runs, but not as the fleet does', async () => {
      await deploy('v1');
      await world.deployFile(deployFile().replace('GREETING: hello', 'GREETING: good day'));
      await deployStatic('v1');
      const fleet = await reference();
      expect((await world.deployer.inspect(world.target(one), fleet)).app).to.include({ matchesFleet: false, why: 'environment variable GREETING differs' });
      expect(await deploy('v1')).to.deep.equal(succeeded);
      expect(acted().at(-1)).to.equal(`deploy --skip-push --hosts=${one} --version=v1 --skip-hooks`);
      expect((await world.deployer.inspect(world.target(one), fleet)).app).to.deep.equal({ kind: 'Running', version: 'v1', routed: true, matchesFleet: true });
    });

    it('by deploy where a deploy was killed before the proxy learned of it', async () => {
      await deploy('v1');
      world.host(one).docker.services.clear();
      expect((await world.deployer.inspect(world.target(one))).app).to.include({ kind: 'Running', routed: false });
      expect(await deploy('v1')).to.deep.equal(succeeded);
      expect(requestStatus(world.host(one), '/')).to.equal(200);
    });

    it('with hooks that the pool lists, and no others', async () => {
      for (const name of ['pre-deploy', 'post-deploy', 'pre-connect']) await world.stage.write(`projects/app/.kamal/hooks/${name}`, '#!/bin/sh\n');
      await deploy('v1', world.target(one, { role: { ...ROLE, hooks: ['pre-deploy'] } }));
      expect(acted()).to.deep.equal([`setup --skip-push --hosts=${one} --version=v1`]);
      expect(world.stage.hookRuns.map(({ hook }) => hook)).to.deep.equal(['pre-deploy']);
    });

    it('without any hook where none is listed, for subcommands too', async () => {
      for (const name of ['pre-deploy', 'post-deploy', 'pre-connect', 'pre-app-boot']) await world.stage.write(`projects/app/.kamal/hooks/${name}`, '#!/bin/sh\n');
      await deploy('v1');
      await perform('Stop');
      await deploy('v1');
      await perform('Quiesce', { drainSeconds: 0 });
      expect(world.stage.hookRuns).to.deep.equal([]);
    });
  });

  describe('counts facts, not exit codes', () => {
    it('a run that failed after the app served has done its work', async () => {
      world.instead.push({
        words: /^setup/, end: exited(1, '  ERROR (SSHKit::Command::Failed): Exception while executing on host 10.0.0.11: prune\n'),
        after: async () => { await world.stage.kamal(['setup', '-P', `--hosts=${one}`, '--version=v1'], { VERSION: 'v1', KAMAL_AUTOSCALE_EXTRA_WEB: one }, `${world.stage.folder}/projects/app`); },
      });
      expect(await deploy('v1')).to.deep.equal(succeeded);
    });

    it('a run that ended well without an app has failed', async () => {
      world.instead.push({ words: /^setup/, end: exited(0) });
      expect(await deploy('v1')).to.deep.include({ kind: 'Failed', class: 'Transient', replaceHost: false }).and.to.have.property('message').that.includes('no app runs');
    });

    it('a run that was ended at its limit says so', async () => {
      world.instead.push({ words: /^setup/, end: { kind: 'TimedOut', stdout: '', stderr: '' } });
      expect(await perform('Deploy', { version: 'v1', timeoutSeconds: 90 })).to.deep.equal({ kind: 'Failed', class: 'Transient', message: 'Kamal took longer than 90 s and was ended', replaceHost: false });
    });

    it('Kamal\'s words come redacted, and a host on which the app gets not healthy is replaced', async () => {
      world.stage.registry.publish('registry.test:5000/acme/app:sick', { labels: { service: 'app' }, behaviour: 'Unhealthy', says: '2026-11-23T16:19:02.814198244Z cannot read hunter2hunter2\n' });
      const fact = await deploy('sick');
      expect(fact).to.deep.include({ kind: 'Failed', class: 'Transient', replaceHost: true });
      expect(JSON.stringify(fact)).to.include('did not become healthy').and.to.include('cannot read [REDACTED]').and.not.to.include('hunter2');
    });

    it('the registry\'s limit is no reason to replace a host', async () => {
      world.stage.registry.state = 'Limiting';
      expect(await deploy('v1')).to.deep.include({ kind: 'Failed', class: 'RateLimited', replaceHost: false });
    });
  });

  it('stops every container of the role, as a killed deploy leaves two', async () => {
    await deploy('v1');
    const { docker } = world.host(one);
    const image = docker.containers.find(({ name }) => name === 'app-web-v1')?.image ?? '';
    startContainer(newContainer(docker, 'x', { name: 'app-web-v2', image, labels: { service: 'app', role: 'web', destination: '' }, command: [], env: [] }));
    expect(await perform('Stop')).to.deep.equal(succeeded);
    expect(docker.containers.filter(({ name, status }) => name.startsWith('app-web') && status === 'running')).to.deep.equal([]);
  });

  it('resumes nothing that takes requests already', async () => {
    await deploy('v1');
    const before = acted().length;
    expect(await perform('Resume')).to.deep.equal(succeeded);
    expect(acted()).to.have.length(before);
  });

  it('waits for the drain in its time limit', async () => {
    await deployStatic('v1');
    await reference();
    await deploy('v1');
    expect(await perform('Quiesce', { drainSeconds: 45, timeoutSeconds: 60 })).to.deep.equal(succeeded);
    expect(acted().at(-1)).to.equal(`app maintenance --drain-timeout=45 --roles=web --hosts=${one} --version=v1`);
  });

  describe('on a bought host that calls its version what it likes', () => {
    /** The container that serves, under the name of a revision that somebody pushed and nobody deployed. */
    const rename = (version: string): void => {
      const { docker } = world.host(one);
      const container = docker.containers.find(({ name }) => name.startsWith('app-web-'))!;
      container.name = `app-web-${version}`;
    };
    const versions = (): Set<string | undefined> => new Set(world.runs.map(({ environment }) => environment['VERSION']));

    it('runs Kamal from the revision that hosts of people run', async () => {
      await deployStatic('v1');
      await reference();
      await deploy('v1');
      rename('somebodys-branch');
      await perform('Quiesce', { drainSeconds: 1 });
      await perform('Resume');
      await perform('Stop');
      expect(acted().slice(-2).every((words) => words.endsWith('--version=v1'))).to.equal(true);
      expect([...versions()]).to.not.include('somebodys-branch');
    });

    it('runs it from the project as it stands where those cannot be seen', async () => {
      await deploy('v1');
      rename('somebodys-branch');
      await perform('Stop');
      expect(acted().at(-1)).to.equal(`app stop --roles=web --hosts=${one} --version=HEAD`);
      expect([...versions()]).to.not.include('somebodys-branch');
    });

    it('knows an earlier version of theirs for one', async () => {
      await deployStatic('v1');
      await reference();
      await deploy('v1');
      await deployStatic('v2');
      await reference();
      await perform('Stop');
      expect(acted().at(-1)).to.equal(`app stop --roles=web --hosts=${one} --version=v1`);
    });
  });

  it('refuses to deploy what is no version', async () => {
    for (const version of ['latest', 'v1_replaced_0ac', '--help', 'a b', '']) {
      expect(await deploy(version)).to.deep.include({ kind: 'Failed', class: 'Invalid' });
    }
    expect(acted()).to.deep.equal([]);
  });

  describe('keeps a host ready for a rollback', () => {
    beforeEach(async () => {
      await deployStatic('v1');
      await deployStatic('v2');
      await deploy('v2');
    });
    const app = async () => (await world.deployer.inspect(world.target(one), await reference())).app;

    it('tells what is missing, and gets it without starting it', async () => {
      expect(await reference()).to.include({ kind: 'Agreed', version: 'v2', previousVersion: 'v1' });
      expect(await app()).to.include({ kind: 'Running', version: 'v2', rollback: 'Missing' });
      expect(await perform('Preseed', { version: 'v1' })).to.deep.equal(succeeded);
      expect(await app()).to.include({ kind: 'Running', version: 'v2', rollback: 'Ready' });
      expect(startsOn(world.host(one))).to.equal(1);
      expect(world.host(one).docker.containers.find(({ name }) => name === containerName(ROLE, 'v1'))).to.deep.include({ status: 'created', labels: { service: 'app', role: 'web', destination: '' } });
    });

    it('so that a fleet-wide rollback changes it too', async () => {
      const rollback = () => world.stage.kamal(['rollback', 'v1'], { VERSION: 'v2', KAMAL_AUTOSCALE_EXTRA_WEB: one }, `${world.stage.folder}/projects/app`);
      await rollback();
      expect((await reference()), 'without it nothing happens').to.include({ version: 'v2' });
      await perform('Preseed', { version: 'v1' });
      await rollback();
      expect(await reference()).to.include({ version: 'v1' });
      expect(await app()).to.include({ kind: 'Running', version: 'v1', routed: true });
    });

    it('does nothing where the container is there, and says why it cannot be got', async () => {
      await perform('Preseed', { version: 'v1' });
      expect(await perform('Preseed', { version: 'v1' })).to.deep.equal(succeeded);
      expect(await perform('Preseed', { version: 'v0' })).to.deep.include({ kind: 'Failed', class: 'NotFound' }).and.to.have.property('message').that.includes('does not have the image');
    });
  });

  it('knows a role without proxy by the hosts that people own', async () => {
    const jobs = { service: 'app', role: 'job' };
    await world.deployFile(deployFile(`web: [${STATIC_HOST}]\n  job:\n    hosts: <%= (%w[${STATIC_HOST}] + ENV.fetch("KAMAL_AUTOSCALE_EXTRA_JOB","").split(",")).uniq.to_json %>\n    cmd: bin/jobs`));
    await deployStatic('v1');
    const fleet = await world.deployer.reference([{ ...fixed(), role: jobs }], jobs);
    const target = world.target(one, { role: jobs });
    expect(await deploy('v1', target)).to.deep.equal(succeeded);
    expect((await world.deployer.inspect(target, fleet)).app).to.deep.equal({ kind: 'Running', version: 'v1', routed: true, matchesFleet: true });
    expect(await deploy('v1', target)).to.deep.equal(succeeded);
    expect(acted().filter((words) => words.startsWith('setup'))).to.have.length(1);
    expect(await perform('Quiesce', { target, drainSeconds: 0 })).to.deep.equal(succeeded);
    expect(await perform('Stop', { target })).to.deep.equal(succeeded);
    expect((await world.deployer.inspect(target, fleet)).app).to.deep.equal({ kind: 'NotRunning' });
  });

  it('takes a Docker that does not answer for unknown, not for nothing', async () => {
    world.host(one).hasDocker = false;
    expect((await world.deployer.inspect(world.target(one))).app).to.deep.equal({ kind: 'Unknown' });
    expect(await deploy('v1')).to.deep.include({ kind: 'Failed', class: 'Unavailable' });
    expect(acted()).to.deep.equal([]);
  });

  it('brings ten hosts up at once, and reads the project\'s secrets once for all', async () => {
    const addresses = Array.from({ length: 10 }, (_, index) => `10.0.1.${index + 1}`);
    await Promise.all(addresses.map((address) => world.stage.raise(address)));
    const facts = await Promise.all(addresses.map((address) => deploy('v1', world.target(address))));
    expect(facts).to.deep.equal(addresses.map(() => succeeded));
    expect(world.runs.filter(({ words }) => words.startsWith('secrets'))).to.have.length(1);
  });

  it('works on one host one thing after the other', async () => {
    const [deployed, stopped] = await Promise.all([deploy('v1'), perform('Stop')]);
    expect([deployed, stopped]).to.deep.equal([succeeded, succeeded]);
    expect((await world.deployer.inspect(world.target(one))).app).to.deep.equal({ kind: 'NotRunning' });
  });
});
