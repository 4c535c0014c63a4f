/** Machines of this one that sshd and Docker seem to run on: commands that come over SSH are carried out by a real shell, with a `docker` that answers from files. */
import { execFile } from 'node:child_process';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type SshServer, newKey, publicHalf, startSshServer } from '../../support/ssh-server.ts';

export interface Machine {
  folder: string;
  address: string;
  port: number;
  hostKey: string;
  server: SshServer;
  close(): Promise<void>;
}

const DOCKER = `#!/bin/sh
here=$(dirname "$0")
case "$*" in
  'version '*) echo 20.10.24 ;;
  'ps '*) cat "$here/ps" 2>/dev/null ;;
  'inspect --format container '*) cat "$here/container" ;;
  'inspect --format {{.Image}} '*) echo sha256:1 ;;
  'inspect --format {{json .Config.Env}} kamal-proxy') exit 1 ;;
  'inspect --format {{json .Config.Env}} '*) cat "$here/environment" ;;
  'inspect --format {{.Name}}'*) echo '/app-web-v1 exited exit 1 OOM false restarts 3' ;;
  'exec kamal-proxy kamal-proxy list') echo 'Error: No such container: kamal-proxy' >&2; exit 1 ;;
  'logs '*) cat "$here/log" ;;
  *) exit 1 ;;
esac
exit 0
`;

/** Lets `clientKey` in as root. Files of its folder, such as `ps` and `log`, are what its docker says. */
export async function startMachine(folder: string, clientKey: string, at?: { address: string; port: number }): Promise<Machine> {
  await mkdir(folder, { recursive: true });
  for (const [name, text] of [['docker', DOCKER], ['cloud-init', '#!/bin/sh\necho "status: done"\n']] as const) {
    await writeFile(join(folder, name), text);
    await chmod(join(folder, name), 0o755);
  }
  const hostKey = newKey();
  const server = await startSshServer({
    hostKeys: [hostKey], authorizedKeys: [clientKey], ...(at === undefined ? {} : { at }),
    run: (command) => new Promise((resolve) => {
      execFile('/bin/sh', ['-c', command], { env: { PATH: `${folder}:/usr/bin:/bin` } }, (error, stdout, stderr) => resolve({ kind: 'Exits', code: error === null ? 0 : Number(error.code), stdout, stderr }));
    }),
  });
  return { folder, server, address: at?.address ?? '127.0.0.1', port: server.port, hostKey: publicHalf(hostKey), close: () => server.close() };
}

/** A container of the app that ran, or runs, with this environment; what it said. */
export async function putContainer({ folder }: Pick<Machine, 'folder'>, state: 'running' | 'exited', environment: readonly string[], log: string): Promise<void> {
  const container = { Id: 'a'.repeat(64), Name: '/app-web-v1', Created: '2026-01-01T00:00:00Z', Image: 'sha256:1', State: { Status: state }, Config: { Image: 'registry.test/app:v1', Env: environment, Cmd: ['rails'] }, HostConfig: {} };
  await Promise.all([
    writeFile(join(folder, 'container'), `container ${JSON.stringify(container)}\n`), writeFile(join(folder, 'environment'), `${JSON.stringify(environment)}\n`), writeFile(join(folder, 'log'), log),
  ]);
  await writeFile(join(folder, 'ps'), `${'a'.repeat(64)}\n`);
}
