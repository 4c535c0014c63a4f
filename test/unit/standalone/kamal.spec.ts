import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { stringify } from 'yaml';
import { type RunningController, startStandalone } from '../../../controller/compose/standalone.ts';
import type { Audit } from '../../../controller/model/index.ts';
import type { DeployTarget } from '../../../controller/ports/index.ts';
import { systemClock } from '../../../controller/runtime/clock.ts';
import { readSettings } from '../../../controller/runtime/settings.ts';
import { makeKeyPair } from '../../support/fake-hosts/ssh-server.ts';
import { POOL_NEEDS } from '../../support/pool-needs.ts';
import { until } from '../../support/real/until.ts';
import { call } from '../bad-input/installation.ts';

/** Says what it was run with, and fails as a host that refuses connections makes Kamal fail. */
const KAMAL = `#!/bin/sh
echo "$*" >> "$RECORD"
case "$1" in
  version) echo 2.12.0 ;;
  config) printf -- '---\\n:roles:\\n- web\\n:hosts:\\n- 127.0.0.1\\n:primary_host: 127.0.0.1\\n:repository: registry.test/app\\n' ;;
  secrets) echo 'A=1' ;;
  lock) [ "$2" = status ] && printf 'Locked by: Anna at 2026-01-01T09:00:00Z\nVersion: v7\nMessage: a migration\n' ;;
  *) echo '  ERROR (Errno::ECONNREFUSED): Connection refused - connect(2) for 127.0.0.1:22'; exit 1 ;;
esac
`;

