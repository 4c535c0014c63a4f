/** A real control plane for one suite: etcd and kube-apiserver with this project's definitions, and connections to it. */
import { readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../controller/runtime/clock.ts';
import { ClusterStore, connect, openApi } from '../../controller/runtime/cluster/index.ts';
import type { ApiOptions, ClusterApi, ClusterStoreOptions } from '../../controller/runtime/cluster/index.ts';
import { startEtcd } from './real/etcd.ts';
import { startKubeApiserver } from './real/kube-apiserver.ts';
import type { KubeApiserver, KubeApiserverOptions } from './real/kube-apiserver.ts';
import { kubectl } from './real/kubectl.ts';
import { until } from './real/until.ts';

/** The parts without which none of this works, for `realSuite`. */
export const CONTROL_PLANE_PARTS = ['etcd', 'kube-apiserver', 'kubectl'] as const;

const ROOT = join(import.meta.dirname, '..', '..');
export const fromRoot = (path: string): string => join(ROOT, path);

export interface ControlPlane {
  server: KubeApiserver;
  /** kubectl as the administrator. */
  kubectl(args: readonly string[], input?: string): Promise<string>;
  /** Calls as the owner of a kubeconfig; as the administrator without one. */
  api(kubeconfig?: string, options?: ApiOptions): ClusterApi;
  /** The administrator's kubeconfig with the server behind another port of this machine. */
  kubeconfigThrough(port: number): Promise<string>;
  /** A store that `stop` closes. */
  store(options?: Partial<ClusterStoreOptions> & ApiOptions & { kubeconfig?: string }): ClusterStore;
  stop(): Promise<void>;
}

/** Starts it with `manifests/` applied, definitions and RBAC included. */
export async function startControlPlane(options: KubeApiserverOptions = {}): Promise<ControlPlane> {
  const etcd = await startEtcd();
  const server = await startKubeApiserver(etcd.url, options).catch(async (error: unknown) => {
    await etcd.stop();
    throw error;
  });
  const stores: ClusterStore[] = [];
  const run = (args: readonly string[], input = ''): Promise<string> => kubectl(server.adminKubeconfig, args, input);
  const api = (kubeconfig = server.adminKubeconfig, options: ApiOptions = {}): ClusterApi => openApi(connect({ kubeconfig }), options);
  const plane: ControlPlane = {
    server,
    kubectl: run,
    api,
    async kubeconfigThrough(port) {
      const file = `${server.adminKubeconfig}.through-${port}`;
      const text = await readFile(server.adminKubeconfig, 'utf8');
      await writeFile(file, text.replaceAll(`:${new URL(server.url).port}`, `:${port}`), { mode: 0o600 });
      return file;
    },
    store({ kubeconfig, timeoutMilliseconds, ...options } = {}) {
      const store = new ClusterStore(api(kubeconfig, timeoutMilliseconds === undefined ? {} : { timeoutMilliseconds }), { clock: systemClock, random: Math.random, instance: 'test', ...options });
      stores.push(store);
      return store;
    },
    async stop() {
      await Promise.all(stores.map(async (store) => await store.close()));
      await server.stop();
      await etcd.stop();
    },
  };
  try {
    await run(['apply', '--validate=strict', '-k', fromRoot('manifests')]);
    await run(['wait', '--for=condition=Established', '--timeout=30s', 'crd', '--all']);
    // Established comes a moment before the path is served.
    await until('the definitions are served', async () => await run(['get', 'hostpools,scalingpolicies,kamalhosts,deploysessions', '-A']).then(() => true));
  } catch (error) {
    await plane.stop();
    throw error;
  }
  return plane;
}

/** A file of the repository. */
export const textOf = (path: string): string => readFileSync(fromRoot(path), 'utf8');
