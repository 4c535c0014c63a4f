import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { ClassifiedError } from '../../../controller/model/index.ts';
import { evidenceDocument } from '../../../controller/reconcile/evidence-document.ts';
import { connect } from '../../../controller/runtime/cluster/connection.ts';
import { readTLSFiles } from '../../../controller/runtime/tls-files.ts';
import { readSettings } from '../../../controller/runtime/settings.ts';
import { readLine } from '../../../controller/simulate/index.ts';
import { CsvReader } from '../../../controller/simulate/input/csv.ts';
import { combinedLine, formatOf, kamalProxyLine } from '../../../controller/simulate/input/log-line.ts';
import { RequestBins } from '../../../controller/simulate/input/request-bins.ts';
import { NOON, type World, createWorld, fillShop, read } from '../cli/world.ts';
import { anything, broken, damaged, expectLinear, hostile, runs, settledOrError, valueOrError } from './bounds.ts';

const KB = 1024;
const LONGEST_MESSAGE = 2_000;
const shortError = (result: unknown, longest = LONGEST_MESSAGE): void => {
  if (result instanceof Error) expect(result.message.length).to.be.below(longest);
};
/** What a person wrote on a command line or into a variable is shown to that person as it is. */
const AS_WRITTEN = 30_000;

describe('what people give to a backtest', () => {
  const csv = (text: string): unknown => valueOrError(() => {
    const reader = new CsvReader('load.csv');
    for (const line of text.split('\n')) reader.add(line);
    return reader.finish();
  });

  it('as CSV is a trace, or one error with a line', () => {
    const right = 'seconds,rps\n0,1\n15,2\n30,3\n';
    const cell = fc.oneof(hostile, fc.constantFrom('', '-1', '1e308', '-1e308', '1e-300', '0x10', 'Infinity', 'NaN', '2026-01-01T00:00:00Z', '9007199254740993', '1_000'));
    fc.assert(fc.property(fc.oneof(damaged(right), hostile, fc.array(fc.tuple(cell, cell), { maxLength: 6 }).map((rows) => `seconds,rps\n${rows.map((row) => row.join(',')).join('\n')}`), fc.array(fc.tuple(cell, cell), { maxLength: 6 }).map((rows) => `time,rps\n${rows.map((row) => row.join(',')).join('\n')}`), hostile.map((text) => text.repeat(3_000))), (text) => {
      const result = csv(text);
      shortError(result);
      if (!(result instanceof ClassifiedError)) for (const rate of (result as { trace: { rates: Float64Array } }).trace.rates) expect(rate).to.be.at.least(0);
    }), runs(400));
  });

  it('as a log is requests at times, and nothing else of a line', () => {
    const lines = ['{"time":"2027-01-01T00:00:00.1Z","level":"INFO","msg":"Request","status":200,"duration":1000000}', '1.2.3.4 - - [10/Oct/2026:13:55:36 +0200] "GET / HTTP/1.1" 200 5'];
    fc.assert(fc.property(fc.constantFrom(...lines).chain(damaged), (line) => {
      const bins = new RequestBins();
      for (const parser of [kamalProxyLine(), combinedLine()]) {
        const request = parser(line);
        if (request === undefined) continue;
        expect(Number.isFinite(request.at)).to.equal(true);
        if (request.durationSeconds !== undefined) expect(Number.isFinite(request.durationSeconds)).to.equal(true);
        for (let count = 0; count < 3; count += 1) bins.add({ ...request, at: request.at + count * 60_000 });
      }
      formatOf(line);
      shortError(valueOrError(() => bins.finish('log')));
    }), runs(600));
  });

  it('line by line for evaluate is a moment, or one fault of at most a line', () => {
    const right = { time: '2026-11-23T12:00:15Z', metrics: { rps: 1 }, hosts: { inService: 1, warming: 0, booting: 0, draining: 0 }, bootSeconds: [1], launchedAt: ['2026-11-23T12:00:15Z'] };
    fc.assert(fc.property(fc.oneof(damaged(JSON.stringify(right)), broken(right).map((value) => JSON.stringify(value)), anything.map((value) => JSON.stringify(value) ?? '')), (text) => {
      const result = readLine(text);
      if (result.kind === 'Bad') expect(result.message.length).to.be.below(LONGEST_MESSAGE);
      else expect(Number.isFinite(result.moment.time)).to.equal(true);
    }), runs(500));
  });

  it('takes time that grows with a line and no faster', function () {
    this.timeout(30_000);
    const line = (before: string, piece: string, after = '') => (length: number): string => before + piece.repeat(Math.ceil(length / piece.length)) + after;
    for (const text of [line('x [10/Oct/2026:13:55:36 +0200] "', '\\"'), line('x [10/Oct/2026:13:55:36 +0200] "', 'a'), line('', '[10/Oct/2026:13:55:36 +0200] "'), line('"msg":"Request","time":"', '"time":"'), line('', ',')]) {
      expectLinear(256 * KB, text, formatOf);
      expectLinear(256 * KB, text, (one) => csv(`seconds,rps\n${one}`));
    }
  });
});