describe('a controller that deploys with Kamal', () => {
  let folder: string;
  let running: RunningController | undefined;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kamal-run-'));
    for (const name of ['config', 'projects/app/config', 'projects/app/.kamal']) await mkdir(join(folder, name), { recursive: true });
    await writeFile(join(folder, 'key'), makeKeyPair().privateKey, { mode: 0o600 });
    await writeFile(join(folder, 'kamal'), KAMAL);
    await chmod(join(folder, 'kamal'), 0o755);
    await writeFile(join(folder, 'projects/app/config/deploy.yml'), 'service: app\n');
    await writeFile(join(folder, 'projects/app/.kamal/secrets'), 'A=$A\n');
    await writeFile(join(folder, 'config/web.yaml'), stringify({
      apiVersion: 'kamal-autoscaler.dev/v1alpha1', kind: 'HostPool', metadata: { name: 'web' },
      spec: {
        kamal: { service: 'app', role: 'web' }, maxReplicas: 2, roleKind: 'Job',
        fixedHosts: [{ name: 'primary', address: '127.0.0.1', hostKey: makeKeyPair().publicLine }],
        placements: [{ name: 'here', provider: 'Local' }], ssh: { port: 9 },
      },
    }));
  });
  afterEach(async () => {
    await running?.stop();
    running = undefined;
    // A look at the lock that nobody waits for may still make its copy of the project.
    await rm(folder, { recursive: true, force: true, maxRetries: 10 });
  });

  async function start(environment: Record<string, string>, flags: Record<string, string> = { kamalProjects: join(folder, 'projects'), kamal: join(folder, 'kamal') }): Promise<RunningController> {
    const settings = readSettings({ config: join(folder, 'config'), installation: 'test', state: join(folder, 'state'), listen: '127.0.0.1:0', ...flags }, { PATH: process.env['PATH'] ?? '', RECORD: join(folder, 'record'), ...environment });
    if (settings.mode.kind !== 'Standalone') throw new Error('standalone expected');
    return running = await startStandalone({ ...settings, mode: settings.mode }, { clock: systemClock, log: { log: () => undefined } });
  }
  const withKey = (more: Record<string, string> = {}): Record<string, string> => ({ KAMAL_AUTOSCALER_SSH_KEY_FILE: join(folder, 'key'), ...more });
  const tell = (port: number, body: string, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`http://127.0.0.1:${port}/deployed`, { method: 'POST', body, headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers } });
  const target: DeployTarget = { host: { namespace: 'default', name: 'web-1' }, endpoint: { address: '127.0.0.1', ports: { http: 80 } }, role: { service: 'app', role: 'web' }, ssh: { ...POOL_NEEDS.ssh, port: 9 }, identity: { kind: 'Bought', hostID: 'id' } };

  it('says that hosts cannot be deployed to while no projects are named', async () => {
    const { controller: { context: { deployer } } } = await start({}, {});
    const { machine } = await deployer.inspect(target);
    expect(machine).to.have.property('why').that.includes('write --kamal-projects (KAMAL_AUTOSCALER_KAMAL_PROJECTS)');
    expect(deployer.needsLock(target)).to.equal(false);
  });

  it('looks at hosts over SSH, and works under a lock', async () => {
    const { controller: { context: { deployer } } } = await start(withKey());
    expect((await deployer.inspect(target)).machine.kind).to.equal('Unreachable');
    expect(deployer.needsLock(target)).to.equal(true);
    expect(await deployer.survives('unheard-of')).to.equal('Ended');
  });

  it('takes a service for Kamal\'s where it has a project, though no host is there to look at', async () => {
    const { controller: { context: { deployer } } } = await start(withKey());
    expect(await deployer.reference([], { service: 'other', role: 'web' }), 'without a project').to.include({ kind: 'Agreed', version: 'local' });
    expect(await deployer.reference([], target.role), 'with one').to.deep.equal({ kind: 'Unknown', why: 'there is no host to look at' });
  });

  it('is audited by Kamal commands that only look, and tells of a lock that was left behind', async () => {
    await start(withKey());
    await until('the pool, and an inventory', async () => (await running!.controller.context.documents.load('inventory')) !== undefined || undefined);
    await running?.stop();
    running = undefined;
    await rm(join(folder, 'record'), { force: true });
    const { stdout, exitCode } = await call(['audit', '--state', join(folder, 'state'), '-o', 'json'], {
      ...withKey(), PATH: process.env['PATH'] ?? '', RECORD: join(folder, 'record'), KAMAL_AUTOSCALER_KAMAL_PROJECTS: join(folder, 'projects'), KAMAL_AUTOSCALER_KAMAL: join(folder, 'kamal'),
    });
    const { differences, locks } = JSON.parse(stdout) as Audit;
    expect(exitCode).to.equal(5);
    expect(locks).to.deep.equal([{ service: 'app', by: 'Anna', message: 'a migration', since: '2026-01-01T09:00:00.000Z' }]);
    expect(differences.filter(({ place }) => place === 'DeployLock').map(({ subject, mend }) => [subject, mend])).to.deep.equal([['app', 'kamal lock release']]);
    const verbs = new Set((await readFile(join(folder, 'record'), 'utf8')).trim().split('\n').map((line) => line.split(' -')[0]));
    expect([...verbs]).to.include('lock status');
    expect(['config', 'lock status', 'secrets print', 'version']).to.include.members([...verbs]);
  });

  describe('hears of deploys', () => {
    const authorization = 'Bearer told-nobody';

    it('from who has the token, and looks at its pools', async () => {
      const { port, controller: { context } } = await start(withKey({ KAMAL_AUTOSCALER_DEPLOYED_TOKEN: 'told-nobody' }));
      await until('the pool', async () => (await context.store.list('HostPool')).length === 1);
      const response = await tell(port, 'service=app&destination=&version=v2', { authorization });
      expect([response.status, await response.text()]).to.deep.equal([202, '1 pools look at their hosts\n']);
    });

    it('from nobody else, and of nothing that no pool deploys', async () => {
      const { port, controller: { context } } = await start(withKey({ KAMAL_AUTOSCALER_DEPLOYED_TOKEN: 'told-nobody' }));
      await until('the pool', async () => (await context.store.list('HostPool')).length === 1);
      const statuses = async (...calls: Promise<Response>[]): Promise<number[]> => (await Promise.all(calls)).map(({ status }) => status);
      expect(await statuses(
        tell(port, 'service=app'), tell(port, 'service=app', { authorization: 'Bearer told-nobodyx' }), tell(port, 'service=app', { authorization: 'told-nobody' }),
        tell(port, '', { authorization }), tell(port, 'service=../etc', { authorization }), tell(port, 'service=app&destination=eu', { authorization }),
        tell(port, `service=app&version=${'x'.repeat(5_000)}`, { authorization }),
      )).to.deep.equal([401, 401, 401, 400, 400, 404, 413]);
    });

    it('not at all without a token', async () => {
      const { port } = await start(withKey());
      expect((await tell(port, 'service=app', { authorization: 'Bearer ' })).status).to.equal(404);
    });
  });
});
