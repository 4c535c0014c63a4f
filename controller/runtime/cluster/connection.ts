import { existsSync } from 'node:fs';
import { KubeConfig } from '@kubernetes/client-node';
import { ClassifiedError, messageOf } from '../../model/index.ts';

export interface ConnectionSettings {
  /** Path of a kubeconfig; wins over everything else. */
  kubeconfig?: string | undefined;
  /** Context of the kubeconfig; its current-context when absent. */
  context?: string | undefined;
  /** Namespace of the controller's own lease and documents; that of the pod or the context when absent. */
  namespace?: string | undefined;
  environment?: Record<string, string | undefined>;
}

/** An API server, the credentials for it and the namespace that the controller calls its own. */
export interface ClusterConnection {
  config: KubeConfig;
  server: string;
  namespace: string;
  /** Where the credentials come from, for the log. */
  source: string;
}

const POD_TOKEN = '/var/run/secrets/kubernetes.io/serviceaccount/token';

/**
 * Chooses the API server: `kubeconfig`, then KUBECONFIG, then the pod's ServiceAccount, then `~/.kube/config`.
 * Nothing is sent yet. Throws `Invalid` with what to write instead.
 */
export function connect(settings: ConnectionSettings = {}): ClusterConnection {
  const environment = settings.environment ?? process.env;
  const config = new KubeConfig();
  const source = load(config, settings, environment);
  if (settings.context !== undefined) chooseContext(config, settings.context, source);
  const cluster = config.getCurrentCluster();
  if (!cluster) {
    throw new ClassifiedError('Invalid', `${source}: current-context "${config.getCurrentContext() ?? ''}" names no cluster`, {
      mend: 'Set current-context in the file or name one with --context.',
    });
  }
  const namespace = settings.namespace ?? config.getContextObject(config.getCurrentContext())?.namespace ?? 'default';
  return { config, server: cluster.server, namespace: namespace.trim(), source };
}

function load(config: KubeConfig, settings: ConnectionSettings, environment: Record<string, string | undefined>): string {
  if (settings.kubeconfig !== undefined) return loadFiles(config, [settings.kubeconfig], '--kubeconfig');
  const fromEnvironment = (environment['KUBECONFIG'] ?? '').split(':').filter((path) => path !== '');
  if (fromEnvironment.length > 0) return loadFiles(config, fromEnvironment, 'KUBECONFIG');
  if (environment['KUBERNETES_SERVICE_HOST'] !== undefined && existsSync(POD_TOKEN)) {
    config.loadFromCluster();
    return 'the ServiceAccount of this pod';
  }
  const home = `${environment['HOME'] ?? ''}/.kube/config`;
  if (existsSync(home)) return loadFiles(config, [home], home);
  throw new ClassifiedError('Invalid', 'no cluster to talk to: no --kubeconfig, no KUBECONFIG, no ServiceAccount of a pod, no ~/.kube/config', {
    mend: 'Name a kubeconfig with --kubeconfig FILE, or run in a pod with a ServiceAccount.',
  });
}

function loadFiles(config: KubeConfig, paths: readonly string[], source: string): string {
  paths.forEach((path, index) => {
    try {
      if (index === 0) config.loadFromFile(path);
      else {
        const next = new KubeConfig();
        next.loadFromFile(path);
        config.mergeConfig(next, true);
      }
    } catch (error) {
      throw new ClassifiedError('Invalid', `${source}: ${path} is not a readable kubeconfig: ${messageOf(error)}`, {
        mend: 'Name a kubeconfig that kubectl accepts too.',
        cause: error,
      });
    }
  });
  return source;
}

function chooseContext(config: KubeConfig, context: string, source: string): void {
  if (!config.getContextObject(context)) {
    const known = config.getContexts().map(({ name }) => name);
    throw new ClassifiedError('Invalid', `--context ${context}: ${source} has no such context`, {
      mend: known.length === 0 ? 'The file holds no context.' : `Write one of: ${known.join(', ')}.`,
    });
  }
  config.setCurrentContext(context);
}