describe('files and settings of the installation', () => {
  let folder: string;
  before(async () => { folder = await mkdtemp(join(tmpdir(), 'fuzz-people-')); });
  after(() => rm(folder, { recursive: true, force: true }));

  it('as a kubeconfig are a connection, or one error that names the file', async () => {
    const right = 'apiVersion: v1\nkind: Config\ncurrent-context: a\nclusters: [{name: c, cluster: {server: "https://a.test"}}]\nusers: [{name: u, user: {token: t}}]\ncontexts: [{name: a, context: {cluster: c, user: u}}]\n';
    const file = join(folder, 'kubeconfig');
    const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\n${Array.from('bcdefgh', (name, index) => `${name}: &${name} [${`*${'abcdefgh'[index]!},`.repeat(9)}x]`).join('\n')}\n`;
    await fc.assert(fc.asyncProperty(fc.oneof(damaged(right), hostile, anything.map((value) => JSON.stringify(value) ?? ''), fc.tuple(fc.constantFrom('clusters', 'users', 'contexts', 'current-context'), anything).map(([name, value]) => JSON.stringify({ 'current-context': 'a', clusters: [{ name: 'c', cluster: { server: 'https://a.test' } }], users: [], contexts: [{ name: 'a', context: { cluster: 'c', user: 'u' } }], [name]: value })), fc.constant(bomb), fc.constant(`a: ${'['.repeat(3_000)}`)), hostile, async (text, context) => {
      await writeFile(file, text);
      for (const settings of [{ kubeconfig: file, environment: {} }, { kubeconfig: file, context, environment: {} }]) {
        const result = valueOrError(() => connect(settings));
        shortError(result, AS_WRITTEN);
        if (!(result instanceof ClassifiedError)) expect([typeof result.server, typeof result.namespace]).to.deep.equal(['string', 'string']);
      }
    }), runs(80));
  });

  it('as certificate and key are a pair, or one error without a word of them', async () => {
    const secret = 'MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg';
    await fc.assert(fc.asyncProperty(fc.oneof(hostile, damaged(`-----BEGIN PRIVATE KEY-----\n${secret}\n-----END PRIVATE KEY-----\n`), fc.constant('x'.repeat(100_000))), async (text) => {
      await writeFile(join(folder, 'tls.pem'), text);
      const result = await settledOrError(() => readTLSFiles({ certificateFile: join(folder, 'tls.pem'), keyFile: join(folder, 'tls.pem') }));
      expect(result).to.be.instanceOf(ClassifiedError);
      shortError(result);
      expect((result as Error).message).to.not.include(secret.slice(0, 10));
    }), runs(60));
  });

  it('as variables are settings, or one error that names one of them', () => {
    const names = ['INSTALLATION', 'LISTEN', 'SCRAPE_INTERVAL', 'PROMETHEUS_URL', 'PROMETHEUS_HEADERS', 'PROMETHEUS_PARAMETERS', 'PROMETHEUS_TIMEOUT', 'MAX_SERVERS', 'BUDGET', 'LOG_LEVEL', 'TRAEFIK_TOKEN', 'TRAEFIK_TOKEN_FILE'].map((name) => `KAMAL_AUTOSCALER_${name}`);
    fc.assert(fc.property(fc.constantFrom(...names), hostile, (name, text) => {
      const result = valueOrError(() => readSettings({ config: folder }, { KAMAL_AUTOSCALER_INSTALLATION: 'shop', [name]: text }));
      shortError(result, AS_WRITTEN);
      if (result instanceof ClassifiedError) expect(result.message).to.match(/KAMAL_AUTOSCALER_|--[a-z-]+/);
      else expect(result.installation).to.match(/^[a-z0-9-]{1,40}$/);
    }), runs(400));
  });
});

describe('words of the command line and marks of people', () => {
  let world: World;
  before(async () => {
    world = createWorld();
    await fillShop(world);
  });

  it('are one error, or do what they say to what is there', async () => {
    const commands = ['get', 'describe', 'evidence', 'quarantine', 'protect', 'roll', 'scale', 'pause', 'resume', 'inventory', 'audit', 'validate', 'simulate'];
    await fc.assert(fc.asyncProperty(fc.constantFrom(...commands), fc.array(fc.oneof(hostile, fc.constantFrom('hp', 'kh', 'web', '-o', '--namespace', '--replicas', '-n', '--pool')), { minLength: 1, maxLength: 4 }), async (command, words) => {
      const { exitCode, stdout, stderr } = await world.call([command, ...words]);
      expect(exitCode).to.be.within(0, 6);
      expect(stderr, `${command} ${JSON.stringify(words)}`).to.not.match(/this is a defect|TypeError|at file:/);
      expect(stdout.length + stderr.length).to.be.below(40_000);
    }), runs(150));
  });

  it('as annotations of hosts and pools leave both as they are, or say so', async () => {
    const names = ['quarantined', 'protected', 'roll', 'host-key', 'last-applied'].map((name) => `kamal-autoscaler.dev/${name}`);
    await fc.assert(fc.asyncProperty(fc.constantFrom(...names), hostile, async (name, text) => {
      for (const [kind, object] of [['KamalHost', 'web-1-c0ffee00'], ['HostPool', 'web']] as const) {
        const stored = await read(world, kind, object);
        await settledOrError(() => world.store.update(kind, { ...stored, metadata: { ...stored.metadata, annotations: { [name]: text } } } as never));
      }
      for (const command of ['describe kh web-1-c0ffee00', 'describe hp web', 'get kh,hp -o wide', 'quarantine web-1-c0ffee00 --release', 'protect web-1-c0ffee00 --off']) expect((await world.call(command)).exitCode, command).to.equal(0);
    }), runs(80));
  });

  it('name no document outside of the store', () => {
    fc.assert(fc.property(fc.stringMatching(/^[a-z0-9]([a-z0-9.-]{0,60}[a-z0-9])?$/), fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,60}[a-z0-9])?$/), (name, namespace) => {
      expect(evidenceDocument({ namespace, name })).to.match(/^evidence\.[a-z0-9][a-z0-9.-]*$/).and.not.include('/');
    }), runs(200));
    expect(NOON).to.be.a('number');
  });
});
