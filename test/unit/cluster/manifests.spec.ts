import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse, parseAllDocuments } from 'yaml';
import type { Kind } from '../../../controller/api/index.ts';
import { admit } from '../../../controller/runtime/store/validation/index.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

interface Kustomization { resources: string[]; images?: { name: string; newTag: string }[] }

describe('manifests/', () => {
  it('lists every file of its own and every definition', () => {
    const own = (parse(read('manifests/kustomization.yaml')) as Kustomization).resources;
    const files = readdirSync(join(root, 'manifests')).filter((name) => name.endsWith('.yaml') && name !== 'kustomization.yaml');
    expect(own).to.have.members(['../crds', ...files]);
    const definitions = (parse(read('crds/Kustomization')) as Kustomization).resources;
    expect(definitions).to.have.members(readdirSync(join(root, 'crds')).filter((name) => name.endsWith('.yaml')));
  });

  it('names the image of this version', () => {
    const { version } = JSON.parse(read('package.json')) as { version: string };
    const { images } = parse(read('manifests/kustomization.yaml')) as Kustomization;
    expect(images).to.deep.equal([{ name: 'kamal-autoscaler', newTag: version }]);
  });

  it('lets in whom a label of the namespace names, to the one port', () => {
    const { spec } = parse(read('manifests/network-policy.yaml')) as { spec: { podSelector: object; policyTypes: string[]; ingress: { from: object[]; ports: object[] }[] } };
    const { spec: deployment } = parse(read('manifests/deployment.yaml')) as { spec: { selector: object; template: { spec: { containers: { ports: { name: string; containerPort: number }[] }[] } } } };
    expect(spec.podSelector).to.deep.equal(deployment.selector);
    expect(spec.policyTypes).to.deep.equal(['Ingress']);
    expect(spec.ingress).to.deep.equal([{ from: [{ namespaceSelector: { matchLabels: { 'kamal-autoscaler.dev/client': 'true' } } }], ports: [{ protocol: 'TCP', port: 'http' }] }]);
    expect(deployment.template.spec.containers[0]?.ports).to.deep.equal([{ name: 'http', containerPort: 9595 }]);
  });

  for (const sample of readdirSync(join(root, 'manifests/samples'))) {
    it(`samples/${sample} is accepted in standalone mode too`, () => {
      const documents = parseAllDocuments(read(`manifests/samples/${sample}`)).map((document) => document.toJS() as { kind: Kind });
      expect(documents).not.to.have.length(0);
      for (const document of documents) expect(() => admit(document.kind, document)).not.to.throw();
    });
  }

  it('asks in web.yaml for the four metrics with two lines each', () => {
    const [, policy] = parseAllDocuments(read('manifests/samples/web.yaml')).map((document) => document.toJS() as { spec: { metrics: Record<string, unknown>[] } });
    expect(policy?.spec.metrics.map((metric) => Object.keys(metric).join())).to.deep.equal(['name,target', 'name,target', 'name,target', 'name,target']);
    expect(policy?.spec.metrics.map(({ name }) => name)).to.deep.equal(['rps', 'p95', 'cpu', 'dbPool']);
  });
});
