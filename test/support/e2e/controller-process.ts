/** The controller as people run it: a process of its own, which can be ended, killed, frozen and started again. */
import { fromRoot } from '../control-plane.ts';
import { freePort } from '../real/free-port.ts';
import { privateFolder, RealProcess } from '../real/real-process.ts';

/** Which store it works on. */
export type ControllerStore =
  | { kind: 'Cluster'; kubeconfig: string; namespace?: string }
  | { kind: 'Standalone'; configFolder: string };

export interface ControllerOptions {
  store: ControllerStore;
  /** Holds the local hosts, and in standalone mode the store. In a cluster several controllers share it, as they share a cloud. */
  stateFolder: string;
  installation: string;
  /** Over those of the harness. */
  env?: Readonly<Record<string, string>>;
  args?: readonly string[];
  /** A free one when absent. */
  port?: number;
}

export interface ControllerProcess {
  url: string;
  port: number;
  /** `signal('SIGKILL')`, `signal('SIGSTOP')`, `halt()`, `start()`; its log is `logFile`. */
  process: RealProcess;
  stop(): Promise<void>;
}

/** Starts `kamal-autoscaler run` and waits until it is ready; throws with the tail of its log. */
export async function startControllerProcess(options: ControllerOptions): Promise<ControllerProcess> {
  const { store, stateFolder, installation } = options;
  const port = options.port ?? await freePort();
  const url = `http://127.0.0.1:${port}`;
  const where = store.kind === 'Standalone'
    ? ['--config', store.configFolder]
    : ['--cluster', '--kubeconfig', store.kubeconfig, ...(store.namespace === undefined ? [] : ['--namespace', store.namespace])];
  const running = await RealProcess.start(
    {
      name: 'controller',
      command: process.execPath,
      args: [
        '--no-warnings', fromRoot('controller/main.ts'), 'run', ...where, '--state', stateFolder, '--installation', installation,
        '--listen', `127.0.0.1:${port}`, ...(options.args ?? []),
      ],
      env: options.env ?? {},
      ready: async () => (await fetch(`${url}/readyz`)).ok,
    },
    await privateFolder('controller'),
  );
  return { url, port, process: running, stop: () => running.stop() };
}
