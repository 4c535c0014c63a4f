import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:https';
import { text } from 'node:stream/consumers';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { type Answers, type HttpServer, startHttpServer } from '../../../controller/runtime/http-server.ts';
import { readSettings } from '../../../controller/runtime/settings.ts';
import { until } from '../../support/real/until.ts';

const answers = { unhealthy: () => undefined } as unknown as Answers;

describe('the controller\'s server with a certificate', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tls-'));
  const file = (name: string): string => join(folder, name);
  const files = { certificateFile: file('server.pem'), keyFile: file('server.key') };
  /** A certificate of its own authority for 127.0.0.1. */
  const make = (name: string): void => void execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', file(`${name}.key`), '-out', file(`${name}.pem`)], { stdio: 'pipe' });
  const install = (name: string): void => ['key', 'pem'].forEach((end) => {
    writeFileSync(file('draft'), readFileSync(file(`${name}.${end}`)));
    renameSync(file('draft'), file(`server.${end}`));
  });
  let server: HttpServer | undefined;

  before(() => {
    make('first');
    make('second');
  });
  afterEach(async () => {
    await server?.close();
    server = undefined;
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const asked = (authority: string): Promise<{ body: string; protocol: string | null }> => new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port: server!.port, path: '/healthz', agent: false, ca: readFileSync(file(`${authority}.pem`)) }, (response) => {
      const protocol = (response.socket as TLSSocket).getProtocol();
      text(response).then((body) => resolve({ body, protocol }), reject);
    }).once('error', reject);
  });

  it('answers over TLS, and takes a renewed one without a restart', async () => {
    install('first');
    server = await startHttpServer({ address: '127.0.0.1', port: 0, tls: files }, answers, { lookMilliseconds: 20 });
    expect(await asked('first')).to.deep.equal({ body: 'ok\n', protocol: 'TLSv1.3' });
    expect(await asked('second').then(() => 'trusted', ({ message }: Error) => message)).to.match(/self-signed|unable to verify/);
    install('second');
    await until('the renewed certificate', async () => (await asked('second')).body === 'ok\n');
  });

  it('keeps the one before where the renewed one cannot be used, and says so', async () => {
    install('first');
    const told: unknown[] = [];
    server = await startHttpServer({ address: '127.0.0.1', port: 0, tls: files }, answers, { failed: (error) => void told.push(error), lookMilliseconds: 20 });
    writeFileSync(files.certificateFile, 'no certificate');
    await until('the word', () => told.length > 0);
    expect((await asked('first')).body).to.equal('ok\n');
  });

  it('does not start with files that do not belong together, or are not there', async () => {
    install('first');
    renameSync(file('second.key'), file('other.key'));
    const refused = (tls: typeof files): Promise<string> => startHttpServer({ address: '127.0.0.1', port: 0, tls }, answers).then(() => 'started', ({ message }: Error) => message);
    expect(await refused({ ...files, keyFile: file('other.key') })).to.match(/^KAMAL_AUTOSCALER_TLS_CERT_FILE .*server\.pem and KAMAL_AUTOSCALER_TLS_KEY_FILE .*other\.key cannot be used: .*mismatch/);
    expect(await refused({ ...files, keyFile: file('nowhere') })).to.match(/^KAMAL_AUTOSCALER_TLS_KEY_FILE .*nowhere: ENOENT/);
  });

  it('needs both halves in its settings', () => {
    expect(() => readSettings({ installation: 'home', config: '.' }, { KAMAL_AUTOSCALER_TLS_CERT_FILE: 'a.pem' })).to.throw('KAMAL_AUTOSCALER_TLS_CERT_FILE is set without its other half: set KAMAL_AUTOSCALER_TLS_KEY_FILE too');
    expect(readSettings({ installation: 'home', config: '.' }, { KAMAL_AUTOSCALER_TLS_CERT_FILE: 'a.pem', KAMAL_AUTOSCALER_TLS_KEY_FILE: 'a.key' }).listen).to.deep.include({ tls: { certificateFile: 'a.pem', keyFile: 'a.key' } });
  });
});
