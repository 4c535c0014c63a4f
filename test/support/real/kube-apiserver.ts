/** A real kube-apiserver with RBAC on and anonymous requests off, over an etcd that the caller started. */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { locate } from '../../../hack/real-parts/locate.ts';
import { planted } from '../planted.ts';
import { freePort } from './free-port.ts';
import { httpsRequest } from './https-request.ts';
import { writeKubeconfig } from './kubeconfig.ts';
import { privateFolder, RealProcess } from './real-process.ts';

const ISSUER = 'https://kubernetes.default.svc';

export interface KubeApiserver extends AsyncDisposable {
  url: string;
  /** Kubeconfig file of a member of system:masters, to whom nothing is refused. */
  adminKubeconfig: string;
  /**
   * Writes a kubeconfig for a ServiceAccount, which must exist, with a token from a TokenRequest, and answers its
   * path: it may do what RBAC grants the account, and nothing else. `seconds` is at least 600.
   */
  serviceAccountKubeconfig(namespace: string, name: string, seconds?: number): Promise<string>;
  /** A request as the administrator, for what kubectl does not show. `path` starts with a slash. */
  asAdmin(method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<{ status: number; body: string }>;
  process: RealProcess;
  stop(): Promise<void>;
}

export interface KubeApiserverOptions {
  /** More flags of kube-apiserver, such as those of its audit log. */
  flags?: readonly string[];
}

export async function startKubeApiserver(etcdUrl: string, { flags = [] }: KubeApiserverOptions = {}): Promise<KubeApiserver> {
  const folder = await privateFolder('kube-apiserver');
  const port = await freePort();
  const url = `https://127.0.0.1:${port}`;
  const token = planted('kubernetes');
  const serviceAccountKey = join(folder, 'service-account.key');
  const tokens = join(folder, 'tokens.csv');
  await writeFile(serviceAccountKey, generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  await writeFile(tokens, `${token},admin,admin,system:masters\n`, { mode: 0o600 });
  // The server makes a certificate for its address at its first start; the file holds its issuer too.
  const certificates = join(folder, 'certificates');
  const ca = (): Promise<string> => readFile(join(certificates, 'apiserver.crt'), 'utf8');

  const asAdmin: KubeApiserver['asAdmin'] = async (method, path, body) =>
    await httpsRequest(`${url}${path}`, { method, ca: await ca(), headers: { authorization: `Bearer ${token}` }, body });

  const process = await RealProcess.start(
    {
      name: 'kube-apiserver',
      command: await locate('kube-apiserver'),
      args: [
        `--etcd-servers=${etcdUrl}`,
        '--bind-address=127.0.0.1',
        '--advertise-address=127.0.0.1',
        `--secure-port=${port}`,
        `--cert-dir=${certificates}`,
        '--authorization-mode=RBAC',
        '--anonymous-auth=false',
        `--token-auth-file=${tokens}`,
        `--service-account-key-file=${serviceAccountKey}`,
        `--service-account-signing-key-file=${serviceAccountKey}`,
        `--service-account-issuer=${ISSUER}`,
        `--api-audiences=${ISSUER}`,
        '--service-cluster-ip-range=10.0.0.0/24',
        // Nobody reaches this server through a Service, and a loopback address is refused as an endpoint.
        '--endpoint-reconciler-type=none',
        // A halted server must free its port at once.
        '--shutdown-delay-duration=0s',
        '--shutdown-send-retry-after=false',
        ...flags,
      ],
      ready: async () => {
        if ((await asAdmin('GET', '/readyz')).status !== 200) return false;
        // Ready comes a moment before the default namespace, which every applied sample needs.
        return (await asAdmin('GET', '/api/v1/namespaces/default')).status === 200;
      },
    },
    folder,
  );

  const adminKubeconfig = join(folder, 'admin.kubeconfig');
  await writeKubeconfig(adminKubeconfig, { server: url, ca: await ca(), token, namespace: 'default' });

  const serviceAccountKubeconfig: KubeApiserver['serviceAccountKubeconfig'] = async (namespace, name, seconds = 3600) => {
    const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`;
    const answer = await asAdmin('POST', path, {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: { audiences: [ISSUER], expirationSeconds: seconds },
    });
    if (answer.status !== 201) throw new Error(`no token for ServiceAccount ${namespace}/${name}: ${answer.status} ${answer.body}`);
    const granted = JSON.parse(answer.body) as { status: { token: string } };
    const file = join(folder, `${namespace}-${name}-${randomBytes(3).toString('hex')}.kubeconfig`);
    await writeKubeconfig(file, { server: url, ca: await ca(), token: granted.status.token, namespace });
    return file;
  };

  const stop = (): Promise<void> => process.stop();
  return { url, adminKubeconfig, serviceAccountKubeconfig, asAdmin, process, stop, [Symbol.asyncDispose]: stop };
}
