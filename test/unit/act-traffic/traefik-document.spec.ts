import { Ajv } from 'ajv';
import { expect } from 'chai';
import fc from 'fast-check';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type MemberTransport, traefikDocument } from '../../../controller/act/traffic/index.ts';
import type { Member, Membership, PoolMembership } from '../../../controller/model/index.ts';
import { readDocument } from '../../../controller/demo/balancer-document.ts';

const member = (address: string, port = 80): Member => ({ name: `host-${address}`, address, port, kind: 'Bought' });

const pool = (service: string, members: Member[], more: Partial<PoolMembership> = {}): PoolMembership => ({
  pool: { namespace: 'shop', name: service }, service, strategy: 'p2c', emptyWanted: false, members,
  healthCheck: { path: '/up', hostname: 'shop.example.com', intervalSeconds: 3, timeoutSeconds: 2 }, ...more,
});

const membership = (...pools: PoolMembership[]): Membership => ({ generation: 1, pools });

const textOf = (value: Membership, transport?: MemberTransport): string => {
  const document = traefikDocument(value, transport);
  if (document.kind === 'Refused') throw new Error(document.why);
  return document.text;
};

const anyMember = fc.record({
  name: fc.stringMatching(/^[a-z][a-z0-9-]{0,10}$/),
  address: fc.oneof(fc.ipV4(), fc.ipV6(), fc.stringMatching(/^[a-z][a-z0-9]{0,8}(\.[a-z]{2,4})?$/)),
  port: fc.integer({ min: 1, max: 65_535 }),
  kind: fc.constantFrom('Fixed' as const, 'Bought' as const),
});
const anyPool = fc.record({
  pool: fc.record({ namespace: fc.constant('shop'), name: fc.stringMatching(/^[a-z]{1,8}$/) }),
  service: fc.stringMatching(/^[a-z]([a-z0-9-]{0,6}[a-z0-9])?$/),
  strategy: fc.constantFrom('wrr' as const, 'p2c' as const, 'hrw' as const, 'leasttime' as const),
  healthCheck: fc.record({
    path: fc.stringMatching(/^\/[a-z]{0,8}$/), hostname: fc.constantFrom('a.example.com', 'b.example.com'),
    intervalSeconds: fc.integer({ min: 1, max: 300 }), timeoutSeconds: fc.integer({ min: 1, max: 60 }),
  }, { requiredKeys: ['path', 'intervalSeconds', 'timeoutSeconds'] }),
  emptyWanted: fc.constant(false),
  members: fc.array(anyMember, { minLength: 1, maxLength: 8 }),
});
const anyMembership = fc.uniqueArray(anyPool, { minLength: 1, maxLength: 5, selector: ({ service }) => service })
  .map((pools): Membership => ({ generation: 1, pools }));

