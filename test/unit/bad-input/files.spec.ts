import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { until } from '../../support/real/until.ts';
import { type Installation, type Place, WEB, call, createPlace, policyText, poolText, startInstallation } from './installation.ts';

interface Row { title: string; file: 'pool.yaml' | 'policy.yaml'; text: string; says: RegExp }

const bought = (name: string, change: object): object => ({ name, provider: 'Hetzner', hetzner: { serverType: 'cpx21', location: 'nbg1', image: 'docker-ce', ...change } });

/** Each a broken edit of a good file; `says` follows the file's name. */
const ROWS: Row[] = [
  { title: 'YAML that cannot be parsed', file: 'pool.yaml', text: poolText().replace('maxReplicas: 4', 'maxReplicas: [4'), says: /^:\d+:\d+: cannot be parsed as YAML/ },
  { title: 'a tab in YAML', file: 'policy.yaml', text: policyText().replace('  mode:', '\tmode:'), says: /^:\d+:\d+: cannot be parsed as YAML/ },
  { title: 'an unknown field', file: 'policy.yaml', text: policyText({ cooldown: 60 }), says: /^:\d+:\d+: ScalingPolicy default\/web is invalid: unknown field "spec\.cooldown"/ },
  { title: 'min above max', file: 'policy.yaml', text: policyText({ minHosts: 9 }), says: /^:\d+:\d+: ScalingPolicy default\/web is invalid: spec.*minHosts is greater than maxHosts: write a minHosts that is at most maxHosts/ },
  { title: 'a metric without a target', file: 'policy.yaml', text: policyText({ metrics: [{ name: 'rps' }] }), says: /^:\d+:\d+: ScalingPolicy default\/web is invalid: spec\.metrics\[0\]\.target: Required value/ },
  { title: 'a metric that nobody knows', file: 'policy.yaml', text: policyText({ metrics: [{ name: 'happiness', target: 1 }] }), says: /^:\d+:\d+: .*spec\.metrics\[0\].*no ready-made query has this name/ },
  { title: 'replicas above the maximum', file: 'pool.yaml', text: poolText({ replicas: 9 }), says: /^:\d+:\d+: .*replicas is greater than maxReplicas: write replicas that are at most maxReplicas, or raise maxReplicas/ },
  { title: 'a fallback off the private network', file: 'pool.yaml', text: poolText({ placements: [bought('near', { networks: ['private'] }), bought('far', { location: 'fsn1' })] }), says: /^:\d+:\d+: HostPool default\/web is invalid: spec\.placements.*a fallback placement is off the private network of the others: write the same first hetzner\.networks in all placements/ },
  { title: 'a fallback of the wrong CPU architecture', file: 'pool.yaml', text: poolText({ placements: [bought('near', {}), bought('far', { serverType: 'cax21' })] }), says: /^:\d+:\d+: .*placements mix CPU architectures: .*write server types of one architecture/ },
  { title: 'a fallback in another cloud, off the private network', file: 'pool.yaml', text: poolText({ placements: [bought('near', { networks: ['private'] }), { name: 'far', provider: 'DigitalOcean', digitalocean: { size: 's-2vcpu-4gb', region: 'fra1', image: 'docker-20-04' } }] }), says: /^:\d+:\d+: .*a fallback placement in another cloud is off the private network of the others: write hetzner\.networks and digitalocean\.vpc in all placements, or in none/ },
  { title: 'a budget without a currency', file: 'policy.yaml', text: policyText({ budget: { perMonth: 60 } }), says: /^:\d+:\d+: .*spec\.budget\.currency: Required value/ },
  { title: 'a kind that nobody knows', file: 'policy.yaml', text: policyText().replace('kind: ScalingPolicy', 'kind: ScalingPolice'), says: /^:\d+:\d+: .*ScalingPolice/ },
];

describe('a file with a fault', () => {
  let place: Place;
  before(async () => {
    place = await createPlace();
  });
  after(() => place.remove());

  for (const { title, file, text, says } of ROWS) {
    it(`of ${title}: validate names file, line, column, field and mend, and exits with 1`, async () => {
      await place.write('pool.yaml', poolText());
      await place.write('policy.yaml', policyText());
      await place.write(file, text);
      const { exitCode, stdout, stderr } = await call(['validate', place.config]);
      expect({ exitCode, stderr }).to.deep.equal({ exitCode: 1, stderr: '' });
      const lines = stdout.trim().split('\n').filter((line) => !line.includes(': warning: '));
      expect(lines, stdout).to.have.length(1);
      const path = join(place.config, file);
      expect(lines[0]?.startsWith(path), lines[0]).to.equal(true);
      expect(lines[0]?.slice(path.length)).to.match(says);
    });
  }

  it('that is not there is said by name', async () => {
    const { exitCode, stdout } = await call(['validate', join(place.folder, 'none.yaml')]);
    expect(exitCode).to.equal(1);
    expect(stdout).to.equal(`${join(place.folder, 'none.yaml')}:1:1: cannot be read (ENOENT): write the path of a file or folder that exists\n`);
  });
});

