import { expect } from 'chai';
import { lockAcquireArguments, lockReleaseArguments, lockStatusArguments, bootArguments, configArguments, deployArguments, liveArguments, maintenanceArguments, setupArguments, stopArguments } from '../../../controller/act/deploy/kamal/arguments.ts';
import { readKamalConfig } from '../../../controller/act/deploy/kamal/config-output.ts';
import { lockMessage, readLockStatus } from '../../../controller/act/deploy/kamal/lock-status.ts';
import { readProxyList } from '../../../controller/act/deploy/kamal/proxy-list.ts';
import { ClassifiedError } from '../../../controller/model/index.ts';
import { needTranscripts, transcribedRuns } from './transcripts.ts';

describe('what Kamal is run with', () => {
  const role = { service: 'shop', role: 'web', destination: 'eu' };
  const run = { role, host: '10.0.0.4', version: 'v1' };
  const rows: [string, string[], string][] = [
    ['a fresh host', setupArguments(run), 'setup --skip-push --hosts=10.0.0.4 --version=v1 --destination=eu --skip-hooks'],
    ['a fresh host, with hooks', setupArguments({ ...run, role: { ...role, hooks: ['pre-deploy'] } }), 'setup --skip-push --hosts=10.0.0.4 --version=v1 --destination=eu'],
    ['another version', deployArguments({ ...run, role: { service: 'shop', role: 'web' } }), 'deploy --skip-push --hosts=10.0.0.4 --version=v1 --skip-hooks'],
    ['a prepared host', bootArguments(run), 'app boot --roles=web --hosts=10.0.0.4 --version=v1 --destination=eu'],
    ['live', liveArguments(run), 'app live --roles=web --hosts=10.0.0.4 --version=v1 --destination=eu'],
    ['maintenance', maintenanceArguments(run, 60), 'app maintenance --drain-timeout=60 --roles=web --hosts=10.0.0.4 --version=v1 --destination=eu'],
    ['stop', stopArguments(run), 'app stop --roles=web --hosts=10.0.0.4 --version=v1 --destination=eu'],
    ['config', configArguments({ version: 'v1' }), 'config --version=v1'],
    ['the lock', lockAcquireArguments({ service: 'shop', version: 'v1' }, lockMessage('op-7')), 'lock acquire --primary --quiet --version=v1 --message=Automatic deploy lock (kamal-autoscaler op-7)'],
    ['its state', lockStatusArguments({ service: 'shop', destination: 'eu', version: 'v1' }), 'lock status --primary --quiet --version=v1 --destination=eu'],
    ['its end', lockReleaseArguments({ service: 'shop', version: 'v1' }), 'lock release --primary --quiet --version=v1'],
  ];
  for (const [what, vector, text] of rows) it(`${what}: ${text}`, () => expect(vector.join(' ')).to.equal(text));
});

describe('the lock, as Kamal tells of it', () => {
  it('knows its own words again', () => {
    expect(readLockStatus(`Locked by: Op Erator at 2026-11-23T16:08:15Z\nVersion: v1\nMessage: ${lockMessage('prod-1.a_b')}\n`))
      .to.deep.equal({ kind: 'Held', by: 'Op Erator', message: lockMessage('prod-1.a_b'), operationID: 'prod-1.a_b', since: Date.UTC(2026, 10, 23, 16, 8, 15) });
  });

  it('takes no other message for its own', () => {
    for (const message of ['Automatic deploy lock', 'manual by ops', 'Automatic deploy lock (kamal-autoscaler: scale-out web +1)', 'see Automatic deploy lock (kamal-autoscaler op-7)']) {
      expect(readLockStatus(`Locked by: Op at 2026-11-23T16:08:15Z\nVersion: v1\nMessage: ${message}\n`)).to.have.property('message', message).and.not.to.have.property('operationID');
    }
  });

  it('is free where nothing is said', () => {
    for (const text of ['', '\n', 'There is no deploy lock\n']) expect(readLockStatus(text)).to.equal(undefined);
  });

  it('reads what the real Kamal printed, held, refused and free', function () {
    needTranscripts.call(this);
    const runs = transcribedRuns().filter(({ command, code }) => /kamal lock status -q -p/.test(command) && code === 0);
    const read = runs.map(({ stdout }) => readLockStatus(stdout)?.operationID);
    expect(read).to.include('op-7').and.to.include(undefined);
    const refused = transcribedRuns().find(({ command, file }) => file.startsWith('34') && command.includes('-m other'));
    expect(readLockStatus(refused?.stdout ?? '')).to.deep.include({ operationID: 'op-7', by: 'somebody without a name in Git' });
  });
});

