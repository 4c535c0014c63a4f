import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { stringify } from 'yaml';
import { ClassifiedError } from '../../../controller/model/index.ts';
import { connect } from '../../../controller/runtime/cluster/connection.ts';

const kubeconfig = (currentContext: string): string => stringify({
  apiVersion: 'v1',
  kind: 'Config',
  'current-context': currentContext,
  clusters: [{ name: 'near', cluster: { server: 'https://near.test:6443' } }, { name: 'far', cluster: { server: 'https://far.test:6443' } }],
  users: [{ name: 'me', user: { token: 'secret' } }],
  contexts: [
    { name: 'near', context: { cluster: 'near', user: 'me', namespace: 'scaling' } },
    { name: 'far', context: { cluster: 'far', user: 'me' } },
  ],
});

describe('connect', () => {
  let folder: string;
  let file: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'connection-'));
    file = join(folder, 'config.yaml');
    await writeFile(file, kubeconfig('near'));
  });

  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  it('takes the current context and its namespace', () => {
    const { server, namespace, source } = connect({ kubeconfig: file, environment: {} });
    expect({ server, namespace, source }).to.deep.equal({ server: 'https://near.test:6443', namespace: 'scaling', source: '--kubeconfig' });
  });

  it('takes the context and the namespace that were named', () => {
    const { server, namespace } = connect({ kubeconfig: file, context: 'far', namespace: 'own', environment: {} });
    expect({ server, namespace }).to.deep.equal({ server: 'https://far.test:6443', namespace: 'own' });
  });

  it('uses KUBECONFIG, and "default" where the context has no namespace', async () => {
    await writeFile(file, kubeconfig('far'));
    const { namespace, source } = connect({ environment: { KUBECONFIG: file } });
    expect({ namespace, source }).to.deep.equal({ namespace: 'default', source: 'KUBECONFIG' });
  });

  const refusals: [title: string, settings: (file: string) => Parameters<typeof connect>[0], message: RegExp, mend: RegExp][] = [
    ['a file that is not there', () => ({ kubeconfig: '/none/config', environment: {} }), /\/none\/config is not a readable kubeconfig/, /kubectl/],
    ['a context that is not there', (path) => ({ kubeconfig: path, context: 'moon', environment: {} }), /--context moon/, /near, far/],
    ['nothing at all', () => ({ environment: { HOME: '/none' } }), /no cluster to talk to/, /--kubeconfig FILE/],
  ];
  for (const [title, settings, message, mend] of refusals) {
    it(`says what to write instead of ${title}`, () => {
      try {
        connect(settings(file));
        expect.fail('was accepted');
      } catch (error) {
        if (!(error instanceof ClassifiedError)) throw error;
        expect(error.class).to.equal('Invalid');
        expect(error.message).to.match(message);
        expect(error.mend).to.match(mend);
      }
    });
  }

  it('says so when the file names no current context', async () => {
    await writeFile(file, kubeconfig(''));
    expect(() => connect({ kubeconfig: file, environment: {} })).to.throw(ClassifiedError, 'names no cluster');
  });
});