describe('a watched folder', function () {
  this.timeout(60_000);
  let place: Place;
  let installation: Installation;
  before(async () => {
    place = await createPlace();
    await place.write('pool.yaml', poolText());
    await place.write('policy.yaml', policyText());
    installation = await startInstallation(place);
    await installation.condition('ScalingPolicy', 'AbleToScale', 'ModeRecommend');
  });
  after(async () => {
    await installation?.running.stop();
    await place.remove();
  });

  const kindOf = { 'pool.yaml': 'HostPool', 'policy.yaml': 'ScalingPolicy' } as const;

  for (const { title, file, text, says } of ROWS) {
    it(`keeps the last good one on an edit with ${title}, says so once, and takes the next good one`, async () => {
      const before = await installation.object(kindOf[file]);
      await place.write(file, text);
      const path = join(place.config, file);
      const problem = await until('the problem', () => installation.problems.find((candidate) => candidate.startsWith(path) && says.test(candidate.slice(path.length))), { everyMs: 20 });
      expect((await installation.object(kindOf[file])).spec).to.deep.equal(before.spec);
      expect((await installation.object(kindOf[file])).metadata.generation).to.equal(before.metadata.generation);

      const other = before.metadata.generation % 2 === 0;
      await place.write(file, file === 'pool.yaml' ? poolText({ maxReplicas: other ? 4 : 5 }) : policyText({ maxHosts: other ? 3 : 4 }));
      await until('the next good one', async () => (await installation.object(kindOf[file])).metadata.generation > before.metadata.generation, { everyMs: 20 });
      expect(installation.problems.filter((candidate) => candidate === problem)).to.have.length(1);
    });
  }

  it('applies the other files although one is broken', async () => {
    await place.write('policy.yaml', 'kind: [\n');
    await place.write('more.yaml', poolText({}, 'more'));
    await until('the other file', () => installation.object('HostPool', 'more'), { everyMs: 20 });
    await place.write('policy.yaml', policyText());
  });

  it('changes nothing when a file vanishes', async () => {
    const before = await installation.object('ScalingPolicy');
    await rm(join(place.config, 'policy.yaml'));
    // The next file is applied after the vanished one was seen.
    await place.write('later.yaml', poolText({}, 'later'));
    await until('the later file', () => installation.object('HostPool', 'later'), { everyMs: 20 });
    expect((await installation.object('ScalingPolicy')).metadata).to.deep.include({ uid: before.metadata.uid, generation: before.metadata.generation });
    expect((await installation.object('ScalingPolicy')).metadata).to.not.have.property('deletionTimestamp');
    await place.write('policy.yaml', policyText());
  });

  it('changes nothing when the folder vanishes, says so, and goes on when it is back', async () => {
    const before = await installation.object('HostPool');
    const membership = await installation.running.controller.context.documents.load('membership');
    await rename(place.config, `${place.config}-away`);
    expect(await installation.problem(/is not there/)).to.equal(`${place.config}:1:1: is not there: what was applied from it stays`);
    expect((await installation.object('HostPool')).metadata).to.deep.include({ uid: before.metadata.uid, generation: before.metadata.generation });
    expect(await installation.running.controller.context.documents.load('membership')).to.deep.equal(membership);
    await rename(`${place.config}-away`, place.config);
    await place.write('pool.yaml', poolText({ maxReplicas: 7 }));
    await until('the folder is followed again', async () => (await installation.object('HostPool')).spec.maxReplicas === 7, { everyMs: 20 });
  });

  it('that is not there at the start is waited for', async () => {
    const other = await createPlace();
    await rm(other.config, { recursive: true });
    const waiting = await startInstallation(other);
    try {
      expect(waiting.problems).to.deep.equal([`${other.config}:1:1: is not there: what was applied from it stays`]);
      expect(await waiting.running.controller.context.store.get('HostPool', WEB)).to.equal(undefined);
    } finally {
      await waiting.running.stop();
      await other.remove();
    }
  });
});