describe("kamal-proxy's list", () => {
  const plain = 'Service   Host             Path  Target           State    TLS  \nshop-web  app.example.com  /     2179ec3af9b9:80  running  no   \n';
  const served = [{ service: 'shop-web', targets: ['2179ec3af9b9'], state: 'running' }];

  it('is read with and without colours', () => {
    const coloured = plain.replace('Service', '\u001B[3;94mService\u001B[0m').replace('shop-web', '\u001B[1;34mshop-web\u001B[0m').replace('2179ec3af9b9:80', '\u001B[m2179ec3af9b9:80\u001B[0m');
    expect(readProxyList(plain)).to.deep.equal(served);
    expect(readProxyList(coloured)).to.deep.equal(served);
  });

  it('is read with empty cells, several hosts and several targets', () => {
    const list = [
      'Service      Host         Path  Target                           State    TLS  ',
      'shop-web     a.test,b.te  /     2179ec3af9b9:80,31f7126053d0:80  running  yes  ',
      'shop-web-eu                     aaaaaaaaaaaa:3000                stopped  no   ',
    ].join('\n');
    expect(readProxyList(list)).to.deep.equal([
      { service: 'shop-web', targets: ['2179ec3af9b9', '31f7126053d0'], state: 'running' },
      { service: 'shop-web-eu', targets: ['aaaaaaaaaaaa'], state: 'stopped' },
    ]);
  });

  it('is empty when the proxy serves nothing', () => {
    expect(readProxyList('Service  Host  Path  Target  State  TLS  \n')).to.deep.equal([]);
    expect(readProxyList('')).to.deep.equal([]);
  });

  it('is read as the real one printed it', function () {
    needTranscripts.call(this);
    const states = transcribedRuns().filter(({ command }) => command.includes('kamal-proxy list')).map(({ stdout }) => readProxyList(stdout.split('\n').slice(0, 2).join('\n')).map(({ state }) => state).join());
    expect(states).to.deep.equal(['running', 'stopped', '', 'running']);
  });
});

describe('kamal config', () => {
  const printed = '---\n:roles:\n- job\n- web\n:hosts:\n- 10.0.0.2\n- 10.0.0.4\n:primary_host: 10.0.0.2\n:version: v1\n:repository: registry.test/acme/shop\n:ssh_options:\n  :user: deploy\n  :port: 2222\n  :proxy: !ruby/object:Net::SSH::Proxy::Jump\n    jump_proxies: jump@10.0.0.1\n  :key_data:\n  - SUPERSECRET\n';

  it('is read without its secrets', () => {
    const config = readKamalConfig(`warning on the way\n${printed}`);
    expect(config).to.deep.equal({ roles: ['job', 'web'], hosts: ['10.0.0.2', '10.0.0.4'], primaryHost: '10.0.0.2', repository: 'registry.test/acme/shop', sshUser: 'deploy', sshPort: 2222, sshFiles: true });
    expect(JSON.stringify(config)).not.to.include('SUPERSECRET');
  });

  it('is refused without a word of it where it is none', () => {
    for (const text of ['', 'SUPERSECRET', '---\nSUPERSECRET: [', '---\n:roles: SUPERSECRET\n']) {
      expect(() => readKamalConfig(text)).to.throw(ClassifiedError).with.property('message').that.does.not.include('SUPERSECRET');
    }
  });

  it('is read as the real one printed it', function () {
    needTranscripts.call(this);
    const runs = transcribedRuns().filter(({ command, code }) => /kamal config\b/.test(command) && code === 0);
    expect(runs.length).to.be.greaterThan(5);
    for (const { stdout } of runs) expect(readKamalConfig(stdout)).to.include({ repository: 'registry.test/acme/shop', sshUser: 'root', sshPort: 2222 });
  });
});
