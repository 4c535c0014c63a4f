import { expect } from 'chai';
import fc from 'fast-check';
import { parse } from 'yaml';
import { createUserData } from '../../../controller/act/cloud/user-data/index.ts';
import { pinnedIn } from '../../../controller/act/ssh/known-hosts.ts';
import type { ClientKey } from '../../../controller/act/ssh/index.ts';
import { traefikDocument } from '../../../controller/act/traffic/index.ts';
import { type InventoryPool, knownHostsLines, type PoolMembership } from '../../../controller/model/index.ts';
import { discoveryDocument } from '../../../controller/observe/index.ts';
import { literal, oneOf, withWindow } from '../../../controller/observe/promql.ts';
import { newestSampleQuery, selectorsOf } from '../../../controller/observe/promql-selectors.ts';
import type { CreateRequest } from '../../../controller/ports/index.ts';
import { inventoryText } from '../../../controller/report/inventory-text.ts';
import { newClientKey } from '../../support/ssh-targets.ts';
import { newKey, publicHalf } from '../../support/ssh-server.ts';
import { hostile, runs, valueOrError } from './bounds.ts';

const HEALTH = { path: '/up', intervalSeconds: 5, timeoutSeconds: 2 };
const address = fc.oneof(hostile, fc.constantFrom('10.0.0.5', 'fd00::5', 'host.example', '10.0.0.5/x', 'user@10.0.0.5', '10.0.0.5#', '10.0.0.5\n10.0.0.6'));

