import { expect } from 'chai';
import { appFact } from '../../../controller/act/deploy/kamal/app-state.ts';
import { difference, readContainers } from '../../../controller/act/deploy/kamal/containers.ts';
import { type SeenHost, fleetReference, isProxied } from '../../../controller/act/deploy/kamal/fleet-reference.ts';
import type { Fingerprint, FleetReference } from '../../../controller/model/index.ts';
import { DIGESTS, type InspectedOptions, KEY, ROLE, containersOf, idOf, inspected, seen } from './app-builders.ts';

const [a, b] = [idOf('a'), idOf('b')];
const fingerprint = (options: InspectedOptions = {}): Fingerprint => containersOf(options)[0]?.fingerprint as Fingerprint;
const agreed = (own: Partial<FleetReference & { kind: 'Agreed' }> = {}): FleetReference => ({ kind: 'Agreed', version: 'v1', fingerprint: fingerprint(), ...own });

describe('containers', () => {
  it('are read with version, image and what they were made from', () => {
    const [container] = containersOf({ name: 'shop-web-v1', id: a });
    expect(container).to.include({ id: a, version: 'v1', running: true, repository: 'registry.test:5000/acme/shop' });
    expect(container?.fingerprint.image).to.equal('sha256:aaaa');
  });

  it('of another role or destination are passed over', () => {
    expect(containersOf({ name: 'shop-job-v1' }, { name: 'kamal-proxy' }, { name: 'shop-web-' })).to.deep.equal([]);
    expect(readContainers([inspected({ name: 'shop-web-eu-v1' })], { ...ROLE, destination: 'eu' }, DIGESTS, KEY)[0]?.version).to.equal('v1');
  });

  it('tell no value of their environment', () => {
    const print = fingerprint({ env: ['SECRET_KEY_BASE=hunter2hunter2'] });
    expect(JSON.stringify(print)).to.include('SECRET_KEY_BASE').and.not.to.include('hunter2');
    const other = readContainers([inspected({ env: ['SECRET_KEY_BASE=hunter2hunter2'] })], ROLE, DIGESTS, Buffer.from('another key'))[0];
    expect(other?.fingerprint.environment).not.to.equal(print.environment);
  });

  const same: [string, InspectedOptions][] = [
    ['what Kamal gives each host as its own', { env: [], name: 'shop-web-v1', config: { Hostname: '10.0.0.3-1234' } }],
    ['options that an engine spells as nothing', { host: { Memory: 0, Binds: [], CapAdd: null, Dns: [], Ulimits: null, Privileged: false } }],
    ['the order of keys', { host: { RestartPolicy: { MaximumRetryCount: 0, Name: 'unless-stopped' } } }],
  ];
  for (const [what, options] of same) it(`do not differ by ${what}`, () => expect(difference(fingerprint(options), fingerprint())).to.equal(undefined));

  const different: [string, InspectedOptions, string][] = [
    ['image', { image: 'sha256:two' }, 'its image is another'],
    ['a variable', { env: ['GREETING=hello'] }, 'environment variable GREETING differs'],
    ['two variables', { env: ['GREETING=hello', 'B=1'] }, 'environment variables B, GREETING differ'],
    ['command', { config: { Cmd: ['bin/jobs'] } }, 'its command differs'],
    ['an option', { host: { Memory: 512 } }, 'option Memory differs'],
    ['several', { config: { User: 'root' }, image: 'sha256:two' }, 'its image is another; option User differs'],
  ];
  for (const [what, options, why] of different) it(`differ by ${what}`, () => expect(difference(fingerprint(options), fingerprint())).to.equal(why));
});

describe('what runs on a host', () => {
  const fact = (...args: Parameters<typeof seen>) => appFact(seen(...args), ROLE, undefined, true);
  const running = { kind: 'Running', version: 'v1', routed: true, matchesFleet: true };

  it('serves what the proxy names', () => expect(fact([{ id: a }], a)).to.deep.equal(running));
  it('is nothing where nothing runs', () => {
    expect(fact([], undefined)).to.deep.equal({ kind: 'NotRunning' });
    expect(fact([{ id: a, status: 'exited' }, { id: b, status: 'created', name: 'shop-web-v2' }], undefined)).to.deep.equal({ kind: 'NotRunning' });
  });
  it('is quiesced while the proxy refuses or holds back requests', () => {
    for (const state of ['stopped', 'paused']) expect(fact([{ id: a }], a, state)).to.deep.equal({ kind: 'Quiesced', version: 'v1' });
  });
  it('is not routed while the proxy does not know it', () => expect(fact([{ id: a }], undefined)).to.deep.equal({ ...running, routed: false }));
  it('is not routed while the proxy names a container that is gone', () => expect(fact([{ id: a }], b)).to.deep.equal({ ...running, routed: false }));
  it('of a role without proxy lacks nothing', () => expect(appFact(seen([{ id: a }], undefined), ROLE, undefined, false)).to.deep.equal(running));
  it('after a killed deploy is what the proxy names, not what is younger', () => {
    expect(fact([{ id: a, age: 3600 }, { id: b, name: 'shop-web-v2', age: 10 }], a)).to.include({ version: 'v1', routed: true });
    expect(fact([{ id: a, age: 3600 }, { id: b, name: 'shop-web-v2', age: 10 }], b)).to.include({ version: 'v2', routed: true });
  });
  it('is no match under a name that is no version', () => {
    expect(fact([{ id: a, name: 'shop-web-latest' }], a)).to.include({ version: 'latest', matchesFleet: false });
    expect(fact([{ id: a, name: 'shop-web-v1_replaced_0acabd1e' }], a)).to.include({ version: 'v1_replaced_0acabd1e', matchesFleet: false });
  });
  it('is held against the fleet, for the same version alone', () => {
    const other = seen([{ id: a, env: ['GREETING=hello'] }], a);
    expect(appFact(other, ROLE, agreed(), true)).to.deep.equal({ ...running, matchesFleet: false, why: 'environment variable GREETING differs' });
    expect(appFact(other, ROLE, agreed({ version: 'v2' }), true)).to.deep.equal(running);
  });
  it('could go back where a container of the previous version is, started or not', () => {
    const before = agreed({ previousVersion: 'v0' });
    expect(appFact(seen([{ id: a }], a), ROLE, before, true)).to.deep.equal({ ...running, rollback: 'Missing' });
    expect(appFact(seen([{ id: a }, { id: b, name: 'shop-web-v0', status: 'created' }], a), ROLE, before, true)).to.deep.equal({ ...running, rollback: 'Ready' });
  });
});

