import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PrometheusSource, settingsFault } from '../../../controller/observe/index.ts';
import type { PrometheusSettings } from '../../../controller/observe/index.ts';
import type { AbsenceKind } from '../../../controller/model/index.ts';
import { createSimulatedClock } from '../../support/clock.ts';
import { planted } from '../../support/planted.ts';
import { failure, FakePrometheus, vector } from './fake-prometheus.ts';
import { NOW, NOW_SECONDS, ownQuery } from './world.ts';

const [TOKEN, PASSWORD] = [planted('token'), planted('password')];

describe('credentials for Prometheus', () => {
  const folder = mkdtempSync(join(tmpdir(), 'observe-'));
  const file = (name: string): string => join(folder, name);
  let prometheus: FakePrometheus;
  let source: PrometheusSource | undefined;

  const use = (changes: Partial<PrometheusSettings>): PrometheusSource => {
    source = new PrometheusSource({ baseURL: prometheus.baseURL, credential: { kind: 'None' }, timeoutSeconds: 5, scrapeIntervalSeconds: 15, ...changes }, createSimulatedClock(NOW));
    return source;
  };
  const outcome = async (changes: Partial<PrometheusSettings>): Promise<'Value' | `${AbsenceKind}: ${string}`> => {
    const [observation] = await use(changes).read([ownQuery('sum(x)')]);
    return observation!.kind === 'Value' ? 'Value' : `${observation!.absence.kind}: ${observation!.absence.message}`;
  };

  beforeEach(async () => {
    prometheus = new FakePrometheus((query) => vector([[{}, query.startsWith('max(') ? NOW_SECONDS : 1]]));
  });
  afterEach(async () => {
    source?.close();
    await prometheus.stop();
  });
  after(() => rmSync(folder, { recursive: true }));

  describe('over HTTP', () => {
    beforeEach(async () => await prometheus.start());
    const header = (name: string): unknown => prometheus.asked.at(-1)?.headers[name];

    it('sends a bearer token', async () => {
      expect(await outcome({ credential: { kind: 'Bearer', token: { kind: 'Value', value: TOKEN } } })).to.equal('Value');
      expect(header('authorization')).to.equal(`Bearer ${TOKEN}`);
    });

    it('reads a token file anew for each request', async () => {
      writeFileSync(file('token'), 'first\n');
      const rotating = use({ credential: { kind: 'Bearer', token: { kind: 'File', path: file('token') } } });
      await rotating.read([ownQuery('vector(1)')]);
      expect(header('authorization')).to.equal('Bearer first');
      writeFileSync(file('token'), 'second\n');
      await rotating.read([ownQuery('vector(1)')]);
      expect(header('authorization')).to.equal('Bearer second');
    });

    it('names a token file that is missing or empty', async () => {
      const token = (path: string): Partial<PrometheusSettings> => ({ credential: { kind: 'Bearer', token: { kind: 'File', path } } });
      expect(await outcome(token(file('nowhere')))).to.match(/^Unreachable: .*nowhere of the bearer token cannot be read \(ENOENT\)/);
      writeFileSync(file('empty'), '\n');
      expect(await outcome(token(file('empty')))).to.match(/^Unreachable: .*the bearer token in .*empty is empty/);
      expect(prometheus.asked).to.deep.equal([]);
    });

    it('sends user and password', async () => {
      expect(await outcome({ credential: { kind: 'Basic', user: 'me', password: { kind: 'Value', value: PASSWORD } } })).to.equal('Value');
      expect(header('authorization')).to.equal(`Basic ${Buffer.from(`me:${PASSWORD}`).toString('base64')}`);
    });

    it('sends headers and parameters under the path prefix, as one form', async () => {
      expect(await outcome({ baseURL: `${prometheus.baseURL}/prom/`, headers: { 'X-Scope-OrgID': 'tenant-1' }, parameters: { dedup: 'true' } })).to.equal('Value');
      const asked = prometheus.asked.find(({ form }) => form.get('query') === 'sum(x)')!;
      expect(asked).to.deep.include({ method: 'POST', url: '/prom/api/v1/query?dedup=true' });
      expect(asked.headers['x-scope-orgid']).to.equal('tenant-1');
      expect([...asked.form.keys()]).to.deep.equal(['query', 'time', 'timeout']);
    });

    for (const status of [401, 403]) {
      it(`${status} names the setting to mend`, async () => {
        prometheus.answer = () => ({ status, body: 'no' });
        writeFileSync(file('token'), 'wrong');
        expect(await outcome({})).to.match(/^Unreachable: .*no credential is set/);
        expect(await outcome({ credential: { kind: 'Bearer', token: { kind: 'File', path: file('token') } } })).to.match(/the bearer token in .*token is refused: replace it/);
        expect(await outcome({ credential: { kind: 'Basic', user: 'me', password: { kind: 'Value', value: PASSWORD } } })).to.match(/user me and its password are refused/);
      });
    }

    it('shows no secret, even when the answer echoes it', async () => {
      const secrets = [TOKEN, 'header-secret', 'parameter-secret'];
      prometheus.answer = () => failure(400, 'bad_data', `you sent ${secrets.join(' and ')}`);
      const settings = { headers: { 'X-Key': 'header-secret' }, parameters: { key: 'parameter-secret' } };
      const echoed = await outcome({ ...settings, credential: { kind: 'Bearer', token: { kind: 'Value', value: TOKEN } } });
      expect(echoed).to.contain('you sent *** and *** and ***');
      await prometheus.stop();
      const away = await outcome({ ...settings, credential: { kind: 'Basic', user: 'me', password: { kind: 'Value', value: TOKEN } } });
      expect(away).to.match(/^Unreachable: .*cannot be reached: ECONN/);
      for (const secret of secrets) expect(away).to.not.contain(secret);
    });
  });

  describe('over mutual TLS', () => {
    const openssl = (...args: string[]): void => void execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
    before(() => {
      for (const name of ['ca', 'server', 'client']) openssl('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', `${name}.key`);
      openssl('req', '-x509', '-new', '-key', 'ca.key', '-subj', '/CN=test ca', '-days', '2', '-out', 'ca.pem');
      writeFileSync(file('extensions'), 'subjectAltName=IP:127.0.0.1');
      for (const name of ['server', 'client']) {
        openssl('req', '-new', '-key', `${name}.key`, '-subj', `/CN=${name}`, '-out', `${name}.csr`);
        openssl('x509', '-req', '-in', `${name}.csr`, '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-extfile', 'extensions', '-out', `${name}.pem`);
      }
    });
    beforeEach(async () => await prometheus.start({
      cert: readFileSync(file('server.pem')), key: readFileSync(file('server.key')), ca: readFileSync(file('ca.pem')), requestCert: true, rejectUnauthorized: true,
    }));

    it('shows the client certificate and trusts the named authority', async () => {
      expect(await outcome({ tls: { certificateFile: file('client.pem'), keyFile: file('client.key'), authorityFile: file('ca.pem') } })).to.equal('Value');
    });

    it('is Unreachable without the certificate, or with an authority that it does not know', async () => {
      expect(await outcome({ tls: { authorityFile: file('ca.pem') } })).to.match(/^Unreachable: .*cannot be reached: E/);
      expect(await outcome({ tls: {} })).to.match(/^Unreachable: .*SELF_SIGNED|UNABLE_TO/);
    });
  });

  describe('settings that cannot work', () => {
    const good: PrometheusSettings = { baseURL: 'https://prometheus.example/x', credential: { kind: 'None' }, timeoutSeconds: 5 };
    const cases: [changes: Partial<PrometheusSettings>, message: RegExp][] = [
      [{ baseURL: 'prometheus:9090' }, /not an http or https URL/],
      [{ baseURL: 'https://me:hidden@prometheus.example' }, /write them as basic credentials/],
      [{ baseURL: 'https://prometheus.example/?key=hidden' }, /extra parameters/],
      [{ baseURL: 'https://prometheus.example/x/api/v1/' }, /leave that out, write https:\/\/prometheus.example\/x$/],
      [{ timeoutSeconds: 0 }, /timeoutSeconds is 0/],
      [{ scrapeIntervalSeconds: -1 }, /scrapeIntervalSeconds is -1/],
      [{ tls: { certificateFile: 'a' } }, /set both or neither/],
    ];
    it('are none of these', () => expect(settingsFault(good)).to.equal(undefined));
    for (const [changes, message] of cases) {
      it(`are refused: ${Object.keys(changes).join()} ${message.source}`, () => {
        expect(settingsFault({ ...good, ...changes })).to.match(message).and.not.contain('hidden');
        expect(() => new PrometheusSource({ ...good, ...changes }, createSimulatedClock(NOW))).to.throw(/^Prometheus settings: /);
      });
    }
  });
});
