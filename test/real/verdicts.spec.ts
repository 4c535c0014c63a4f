import { expect } from 'chai';
import { ClassifiedError, isClass } from '../../controller/model/index.ts';
import type { Kind } from '../../controller/api/index.ts';
import type { ClusterStore } from '../../controller/runtime/cluster/index.ts';
import { admit } from '../../controller/runtime/store/validation/index.ts';
import { CONTROL_PLANE_PARTS, startControlPlane } from '../support/control-plane.ts';
import type { ControlPlane } from '../support/control-plane.ts';
import { triedDocuments } from '../support/documents.ts';
import type { TriedDocument } from '../support/documents.ts';
import { realSuite } from '../support/real/gate.ts';

type Verdict = { kind: 'Accepted'; spec: unknown } | { kind: 'Refused'; message: string };

async function verdictOf(admission: () => unknown): Promise<Verdict> {
  try {
    const stored = await admission();
    return { kind: 'Accepted', spec: (stored as { spec: unknown }).spec };
  } catch (error) {
    if (!(error instanceof ClassifiedError) || !isClass(error, 'Invalid')) throw error;
    return { kind: 'Refused', message: error.message };
  }
}

realSuite('the same documents are accepted and refused by kube-apiserver and by the standalone store', CONTROL_PLANE_PARTS, function () {
  this.timeout(120_000);
  let plane: ControlPlane;
  let store: ClusterStore;

  before(async () => {
    plane = await startControlPlane();
    store = plane.store();
  });

  after(async () => {
    await plane?.stop();
  });

  const byApiServer = (tried: TriedDocument): Promise<Verdict> =>
    verdictOf(async () => await store.create(tried.kind, tried.document as unknown as Parameters<typeof store.create<Kind>>[1]));
  const byStandalone = (tried: TriedDocument): Promise<Verdict> => verdictOf(() => admit(tried.kind, tried.document));

  for (const tried of triedDocuments()) {
    it(`${tried.substance === undefined ? 'accepts' : 'refuses'} ${tried.title}`, async () => {
      const verdicts = { apiServer: await byApiServer(tried), standalone: await byStandalone(tried) };
      for (const [who, verdict] of Object.entries(verdicts)) {
        expect(verdict.kind, `${who}: ${JSON.stringify(verdict)}`).to.equal(tried.substance === undefined ? 'Accepted' : 'Refused');
        if (verdict.kind === 'Refused') for (const part of tried.substance ?? []) expect(verdict.message, who).to.contain(part);
      }
      // Both fill in the same defaults.
      if (verdicts.apiServer.kind === 'Accepted') expect(verdicts.standalone).to.deep.equal(verdicts.apiServer);
    });
  }
});
