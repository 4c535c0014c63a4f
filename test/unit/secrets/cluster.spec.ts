import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { expect } from 'chai';
import { stringify } from 'yaml';
import { ClassifiedError } from '../../../controller/model/index.ts';
import { ClusterStore, ConfigMapDocuments, connect, openApi } from '../../../controller/runtime/cluster/index.ts';
import { systemClock } from '../../../controller/runtime/clock.ts';
import { planted, tells } from '../../support/planted.ts';
import { type Answering, startAnswering } from '../../support/real/answering.ts';
import { until } from '../../support/real/until.ts';

const TOKEN = planted('kubernetes');
const POOL = { namespace: 'shop', name: 'web' };

/** Something before the API server that says again what it was asked with, in each of the ways in which a refusal comes. */
describe('the token of a cluster', () => {
  const WAYS: [way: string, type: string, body: (told: string) => string][] = [
    ['a Status', 'application/json', (told) => JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', message: `no: ${told}`, reason: told, details: { causes: [{ message: told }] } })],
    ['another document', 'application/json', (told) => JSON.stringify({ error: told, message: told })],
    ['a page', 'text/html', (told) => `<html>${told}</html>`],
    ['plain text', 'text/plain', (told) => told],
  ];
  let folder: string;
  let answering: Answering;
  let store: ClusterStore;
  let documents: ConfigMapDocuments;
  let heard: number;
  let answer: { status: number; type: string; body: (told: string) => string };
  const troubles: string[] = [];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cluster-secrets-'));
    answering = await startAnswering((request, response) => {
      void textOf(request).then(() => {
        const told = `${request.method} ${request.url} authorization: ${request.headers.authorization}, ${JSON.stringify(request.headers)}`;
        if (told.includes(TOKEN)) heard += 1;
        response.writeHead(answer.status, { 'content-type': answer.type }).end(answer.body(told));
      });
    });
    const kubeconfig = join(folder, 'config');
    await writeFile(kubeconfig, stringify({
      apiVersion: 'v1', kind: 'Config', 'current-context': 'x', clusters: [{ name: 'c', cluster: { server: `http://127.0.0.1:${answering.port}`, 'insecure-skip-tls-verify': true } }],
      users: [{ name: 'u', user: { token: TOKEN } }], contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    }));
    const api = openApi(connect({ kubeconfig, environment: {} }));
    documents = new ConfigMapDocuments(api, 'default');
    store = new ClusterStore(api, { clock: systemClock, random: Math.random, instance: 'test', onTrouble: (error: Error) => void troubles.push(error.message) });
  });
  after(async () => {
    await store?.close();
    await answering?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  for (const [way, type, body] of WAYS) {
    for (const status of [400, 401, 403, 404, 409, 422, 429, 500, 503]) {
      it(`is in no error of a ${status} with ${way}`, async () => {
        answer = { status, type, body };
        heard = 0;
        const failed = await Promise.all([
          store.get('HostPool', POOL, 'Fresh'), store.list('HostPool', { from: 'Fresh' }), store.create('HostPool', { apiVersion: 'kamal-autoscaler.dev/v1alpha1', kind: 'HostPool', metadata: POOL, spec: {} } as never),
          store.scale(POOL, 3), documents.load('membership'), documents.save('membership', {}, undefined),
        ].map(async (work: Promise<unknown>) => work.then(() => undefined, (error: unknown) => error)));
        const errors = failed.filter((error) => error !== undefined);
        expect(errors.length).to.be.at.least(3);
        for (const error of errors) {
          expect(error).to.be.instanceOf(ClassifiedError);
          const { message, mend = '' } = error as ClassifiedError;
          expect(tells(message + mend)).to.equal(false);
        }
        expect(heard).to.be.at.least(3);
      });
    }
  }

  it('is in no trouble of a watch', async () => {
    answer = { status: 403, type: 'application/json', body: WAYS[0]![2] };
    const subscription = store.watch('HostPool', () => undefined);
    try {
      await until('trouble', () => troubles.length > 0, { everyMs: 20 });
      expect(troubles.filter((trouble) => tells(trouble))).to.deep.equal([]);
    } finally {
      subscription.close();
    }
  });
});
