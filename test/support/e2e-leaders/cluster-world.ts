/** A world whose controllers run on a real API server, as the ServiceAccount of `manifests/` and as nobody else. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigMapDocuments } from '../../../controller/runtime/cluster/index.ts';
import { type ControlPlane, startControlPlane } from '../control-plane.ts';
import { startKubeControllerManager } from '../real/kube-controller-manager.ts';
import { POOL, World } from './world.ts';

const OWN_NAMESPACE = 'kamal-autoscaler';
export const SERVICE_ACCOUNT = `system:serviceaccount:${OWN_NAMESPACE}:${OWN_NAMESPACE}`;

/** One request as the API server recorded it. */
export interface AuditEvent {
  user: { username: string };
  verb: string;
  requestURI: string;
  objectRef?: { resource?: string; subresource?: string };
  responseStatus?: { code?: number };
}

export interface ClusterWorld extends AsyncDisposable {
  plane: ControlPlane;
  world: World;
  /** kubeconfig of the controllers. */
  kubeconfig: string;
  /** Every request that the API server has answered so far. */
  audit(): Promise<AuditEvent[]>;
}

const AUDIT_POLICY = { apiVersion: 'audit.k8s.io/v1', kind: 'Policy', omitStages: ['RequestReceived', 'ResponseStarted'], rules: [{ level: 'Metadata' }] };

export interface ClusterWorldOptions {
  replicas: number;
  /** Controllers of a real kube-controller-manager that the suite needs. */
  kubeControllers?: readonly string[];
}

/** With the namespace of the pool, and nothing in it. */
export async function startClusterWorld({ replicas, kubeControllers = [] }: ClusterWorldOptions): Promise<ClusterWorld> {
  const stack = new AsyncDisposableStack();
  try {
    const folder = await mkdtemp(join(tmpdir(), 'audit-'));
    stack.defer(() => rm(folder, { recursive: true, force: true }));
    const [policy, log] = [join(folder, 'policy.yaml'), join(folder, 'audit.log')];
    await writeFile(policy, JSON.stringify(AUDIT_POLICY));
    const plane = await startControlPlane({ flags: [`--audit-policy-file=${policy}`, `--audit-log-path=${log}`] });
    stack.defer(() => plane.stop());
    if (kubeControllers.length > 0) stack.use(await startKubeControllerManager(plane.server.adminKubeconfig, kubeControllers));
    await plane.kubectl(['create', 'namespace', POOL.namespace]);
    const kubeconfig = await plane.server.serviceAccountKubeconfig(OWN_NAMESPACE, OWN_NAMESPACE);
    const world = stack.use(await World.start({
      replicas,
      store: { kind: 'Cluster', kubeconfig, namespace: OWN_NAMESPACE },
      view: () => ({ store: plane.store(), documents: new ConfigMapDocuments(plane.api(), OWN_NAMESPACE) }),
    }));
    return {
      plane, world, kubeconfig,
      audit: async () => (await readFile(log, 'utf8')).split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as AuditEvent),
      [Symbol.asyncDispose]: () => stack.disposeAsync(),
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

/** Applies a document as the administrator, strictly validated. */
export const apply = ({ plane }: ClusterWorld, document: string): Promise<string> => plane.kubectl(['apply', '--validate=strict', '-f', '-'], document);