describe('document for Traefik', () => {
  it('has one service a pool, with its servers, health check and transport, and nothing else', () => {
    const transport = { dialTimeoutSeconds: 2, responseHeaderTimeoutSeconds: 40 };
    expect(JSON.parse(textOf(membership(pool('web', [member('10.0.0.6'), member('10.0.0.5', 8080)])), transport))).to.deep.equal({
      http: {
        services: {
          web: {
            loadBalancer: {
              servers: [{ url: 'http://10.0.0.5:8080' }, { url: 'http://10.0.0.6:80' }],
              strategy: 'p2c',
              healthCheck: { path: '/up', hostname: 'shop.example.com', interval: '3s', timeout: '2s' },
              passHostHeader: true,
              serversTransport: 'kamal-members',
            },
          },
        },
        serversTransports: {
          'kamal-members': { maxIdleConnsPerHost: 200, forwardingTimeouts: { dialTimeout: '2s', responseHeaderTimeout: '40s' } },
        },
      },
    });
  });

  it('limits no answer in time unless told to', () => {
    expect(textOf(membership(pool('web', [member('10.0.0.5')])))).not.to.include('responseHeaderTimeout');
  });

  it('names a server once, with brackets around IPv6', () => {
    const { http } = JSON.parse(textOf(membership(pool('web', [member('fd00::5'), member('10.0.0.5'), member('10.0.0.5')]))));
    expect(http.services.web.loadBalancer.servers).to.deep.equal([{ url: 'http://10.0.0.5:80' }, { url: 'http://[fd00::5]:80' }]);
  });

  it('is the same text whatever the order and generation', () => {
    fc.assert(fc.property(anyMembership, fc.infiniteStream(fc.nat()), ({ pools }, order) => {
      const shuffled = <T>(values: readonly T[]): T[] => values.map((value) => ({ value, at: order.next().value })).toSorted((x, y) => x.at - y.at).map(({ value }) => value);
      const other = { generation: 2, pools: shuffled(pools).map((one) => ({ ...one, members: shuffled(one.members) })) };
      expect(textOf(other)).to.equal(textOf({ generation: 1, pools }));
    }));
  });

  it('never carries a weight', () => {
    fc.assert(fc.property(anyMembership, (value) => void expect(textOf(value)).not.to.match(/"weight"/)));
  });

  it('is understood by the demo balancer', () => {
    fc.assert(fc.property(anyMembership, (value) => {
      const read = readDocument(textOf(value));
      expect(read.kind === 'Services' && [...read.services.keys()].toSorted((a, b) => (a < b ? -1 : 1))).to.deep.equal(value.pools.map(({ service }) => service).toSorted((a, b) => (a < b ? -1 : 1)));
    }));
  });

  const refusals: [string, Membership, RegExp][] = [
    ['no pool at all', membership(), /no pool has a load balancer yet/],
    ['a pool that is empty by accident', membership(pool('api', [member('10.0.0.5')]), pool('web', [])), /pool shop\/web has no member and nobody asked for that/],
    ['one service name for two pools', membership(pool('web', [member('10.0.0.5')]), pool('web', [member('10.0.0.6')])), /both name the Traefik service web: give one/],
    ['a member without an address', membership(pool('web', [member('')])), /member host- has no address/],
    ['an address that makes no URL', membership(pool('web', [member('10.0.0.5 10.0.0.6')])), /which make no URL/],
  ];
  for (const [what, value, why] of refusals) {
    it(`is refused for ${what}`, () => {
      const document = traefikDocument(value);
      expect(document.kind === 'Refused' && document.why).to.match(why);
    });
  }

  it('keeps a pool that is wanted empty in the document', () => {
    const { http } = JSON.parse(textOf(membership(pool('web', [], { emptyWanted: true }))));
    expect(http.services.web.loadBalancer.servers).to.deep.equal([]);
  });

  describe('against the strict schema', () => {
    const folder = process.env['KAMAL_AUTOSCALER_SHARED'] ?? resolve(import.meta.dirname, '../../../../shared');
    const file = join(folder, 'specs', 'traefik-membership.schema.json');
    let errors: (text: string) => string[];

    before(async function () {
      if (!existsSync(file)) {
        const message = `${file} is not there: set KAMAL_AUTOSCALER_SHARED to the folder with specs/traefik-membership.schema.json`;
        if (process.env['CI'] === 'true') throw new Error(message);
        console.warn(`SKIPPED the check of Traefik's document against its schema: ${message}`);
        return this.skip();
      }
      const validate = new Ajv({ allErrors: true, strict: false }).compile(JSON.parse(await readFile(file, 'utf8')));
      errors = (text) => (validate(JSON.parse(text)) ? [] : (validate.errors ?? []).map(({ instancePath, keyword }) => `${instancePath} ${keyword}`));
    });

    it('every document is valid', () => {
      fc.assert(fc.property(anyMembership, fc.option(fc.integer({ min: 1, max: 600 }), { nil: undefined }), (value, limit) => {
        const transport = { dialTimeoutSeconds: 2, ...(limit === undefined ? {} : { responseHeaderTimeoutSeconds: limit }) };
        expect(errors(textOf(value, transport))).to.deep.equal([]);
      }));
    });

    it('a pool that is wanted empty departs from it in the empty list alone', () => {
      const text = textOf(membership(pool('web', [], { emptyWanted: true }), pool('api', [member('10.0.0.5')])));
      expect(errors(text)).to.deep.equal(['/http/services/web/loadBalancer/servers minItems']);
    });
  });
});
