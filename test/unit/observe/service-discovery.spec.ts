import { expect } from 'chai';
import { discoveryDocument } from '../../../controller/observe/index.ts';
import type { DiscoveredHost } from '../../../controller/observe/index.ts';
import type { Phase } from '../../../controller/model/index.ts';

const bought = (host: string, phase: Phase = 'InService', address = '10.0.0.5'): DiscoveredHost => ({
  namespace: 'shop', pool: 'web', role: 'web', host, origin: { kind: 'Bought', provider: 'Static', placement: 'spare', phase },
  endpoint: { address, ports: { http: 80, proxyMetrics: 9394, nodeMetrics: 9100 } }, version: 'abc',
});
const fixed: DiscoveredHost = { namespace: 'shop', pool: 'web', role: 'web', host: 'primary', origin: { kind: 'Fixed' }, endpoint: { address: 'fd00::1', ports: { http: 80, nodeMetrics: 9100 } } };

describe('Prometheus HTTP service discovery', () => {
  it('names each host by what stays, and puts what changes into __meta_ labels', () => {
    expect(discoveryDocument('kamal-proxy', [bought('web-1')])).to.deep.equal([
      {
        targets: ['10.0.0.5:9394'],
        labels: { namespace: 'shop', pool: 'web', role: 'web', host: 'web-1', provider: 'Static', placement: 'spare', __meta_kamal_autoscaler_phase: 'InService', __meta_kamal_autoscaler_version: 'abc' },
      },
    ]);
  });

  it('has the same series labels in every phase', () => {
    const lasting = (phase: Phase): object => Object.fromEntries(Object.entries(discoveryDocument('node', [bought('web-1', phase)])[0]!.labels).filter(([name]) => !name.startsWith('__meta_')));
    for (const phase of ['Deploying', 'Joining', 'Draining'] as const) expect(lasting(phase)).to.deep.equal(lasting('InService'));
  });

  it('lists fixed hosts, puts IPv6 addresses in brackets, and leaves out hosts without the port', () => {
    expect(discoveryDocument('node', [fixed])[0]).to.deep.include({ targets: ['[fd00::1]:9100'] });
    expect(discoveryDocument('node', [fixed])[0]!.labels).to.include({ provider: 'Fixed', placement: 'Fixed' });
    expect(discoveryDocument('kamal-proxy', [fixed])).to.deep.equal([]);
    expect(discoveryDocument('app', [fixed, bought('web-1')])).to.deep.equal([]);
  });

  it('lists no host that is not deployed yet or is going away', () => {
    for (const phase of ['Pending', 'Provisioning', 'Bootstrapping', 'Departing', 'Deprovisioning', 'Released'] as const) {
      expect(discoveryDocument('node', [bought('web-1', phase)]), phase).to.deep.equal([]);
    }
  });

  it('does not change when hosts come in another order', () => {
    const hosts = [bought('web-2'), fixed, bought('web-10'), { ...bought('a'), pool: 'api' }];
    expect(discoveryDocument('node', hosts)).to.deep.equal(discoveryDocument('node', hosts.toReversed()));
  });
});
