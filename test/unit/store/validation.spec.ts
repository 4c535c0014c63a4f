import { expect } from 'chai';
import { KINDS } from '../../../controller/api/index.ts';
import type { Kind } from '../../../controller/api/index.ts';
import { ClassifiedError } from '../../../controller/model/index.ts';
import { admit } from '../../../controller/runtime/store/validation/index.ts';
import { schemaOf } from '../../../controller/runtime/store/validation/definitions.ts';
import type { Structural } from '../../../controller/runtime/store/validation/definitions.ts';
import { compileRules } from '../../../controller/runtime/store/validation/rules.ts';
import { triedDocuments } from '../../support/documents.ts';
import { hostDraft, policyDraft, poolDraft } from '../../support/drafts.ts';

const problems = (kind: Kind, object: unknown, old?: unknown): string[] => {
  try {
    admit(kind, object, old);
    return [];
  } catch (error) {
    if (!(error instanceof ClassifiedError)) throw error;
    expect(error.class).to.equal('Invalid');
    return error.message.replace(/^.*? is invalid: /, '').split('; ');
  }
};
const ofPolicy = (spec: Record<string, unknown>): string[] => problems('ScalingPolicy', policyDraft('shop', 'web', spec));
const ofPool = (spec: Record<string, unknown>): string[] => problems('HostPool', poolDraft('shop', 'web', spec));
const ofMetadata = (metadata: unknown): string[] => problems('HostPool', { ...poolDraft('shop'), metadata });

