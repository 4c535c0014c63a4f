import { execFileSync, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { type RequestOptions, get as httpsGet } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { expect } from 'chai';
import { readSettings } from '../../../controller/runtime/settings.ts';
import { fromRoot, textOf as file } from '../../support/control-plane.ts';
import { freePort } from '../../support/real/free-port.ts';
import { until } from '../../support/real/until.ts';

/** What docs/security.md tells people to type, with their folder and address put for those of the page. */
describe('the documented install', function () {
  this.timeout(60_000);
  const [, block = ''] = /### The documented install[\s\S]*?```sh\n([\s\S]*?)```/.exec(file('docs/security.md')) ?? [];
  let folder: string;
  let port: number;
  let ending: (() => Promise<void>) | undefined;
  before(async () => {
    [folder, port] = [await mkdtemp(join(tmpdir(), 'install-')), await freePort()];
    await mkdir(join(folder, 'autoscale'));
    execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', '/CN=c', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', join(folder, 'tls.key'), '-out', join(folder, 'tls.pem')], { stdio: 'pipe' });
    await writeFile(join(folder, 'traefik-token'), 'the-token\n', { mode: 0o600 });
  });
  after(async () => {
    await ending?.();
    await rm(folder, { recursive: true, force: true });
  });

  it('is a page that names all of it', () => {
    for (const word of ['KAMAL_AUTOSCALER_TLS_CERT_FILE', 'KAMAL_AUTOSCALER_TLS_KEY_FILE', 'KAMAL_AUTOSCALER_TRAEFIK_TOKEN_FILE', '--listen 10.0.0.3:9595']) expect(block).to.include(word);
  });

  it('answers with TLS, and with addresses to who has the token alone', async () => {
    const typed = block.replaceAll('/etc/kamal-autoscaler', folder).replaceAll('10.0.0.3:9595', `127.0.0.1:${port}`).replaceAll('--config autoscale', `--config ${join(folder, 'autoscale')} --state ${join(folder, 'state')}`)
      .replaceAll(/^kamal-autoscaler /gm, `exec ${process.execPath} --no-warnings ${fromRoot('controller/main.ts')} `);
    const running = spawn('/bin/sh', ['-e', '-c', typed], { env: { PATH: process.env['PATH'], HOME: folder }, stdio: 'ignore' });
    const ended = new Promise<void>((resolve) => { running.once('exit', () => resolve()); });
    ending = async () => {
      running.kill('SIGTERM');
      await ended;
    };
    const ca = await readFile(join(folder, 'tls.pem'));
    const status = (path: string, headers: RequestOptions['headers'] = {}): Promise<number> => new Promise((resolve, reject) => {
      httpsGet({ host: '127.0.0.1', port, path, ca, agent: false, headers }, (response) => {
        textOf(response).then(() => resolve(response.statusCode ?? 0), reject);
      }).on('error', reject);
    });
    await until('the controller', async () => await status('/readyz') === 200, { everyMs: 100, deadlineMs: 50_000 });
    expect(await status('/traefik/config')).to.equal(401);
    expect(await status('/traefik/config', { authorization: 'Bearer wrong' })).to.equal(401);
    expect(await status('/traefik/config', { authorization: 'Bearer the-token' })).to.be.oneOf([200, 503]);
    expect(await status('/inventory/shop')).to.equal(401);
    expect(await status('/deployed')).to.be.oneOf([401, 404, 405]);
    // Without TLS nobody is answered.
    const plain = await new Promise<string>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => void socket.write('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n'));
      let said = '';
      socket.on('data', (chunk: Buffer) => { said += chunk.toString('latin1'); }).on('error', () => undefined).on('close', () => resolve(said));
    });
    expect(plain).to.not.include('200 OK');
  });

  it('listens on no other address than loopback where none is named', () => {
    expect(readSettings({ config: folder, installation: 'shop' }, {}).listen).to.deep.equal({ address: '127.0.0.1', port: 9595 });
  });
});
