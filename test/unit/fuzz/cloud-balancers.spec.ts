import { expect } from 'chai';
import fc from 'fast-check';
import { balancerIn, dropletChange, dropletIn, listedDroplets } from '../../../controller/act/traffic/droplet-targets.ts';
import { checkSelector, labelChange, leftBySelector, listedIn, projectServer, targetChange } from '../../../controller/act/traffic/hetzner-targets.ts';
import { ClassifiedError, type ListedServer, type PoolMembership } from '../../../controller/model/index.ts';
import { anything, broken, hostile, runs, valueOrError } from './bounds.ts';

const POOL = { pool: { namespace: 'shop', name: 'web' }, service: 'shop-web', strategy: 'wrr', emptyWanted: false, healthCheck: { path: '/up', intervalSeconds: 5, timeoutSeconds: 2 }, members: [{ host: 'a', hostID: 'h', name: 'a', address: '10.0.0.2', port: 80 }] } as unknown as PoolMembership;
const LABEL = { key: 'pool', value: 'web' };

/** A value, or one error in a line: what is not understood must not pass for an empty list. */
function read<T>(work: () => T): T | undefined {
  const result = valueOrError(work);
  if (!(result instanceof ClassifiedError)) return result;
  expect(result.message.length).to.be.below(3_000);
  return undefined;
}

function expectListing(listed: readonly ListedServer[] | undefined): void {
  for (const { url, state, aliases = [] } of listed ?? []) {
    for (const one of [url, ...aliases]) {
      const { protocol, username, password, pathname, search, hash } = new URL(one);
      expect([protocol, username, password, pathname, search, hash]).to.deep.equal(['http:', '', '', '/', '', '']);
    }
    expect(state).to.be.oneOf(['Up', 'Down']);
  }
}

describe('a load balancer of a cloud', () => {
  it('of Hetzner is targets and a listing, or one error', () => {
    const target = { type: 'server', server: { id: 1 }, use_private_ip: true, health_status: [{ listen_port: 80, status: 'healthy' }] };
    const selector = { type: 'label_selector', label_selector: { selector: 'pool=web' }, targets: [target] };
    const balancer = { id: 1, name: 'lb', targets: [target, { type: 'ip', ip: { ip: '198.51.100.1' } }, selector], services: [{ listen_port: 80, destination_port: 80 }] };
    const record = { id: 1, name: 'a', labels: { pool: 'x' }, private_net: [{ network: 1, ip: '10.0.0.2' }], public_net: { ipv4: { ip: '198.51.100.1' }, ipv6: null } };
    const server = projectServer(record, 'shop');
    expect(listedIn(balancer, [server])).to.have.length.above(2);
    fc.assert(fc.property(broken(balancer), fc.oneof(broken(target), broken(selector), anything), fc.oneof(anything, fc.constant(80)), broken(record), (answer, one, port, said) => {
      for (const shape of [answer, { ...balancer, targets: [one] }, { ...balancer, targets: [{ ...target, health_status: [{ listen_port: port, status: one }] }] }, { ...balancer, services: [{ listen_port: port, destination_port: port }] }, { ...balancer, targets: [{ type: 'ip', ip: { ip: port } }] }]) {
        const change = read(() => targetChange(POOL, shape, [server], undefined));
        for (const ref of [...change?.add ?? [], ...change?.remove ?? []]) expect(ref.type === 'server' ? Number.isSafeInteger(ref.server.id) : typeof ref.ip.ip === 'string').to.equal(true);
        expectListing(read(() => listedIn(shape, [server])));
        read(() => checkSelector(shape, 'lb', LABEL));
        read(() => leftBySelector(POOL, shape, [server]));
      }
      const other = read(() => projectServer({ ...record, ...said }, 'shop'));
      if (other !== undefined) for (const id of read(() => labelChange(POOL, LABEL, [other]))?.add ?? []) expect(Number.isSafeInteger(id)).to.equal(true);
    }), runs(300));
  });

  it('of DigitalOcean is Droplets, a check and a listing, or one error', () => {
    const record = { id: 1, name: 'web-1', tags: ['pool:web'], networks: { v4: [{ type: 'private', ip_address: '10.0.0.2' }], v6: [] } };
    const balancer = { id: '4de7ac8b-495b-4884-9a69-1050c6793cd6', name: 'lb', status: 'active', type: 'REGIONAL', tag: '', droplet_ids: [1], forwarding_rules: [{ target_port: 80 }], health_check: { protocol: 'http', port: 80, path: '/up', response_timeout_seconds: 5, healthy_threshold: 3, check_interval_seconds: 10 } };
    const droplet = dropletIn(record, 'shop');
    expect(listedDroplets(balancerIn(balancer), [droplet], new Set([1]))).to.have.length(1);
    fc.assert(fc.property(broken(balancer), broken(balancer.health_check), fc.oneof(anything, fc.constant(80), hostile), broken(record), (answer, check, value, said) => {
      for (const shape of [{ ...balancer, ...answer }, { ...balancer, health_check: check }, { ...balancer, health_check: { ...balancer.health_check, path: value } }, { ...balancer, id: value }, { ...balancer, forwarding_rules: [{ target_port: value }] }, { ...balancer, droplet_ids: [value] }]) {
        const seen = read(() => balancerIn(shape));
        if (seen === undefined) continue;
        // What becomes a path of the API, or of a request to a host, is nothing else.
        expect(seen.id).to.match(/^[0-9a-f-]{36}$/i);
        expect(new URL(`http://10.0.0.2:80${seen.check.path}`).host).to.equal('10.0.0.2');
        for (const id of seen.droplets) expect(Number.isSafeInteger(id)).to.equal(true);
        expectListing(read(() => listedDroplets(seen, [droplet], new Set([1]))));
        read(() => dropletChange(POOL, seen, [droplet]));
      }
      const other = read(() => dropletIn({ ...record, ...said }, 'shop'));
      if (other !== undefined) for (const address of other.addresses) expect(address).to.match(/^[0-9a-fA-F.:]+$/);
    }), runs(300));
  });
});
