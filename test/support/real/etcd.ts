/** A real etcd with one member and its data in a private folder, for one API server. */
import { join } from 'node:path';
import { locate } from '../../../hack/real-parts/locate.ts';
import { freePort } from './free-port.ts';
import { privateFolder, RealProcess } from './real-process.ts';

export interface Etcd extends AsyncDisposable {
  /** Where clients reach it. */
  url: string;
  process: RealProcess;
  stop(): Promise<void>;
}

export async function startEtcd(): Promise<Etcd> {
  const folder = await privateFolder('etcd');
  const url = `http://127.0.0.1:${await freePort()}`;
  const peers = `http://127.0.0.1:${await freePort()}`;
  const process = await RealProcess.start(
    {
      name: 'etcd',
      command: await locate('etcd'),
      args: [
        '--name=only',
        `--data-dir=${join(folder, 'data')}`,
        `--listen-client-urls=${url}`,
        `--advertise-client-urls=${url}`,
        `--listen-peer-urls=${peers}`,
        `--initial-advertise-peer-urls=${peers}`,
        `--initial-cluster=only=${peers}`,
        // The data need not survive a power cut: only the tests' own restarts, for which the page cache is enough.
        '--unsafe-no-fsync',
        '--log-level=warn',
      ],
      ready: async () => (await fetch(`${url}/readyz`)).ok,
    },
    folder,
  );
  const stop = (): Promise<void> => process.stop();
  return { url, process, stop, [Symbol.asyncDispose]: stop };
}
