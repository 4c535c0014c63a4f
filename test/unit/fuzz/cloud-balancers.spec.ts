import { expect } from 'chai';
import fc from 'fast-check';
import { balancerIn, dropletIn, listedDroplets } from '../../../controller/act/traffic/droplet-targets.ts';
import { listedIn, projectServer } from '../../../controller/act/traffic/hetzner-targets.ts';
import { ClassifiedError } from '../../../controller/model/index.ts';
import { anything, broken, hostile, runs, valueOrError } from './bounds.ts';

const SERVER = { id: 42, name: 'web-1', labels: {}, private_net: [{ network: 1, ip: '10.0.0.2' }], public_net: { ipv4: { ip: '198.51.100.1' }, ipv6: { ip: '2001:db8::/64' } } };
const DROPLET = { id: 42, tags: [], networks: { v4: [{ type: 'public', ip_address: '198.51.100.1' }], v6: [] } };

describe('what clouds say of their load balancers', () => {
  it('is a load balancer that leads to addresses alone, or one error', () => {
    const target = { type: 'server', server: { id: 42 }, health_status: [{ listen_port: 443, status: 'healthy' }], use_private_ip: true };
    const atHetzner = { services: [{ listen_port: 443, destination_port: 80 }], targets: [target, { type: 'label_selector', label_selector: { selector: 'a=b' }, targets: [target] }, { type: 'ip', ip: { ip: '198.51.100.9' } }] };
    const atDigitalOcean = {
      id: '4de7ac8b-495b-4884-9a69-1050c6793cd6', name: 'front', status: 'active', tag: '', droplet_ids: [42], forwarding_rules: [{ target_port: 80 }],
      health_check: { protocol: 'http', port: 80, path: '/up', check_interval_seconds: 10, response_timeout_seconds: 5, healthy_threshold: 3 },
    };
    const listed = (balancer: Record<string, unknown>): unknown => valueOrError(() => [
      ...listedIn({ ...atHetzner, ...balancer }, [projectServer(SERVER, 'a')]), ...listedDroplets(balancerIn({ ...atDigitalOcean, ...balancer }), [dropletIn(DROPLET, 'a')], new Set()),
    ]);
    expect(listed({})).to.have.length(4);
    fc.assert(fc.property(broken(atHetzner), broken(atDigitalOcean), anything, hostile, (one, other, value, text) => {
      for (const changed of [one, other, { targets: value }, { droplet_ids: value }, { targets: [{ type: 'ip', ip: { ip: text } }] }, { name: text, id: text }, { health_check: { path: text, port: value } }]) {
        const told = listed(changed as Record<string, unknown>);
        if (!(told instanceof ClassifiedError)) for (const { url } of told as { url: string }[]) expect(url).to.match(/^http:\/\/(\d+\.\d+\.\d+\.\d+|\[[0-9a-fA-F:.]+\]):-?[\d.e+-]+$/);
      }
      const balancer = valueOrError(() => balancerIn({ ...atDigitalOcean, id: text, health_check: { path: text } }));
      if (balancer instanceof ClassifiedError) return;
      expect(new URL(`http://10.0.0.5:80${balancer.check.path}`).host).to.equal('10.0.0.5');
      expect(balancer.id).to.match(/^[0-9a-fA-F-]{36}$/);
    }), runs(300));
    const checked = balancerIn({ ...atDigitalOcean, health_check: { path: '@elsewhere.example/' } });
    expect(checked.check.path).to.equal('/');
  });
});
