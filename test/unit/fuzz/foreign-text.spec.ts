import { expect } from 'chai';
import fc from 'fast-check';
import { serverIn as dropletIn } from '../../../controller/act/cloud/digitalocean/droplets.ts';
import { DIGITALOCEAN } from '../../../controller/act/cloud/digitalocean/vendor.ts';
import { serverIn } from '../../../controller/act/cloud/hetzner/servers.ts';
import { HETZNER } from '../../../controller/act/cloud/hetzner/vendor.ts';
import { actionOf } from '../../../controller/act/cloud/hetzner/wire.ts';
import { servedBy } from '../../../controller/act/deploy/kamal/app-state.ts';
import { createEvidence } from '../../../controller/act/deploy/kamal/evidence.ts';
import { readKamalConfig } from '../../../controller/act/deploy/kamal/config-output.ts';
import { readLockStatus } from '../../../controller/act/deploy/kamal/lock-status.ts';
import { lastWords, readFailure } from '../../../controller/act/deploy/kamal/read-failure.ts';
import { createRedactor } from '../../../controller/act/deploy/kamal/redact.ts';
import { lookAtApp, missingFor } from '../../../controller/act/deploy/kamal/remote-look.ts';
import { readCloudInit } from '../../../controller/act/ssh/cloud-init-status.ts';
import { createMachineInspector } from '../../../controller/act/ssh/inspect-machine.ts';
import { readPublicKey } from '../../../controller/act/ssh/public-key.ts';
import { requestsIn } from '../../../controller/act/traffic/requests.ts';
import { serversIn } from '../../../controller/act/traffic/traefik-api.ts';
import { API_VERSION } from '../../../controller/api/index.ts';
import { ClassifiedError } from '../../../controller/model/index.ts';
import { parseExposition } from '../../../controller/observe/index.ts';
import { parseAnswer } from '../../../controller/observe/prometheus-answer.ts';
import { readDocuments } from '../../../controller/runtime/applier/index.ts';
import { admit } from '../../../controller/runtime/store/validation/index.ts';
import { sshTarget } from '../../support/ssh-targets.ts';
import { anything, broken, damaged, hostile, runs, settledOrError, valueOrError } from './bounds.ts';

const SECRET = 'hunter2-of-the-app';
const redact = createRedactor([SECRET]);
const target = sshTarget(22, { kind: 'Fixed' });
const key = Buffer.from('key');

const CONTAINER = { Id: 'a'.repeat(64), Name: '/shop-web-v1', Created: '2027-01-01T00:00:00Z', Image: 'sha256:1', State: { Status: 'running' }, Config: { Image: 'registry/shop:v1', Env: [`TOKEN=${SECRET}`], Cmd: ['x'] }, HostConfig: { Memory: 5 } };
const LIST = 'Service   Host  Path  Target             State    TLS\nshop-web  *     /     aaaaaaaaaaaa:80    running  no\n';
const lookOf = (container: unknown, digests: unknown, list: string): string => `now 1798761600\ncontainer ${JSON.stringify(container)}\nimage sha256:1 ${JSON.stringify(digests)}\nproxied\n${list}`;
const look = (stdout: string) => settledOrError(() => lookAtApp(async () => ({ code: 0, stdout, stderr: '' }), target, key, redact));

const HETZNER_SERVER = {
  id: 42, name: 'web-1', status: 'running', created: '2027-01-01T00:00:00Z', private_net: [{ network: 1, ip: '10.0.0.2' }],
  public_net: { ipv4: { ip: '198.51.100.1' }, ipv6: { ip: '2001:db8::/64' } },
  labels: Object.fromEntries(['installation', 'namespace', 'pool', 'host-id', 'service', 'role', 'ssh-address', 'ssh-port'].map((name) => [`kamal-autoscaler.dev/${name}`, name === 'ssh-port' ? '22' : name === 'ssh-address' ? 'Private' : 'a'])),
};
const DROPLET = {
  id: 42, name: 'web-1', status: 'active', created_at: '2027-01-01T00:00:00Z', networks: { v4: [{ type: 'public', ip_address: '198.51.100.1' }], v6: [] },
  tags: ['installation:a', 'namespace:a', 'pool:a', 'host-uid:a', 'service:a', 'role:a', 'ssh-port:22'].map((tag) => `kamal-autoscaler:${tag}`),
};

