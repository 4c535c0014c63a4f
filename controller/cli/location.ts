import type { Command } from 'commander';
import type { Composition, Io, OpenStore, StoreLocation } from './composition.ts';
import { CommandFailure, EXIT, asUsage } from './failure.ts';

/** Flags of every command that reads or writes the store. */
export interface LocationFlags {
  state?: string;
  cluster?: boolean;
  kubeconfig?: string;
  context?: string;
  controllerNamespace?: string;
}

export const withLocationFlags = (command: Command): Command => command
  .option('--state <dir>', 'state folder of the standalone controller (default: as `run`)')
  .option('--cluster', 'use a Kubernetes API server instead')
  .option('--kubeconfig <file>', 'kubeconfig of the API server; implies --cluster')
  .option('--context <name>', 'context of the kubeconfig; implies --cluster')
  .option('--controller-namespace <ns>', "namespace of the controller's own documents");

/** Opens the store that the flags name for as long as `work` takes. */
export async function withStore<T>(composition: Composition, io: Io, flags: LocationFlags, work: (open: OpenStore) => Promise<T>): Promise<T> {
  const open = await asUsage(composition.open(locationOf(flags), io));
  try {
    return await work(open);
  } finally {
    await open.close();
  }
}

export function locationOf({ state, cluster, kubeconfig, context, controllerNamespace }: LocationFlags): StoreLocation {
  if (cluster !== true && kubeconfig === undefined && context === undefined) {
    if (controllerNamespace !== undefined) throw new CommandFailure(EXIT.usage, '--controller-namespace is for a cluster only', 'write --cluster too, or leave it out');
    return { kind: 'Standalone', ...(state !== undefined && { state }) };
  }
  if (state !== undefined) throw new CommandFailure(EXIT.usage, '--state names a standalone store, other flags a cluster', 'keep one of them');
  return {
    kind: 'Cluster',
    ...(kubeconfig !== undefined && { kubeconfig }), ...(context !== undefined && { context }), ...(controllerNamespace !== undefined && { controllerNamespace }),
  };
}
