/** Kubeconfig files for one API server: who one is, and where it is. */
import { writeFile } from 'node:fs/promises';
import { stringify } from 'yaml';

export interface Account {
  /** URL of the API server. */
  server: string;
  /** PEM certificates that the server's own must chain to. */
  ca: string;
  token: string;
  /** Namespace of requests that name none. */
  namespace: string;
}

/** Writes a kubeconfig that only its owner can read. */
export async function writeKubeconfig(file: string, account: Account): Promise<void> {
  const document = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'real',
        cluster: { server: account.server, 'certificate-authority-data': Buffer.from(account.ca).toString('base64') },
      },
    ],
    users: [{ name: 'account', user: { token: account.token } }],
    contexts: [{ name: 'real', context: { cluster: 'real', user: 'account', namespace: account.namespace } }],
    'current-context': 'real',
  };
  await writeFile(file, stringify(document), { mode: 0o600 });
}
