import { readdirSync } from 'node:fs';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse, parseAllDocuments } from 'yaml';
import { GROUP, KINDS, keyOf, PLURAL } from '../../controller/api/index.ts';
import { connect, ConfigMapDocuments, leaseObject, openApi } from '../../controller/runtime/cluster/index.ts';
import type { ClusterStore } from '../../controller/runtime/cluster/index.ts';
import { readSettings } from '../../controller/runtime/settings.ts';
import { CONTROL_PLANE_PARTS, fromRoot, startControlPlane, textOf } from '../support/control-plane.ts';
import type { ControlPlane } from '../support/control-plane.ts';
import { hostDraft, policyDraft, poolDraft, sessionDraft } from '../support/drafts.ts';
import { realSuite } from '../support/real/gate.ts';
import { tryKubectl } from '../support/real/kubectl.ts';
import { until } from '../support/real/until.ts';
import { refused } from '../support/refused.ts';

const OWN_NAMESPACE = 'kamal-autoscaler';

interface Condition { type: string; status: string; message: string }

realSuite('manifests/ on a real kube-apiserver', CONTROL_PLANE_PARTS, function () {
  this.timeout(120_000);
  let plane: ControlPlane;

  before(async () => {
    plane = await startControlPlane();
  });

  after(async () => {
    await plane?.stop();
  });

  describe('definitions', () => {
    for (const kind of KINDS) {
      it(`of ${kind} are established, structural and within the cost that CEL rules may have`, async () => {
        const { status } = JSON.parse(await plane.kubectl(['get', 'crd', `${PLURAL[kind]}.${GROUP}`, '-o', 'json'])) as { status: { conditions: Condition[] } };
        const holding = status.conditions.filter((condition) => condition.status === 'True').map(({ type }) => type);
        expect(holding.sort(), JSON.stringify(status.conditions)).to.deep.equal(['Established', 'NamesAccepted']);
      });
    }
  });

  it('take a certificate by one line more, and then probe and answer with TLS', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'manifests-'));
    try {
      for (const name of ['manifests', 'crds']) await cp(fromRoot(name), join(folder, name), { recursive: true });
      const file = join(folder, 'manifests', 'kustomization.yaml');
      const text = await readFile(file, 'utf8');
      expect(text).to.include('\n# components: [tls]\n');
      await writeFile(file, text.replace('# components: [tls]', 'components: [tls]'));
      const documents = parseAllDocuments(await plane.kubectl(['kustomize', join(folder, 'manifests')])).map((document) => document.toJS() as { kind: string; spec: any });
      const { containers: [controller], volumes } = documents.find(({ kind }) => kind === 'Deployment')!.spec.template.spec;
      const environment = Object.fromEntries(controller.env.map(({ name, value }: { name: string; value: string }) => [name, value]));
      expect(readSettings({ cluster: true }, { KAMAL_AUTOSCALER_INSTALLATION: 'x', ...environment }).listen.tls).to.deep.equal({ certificateFile: '/tls/tls.crt', keyFile: '/tls/tls.key' });
      for (const probe of ['livenessProbe', 'readinessProbe', 'startupProbe']) expect(controller[probe].httpGet, probe).to.include({ scheme: 'HTTPS', port: 'http' });
      expect(controller.volumeMounts).to.deep.include({ name: 'tls', mountPath: '/tls', readOnly: true }).and.to.deep.include({ name: 'scratch', mountPath: '/tmp' });
      expect(volumes.map(({ name }: { name: string }) => name)).to.have.members(['scratch', 'tls']);
      await plane.kubectl(['apply', '--dry-run=server', '--validate=strict', '-k', join(folder, 'manifests')]);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  describe('samples', () => {
    const samples = readdirSync(fromRoot('manifests/samples'));

    for (const sample of samples) {
      it(`${sample} is accepted as it is`, async () => {
        const out = await plane.kubectl(['apply', '--validate=strict', '-f', fromRoot(`manifests/samples/${sample}`)]);
        expect(out.trim().split('\n')).to.have.length(parseAllDocuments(textOf(`manifests/samples/${sample}`)).length);
      });
    }

    it('write no policy that acts', async () => {
      const modes = await plane.kubectl(['get', 'sp', '-o', 'jsonpath={.items[*].spec.mode}']);
      expect(new Set(modes.split(' '))).to.deep.equal(new Set(['Recommend']));
    });

    it('are scaled by kubectl without a policy, within maxReplicas', async () => {
      await plane.kubectl(['scale', 'hostpool/static', '--replicas=3']);
      await plane.kubectl(['scale', 'hostpool/web', '--replicas=2']);
      expect(await plane.kubectl(['get', 'hp', 'static', 'web', '-o', 'jsonpath={.items[*].spec.replicas}'])).to.equal('3 2');
      const tooMany = await tryKubectl(plane.server.adminKubeconfig, ['scale', 'hostpool/static', '--replicas=5']);
      expect(tooMany.status).to.equal(1);
      expect(tooMany.stderr).to.contain('write replicas that are at most maxReplicas');
    });
  });

  describe('kubectl get', () => {
    it('answers how many, how many are wanted, why and since when', async () => {
      const store = plane.store();
      const since = '2026-01-01T00:00:00Z';
      const namespace = 'shown';
      await plane.kubectl(['create', 'namespace', namespace]);
      const pool = await store.create('HostPool', poolDraft(namespace, 'web', { replicas: 4 }));
      await store.updateStatus('HostPool', { ...pool, status: { replicas: 3, readyReplicas: 2, bootingReplicas: 1, drainingReplicas: 0, state: 'Growing', reason: 'web-4 deploys', stateSince: since } });
      const policy = await store.create('ScalingPolicy', policyDraft(namespace));
      await store.updateStatus('ScalingPolicy', { ...policy, status: { currentHosts: 3, desiredHosts: 4, reason: 'CPU 82 % of 60 %', reasonSince: since } });
      const host = await store.create('KamalHost', hostDraft(namespace));
      await store.updateStatus('KamalHost', { ...host, status: { phase: 'Deploying', address: '192.0.2.9', reason: 'waits for docker', phaseSince: since } });

      const tables = (await plane.kubectl(['get', 'sp,hp,kh', '-n', namespace])).split(/\n\n/).map((table) => table.trim().split('\n').map((line) => line.split(/\s{2,}|(?<=\S)\s(?=\S+$)/).map((cell) => cell.trim())));
      const columns = tables.map(([head, row]) => Object.fromEntries((head ?? []).map((name, index) => [name, row?.[index]])));
      const age = columns[0]?.['SINCE'];
      expect(age).to.match(/^\d+[dy]/);
      expect(columns).to.deep.equal([
        { NAME: 'scalingpolicy.kamal-autoscaler.dev/web', POOL: 'web', MODE: 'Enforce', HOSTS: '3', WANTED: '4', WHY: 'CPU 82 % of 60 %', SINCE: age },
        { NAME: 'hostpool.kamal-autoscaler.dev/web', WANTED: '4', HOSTS: '3', READY: '2', BOOTING: '1', DRAINING: '0', STATE: 'Growing', WHY: 'web-4 deploys', SINCE: age },
        { NAME: 'kamalhost.kamal-autoscaler.dev/web-1', POOL: 'web', PHASE: 'Deploying', INTENT: 'Serve', ADDRESS: '192.0.2.9', WHY: 'waits for docker', SINCE: age },
      ]);
    });
  });

  describe('settings and command of the Deployment', () => {
    it('are such as the controller takes', async () => {
      const deployment = parse(textOf('manifests/deployment.yaml')) as { spec: { template: { spec: { containers: [{ args: string[] }] } } } };
      const settings = parse(textOf('manifests/settings.yaml')) as { data: Record<string, string> };
      expect(deployment.spec.template.spec.containers[0].args).to.deep.equal(['run', '--cluster', '--namespace', OWN_NAMESPACE]);
      const read = readSettings({ cluster: true, namespace: OWN_NAMESPACE }, settings.data);
      expect(read.mode).to.deep.equal({ kind: 'Cluster', namespace: OWN_NAMESPACE });
      expect(read.listen).to.deep.equal({ address: '0.0.0.0', port: 9595 });
    });
  });

  describe('the permissions of the ServiceAccount', () => {
    const namespace = 'default';
    let kubeconfig: string;
    let store: ClusterStore;
    let admin: ClusterStore;

    before(async () => {
      kubeconfig = await plane.server.serviceAccountKubeconfig(OWN_NAMESPACE, OWN_NAMESPACE);
      store = plane.store({ kubeconfig });
      admin = plane.store();
    });

    it('are enough for pools: read, watch, scale, status, finalizer, Events', async () => {
      const pool = await admin.create('HostPool', poolDraft(namespace, 'mine', { replicas: 1 }));
      const told: string[] = [];
      store.watch('HostPool', ({ type, object }) => told.push(`${type} ${object.metadata.name} ${object.spec.replicas ?? '-'}`));
      await until('the pool in the watch', () => told.includes('Added mine 1'));
      await store.scale(keyOf(pool), 2);
      await until('the scaled pool in the watch', () => told.includes('Modified mine 2'));
      const [scaled] = (await store.list('HostPool', { namespace })).filter(({ metadata }) => metadata.name === 'mine');
      const noted = await store.updateStatus('HostPool', { ...scaled!, status: { replicas: 1 } });
      await store.update('HostPool', { ...noted, metadata: { ...noted.metadata, finalizers: ['kamal-autoscaler.dev/hosts'] } });
      const troubles: string[] = [];
      const telling = plane.store({ kubeconfig, onTrouble: (error) => troubles.push(error.message) });
      const event = { kind: 'HostPool', key: keyOf(pool), uid: pool.metadata.uid, type: 'Normal', reason: 'R', message: 'm' } as const;
      await telling.recordEvent(event);
      await telling.recordEvent(event);
      expect(troubles).to.deep.equal([]);
    });

    it('are enough for policies: read, watch, status', async () => {
      const policy = await admin.create('ScalingPolicy', policyDraft(namespace, 'mine'));
      const told: string[] = [];
      store.watch('ScalingPolicy', ({ object }) => told.push(object.metadata.name));
      await until('the policy in the watch', () => told.includes('mine'));
      await store.updateStatus('ScalingPolicy', { ...policy, status: { desiredHosts: 2 } });
      expect((await store.get('ScalingPolicy', keyOf(policy)))?.status?.desiredHosts).to.equal(2);
    });

    it('are enough for hosts: all of their life, and the question whether their surroundings end', async () => {
      const told: string[] = [];
      store.watch('KamalHost', ({ type }) => told.push(type));
      const host = await store.create('KamalHost', hostDraft(namespace, 'mine-1'));
      const noted = await store.updateStatus('KamalHost', { ...host, status: { phase: 'Draining' } });
      const drained = await store.update('KamalHost', { ...noted, spec: { ...noted.spec, intent: 'Drain' } });
      expect(await store.ending('KamalHost', namespace)).to.equal('No');
      await store.delete('KamalHost', keyOf(host), { uid: host.metadata.uid });
      const marked = await store.get('KamalHost', keyOf(drained));
      await store.update('KamalHost', { ...marked!, metadata: { ...marked!.metadata, finalizers: [] } });
      await until('its end in the watch', () => told.includes('Deleted'));
    });

    it('are enough for sessions: all of their life', async () => {
      const told: string[] = [];
      store.watch('DeploySession', ({ type }) => told.push(type));
      const session = await store.create('DeploySession', sessionDraft(namespace));
      const held = await store.updateStatus('DeploySession', { ...session, status: { phase: 'Held' } });
      const admitted = await store.update('DeploySession', { ...held, spec: { ...held.spec, members: ['web-1'] } });
      await store.delete('DeploySession', keyOf(admitted), { uid: session.metadata.uid });
      const marked = await store.get('DeploySession', keyOf(admitted));
      await store.update('DeploySession', { ...marked!, metadata: { ...marked!.metadata, finalizers: [] } });
      await until('its end in the watch', () => told.includes('Deleted'));
    });

    it('are enough for the lease and the documents of its own namespace', async () => {
      const api = openApi(connect({ kubeconfig }));
      const lease = leaseObject(api, OWN_NAMESPACE, 'kamal-autoscaler');
      const now = '2026-01-01T00:00:00.000000Z';
      await lease.create({ holderIdentity: 'me', leaseDurationSeconds: 15, acquireTime: now, renewTime: now, leaseTransitions: 0 });
      const held = await lease.read();
      await lease.replace({ ...held!, spec: { ...held!.spec, holderIdentity: '' } });
      const documents = new ConfigMapDocuments(api, OWN_NAMESPACE);
      const version = await documents.save('ledger', { a: 1 }, undefined);
      await documents.save('ledger', { a: 2 }, version);
      expect((await documents.load('ledger'))?.value).to.deep.equal({ a: 2 });
    });

    it('allow nothing else', async () => {
      const pool = await admin.create('HostPool', poolDraft(namespace, 'theirs'));
      await refused('Forbidden', store.create('HostPool', poolDraft(namespace, 'new')));
      await refused('Forbidden', store.delete('HostPool', keyOf(pool)));
      await refused('Forbidden', store.create('ScalingPolicy', policyDraft(namespace, 'new')));
      await refused('Forbidden', store.delete('ScalingPolicy', { namespace, name: 'web' }));
      await refused('Forbidden', store.update('ScalingPolicy', (await admin.get('ScalingPolicy', { namespace, name: 'web' }))!));
      const api = openApi(connect({ kubeconfig }));
      await refused('Forbidden', leaseObject(api, OWN_NAMESPACE, 'another').read());
      await refused('Forbidden', new ConfigMapDocuments(api, namespace).load('ledger'));
      for (const question of ['get secrets -A', 'list configmaps -n kamal-autoscaler', 'get pods -A', 'list namespaces', 'delete crd', 'list crd', 'delete leases -n kamal-autoscaler']) {
        const { stdout } = await tryKubectl(kubeconfig, ['auth', 'can-i', ...question.split(' ')]);
        expect(stdout.trim(), question).to.equal('no');
      }
    });
  });
});
