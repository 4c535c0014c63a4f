/** A real kube-controller-manager that runs only the controllers asked for: an API server alone never ends a namespace. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { locate } from '../../../hack/real-parts/locate.ts';
import { freePort } from './free-port.ts';
import { httpsRequest } from './https-request.ts';
import { privateFolder, RealProcess } from './real-process.ts';

export interface KubeControllerManager extends AsyncDisposable {
  process: RealProcess;
  stop(): Promise<void>;
}

/** @param controllers by the names of `--controllers`, such as `namespace-controller` */
export async function startKubeControllerManager(adminKubeconfig: string, controllers: readonly string[]): Promise<KubeControllerManager> {
  const folder = await privateFolder('kube-controller-manager');
  const port = await freePort();
  const process = await RealProcess.start(
    {
      name: 'kube-controller-manager',
      command: await locate('kube-controller-manager'),
      args: [
        `--kubeconfig=${adminKubeconfig}`,
        `--controllers=${controllers.join(',')}`,
        '--leader-elect=false',
        '--bind-address=127.0.0.1',
        `--secure-port=${port}`,
        `--cert-dir=${join(folder, 'certificates')}`,
      ],
      ready: async () => {
        // It makes this certificate for its address at its first start.
        const ca = await readFile(join(folder, 'certificates', 'kube-controller-manager.crt'), 'utf8');
        return (await httpsRequest(`https://127.0.0.1:${port}/healthz`, { method: 'GET', ca })).status === 200;
      },
    },
    folder,
  );
  const stop = (): Promise<void> => process.stop();
  return { process, stop, [Symbol.asyncDispose]: stop };
}