describe('admission', () => {
  it('fills in defaults and the namespace, and gives a copy', () => {
    const draft = { ...poolDraft('shop'), metadata: { name: 'web' } };
    const admitted = admit('HostPool', draft) as { metadata: unknown; spec: { drain: unknown } };
    expect(admitted.metadata).to.deep.equal({ name: 'web', namespace: 'default' });
    expect(admitted.spec.drain).to.deep.equal({ timeoutSeconds: 60, silentLoadBalancerSeconds: 3_600 });
    expect(draft.spec).not.to.have.property('drain');
  });

  it('counts a null as absent, so that its default or nothing takes its place', () => {
    const admitted = admit('HostPool', poolDraft('shop', 'web', { replicas: null, paused: null, health: null } as never)) as { spec: Record<string, unknown> };
    expect(admitted.spec).not.to.have.property('replicas');
    expect(admitted.spec).to.deep.include({ paused: false });
    expect(admitted.spec.health).to.include({ path: '/up' });
    expect(ofPool({ maxReplicas: null })).to.deep.equal(['spec.maxReplicas: Required value: write maxReplicas: Greatest number of hosts that may exist at once']);
    expect(admit('HostPool', { ...poolDraft('shop'), metadata: { name: 'web', labels: { team: null }, annotations: null } }))
      .to.have.property('metadata').that.deep.equals({ name: 'web', namespace: 'default', labels: { team: '' } });
    expect(ofPool({ placements: [null] })).to.deep.equal(['spec.placements[0]: Invalid value: null: must be of type object']);
  });

  describe('names field, value and what to write instead', () => {
    const cases: [string, () => string[], string[]][] = [
      ['an unknown field', () => ofPolicy({ minHost: 1 }), ['unknown field "spec.minHost": the fields here are targetRef, mode, minHosts, maxHosts, intervalSeconds, metrics, behavior, prediction, schedules, fallback, budget, hold']],
      ['an unknown field deep within', () => ofPool({ placements: [{ name: 'here', provider: 'Local', local: { boot: 1 } }] }), ['unknown field "spec.placements[0].local.boot": the fields here are bootMilliseconds']],
      ['a type', () => ofPolicy({ maxHosts: '5' }), ['spec.maxHosts: Invalid value: "5": must be of type integer']],
      ['a fraction for an integer', () => ofPolicy({ maxHosts: 2.5 }), ['spec.maxHosts: Invalid value: 2.5: must be of type integer']],
      ['a least value', () => ofPolicy({ maxHosts: 0, minHosts: 0 }), ['spec.maxHosts: Invalid value: 0: should be greater than or equal to 1']],
      ['a greatest value', () => ofPolicy({ maxHosts: 501 }), ['spec.maxHosts: Invalid value: 501: should be less than or equal to 500']],
      ['an enum', () => ofPolicy({ mode: 'Act' }), ['spec.mode: Unsupported value: "Act": supported values: "Observe", "Recommend", "Enforce"']],
      ['too few items', () => ofPolicy({ metrics: [] }), ['spec.metrics: Invalid value: []: should have at least 1 items']],
      ['too many items', () => ofPolicy({ metrics: Array.from({ length: 17 }, (_, index) => ({ name: `m${index}`, target: 1, query: 'cpu' })) }), ['spec.metrics: Too many: 17: must have at most 16 items']],
      ['too short a text', () => ofPolicy({ targetRef: { name: '' } }), ['spec.targetRef.name: Invalid value: "": should be at least 1 characters long']],
      ['too long a text', () => ofPolicy({ targetRef: { name: 'a'.repeat(41) } }), [`spec.targetRef.name: Too long: "${'a'.repeat(41)}": may not be more than 40 characters`]],
      ['a pattern', () => ofPool({ kamal: { service: 'Shop', role: 'web' } }), ["spec.kamal.service: Invalid value: \"Shop\": should match '^[a-z0-9][a-z0-9_-]*$'"]],
      ['a time', () => ofPolicy({ hold: { hosts: 1, until: '2027-02-30T00:00:00Z' } }), ['spec.hold.until: Invalid value: "2027-02-30T00:00:00Z": must be of type date-time, as 2027-01-31T18:00:00Z']],
      ['a time without a zone', () => ofPolicy({ hold: { hosts: 1, until: '2027-02-01T00:00:00' } }), ['spec.hold.until: Invalid value: "2027-02-01T00:00:00": must be of type date-time, as 2027-01-31T18:00:00Z']],
      ['a key that is there twice', () => ofPolicy({ metrics: [{ name: 'cpu', target: 1 }, { name: 'cpu', target: 2 }] }), ['spec.metrics[1]: Duplicate value: {"name":"cpu"}: write it once']],
      ['a value that is there twice', () => problems('DeploySession', { metadata: { name: 's' }, spec: { service: 's', operationID: 'o', deadline: '2027-01-01T00:00:00Z', members: ['a', 'b', 'a'] } }), ['spec.members[2]: Duplicate value: "a": write it once']],
      ['a rule over fields', () => ofPolicy({ minHosts: 9 }), ['spec.minHosts: Invalid value: 9: minHosts is greater than maxHosts: write a minHosts that is at most maxHosts']],
      ['a rule within a list', () => ofPolicy({ metrics: [{ name: 'cpu', target: 1 }, { name: 'mine', target: 1, promql: 'up' }] }), ['spec.metrics[1].promql: Invalid value: "up": promql needs a type: write type Ratio, Threshold or Guard']],
      ['a rule about a missing field', () => ofPool({ loadBalancer: undefined }), ['spec.roleKind: Invalid value: "Web": a pool of this roleKind serves requests: write loadBalancer, or roleKind Job']],
      ['another kind', () => problems('HostPool', { ...poolDraft('shop'), kind: 'Pool', apiVersion: 'v1' }), ['apiVersion: Invalid value: "v1": write "kamal-autoscaler.dev/v1alpha1"', 'kind: Invalid value: "Pool": write "HostPool"']],
      ['all that is wrong, in the order of the paths', () => ofPolicy({ zone: 1, mode: 'Act', minHosts: 9, intervalSeconds: 0 }), [
        'spec.intervalSeconds: Invalid value: 0: should be greater than or equal to 1',
        'spec.minHosts: Invalid value: 9: minHosts is greater than maxHosts: write a minHosts that is at most maxHosts',
        'spec.mode: Unsupported value: "Act": supported values: "Observe", "Recommend", "Enforce"',
        'unknown field "spec.zone": the fields here are targetRef, mode, minHosts, maxHosts, intervalSeconds, metrics, behavior, prediction, schedules, fallback, budget, hold',
      ]],
    ];
    for (const [what, found, expected] of cases) {
      it(`of ${what}`, () => expect(found()).to.deep.equal(expected));
    }
  });

  // The same documents are put before a real API server in test/real/verdicts.spec.ts.
  describe('of the documents that an API server judges too', () => {
    for (const { title, kind, document, substance } of triedDocuments()) {
      it(`${substance === undefined ? 'accepts' : 'refuses'} ${title}`, () => {
        const found = problems(kind, document).join('; ');
        if (substance === undefined) expect(found).to.equal('');
        else for (const part of substance) expect(found).to.include(part);
      });
    }
  });

  it('judges no rule over fields while their types are wrong', () => {
    expect(ofPolicy({ minHosts: '9' })).to.deep.equal(['spec.minHosts: Invalid value: "9": must be of type integer']);
  });

  describe('holds metadata to Kubernetes\' rules', () => {
    const good: unknown[] = [
      { name: 'web' }, { name: 'web.shop-1' }, { name: 'a'.repeat(253) },
      { name: 'web', labels: { a: '', 'example.com/B_c.d': 'X-1' }, annotations: { 'Example.com/note': 'any: text\n' }, finalizers: ['example.com/x', 'plain'] },
    ];
    for (const metadata of good) it(`accepts ${JSON.stringify(metadata).slice(0, 80)}`, () => expect(ofMetadata(metadata)).to.deep.equal([]));

    const bad: [unknown, RegExp][] = [
      [undefined, /^metadata: Required value/],
      [{}, /^metadata\.name: Required value: write a name$/],
      [{ name: 'Web' }, /^metadata\.name: Invalid value: "Web": a lowercase RFC 1123 subdomain/],
      [{ name: 'a'.repeat(254) }, /^metadata\.name: .* no more than 253 bytes$/],
      [{ name: 'web', namespace: 'a.b' }, /^metadata\.namespace: Invalid value: "a\.b"/],
      [{ name: 'web', namespace: 'a'.repeat(64) }, /^metadata\.namespace: /],
      [{ name: 'web', label: {} }, /^unknown field "metadata\.label": the fields here are name, /],
      [{ name: 'web', labels: { team: 1 } }, /^metadata\.labels\.team: Invalid value: must be string$/],
      [{ name: 'web', labels: { 'a b': 'x' } }, /^metadata\.labels: Invalid value: "a b"/],
      [{ name: 'web', labels: { 'Example.com/a': 'x' } }, /^metadata\.labels: Invalid value: "Example\.com\/a"/],
      [{ name: 'web', labels: { a: 'x'.repeat(64) } }, /^metadata\.labels: .*at most 63/],
      [{ name: 'web', annotations: { 'a/b/c': 'x' } }, /^metadata\.annotations: Invalid value: "a\/b\/c"/],
      [{ name: 'web', annotations: { a: 'x'.repeat(256 * 1024) } }, /^metadata\.annotations: Too long: may not be more than 262144 bytes together$/],
      [{ name: 'web', finalizers: ['-'] }, /^metadata\.finalizers: Invalid value: "-"/],
    ];
    for (const [metadata, message] of bad) {
      it(`refuses ${JSON.stringify(metadata)?.slice(0, 80)}`, () => {
        const found = ofMetadata(metadata);
        expect(found).to.have.length(1);
        expect(found[0]).to.match(message);
      });
    }
  });

  describe('of an update', () => {
    const stored = (): Record<string, any> => admit('KamalHost', hostDraft('shop')) as Record<string, any>;

    it('holds to what must not change', () => {
      const old = stored();
      expect(problems('KamalHost', { ...old, spec: { ...old.spec, hostID: 'another-one', poolRef: { name: 'jobs' } } }, old)).to.deep.equal([
        'spec.hostID: Invalid value: "another-one": hostID is immutable: delete the KamalHost instead, its pool makes another',
        'spec.poolRef.name: Invalid value: "jobs": poolRef is immutable: delete the KamalHost instead, its pool makes another',
      ]);
      expect(problems('KamalHost', { ...old, spec: { ...old.spec, intent: 'Drain' } }, old)).to.deep.equal([]);
    });

    it('checks status, of which a new object has none', () => {
      expect(problems('KamalHost', { ...hostDraft('shop'), status: { phase: 'Sleeping' } })).to.deep.equal([]);
      expect(problems('KamalHost', { ...hostDraft('shop'), status: { phases: 1 } })).to.have.length(1);
      expect(problems('KamalHost', { ...stored(), status: { phase: 'Sleeping' } }, stored())).to.have.length(1);
    });

    it('excuses an old fault in a part that stays as it was, so that a stricter schema blocks no status', () => {
      const old = { ...stored(), spec: { ...stored().spec, slot: -1, intentReason: 'x'.repeat(400) } };
      expect(problems('KamalHost', { ...old, status: { phase: 'Draining' } }, old)).to.deep.equal([]);
      expect(problems('KamalHost', { ...old, spec: { ...old.spec, slot: -2 } }, old)).to.deep.equal(['spec.slot: Invalid value: -2: should be greater than or equal to 0']);
    });
  });

  it('can evaluate every rule of every definition', () => {
    const rulesOf = (schema: Structural): string[] => [
      ...(schema['x-kubernetes-validations'] ?? []).map(({ rule }) => rule),
      ...Object.values(schema.properties ?? {}).flatMap(rulesOf),
      ...(schema.items === undefined ? [] : rulesOf(schema.items)),
    ];
    expect(KINDS.flatMap((kind) => rulesOf(schemaOf(kind)))).to.have.length.greaterThan(10);
    for (const kind of KINDS) expect(() => compileRules(schemaOf(kind))).not.to.throw();
  });

  describe('rules', () => {
    const judge = (schema: Structural, value: unknown, old?: unknown): string[] => compileRules(schema)(value, old, 'spec').map(({ path, text }) => `${path}: ${text}`);
    const ports: Structural = {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
      items: {
        type: 'object',
        properties: { name: { type: 'string' }, port: { type: 'integer' } },
        'x-kubernetes-validations': [{ rule: 'self.port >= oldSelf.port', message: 'a port only grows' }],
      },
    };

    it('compare an item of a list-map with its predecessor of the same key, and a new one with nothing', () => {
      expect(judge(ports, [{ name: 'b', port: 2 }, { name: 'new', port: 1 }, { name: 'a', port: 1 }], [{ name: 'a', port: 2 }, { name: 'b', port: 2 }]))
        .to.deep.equal(['spec[2].port: Invalid value: 1: a port only grows']);
      expect(judge(ports, [{ name: 'a', port: 1 }])).to.deep.equal([]);
    });

    it('that cannot be evaluated refuse the document', () => {
      const broken: Structural = { type: 'object', properties: { a: { type: 'integer' } }, 'x-kubernetes-validations': [{ rule: 'self.b > 1', message: 'b is small' }] };
      expect(judge(broken, { a: 1 })).to.deep.equal(['spec: Invalid value: {"a":1}: b is small (the rule could not be evaluated: No such key: b)']);
    });

    it('see integers, fractions and times by their schema', () => {
      const typed: Structural = {
        type: 'object',
        properties: { count: { type: 'integer' }, share: { type: 'number' }, from: { type: 'string', format: 'date-time' } },
        'x-kubernetes-validations': [
          { rule: 'self.count / 2 == 3', message: 'integers divide to integers' },
          { rule: 'self.share > 0.5', message: 'share' },
          { rule: "self.from < timestamp('2027-06-01T00:00:00Z')", message: 'too late' },
        ],
      };
      expect(judge(typed, { count: 7, share: 1, from: '2027-01-01T00:00:00Z' })).to.deep.equal([]);
      expect(judge(typed, { count: 8, share: 1, from: '2028-01-01T00:00:00Z' })).to.have.length(2);
    });
  });
});
