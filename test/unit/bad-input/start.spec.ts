import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { type Server, createServer } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Place, call, createPlace, poolText, startInstallation } from './installation.ts';

/** `run` on this place, with these flags over the usual ones. */
const runOn = (place: Place, flags: readonly string[] = [], env: Record<string, string> = {}): ReturnType<typeof call> =>
  call(['run', '--config', place.config, '--state', place.state, '--installation', 'test', '--listen', '127.0.0.1:0', '--log-level', 'error', ...flags], env);

const said = (message: string, mend?: string): string => `error: ${message}\n${mend === undefined ? '' : `mend: ${mend}\n`}`;

describe('a start that cannot be', () => {
  let place: Place;
  beforeEach(async () => {
    place = await createPlace();
    await place.write('pool.yaml', poolText());
  });
  afterEach(() => place.remove());

  /** The same installation starts as if nothing had been, and finds no object of the failed start. */
  async function startsAfterwards(): Promise<void> {
    expect(await runOn(place)).to.deep.equal({ exitCode: 0, stdout: '', stderr: '' });
  }

  describe('for a port that is taken', () => {
    let other: Server;
    let port: number;
    beforeEach(async () => {
      other = createServer();
      await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
      port = (other.address() as { port: number }).port;
    });
    afterEach(() => new Promise((resolve) => other.close(resolve)));

    it('names the flag and the address, and has applied nothing', async () => {
      const { exitCode, stdout, stderr } = await runOn(place, ['--listen', `127.0.0.1:${port}`]);
      expect({ exitCode, stdout }).to.deep.equal({ exitCode: 1, stdout: '' });
      expect(stderr).to.equal(said(`--listen 127.0.0.1:${port}: another program listens there`, 'Stop it, or write another --listen ADDRESS:PORT.'));
      expect(await call(['get', 'hp', '--state', place.state])).to.deep.include({ exitCode: 0, stdout: '' });
      await startsAfterwards();
      expect((await call(['get', 'hp', '--state', place.state])).stdout).to.match(/^web /m);
    });
  });

  it('for an address that is none of this machine, names the flag', async () => {
    const { exitCode, stderr } = await runOn(place, ['--listen', '192.0.2.77:9595']);
    expect(exitCode).to.equal(2);
    expect(stderr).to.equal(said('--listen 192.0.2.77:9595: this machine has no such address', 'Write an address of this machine, such as 127.0.0.1 or 0.0.0.0.'));
  });

  it('for a state folder that is below a file, names the store', async () => {
    const file = join(place.folder, 'file');
    await writeFile(file, 'precious');
    const { exitCode, stdout, stderr } = await runOn(place, ['--state', join(file, 'state')]);
    expect({ exitCode, stdout }).to.deep.equal({ exitCode: 1, stdout: '' });
    expect(stderr).to.match(/^error: store \S+\/file\/state\/store\.db\S*: ENOTDIR\nmend: Make the folder of \S+ writable for this user\.\n$/);
    expect(await readFile(file, 'utf8')).to.equal('precious');
  });

  it('for a store that is a folder, names it and what to do', async () => {
    await mkdir(join(place.state, 'store.db'), { recursive: true });
    const { exitCode, stderr } = await runOn(place);
    expect(exitCode).to.equal(1);
    expect(stderr).to.match(/^error: store \S+\/store\.db: .+\nmend: Make the folder of \S+\/store\.db readable and writable for this user\.\n$/);
  });

  it('for a store that is another file, names it and leaves it', async () => {
    await mkdir(place.state);
    const store = join(place.state, 'store.db');
    const text = 'these are my notes, not a database\n'.repeat(40);
    await writeFile(store, text);
    const { exitCode, stderr } = await runOn(place);
    expect(exitCode).to.equal(1);
    expect(stderr).to.equal(said(`store ${store}: file is not a database`, `${store} is no SQLite database: name another file for the store.`));
    expect(await readFile(store, 'utf8')).to.equal(text);
  });

  it('beside a controller on the same store, says so and disturbs nothing', async () => {
    const { running, object } = await startInstallation(place);
    try {
      const { exitCode, stderr } = await runOn(place);
      expect(exitCode).to.equal(4);
      expect(stderr).to.equal(said(`another kamal-autoscaler runs on the store ${join(place.state, 'store.db')}`, 'Stop it first, or give this one a store of its own.'));
      expect((await object('HostPool')).spec.maxReplicas).to.equal(4);
    } finally {
      await running.stop();
    }
    await startsAfterwards();
  });

  it('under another installation name than the store\'s, names both', async () => {
    await startsAfterwards();
    const { exitCode, stderr } = await runOn(place, ['--installation', 'other']);
    expect(exitCode).to.equal(4);
    expect(stderr).to.equal(said('this store belongs to installation "test", not "other"', 'Write --installation with the first name, or give this installation a store of its own.'));
    await startsAfterwards();
  });

  const missing = '/nowhere/token';
  const WRONG: [title: string, flags: string[], env: Record<string, string>, stderr: RegExp][] = [
    ['an unknown flag', ['--configg', 'x'], {}, /^error: unknown option '--configg'\nmend: .*--config/],
    ['a flag without its value', ['--listen'], {}, /^error: option '--listen <address:port>' argument missing\n/],
    ['an argument that nobody asked for', ['more'], {}, /^error: too many arguments/],
    ['a port that is none', ['--listen', '127.0.0.1:99999'], {}, /^error: --listen "127\.0\.0\.1:99999": write ADDRESS:PORT, such as 127\.0\.0\.1:9595\n$/],
    ['a name in capitals', ['--installation', 'Shop'], {}, /^error: --installation "Shop": write at most 40 lower case letters, digits and inner dashes\n$/],
    ['both modes', ['--cluster'], {}, /^error: --config and --cluster are both given: keep one of them\n$/],
    ['a level that is none', ['--log-level', 'loud'], {}, /^error: --log-level "loud": write debug, info, warn or error\n$/],
    ['a budget without an amount', ['--budget', 'EUR'], {}, /^error: --budget "EUR": "EUR" is no amount: write CURRENCY=AMOUNT for a month, such as EUR=600, with commas between\n$/],
    ['a budget of nothing', ['--budget', 'EUR=0'], {}, /is no amount: write CURRENCY=AMOUNT/],
    ['a provider that is none', ['--max-servers', 'Moon=3'], {}, /^error: --max-servers "Moon=3": "Moon" is no provider: write Local=N, Static=N, Hetzner=N or DigitalOcean=N, with commas between\n$/],
    ['an interval that is none', ['--scrape-interval', '0'], {}, /^error: --scrape-interval "0": write a whole number from 1 to 3600\n$/],
    ['a Prometheus that is no URL', ['--prometheus', 'prometheus:9090'], {}, /^error: .*not an http or https URL: write one such as http:\/\/prometheus:9090\nmend: baseURL is --prometheus or KAMAL_AUTOSCALER_PROMETHEUS_URL;/],
    ['two credentials', ['--prometheus', 'http://127.0.0.1:9'], { KAMAL_AUTOSCALER_PROMETHEUS_TOKEN: 'secret-1', KAMAL_AUTOSCALER_PROMETHEUS_USERNAME: 'me' }, /^error: KAMAL_AUTOSCALER_PROMETHEUS_TOKEN and KAMAL_AUTOSCALER_PROMETHEUS_USERNAME are both set: keep one of them\n$/],
    ['a user without a password', ['--prometheus', 'http://127.0.0.1:9'], { KAMAL_AUTOSCALER_PROMETHEUS_USERNAME: 'me' }, /^error: KAMAL_AUTOSCALER_PROMETHEUS_USERNAME is set without a password: set KAMAL_AUTOSCALER_PROMETHEUS_PASSWORD or KAMAL_AUTOSCALER_PROMETHEUS_PASSWORD_FILE\n$/],
    ['a token file that is missing', [], { KAMAL_AUTOSCALER_TRAEFIK_TOKEN_FILE: missing }, /^error: KAMAL_AUTOSCALER_TRAEFIK_TOKEN_FILE: \/nowhere\/token cannot be read \(ENOENT\): make it readable for this user\n$/],
    ['projects of Kamal without a key to log in with', ['--kamal-projects', '/srv/projects'], {}, /^error: --kamal-projects is given without a key to log in with: set KAMAL_AUTOSCALER_SSH_KEY_FILE too\n$/],
    ['a kamal without projects', ['--kamal', '/usr/bin/kamal'], {}, /^error: --kamal is given without projects: write --kamal-projects DIR too\n$/],
    ['a token for deploys without projects', [], { KAMAL_AUTOSCALER_DEPLOYED_TOKEN: 'hunter2' }, /^error: KAMAL_AUTOSCALER_DEPLOYED_TOKEN is set without projects: write --kamal-projects DIR \(KAMAL_AUTOSCALER_KAMAL_PROJECTS\) too\n$/],
    ['a key to log in with that is not there', ['--kamal-projects', '/srv/projects'], { KAMAL_AUTOSCALER_SSH_KEY_FILE: '/nowhere/key' }, /^error: KAMAL_AUTOSCALER_SSH_KEY_FILE: \/nowhere\/key cannot be read \(ENOENT\)\nmend: Make it with `ssh-keygen -t ed25519 -f FILE`, readable for this user\.\n$/],
    ['pinned host keys without a key to log in with', [], { KAMAL_AUTOSCALER_SSH_KNOWN_HOSTS_FILE: '/etc/known_hosts' }, /^error: KAMAL_AUTOSCALER_SSH_KNOWN_HOSTS_FILE is set without a key to log in with: set KAMAL_AUTOSCALER_SSH_KEY_FILE too\n$/],
    ['an endpoint of Hetzner that is no URL', [], { HCLOUD_TOKEN: 'hunter2', HCLOUD_ENDPOINT: 'api.hetzner.cloud' }, /^error: HCLOUD_ENDPOINT "api\.hetzner\.cloud" is not an http or https URL: write one such as https:\/\/api\.hetzner\.cloud\/v1, or leave it out\n$/],
    ['an endpoint of Hetzner without encryption', [], { HCLOUD_TOKEN: 'hunter2', HCLOUD_ENDPOINT: 'http://192.0.2.1/v1' }, /^error: HCLOUD_ENDPOINT "http:\/\/192\.0\.2\.1\/v1" would send the token unencrypted: write https\n$/],
    ['an endpoint of DigitalOcean without encryption', [], { DIGITALOCEAN_ACCESS_TOKEN: 'hunter2', DIGITALOCEAN_API_URL: 'http://192.0.2.1' }, /^error: DIGITALOCEAN_API_URL "http:\/\/192\.0\.2\.1" would send the token unencrypted: write https\n$/],
    ['settings of local hosts that are no JSON', [], { KAMAL_AUTOSCALER_LOCAL_HOST: '{' }, /^error: KAMAL_AUTOSCALER_LOCAL_HOST/],
  ];
  for (const [title, flags, env, stderr] of WRONG) {
    it(`for ${title} is wrong usage, with one error that names it and no secret`, async () => {
      const result = await runOn(place, flags, env);
      expect(result, result.stderr).to.deep.include({ exitCode: 2, stdout: '' });
      expect(result.stderr).to.match(stderr).and.not.include('secret-1');
      expect(result.stderr.trim().split('\n').length, 'lines').to.be.at.most(2);
      // Nothing was stored, so any name of an installation may still be chosen.
      expect((await runOn(place, ['--installation', 'chosen-later'])).exitCode).to.equal(0);
    });
  }

  it('without a name or a mode says what to write', async () => {
    expect((await call(['run', '--config', place.config])).stderr).to.match(/^error: no installation name: write --installation NAME/);
    expect((await call(['run', '--installation', 'test'])).stderr).to.match(/^error: nothing to run on: write --config DIR for standalone mode, or --cluster/);
  });

  it('of a command on a store that is not there names it, and makes none', async () => {
    const { exitCode, stderr } = await call(['get', 'hp', '--state', place.state]);
    expect(exitCode).to.equal(1);
    expect(stderr).to.equal(said(`store ${join(place.state, 'store.db')} does not exist`, 'Start the controller first, or name the store that it uses.'));
    expect((await call(['get', 'hp', '--state', place.state])).exitCode).to.equal(1);
  });
});
