import { expect } from 'chai';
import { crossCheck, problemText, readDocuments } from '../../../controller/runtime/applier/index.ts';

const POOL = `apiVersion: kamal-autoscaler.dev/v1alpha1
kind: HostPool
metadata: {name: web}
spec:
  kamal: {service: shop, role: web}
  maxReplicas: 4
  placements: [{name: here, provider: Local}]
  loadBalancer: {traefik: {service: web, apiURLs: ["http://127.0.0.1:8080"]}}
`;
const POLICY = `apiVersion: kamal-autoscaler.dev/v1alpha1
kind: ScalingPolicy
metadata: {name: web, namespace: shop}
spec:
  targetRef: {name: web}
  maxHosts: 4
  metrics: [{name: cpu, target: 60}]
`;
const inShop = (text: string): string => text.replace('{name: web}', '{name: web, namespace: shop}');
const read = (...texts: string[]): ReturnType<typeof readDocuments> => readDocuments(texts.map((text, index) => ({ name: `${'abc'[index]}.yaml`, text })));
const errorsOf = (...texts: string[]): string[] => read(...texts).errors.map(problemText);

describe('documents of a folder', () => {
  it('are read from many documents and many files, with place, defaults and default namespace', () => {
    const { objects, errors } = read(`# pools\n---\n${POOL}---\n${POLICY}---\n`, inShop(POOL));
    expect(errors).to.deep.equal([]);
    expect(objects.map(({ kind, key, place }) => [kind, key.namespace, key.name, `${place.file}:${place.line}`])).to.deep.equal([
      ['HostPool', 'default', 'web', 'a.yaml:3'],
      ['ScalingPolicy', 'shop', 'web', 'a.yaml:12'],
      ['HostPool', 'shop', 'web', 'b.yaml:1'],
    ]);
    expect(objects[0]?.admitted.spec).to.include({ paused: false, deletionPolicy: 'Retain' });
    expect(objects[0]?.written.spec).not.to.have.any.keys('paused', 'health');
  });

  it('are none in an empty file', () => {
    expect(read('', '# nothing\n', '---\n---\n')).to.deep.equal({ objects: [], errors: [] });
  });

  it('are read as kubectl reads them: yes is a boolean, a time is a text, merge keys merge, an empty field is absent', () => {
    const text = `${POOL.replace('maxReplicas: 4', 'maxReplicas: 4\n  paused: yes\n  replicas:')}---\n${POLICY}  hold: {hosts: 2, until: 2027-01-01T10:00:00Z}\n  behavior: {scaleOut: &calm {tolerancePercent: 20}, scaleIn: {<<: *calm, selectPolicy: Min}}\n`;
    const { objects, errors } = read(text);
    expect(errors).to.deep.equal([]);
    expect(objects[0]?.admitted.spec).to.include({ paused: true });
    expect(objects[0]?.written.spec).not.to.have.property('replicas');
    expect(objects[1]?.admitted.spec).to.deep.include({ hold: { hosts: 2, until: '2027-01-01T10:00:00Z' } });
    expect(objects[1]?.admitted.spec).to.have.nested.property('behavior.scaleIn.tolerancePercent', 20);
  });

  const refusals: [string, string, RegExp][] = [
    ['text that is no YAML', 'a: [1\nb: 2\n', /^a\.yaml:2:1: cannot be parsed as YAML: /],
    ['a tab as indentation', 'a:\n\tb: 1\n', /^a\.yaml:2:1: cannot be parsed as YAML: /],
    ['a key that is written twice', POOL.replace('  maxReplicas: 4', '  maxReplicas: 4\n  maxReplicas: 5'), /^a\.yaml:7:3: key "maxReplicas" is written twice: keep one of them$/],
    ['an alias of nothing', 'a: *nobody\n', /^a\.yaml:1:1: cannot be parsed as YAML: Unresolved alias.*nobody/],
    ['a list', '- a\n', /^a\.yaml:1:1: is not an object: write apiVersion, kind, metadata and spec$/],
    ['another API', POOL.replace('v1alpha1', 'v1'), /^a\.yaml:1:1: apiVersion: Unsupported value: "kamal-autoscaler.dev\/v1": supported values: "kamal-autoscaler.dev\/v1alpha1"$/],
    ['no API', 'kind: HostPool\n', /apiVersion: Required value: write kamal-autoscaler.dev\/v1alpha1$/],
    ['no kind', 'apiVersion: kamal-autoscaler.dev/v1alpha1\n', /kind: Required value: write one of "HostPool", "ScalingPolicy"$/],
    ['another kind', POOL.replace('HostPool', 'Deployment'), /kind: Unsupported value: "Deployment": supported values: "HostPool", "ScalingPolicy"$/],
    ['a KamalHost by hand', POOL.replace('HostPool', 'KamalHost'), /KamalHost is made by its HostPool, never by hand/],
    ['a DeploySession by hand', POOL.replace('HostPool', 'DeploySession'), /DeploySession is made by the controller, never by hand/],
    ['an unknown field', POLICY.replace('maxHosts', 'maxHost'), /unknown field "spec\.maxHost": the fields here are targetRef, mode, .*; spec\.maxHosts: Required value/],
    ['min above max', `${POLICY}  minHosts: 9\n`, /^a\.yaml:1:1: ScalingPolicy shop\/web is invalid: spec\.minHosts: Invalid value: 9: minHosts is greater than maxHosts: write a minHosts that is at most maxHosts$/],
    ['no spec', 'apiVersion: kamal-autoscaler.dev/v1alpha1\nkind: HostPool\nmetadata: {name: web}\n', /spec: Required value/],
    ['no metadata', POOL.replace('metadata: {name: web}\n', ''), /metadata: Required value: write metadata with a name/],
  ];
  for (const [what, text, message] of refusals) {
    it(`refuse ${what} with one error that has a place`, () => {
      const { objects, errors } = read(text);
      expect(objects).to.deep.equal([]);
      expect(errors.map(problemText)).to.have.length(1);
      expect(errors.map(problemText)[0]).to.match(message);
    });
  }

  it('may write the mode of prediction without quotes, which YAML 1.1 reads as yes or no', () => {
    for (const [written, mode] of [['Off', 'Off'], ['On', 'On'], ['"Off"', 'Off'], ['Shadow', 'Shadow']]) {
      const { objects, errors } = read(`${POLICY}  prediction: {mode: ${written}}\n`);
      expect(errors).to.deep.equal([]);
      expect(objects[0]?.admitted.spec).to.deep.include({ prediction: { mode, caution: 50 } });
      expect(objects[0]?.written.spec).to.deep.include({ prediction: { mode } });
    }
  });

  it('of a file with a problem are all left out, those of other files are not', () => {
    const { objects, errors } = read(`${POOL}---\n${POLICY.replace('maxHosts: 4', 'maxHosts: four')}`, inShop(POOL));
    expect(errors.map(problemText)).to.deep.equal(['a.yaml:10:1: ScalingPolicy shop/web is invalid: spec.maxHosts: Invalid value: "four": must be of type integer']);
    expect(objects.map(({ key }) => key.namespace)).to.deep.equal(['shop']);
  });

  it('that are written twice name both places', () => {
    expect(errorsOf(POOL, `---\n${POOL}`)).to.deep.equal([
      'a.yaml:1:1: HostPool default/web is written here and at b.yaml:2:1: keep one of them',
      'b.yaml:2:1: HostPool default/web is written here and at a.yaml:1:1: keep one of them',
    ]);
    expect(read(POOL, POOL, inShop(POOL)).objects.map(({ place }) => place.file)).to.deep.equal(['c.yaml']);
  });
});

describe('cross check', () => {
  const check = (...texts: string[]): { errors: string[]; warnings: string[] } => {
    const { errors, warnings } = crossCheck(read(...texts).objects);
    return { errors: errors.map(problemText), warnings: warnings.map(problemText) };
  };

  it('finds nothing wrong with a pool and its policy', () => {
    expect(check(inShop(POOL), POLICY)).to.deep.equal({ errors: [], warnings: [] });
  });

  it('warns of a policy whose pool is in another namespace or nowhere', () => {
    expect(check(POOL, POLICY)).to.deep.equal({
      errors: [],
      warnings: ['b.yaml:1:1: ScalingPolicy shop/web: spec.targetRef.name: HostPool shop/web is in none of these files: write it, or make sure that it exists'],
    });
  });

  it('refuses a second policy on a pool', () => {
    expect(check(inShop(POOL), POLICY, POLICY.replace('{name: web, namespace', '{name: other, namespace')).errors).to.deep.equal([
      'c.yaml:1:1: ScalingPolicy shop/other: spec.targetRef.name: HostPool shop/web has a policy already, shop/web at b.yaml:1:1: keep one of them',
    ]);
  });
});
