import { chmod, readFile } from 'node:fs/promises';
import { expect } from 'chai';
import { checkKamalVersion, checkSecrets, declaredSecrets, readSecrets } from '../../../controller/act/deploy/kamal/project-checks.ts';
import type { OperationFact } from '../../../controller/model/index.ts';
import type { DeployTarget } from '../../../controller/ports/index.ts';
import { type KamalWorld, STATIC_HOST, deployFile, startKamalWorld } from '../../support/kamal-deployer/world.ts';
import { POOL_NEEDS } from '../../support/pool-needs.ts';
import { until } from '../../support/real/until.ts';

const one = '10.0.0.11';

describe('before Kamal works on a host', () => {
  let world: KamalWorld;
  beforeEach(async () => {
    world = await startKamalWorld([one]);
    world.publish('v1');
  });
  afterEach(() => world[Symbol.asyncDispose]());

  let nextID = 0;
  async function deploy(own: Partial<DeployTarget> = {}): Promise<OperationFact> {
    const id = `operation-${nextID += 1}`;
    await world.deployer.start({ id, kind: 'Deploy', version: 'v1', target: world.target(one, own) });
    return until(`${id} ends`, () => {
      const fact = world.deployer.observe(id);
      return fact.kind === 'Running' ? undefined : fact;
    }, { everyMs: 10 });
  }
  const fixedAt = (address: string): DeployTarget => world.target(address, { host: { namespace: 'default', name: 'primary' }, identity: { kind: 'Fixed' } });

  /** What is wrong, and the sentence that a person reads. */
  const wrong: [what: string, make: () => Promise<void> | void, says: RegExp, target?: () => Partial<DeployTarget>][] = [
    ['no project of the service', () => undefined, /there is no project .*other; put the project of service other there/, () => ({ role: { service: 'other', role: 'web' } })],
    ['another role', () => undefined, /has no role jobs, only web; write kamal\.role/, () => ({ role: { service: 'app', role: 'jobs' } })],
    ['another destination', () => undefined, /Configuration file not found.*kamal\.destination/, () => ({ role: { service: 'app', role: 'web', destination: 'eu' } })],
    ['a hook that is not there', () => undefined, /lists pre-deploy.*has no such hook in \.kamal\/hooks/, () => ({ role: { service: 'app', role: 'web', hooks: ['pre-deploy'] } })],
    ['another SSH user', () => undefined, /logs in as root, the pool as deploy/, () => ({ ssh: { ...POOL_NEEDS.ssh, user: 'deploy' } })],
    ['another SSH port', () => undefined, /uses SSH port 22, the pool 2222/, () => ({ ssh: { ...POOL_NEEDS.ssh, port: 2222 } })],
    ['a file without the line', () => world.deployFile(deployFile(`web: [${STATIC_HOST}]`)), /does not list 10\.0\.0\.11 though KAMAL_AUTOSCALE_EXTRA_WEB names it; put the line of docs\/kamal\.md/],
    ['hosts before the primary', () => world.deployFile(deployFile(`web:\n    hosts: <%= (ENV.fetch("KAMAL_AUTOSCALE_EXTRA_WEB","").split(",") + %w[${STATIC_HOST}]).uniq.to_json %>`)), /primary host of app moves from 10\.0\.0\.2 to 10\.0\.0\.11; put hosts from the inventory after/],
    ['ssl on several hosts', () => world.deployFile(deployFile().replace('ssl: false', 'ssl: true, host: app.test')), /proxy\.ssl: true serves a single host only/],
    ['an unset secret', () => world.stage.write('projects/app/.kamal/secrets', 'KAMAL_REGISTRY_PASSWORD=$THE_PASSWORD\nSECRET_KEY_BASE=$NOBODY_SET_THIS\n'), /secret SECRET_KEY_BASE of app is empty; give the controller the variable/],
    ['an error of the file\'s own', () => world.deployFile(deployFile('web:\n    hosts: <%= raise "no inventory" %>')), /kamal config: .*no inventory/],
    ['a fixed host that deploy.yml does not know', () => void world.fixed.push(fixedAt('10.0.0.77')), /fixed host primary \(10\.0\.0\.77\) does not stand in deploy\.yml of app/],
    ['another Kamal than the application', () => world.stage.write('projects/app/Gemfile.lock', 'GEM\n  specs:\n    kamal (2.11.0)\n      thor (~> 1.3)\n'), /controller has Kamal 2\.12\.0, the application's Gemfile\.lock names 2\.11\.0/],
    ['a Kamal that cannot be run', () => void world.instead.push({ words: /^version/, end: { kind: 'NotStarted', code: 'ENOENT', stdout: '', stderr: '' } }), /there is no kamal on this machine; install it/],
    ['SSH settings out of reach', () => world.deployFile(deployFile().replace('keys_only: true', 'keys_only: true, config: /etc/ssh/ours')), /ssh\.config \/etc\/ssh\/ours of deploy\.yml is no file of the project/],
    ['SSH settings that are off', () => world.deployFile(deployFile().replace('keys_only: true', 'keys_only: true, config: false')), /ssh\.config: false of deploy\.yml lets Kamal accept any host key/],
    ['hooks out of reach', () => world.deployFile(`hooks_path: /opt/hooks\n${deployFile()}`), /hooks_path \/opt\/hooks of deploy\.yml/],
  ];
  for (const [what, make, says, target] of wrong) {
    it(`${what} is said in one sentence, and nothing is done`, async () => {
      await make();
      const fact = await deploy(target?.());
      expect(fact).to.include({ kind: 'Failed', class: 'Invalid', replaceHost: false });
      expect((fact as { message: string }).message).to.match(says);
      expect(world.host(one).commands).to.deep.equal([]);
    });
  }

  it('nothing is wrong with what the documents show', async () => {
    world.fixed.push(fixedAt(STATIC_HOST));
    await world.stage.write('projects/app/Gemfile.lock', 'GEM\n  specs:\n    kamal (2.12.0)\n');
    expect(await deploy()).to.deep.equal({ kind: 'Succeeded' });
  });

  it('the SSH settings of the project give way to those of the run, and stay as they are in the project', async () => {
    await world.deployFile(deployFile().replace('keys: [ssh/id_ed25519]', 'keys: [ssh/id_ed25519], config: config/ssh_config'));
    await world.stage.write('projects/app/config/ssh_config', 'Host *\n  StrictHostKeyChecking yes\n  UserKnownHostsFile /nowhere\n');
    expect(await deploy()).to.deep.equal({ kind: 'Succeeded' });
    expect(await readFile(`${world.stage.folder}/projects/app/config/ssh_config`, 'utf8')).to.include('UserKnownHostsFile /nowhere');
  });

  it('a secret that deploy.yml names and no file holds is said by Kamal itself', async () => {
    await world.stage.write('projects/app/.kamal/secrets', 'KAMAL_REGISTRY_PASSWORD=$THE_PASSWORD\n');
    expect(await deploy()).to.deep.include({ kind: 'Failed', class: 'Invalid', replaceHost: false }).and.to.have.property('message').that.matches(/SECRET_KEY_BASE.*add it to \.kamal\/secrets/);
  });

  it('a project that is mended is looked at again', async () => {
    await world.deployFile(deployFile(`web: [${STATIC_HOST}]`));
    expect(await deploy()).to.include({ kind: 'Failed' });
    await world.deployFile(`${deployFile()}# mended\n`);
    expect(await deploy()).to.deep.equal({ kind: 'Succeeded' });
  });

  it('hooks come out of the folder that hooks_path names', async () => {
    await world.deployFile(`hooks_path: .kamal/ours # not the usual place\n${deployFile()}`);
    for (const name of ['pre-deploy', 'pre-connect']) {
      await world.stage.write(`projects/app/.kamal/ours/${name}`, '#!/bin/sh\n');
      await chmod(`${world.stage.folder}/projects/app/.kamal/ours/${name}`, 0o755);
    }
    expect(await deploy({ role: { service: 'app', role: 'web', hooks: ['pre-deploy'] } })).to.deep.equal({ kind: 'Succeeded' });
    expect(world.stage.hookRuns.map(({ hook }) => hook)).to.deep.equal(['pre-deploy']);
  });
});

describe('versions of Kamal', () => {
  for (const version of ['2.10.0', '2.12.0', '2.99.1']) it(`${version} will do`, () => checkKamalVersion(version, undefined));
  for (const version of ['2.9.0', '1.9.2', '3.0.0', 'nonsense', '']) it(`${JSON.stringify(version)} will not`, () => expect(() => checkKamalVersion(version, undefined)).to.throw(/is not supported/));
});

describe('secrets that Kamal would deploy', () => {
  const declared = declaredSecrets('# a remark\nA=$A\nexport B = "$(cat config/master.key)"\nMEANT=\nALSO=\'\' # empty on purpose\n  # C=no\n');
  it('are named in their files', () => expect(declared).to.deep.equal([{ name: 'A', meantEmpty: false }, { name: 'B', meantEmpty: false }, { name: 'MEANT', meantEmpty: true }, { name: 'ALSO', meantEmpty: true }]));
  it('are read with values of several lines', () => {
    const values = readSecrets('A=one\nmore=of one\nB=two\nMEANT=\n', declared.map(({ name }) => name));
    expect([...values]).to.deep.equal([['A', 'one\nmore=of one'], ['B', 'two'], ['MEANT', '']]);
  });
  it('must not be empty, unless they are meant to be', () => {
    checkSecrets(new Map([['A', 'x'], ['B', 'y'], ['MEANT', '']]), declared, 'shop');
    expect(() => checkSecrets(new Map([['A', ''], ['MEANT', '']]), declared, 'shop')).to.throw(/secret A, B of shop is empty/);
  });
});
