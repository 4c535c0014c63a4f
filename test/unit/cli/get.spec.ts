import { expect } from 'chai';
import { parse } from 'yaml';
import { type World, createWorld, fillShop, pool, read } from './world.ts';

const EVERYTHING = `SCALINGPOLICY  POOL  MODE     HOSTS  WANTED  WHY                           SINCE
web            web   Enforce      4       4  cpu 82 % of 60 % → 5; cappe…  20s

HOSTPOOL  WANTED  HOSTS  READY  BOOTING  DRAINING  STATE    WHY            SINCE
jobs                  1      1        0         0  Holding  spec.replica…  3d
web            4      4      2        2         0  Growing  2 of 4 serve…  20s

KAMALHOST       POOL  PHASE         INTENT  ADDRESS     WHY                SINCE
web-1-c0ffee00  web   InService     Serve   192.0.2.21  serves             120m
web-2-c0ffee00  web   Provisioning  Serve               the provider is…   20s
`;

describe('get', () => {
  let world: World;
  beforeEach(async () => {
    world = createWorld();
    await fillShop(world);
  });

  it('answers how many there are, how many are wanted, why and since when, in 80 columns', async () => {
    const { exitCode, stdout, stderr } = await world.call('get');
    expect(stdout).to.equal(EVERYTHING);
    expect({ exitCode, stderr }).to.deep.equal({ exitCode: 0, stderr: '' });
    expect(world.closed()).to.equal(1);
  });

  it('knows each kind by plural, singular and short name, and all of them as `all`', async () => {
    for (const word of ['scalingpolicies', 'scalingpolicy', 'sp', 'SP', 'ScalingPolicy']) {
      expect((await world.call(`get ${word}`)).stdout, word).to.match(/^NAME {2}POOL {2}MODE/);
    }
    expect((await world.call('get all')).stdout).to.equal(EVERYTHING);
    expect((await world.call('get hp,sp,hp')).stdout.match(/^[A-Z]+/gm)).to.deep.equal(['HOSTPOOL', 'SCALINGPOLICY']);
  });

  it('shows everything in wide, however long the line', async () => {
    expect((await world.call('get sp -o wide')).stdout).to.equal(
      'NAME  POOL  MODE     MIN  MAX  HOSTS  WANTED  WHY                                                                  SINCE\n'
      + 'web   web   Enforce    1    4      4       4  cpu 82 % of 60 % → 5; capped to 4 by maxHosts (raise spec.maxHosts)  20s\n');
  });

  it('moves columns together before a line gets longer than the terminal', async () => {
    expect((await world.call('get hp --all-namespaces')).stdout).to.equal(
      'NAMESPACE NAME WANTED HOSTS READY BOOTING DRAINING STATE   WHY             SINCE\n'
      + 'default   jobs            1     1       0        0 Holding spec.replicas…  3d\n'
      + 'default   web       4     4     2       2        0 Growing 2 of 4 serve,…  20s\n');
  });

  it('uses a wider terminal', async () => {
    expect((await world.call('get hp web', { columns: 200 })).stdout).to.contain('  Growing  2 of 4 serve, 2 on the way  20s\n');
  });

  it('takes a name as an argument of its own or after a slash', async () => {
    expect((await world.call('get hp/web')).stdout).to.equal((await world.call('get hostpool web')).stdout);
  });

  it('gives JSON and YAML that read back as the object, or as a list of them', async () => {
    const web = await read(world, 'HostPool', 'web');
    expect(JSON.parse((await world.call('get hp web -o json')).stdout)).to.deep.equal(web);
    expect(parse((await world.call('get hp web -o yaml')).stdout)).to.deep.equal(web);
    const list = JSON.parse((await world.call('get hp,sp -o json')).stdout);
    expect(list.kind).to.equal('List');
    expect(list.items.map((item: { kind: string }) => item.kind)).to.deep.equal(['HostPool', 'HostPool', 'ScalingPolicy']);
    expect(parse((await world.call('get ksess -o yaml')).stdout)).to.deep.equal({ apiVersion: 'v1', kind: 'List', items: [] });
  });

  it('keeps namespaces apart', async () => {
    await world.put('HostPool', pool('web', {}, 'staging'));
    expect((await world.call('get hp -n staging')).stdout.split('\n').length).to.equal(3);
    expect((await world.call('get hp -A')).stdout).to.match(/^staging +web/m);
  });

  it('says that nothing is there, and that this is no failure', async () => {
    expect(await world.call('get ksess')).to.deep.equal({ exitCode: 0, stdout: '', stderr: 'no deploysessions in namespace default\n' });
  });

  it('lets no control sequence of an object reach the terminal', async () => {
    const web = await read(world, 'HostPool', 'web');
    await world.store.updateStatus('HostPool', { ...web, status: { ...web.status, reason: 'a\u001b[2Jb\nc' } });
    expect((await world.call('get hp web -o wide')).stdout).to.contain('a [2Jb c');
  });

  const refused: [string, number, string][] = [
    ['get hpp', 2, 'error: no kind is called "hpp"\nmend: did you mean hp? The kinds are scalingpolicies (sp), hostpools (hp), kamalhosts (kh), deploysessions (ksess)\n'],
    ['get nonsense', 2, 'error: no kind is called "nonsense"\nmend: write one of scalingpolicies (sp), hostpools (hp), kamalhosts (kh), deploysessions (ksess)\n'],
    ['get hp wbe', 3, 'error: hostpool "wbe" not found in namespace default\nmend: did you mean web?\n'],
    ['get hp web -n staging', 3, 'error: hostpool "web" not found in namespace staging\nmend: there is one in namespace default: write -n default\n'],
    ['get kh x', 3, 'error: kamalhost "x" not found in namespace default\nmend: the kamalhosts there are web-1-c0ffee00, web-2-c0ffee00\n'],
    ['get ksess x', 3, 'error: deploysession "x" not found in namespace default\nmend: there are no deploysessions in that namespace; see `kamal-autoscaler get deploysessions -A`\n'],
    ['get hp,sp web', 2, 'error: a name goes with one kind\nmend: write such as: kamal-autoscaler get hostpool web\n'],
    ['get hp web -A', 2, 'error: a name goes with one namespace\nmend: write -n NAMESPACE in place of -A\n'],
    ['get hp -A -n x', 2, 'error: -n and -A are both given\nmend: keep one of them\n'],
    ['get hp -o xml', 2, 'error: -o "xml" is no form of output\nmend: write -o wide, -o json or -o yaml\n'],
    ['get hp --wtach', 2, "error: unknown option '--wtach'\nmend: did you mean --watch?\n"],
    ['get hp --watch --state a --cluster', 2, 'error: --state names a standalone store, other flags a cluster\nmend: keep one of them\n'],
  ];
  for (const [line, exitCode, stderr] of refused) {
    it(`answers \`${line}\` with exit code ${exitCode} and what to write instead`, async () => {
      expect(await world.call(line)).to.deep.equal({ exitCode, stdout: '', stderr });
    });
  }

  it('passes on where the store is', async () => {
    await world.call('get hp --state /var/lib/shop');
    await world.call('get hp --context prod --controller-namespace scaling');
    await world.call('get hp');
    expect(world.locations).to.deep.equal([
      { kind: 'Standalone', state: '/var/lib/shop' },
      { kind: 'Cluster', context: 'prod', controllerNamespace: 'scaling' },
      { kind: 'Standalone' },
    ]);
  });
});