describe('text of somebody else', () => {
  describe('of a host', () => {
    it('is a look at containers, or one error without a word of their environment', async () => {
      await fc.assert(fc.asyncProperty(fc.oneof(broken(CONTAINER), anything), fc.oneof(fc.constant(['registry/shop@sha256:2']), anything), fc.oneof(fc.constant(LIST), damaged(LIST)), async (container, digests, list) => {
        const seen = await look(lookOf(container, digests, list));
        if (seen instanceof ClassifiedError) expect(seen.message + String(seen.cause)).to.not.include(SECRET);
        else {
          for (const { id, version } of seen.containers) expect([typeof id, version]).to.satisfy(([type, text]: string[]) => type === 'string' && /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(text!));
          servedBy(seen, target.role);
        }
      }), runs(400));
    });

    it('is cut or broken anywhere and still one of both', async () => {
      await fc.assert(fc.asyncProperty(damaged(lookOf(CONTAINER, ['registry/shop@sha256:2'], LIST)), async (stdout) => {
        const seen = await look(stdout);
        if (seen instanceof ClassifiedError) expect(seen.message + String(seen.cause)).to.not.include(SECRET);
      }), runs(400));
    });

    it('cannot name the revision that Kamal is run from by more than a version, nor list without end', async () => {
      for (const name of [':/evil', 'HEAD@{1}', 'main^{/evil}', '--upload-pack=x', 'a b', 'a\0b', '../x']) {
        expect(await look(lookOf({ ...CONTAINER, Name: `/shop-web-${name}` }, [], LIST))).to.deep.include({ containers: [] });
      }
      expect(await look(`now 1\n${`container ${JSON.stringify(CONTAINER)}\n`.repeat(201)}proxied\n${LIST}`)).to.be.instanceOf(ClassifiedError);
      const deep = JSON.stringify(CONTAINER).replace('"Memory":5', `"Binds":${'['.repeat(20_000)}${']'.repeat(20_000)}`);
      expect(await look(`now 1\ncontainer ${deep}\nproxied\n${LIST}`)).to.be.instanceOf(ClassifiedError);
    });

    it('names no image that Docker would take for an option', async () => {
      await fc.assert(fc.asyncProperty(fc.oneof(hostile, hostile.map((text) => `-${text}`)), async (repository) => {
        const asked: (readonly string[])[] = [];
        await settledOrError(() => missingFor(async (_, command) => { asked.push(command); return { code: 0, stdout: '', stderr: '' }; }, target, repository, 'v1', redact));
        for (const command of asked) expect(command[4]).to.match(/^[A-Za-z0-9][^\s\0]*:v1$/);
      }), runs(300));
    });

    it('is evidence of at most some pages, without a value of its environment', async () => {
      await fc.assert(fc.asyncProperty(fc.oneof(hostile, fc.constant(JSON.stringify([`TOKEN=${SECRET}`])), damaged(JSON.stringify([`TOKEN=${SECRET}`])), anything.map((value) => JSON.stringify(value)), anything.map((value) => JSON.stringify([value]))), hostile, fc.boolean(), async (environment, text, long) => {
        const log = `${long ? `${text}\n`.repeat(Math.ceil(200_000 / (text.length + 1))) : text}\n`;
        const gather = createEvidence({ outputs: { of: () => text }, redact: (shown) => shown, read: async (_, command) => {
          const mark = command[4]!;
          return { code: 0, stdout: `x\n${mark} environment\n${environment}\n${mark} app log\n${log}\n${mark} ${text}\n${log}`, stderr: '' };
        } });
        const found = await gather(target, 10);
        for (const part of found.texts) expect(part.text.length).to.be.below(40_000);
      }), runs(60));
      const told = async (environment: string, log: string): Promise<string> => JSON.stringify(await createEvidence({ outputs: { of: () => undefined }, redact: (shown) => shown, read: async (_, [, , , , mark = '']) => ({ code: 0, stdout: `\n${mark} environment\n${environment}\n${mark} app log\n${log}`, stderr: '' }) })(target, 10));
      for (const environment of [JSON.stringify([`NAME=${SECRET}`]), JSON.stringify({ a: 1 }), '[1]', '[null]', '"x"', JSON.stringify(Array.from({ length: 1_001 }, () => `NAME=${SECRET}`))]) {
        expect(await told(environment, `one\n${SECRET}\n`)).to.include('kamal').and.not.include(environment === '"x"' ? 'nothing' : SECRET);
      }
      // Its first half would stand where the text is cut.
      const padding = 'y'.repeat(32 * 1024 - SECRET.length / 2);
      expect(await told(JSON.stringify([`NAME=${SECRET}`]), `${SECRET}${padding}`)).to.not.include(SECRET.slice(-6));
    });

    it('is the status of cloud-init, of at most a line', () => {
      const status = JSON.stringify({ status: 'error', errors: ['x'], detail: 'y' });
      fc.assert(fc.property(fc.oneof(hostile, damaged(status), damaged('status: running\ndetail:\nDataSource\n'), anything.map((value) => JSON.stringify({ status: value, errors: [value], detail: value }))), (text) => {
        expect(JSON.stringify(readCloudInit(text)).length).to.be.below(2_000);
      }), runs(500));
    });

    it('is a fact about the machine, whatever it is', async () => {
      await fc.assert(fc.asyncProperty(hostile, hostile, fc.constantFrom(0, 1, 127), async (stdout, stderr, code) => {
        const inspect = createMachineInspector({ run: async () => ({ code, stdout, stderr }), contact: async () => ({ kind: 'Delivered', key: 'ssh-ed25519 AAAA' }) }, redact);
        expect(await inspect(sshTarget(22, { kind: 'Bought', hostID: 'h' }))).to.have.property('kind');
      }), runs(200));
    });

    it('is a public key of one line, or none', () => {
      fc.assert(fc.property(fc.oneof(hostile, damaged('ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA comment')), (text) => {
        expect(readPublicKey(text) ?? 'ssh-x A').to.match(/^[a-z0-9@.-]+ [A-Za-z0-9+/=]+$/);
      }), runs(500));
      expect(readPublicKey(`ssh-ed25519 ${'A'.repeat(100_000)}`)).to.equal(undefined);
    });

    it('is a page of metrics, or one error that names the line', () => {
      const page = '# HELP a b\n# TYPE a counter\na{b="c",d="e\\"f"} 1.5 1798761600000\n';
      fc.assert(fc.property(fc.oneof(hostile, damaged(page)), (text) => {
        try {
          for (const { value } of parseExposition(text)) expect(value).to.be.a('number');
        } catch (error) {
          expect((error as Error).name).to.equal('ExpositionError');
          expect((error as Error).message).to.match(/^line \d+/);
        }
        expect(requestsIn(text, 'app').kind).to.be.oneOf(['Count', 'Unknown']);
      }), runs(600));
    });

    it('counts requests of no other service: a label is not what stands in a value', () => {
      expect(requestsIn('kamal_proxy_http_requests_total{path="x,service=",status="500",service="app"} 7', 'app')).to.deep.equal({ kind: 'Count', requests: 7, errors: 7 });
      expect(requestsIn('kamal_proxy_http_requests_total{path="a\\",service=\\"app",service="other",status="200"} 7', 'app')).to.deep.equal({ kind: 'Unknown' });
    });
  });

  describe('of Kamal', () => {
    it('is a failure in a line, with a class, and without half of a secret at its end', () => {
      fc.assert(fc.property(hostile, fc.nat(260), fc.constantFrom('ERROR (SSHKit::Command::Failed): ', 'ERROR (Net::SSH::Timeout): ', ''), (text, filler, before) => {
        const stdout = `${text}\n${before}${'x'.repeat(filler)} ${SECRET} ${text}`;
        const failure = readFailure({ stdout, stderr: '' }, redact);
        for (const shown of [failure.message, lastWords({ stdout, stderr: text }, redact)]) {
          expect(shown.length).to.be.below(1_000);
          expect(shown).to.not.include(SECRET.slice(0, 6));
        }
      }), runs(500));
    });

    it('is a configuration, or one error without a word of it', () => {
      const printed = `---\n:roles:\n- web\n:hosts:\n- 10.0.0.1\n:primary_host: 10.0.0.1\n:repository: registry/shop\n:ssh_options:\n  :user: root\n  :port: 22\n  :key_data: ["${SECRET}"]\n`;
      fc.assert(fc.property(fc.oneof(hostile.map((text) => `---\n${text}`), damaged(printed), anything.map((value) => `---\n${JSON.stringify({ ':repository': 'a', ':roles': value, ':hosts': [value], ':ssh_options': { ':config': value } })}`)), (text) => {
        const config = valueOrError(() => readKamalConfig(text));
        if (config instanceof ClassifiedError) expect(config.message).to.not.include(SECRET);
        else for (const word of [...config.roles, ...config.hosts]) expect(word).to.be.a('string');
      }), runs(500));
    });

    it('is a lock that somebody holds, or none', () => {
      fc.assert(fc.property(fc.oneof(hostile, damaged('Locked by: Ann at 2027-01-01T00:00:00Z\nVersion: v1\nMessage: Automatic deploy lock (kamal-autoscaler a/b)\n')), (text) => {
        const held = readLockStatus(text);
        if (held?.operationID !== undefined) expect(held.operationID).to.match(/^[A-Za-z0-9._/-]+$/);
      }), runs(500));
    });
  });

  describe('of a cloud', () => {
    for (const [cloud, record, read] of [['Hetzner', HETZNER_SERVER, serverIn], ['DigitalOcean', DROPLET, dropletIn]] as const) {
      it(`${cloud} is a server whose addresses are addresses, or one error`, () => {
        expect(valueOrError(() => read(record))).to.have.property('part');
        fc.assert(fc.property(broken(record), anything, hostile, (server, value, text) => {
          const one = valueOrError(() => read({ ...record, ...server }));
          if (one !== undefined && !(one instanceof ClassifiedError)) {
            expect(one.state).to.be.oneOf(['Starting', 'Running', 'Off', 'Leaving']);
            expect(one.providerID).to.match(/^[a-z]+:\d+$/);
          }
          for (const where of [value, text]) {
            const networks = { public_net: { ipv4: { ip: where }, ipv6: { ip: where } }, private_net: [{ network: where, ip: where }], networks: { v4: [{ type: 'public', ip_address: where }, { type: 'private', ip_address: where }], v6: [{ type: 'public', ip_address: where }] } };
            const told = valueOrError(() => read({ ...record, ...networks }));
            if (told === undefined || told instanceof ClassifiedError) continue;
            for (const address of Object.values(told.addresses ?? {})) expect(address).to.match(/^[0-9a-fA-F.:]+$/);
          }
        }), runs(300));
      });
    }

    it('gives a port of SSH that is one', () => {
      fc.assert(fc.property(hostile, (text) => {
        const told = valueOrError(() => serverIn({ ...HETZNER_SERVER, labels: { ...HETZNER_SERVER.labels, 'kamal-autoscaler.dev/ssh-port': text, 'kamal-autoscaler.dev/ssh-address': text } }));
        if (told === undefined || told instanceof ClassifiedError || told.part === undefined) return;
        expect(told.part.sshPort).to.be.within(1, 65_535);
        expect(['undefined', 'string']).to.include(typeof told.part.sshAddress);
      }), runs(300));
    });

    it('is a fault in a line, or an action', () => {
      fc.assert(fc.property(broken({ error: { code: 'x', message: 'y', details: { fields: [{ name: 'z', messages: ['w'] }] } }, id: 'x', message: 'y', request_id: 'z' }), anything, (answer, value) => {
        for (const vendor of [HETZNER, DIGITALOCEAN]) {
          const fault = vendor.faultIn({ ...answer, error: { code: value, message: value, details: { fields: [{ name: 'z', messages: [value] }] } } });
          expect(JSON.stringify(fault ?? {}).length).to.be.below(10_000);
          vendor.nextPage({ meta: { pagination: { next_page: value } }, links: { pages: { next: value } } });
        }
        valueOrError(() => actionOf({ id: 1, command: 'x', status: 'error', error: value }));
      }), runs(300));
    });
  });

  describe('of Prometheus and Traefik', () => {
    it('is an answer, or a reason of at most a few lines', () => {
      const right = { status: 'success', data: { resultType: 'vector', result: [{ metric: { a: 'b' }, value: [1, '2'] }] } };
      fc.assert(fc.property(fc.oneof(damaged(JSON.stringify(right)), broken(right).map((value) => JSON.stringify(value)), fc.tuple(anything, anything, fc.constantFrom('vector', 'scalar', 'matrix', 'string')).map(([metric, value, resultType]) => JSON.stringify({ status: 'success', data: { resultType, result: [{ metric: { a: metric }, value, values: [value] }, value] } })),
        anything.map((value) => JSON.stringify({ status: 'error', errorType: value, error: value }))), fc.constantFrom(200, 400, 422, 500, 503), (body, status) => {
        const answer = parseAnswer(status, body, 'http://prometheus');
        if (answer.kind === 'Vector') for (const { labels, value } of answer.samples) expect([...Object.values(labels).map((one) => typeof one), typeof value].join()).to.match(/^(string,)*number$/);
        if (answer.kind === 'Refused' || answer.kind === 'Unreachable') expect(answer.message.length).to.be.below(1_000);
      }), runs(500));
    });

    it('is a list of servers, or none', () => {
      fc.assert(fc.property(fc.oneof(anything, broken({ loadBalancer: { servers: [{ url: 'http://10.0.0.1:80' }] }, serverStatus: { 'http://10.0.0.1:80': 'UP' } })), (answer) => {
        for (const { url, state } of serversIn(answer) ?? []) expect([typeof url, state]).to.satisfy(([type, word]: string[]) => type === 'string' && ['Up', 'Down'].includes(word!));
      }), runs(500));
    });
  });

  describe('of people', () => {
    const POOL = `apiVersion: ${API_VERSION}\nkind: HostPool\nmetadata:\n  name: web\n  labels: {a: b}\nspec:\n  maxReplicas: 3\n  kamal: {service: shop, role: web}\n`;
    it('is objects, or errors with a place', () => {
      fc.assert(fc.property(fc.oneof(hostile, damaged(POOL)), (text) => {
        const { objects, errors } = readDocuments([{ name: 'a.yaml', text }, { name: 'b.yaml', text: POOL }]);
        for (const { place, message } of errors) {
          expect(place.line).to.be.at.least(1);
          expect(message.length).to.be.below(10_000);
        }
        for (const { key: { name } } of objects) expect(name).to.match(/^[a-z0-9.-]+$/);
      }), runs(300));
    });

    for (const [what, text, message] of [
      ['aliases that multiply', 'a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c,*c,*c]', /Excessive alias count/],
      ['depth', `${POOL}x: ${'['.repeat(5000)}`, /nests too deeply/], ['depth by dashes', `x:\n${'- '.repeat(1500)}a`, /nests too deeply/],
      ['a key that is there twice, far down', `${POOL}  health: {path: /a, path: /b}\n`, /key "path" is written twice/],
      ['10 MB', POOL + '#'.repeat(10 * 1024 * 1024), /has more than 1048576 characters/], ['a document of many words', `x:\n${'- a\n'.repeat(15000)}`, /too large for a policy/],
      ['a thousand unknown fields', POOL + Array.from({ length: 300 }, (_, index) => `  odd${index}: 1\n`).join(''), /and \d+ more problems$/],
    ] as const) {
      it(`gives one error for ${what}`, () => {
        const { objects, errors } = readDocuments([{ name: 'a.yaml', text }]);
        expect(objects).to.deep.equal([]);
        expect(errors).to.have.length(1);
        expect(errors[0]!.message).to.match(message).and.have.length.below(20_000);
      });
    }

    it('may be a pool of a hundred fixed hosts with all of their fields', () => {
      const host = (index: number): string => `    - name: web-${index}\n      address: 10.0.0.${index}\n      sshAddress: 10.1.0.${index}\n      metricsAddress: 10.2.0.${index}\n      hostKey: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI\n      ports: \n        http: 80\n        proxyMetrics: 9001\n        nodeMetrics: 9100\n        appMetrics: 9394\n`;
      const text = `apiVersion: ${API_VERSION}\nkind: HostPool\nmetadata: {name: web}\nspec:\n  roleKind: Job\n  maxReplicas: 200\n  kamal: {service: shop, role: web}\n  placements: [{name: p, provider: Local, local: {}}]\n  fixedHosts:\n${Array.from({ length: 100 }, (_, index) => host(index)).join('')}`;
      expect(readDocuments([{ name: 'a.yaml', text }]).errors).to.deep.equal([]);
    });

    it('is objects of right types, or Invalid, and never lets an unknown field pass with an update', () => {
      const right = { apiVersion: API_VERSION, kind: 'HostPool', metadata: { name: 'web' }, spec: { maxReplicas: 3, roleKind: 'Job', kamal: { service: 'shop', role: 'web' }, placements: [{ name: 'p', provider: 'Hetzner', hetzner: { serverType: 'cpx21', location: 'nbg1', image: 'i' } }] } };
      const stored = admit('HostPool', right);
      fc.assert(fc.property(anything, fc.oneof(hostile, fc.constantFrom('a.b', 'spec.maxReplicas', 'constructor', 'toString', '[0]', '')), (value, name) => {
        valueOrError(() => admit('HostPool', { ...right, spec: value }));
        valueOrError(() => admit('HostPool', value));
        valueOrError(() => admit('ScalingPolicy', { ...right, kind: 'ScalingPolicy', spec: value }));
        if (Object.hasOwn(right.spec, name)) return;
        const odd = Object.defineProperty({ ...right.spec }, name, { value: 1, enumerable: true });
        if (!['replicas', 'paused'].includes(name)) expect(valueOrError(() => admit('HostPool', { ...right, spec: odd }, stored)), JSON.stringify(name)).to.be.instanceOf(ClassifiedError);
      }), runs(300));
    });
  });
});