describe('what hosts say together', () => {
  const at = (name: string, ...args: Parameters<typeof seen>): SeenHost => ({ name, seen: seen(...args) });
  const reference = (hosts: SeenHost[], ...refused: string[]): FleetReference => fleetReference(hosts, refused, ROLE);
  const v1 = (name: string, more: InspectedOptions[] = []): SeenHost => at(name, [{ id: a }, ...more], a);

  it('is their version and what it is made from', () => expect(reference([v1('one'), v1('two')])).to.deep.equal(agreed()));
  it('is what those say that run something and answer', () => expect(reference([v1('one'), at('two', [], undefined)], 'three is away')).to.deep.equal(agreed()));
  it('is unknown where none does', () => {
    expect(reference([])).to.deep.equal({ kind: 'Unknown', why: 'there is no host to look at' });
    expect(reference([at('one', [], undefined)])).to.deep.equal({ kind: 'Unknown', why: 'no host runs the app' });
    expect(reference([at('one', [], undefined)], 'two is away')).to.deep.equal({ kind: 'Unknown', why: 'no host that could be asked runs the app; two is away' });
  });
  it('is unknown while one runs a tag', () => expect(reference([at('one', [{ id: a, name: 'shop-web-latest' }], a)])).to.include({ kind: 'Unknown' }).and.to.have.property('why').that.includes('tag latest'));

  const disagreeing: [string, SeenHost[], RegExp][] = [
    ['versions differ', [v1('one'), at('two', [{ id: b, name: 'shop-web-v2' }], b)], /one runs version v1, two runs v2/],
    ['what they were made from differs', [v1('one'), at('two', [{ id: a, env: ['X=1'] }], a)], /not alike: environment variable X differs/],
    ['a container is being replaced', [at('one', [{ id: a, name: 'shop-web-v1_replaced_0ac' }], a)], /deploy is under way on one/],
    ['one is in maintenance', [v1('one'), at('two', [{ id: a }], a, 'stopped')], /two is in maintenance/],
    ['a younger container starts', [v1('one', [{ id: b, name: 'shop-web-v2', age: 5 }])], /version v2 starts on one/],
  ];
  for (const [what, hosts, why] of disagreeing) {
    it(`is a disagreement while ${what}`, () => {
      const answer = reference(hosts);
      expect(answer.kind).to.equal('Disagree');
      expect((answer as { why: string }).why).to.match(why);
    });
  }

  it('is not held up for ever by a deploy that was killed', () => {
    expect(reference([v1('one', [{ id: b, name: 'shop-web-v2', age: 600 }])])).to.include({ kind: 'Agreed', version: 'v1' });
  });
  it('is not held up by the old container that still drains', () => {
    expect(reference([at('one', [{ id: a, age: 3600 }, { id: b, name: 'shop-web-v2', age: 5 }], b)])).to.include({ kind: 'Agreed', version: 'v2' });
  });

  describe('and what a rollback would bring back', () => {
    const old = (name: string, age: number, status = 'exited'): InspectedOptions => ({ id: idOf(name), name: `shop-web-${name}`, age, status });
    const previous = (...hosts: SeenHost[]): string | undefined => (reference(hosts) as { previousVersion?: string }).previousVersion;
    it('is the youngest version before the one that serves', () => expect(previous(v1('one', [old('c', 9000), old('d', 7000)]))).to.equal('d'));
    it('is one that every host has', () => expect(previous(v1('one', [old('c', 9000), old('d', 7000)]), v1('two', [old('c', 9000)]))).to.equal('c'));
    it('is never one that came later and failed', () => expect(previous(v1('one', [old('c', 9000), old('d', 60)]))).to.equal('c'));
    it('is never a container that was replaced', () => expect(previous(v1('one', [{ ...old('c', 9000), name: 'shop-web-v1_replaced_0ac' }]))).to.equal(undefined));
  });

  it('tells whether proxies route the role', () => {
    expect(isProxied([v1('one')], ROLE)).to.equal(true);
    expect(isProxied([at('one', [{ id: a }], undefined)], ROLE)).to.equal(false);
    expect(isProxied([at('one', [], undefined)], ROLE)).to.equal(undefined);
  });
});