describe('get --watch', () => {
  let world: World;
  beforeEach(async () => {
    world = createWorld();
    await fillShop(world);
  });

  /** Waits for what the program was told by the store and prints in later turns of the event loop. */
  async function until(text: () => string, expected: string): Promise<void> {
    for (let turn = 0; turn < 1000 && !text().includes(expected); turn += 1) await world.clock.settle();
    expect(text()).to.contain(expected);
  }

  it('prints what is there, then rows that changed, under the same columns, until interrupted', async () => {
    const watching = world.start('get kh --watch');
    await until(watching.text, 'web-2');
    const host = await read(world, 'KamalHost', 'web-2-c0ffee00');
    await world.clock.advance(10_000);
    const served = await world.store.updateStatus('KamalHost', { ...host, status: { phase: 'InService', phaseSince: '2026-10-05T12:00:05Z', address: '192.0.2.22', reason: 'serves' } });
    await until(watching.text, '192.0.2.22');
    // Nothing that a column shows: no row.
    await world.store.updateStatus('KamalHost', { ...served, status: { ...served.status, createAttempts: 3 } });
    await world.store.delete('KamalHost', { namespace: 'default', name: 'web-2-c0ffee00' });
    await until(watching.text, 'deleted');
    const { exitCode, stdout } = await watching.stop();
    expect(exitCode).to.equal(0);
    expect(stdout).to.equal(`NAME            POOL  PHASE         INTENT  ADDRESS     WHY                SINCE
web-1-c0ffee00  web   InService     Serve   192.0.2.21  serves             120m
web-2-c0ffee00  web   Provisioning  Serve               the provider is…   20s
web-2-c0ffee00  web   InService     Serve   192.0.2.22  serves             5s
kamalhost/web-2-c0ffee00 deleted
`);
    expect(world.closed()).to.equal(1);
  });

  it('streams whole objects as JSON', async () => {
    const watching = world.start('get sp web -w -o json');
    await until(watching.text, '}\n');
    expect(JSON.parse((await watching.stop()).stdout).metadata.name).to.equal('web');
  });

  it('prints the title with the first row where nothing is there at first', async () => {
    const watching = world.start('get hp -n staging -w');
    await world.clock.settle();
    await world.put('HostPool', pool('web', {}, 'staging'));
    await until(watching.text, 'NAME');
    expect((await watching.stop()).stdout).to.match(/^NAME .*\nweb\n$/);
  });

  it('does not wait for a name that is not there', async () => {
    expect((await world.call('get hp wbe -w')).exitCode).to.equal(3);
  });
});