describe('documents with values of somebody else', () => {
  it("for Traefik hold them exactly, and no address that is more than one", () => {
    fc.assert(fc.property(hostile, hostile, hostile, address, (service, path, hostname, where) => {
      const pool: PoolMembership = { pool: { namespace: 'shop', name: 'web' }, service, strategy: 'wrr', emptyWanted: false, healthCheck: { ...HEALTH, path, hostname }, members: [{ host: 'a', hostID: 'h', name: 'a', address: where, port: 80 }] as unknown as PoolMembership['members'] };
      const document = traefikDocument({ generation: 1, pools: [pool] });
      if (document.kind === 'Refused') return;
      const { http } = JSON.parse(document.text) as { http: { services: Record<string, { loadBalancer: { servers: { url: string }[]; healthCheck: object } }> } };
      expect(Object.keys(http.services)).to.deep.equal([service]);
      const { servers, healthCheck } = Object.values(http.services)[0]!.loadBalancer;
      expect(healthCheck).to.include({ path, hostname });
      const url = new URL(servers[0]!.url);
      expect([url.username, url.password, url.pathname, url.search, url.hash, url.port]).to.deep.equal(['', '', '/', '', '', '']);
    }), runs(500));
  });

  it('pin in known_hosts what is an address and a key, one line each, and nothing else', () => {
    const key = publicHalf(newKey());
    fc.assert(fc.property(address, fc.oneof(hostile, fc.constant(key), hostile.map((text) => `${key}${text}`), hostile.map((text) => `${text}\n* ${key}`)), fc.constantFrom(22, 2222), (where, text, port) => {
      const lines = knownHostsLines(where, port, [text]);
      for (const line of lines) expect(line).to.match(/^(\[[^\s\]]+\]:2222|[^\s,*?!|@#]+) [a-z0-9@.-]+ [A-Za-z0-9+/=]+$/);
      expect(pinnedIn(`${lines.join('\n')}\n`, '192.0.2.99', port)).to.deep.equal([]);
    }), runs(500));
    expect(pinnedIn(`${knownHostsLines('fd00::5', 2222, [key]).join('\n')}\n`, 'fd00::5', 2222)).to.deep.equal([key]);
  });

  it('of the inventory give roles and addresses back as they are, whatever they are called', () => {
    const role = fc.oneof(hostile, fc.constantFrom('constructor', '__proto__', 'toString', 'web'));
    fc.assert(fc.property(fc.array(fc.tuple(role, fc.array(hostile, { maxLength: 3 })), { maxLength: 5 }), (entries) => {
      const pools: InventoryPool[] = entries.map(([name, addresses]) => ({
        pool: { namespace: 'a', name: 'b' }, service: 'shop', role: name, ssh: { port: 22 }, hosts: addresses.map((where, index) => ({ name: `h${index}`, hostID: `h${index}`, address: where })),
      }));
      const view = { service: 'shop', asOf: 0, pools };
      const listed = JSON.parse(inventoryText(view, 'json')) as Record<string, string[]>;
      const wanted = new Map<string, string[]>();
      for (const [name, addresses] of entries) wanted.set(name, [...new Set([...wanted.get(name) ?? [], ...addresses])]);
      expect(new Map(Object.entries(listed))).to.deep.equal(wanted);
      JSON.parse(inventoryText(view, 'details'));
    }), runs(300));
  });

  it('of service discovery give labels back as they are', () => {
    fc.assert(fc.property(hostile, hostile, hostile, hostile, (pool, role, host, version) => {
      const document = discoveryDocument('node', [{ namespace: 'a', pool, role, host, version, origin: { kind: 'Fixed' }, endpoint: { address: '10.0.0.5', ports: { http: 80, nodeMetrics: 9100 } } }]);
      const [{ labels, targets }] = JSON.parse(JSON.stringify(document)) as [{ labels: Record<string, string>; targets: string[] }];
      expect(targets).to.deep.equal(['10.0.0.5:9100']);
      expect(labels).to.include({ pool, role, host, __meta_kamal_autoscaler_version: version });
    }), runs(300));
  });

  describe('of user data', () => {
    let clientKey: ClientKey;
    before(async () => { clientKey = await newClientKey(); });
    const request = (userData: string): CreateRequest => ({
      name: 'web-1-c0ffee00', owner: { installation: 'shop', pool: { namespace: 'default', name: 'web' }, hostID: 'host-id-1' },
      placement: { name: 'nuremberg', provider: 'Hetzner', hetzner: { serverType: 'cpx21', location: 'nbg1', image: 'ubuntu-24.04', publicNetwork: 'Both', userData } },
      pool: { kamal: { service: 'shop', role: 'web' }, ssh: { user: 'root', port: 22 } },
    });
    const write = (text: string): string | Error => valueOrError(() => createUserData(clientKey)(request(text)));

    it('come back exactly, or are refused by name', () => {
      fc.assert(fc.property(fc.dictionary(fc.constantFrom('final_message', 'toString', 'constructor', 'x'), hostile, { minKeys: 1 }), fc.array(hostile, { maxLength: 3 }), (texts, files) => {
        const given = JSON.stringify({ ...texts, write_files: files.map((content) => ({ path: '/etc/x', content })) });
        const text = write(given);
        if (typeof text !== 'string') return;
        const config = parse(text, { version: '1.1' }) as Record<string, unknown>;
        const meant = parse(given, { version: '1.1' }) as Record<string, unknown>;
        for (const name of Object.keys(meant)) expect(Object.entries(config).find(([key]) => key === name)?.[1]).to.deep.equal(meant[name]);
        // What the controller needs to log in cannot be changed by what stands beside it.
        expect(config).to.include({ ssh_deletekeys: true, disable_root: false });
      }), runs(200));
    });

    it('give user data or one error for any text', () => {
      fc.assert(fc.property(hostile, (text) => {
        const written = write(text);
        if (typeof written === 'string') expect(parse(written, { version: '1.1' })).to.include({ ssh_deletekeys: true });
        else expect(written.message).to.include('userData');
      }), runs(400));
    });

    for (const [what, text] of [['multiply', 'a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c,*c,*c]'], ['nest', `a: ${'['.repeat(4000)}${']'.repeat(4000)}`], ['repeat', 'toString: 1\ntoString: 2']] as const) {
      it(`refuse what ${what}s`, () => expect(write(text)).to.be.instanceOf(Error));
    }
  });
});

describe('PromQL with values of somebody else', () => {
  /** As Prometheus's lexer reads a double-quoted string: Go's escapes. */
  const unquoted = (text: string): string => JSON.parse(text.replaceAll(/[\u0000-\u001f]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)) as string;

  it('keeps each in one string literal', () => {
    fc.assert(fc.property(hostile, (text) => {
      const written = literal(text);
      expect(written).to.match(/^"(?:[^"\\\n]|\\.)*"$/s);
      expect(unquoted(written)).to.equal(text);
    }), runs(500));
  });

  it('matches these label values and no others', () => {
    fc.assert(fc.property(fc.array(hostile, { minLength: 1, maxLength: 4 }), hostile, (values, other) => {
      const [, sign = '', text = ''] = /^pool(=~?)(".*")$/s.exec(oneOf('pool', values)) ?? [];
      const matches = (value: string): boolean => (sign === '=' ? value === unquoted(text) : new RegExp(`^(?:${unquoted(text)})$`, 's').test(value));
      for (const value of values) expect(matches(value), JSON.stringify(value)).to.equal(true);
      expect(matches(other)).to.equal(values.includes(other));
    }), runs(500));
  });

  it('puts a query of a policy nowhere else than alone, and of its selectors only what is one', () => {
    fc.assert(fc.property(fc.oneof(hostile, fc.array(fc.oneof(fc.constantFrom('x{', '}', 'a="b"', ')', '(', 'sum', ' by ', '[5m]', 'y', ',', ' or ', '{', "'", '"', '#', '\n'), hostile), { maxLength: 12 }).map((parts) => parts.join(''))), (query) => {
      expect(withWindow(query, 60)).to.equal(query.split('$window').join('60s'));
      const selectors = selectorsOf(query);
      for (const selector of selectors) {
        const bare = selector.replaceAll(/"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`/gs, 's');
        expect(bare, JSON.stringify(query)).to.match(/^[a-zA-Z_:][\w:]*$|^[a-zA-Z_:]?[\w:]*\{[^(){}[\]#]*\}$/);
      }
      if (selectors.length > 0) expect(newestSampleQuery(selectors)).to.match(/^max\(label_replace\(timestamp\(/);
    }), runs(1000));
  });
});
