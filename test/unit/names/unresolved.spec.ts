import { expect } from 'chai';
import { createDigitalOceanProvider } from '../../../controller/act/cloud/digitalocean/provider.ts';
import { createHetznerProvider } from '../../../controller/act/cloud/hetzner/provider.ts';
import { silenceError } from '../../../controller/act/cloud/rest/refusals.ts';
import { connectFailure } from '../../../controller/act/ssh/failure.ts';
import { DEFAULT_TRAEFIK_SETTINGS, HTTPHostProbe, TraefikHTTP } from '../../../controller/act/traffic/index.ts';
import { membershipFact } from '../../../controller/model/index.ts';
import type { Clock, CloudProvider } from '../../../controller/ports/index.ts';
import { systemClock } from '../../../controller/runtime/clock.ts';
import { refused } from '../../support/refused.ts';
import { failure, fixed, openSshBench } from '../../support/ssh-bench.ts';
import { sshTarget } from '../../support/ssh-targets.ts';
import { requestOf as dropletOf } from '../act-cloud/digitalocean/world.ts';
import { ownerOf, requestOf } from '../act-cloud/hetzner/world.ts';
import { switchedLeadership } from '../act-traffic/traefik-world.ts';

/** A label of 64 characters is longer than names may have, so that no server of names needs to be asked: what is tested runs without a network. */
const NAME = `${'n'.repeat(64)}.example`;
const LEAST_TIME_LIMIT = 10_000;
const UNRESOLVED = /ENOTFOUND|EAI_AGAIN/;

/** Prometheus is in test/unit/observe/bad-days.spec.ts. */
describe('a name that does not resolve', () => {
  // A look-up takes the time that it takes. Only what a client waits between two tries is short.
  const clock: Clock = { now: () => systemClock.now(), sleep: async (milliseconds, signal) => await systemClock.sleep(milliseconds < LEAST_TIME_LIMIT ? 1 : milliseconds, signal) };
  const options = { endpoint: `https://${NAME}/v1`, token: { kind: 'Value', value: 'a-token' }, clock, userData: () => '#cloud-config\n' } as const;
  const clouds: [name: string, provider: CloudProvider & { close(): void }, request: Parameters<CloudProvider['create']>[0]][] = [
    ['Hetzner', createHetznerProvider(options), requestOf('a')], ['DigitalOcean', createDigitalOceanProvider({ ...options, endpoint: `https://${NAME}` }), dropletOf('a')],
  ];
  after(() => { for (const [, provider] of clouds) provider.close(); });

  for (const [name, provider, request] of clouds) {
    it(`of ${name}'s API: no list is no empty list, and nothing was found is not said`, async () => {
      const list = await refused('Unavailable', provider.list('home'));
      expect(list.message).to.include(`${name} gives no answer to GET`).and.to.match(UNRESOLVED);
      await refused('Unavailable', provider.find(ownerOf('a')));
      expect((await refused('Unavailable', provider.create(request))).message).to.match(UNRESOLVED);
      await refused('Unavailable', provider.delete({ provider: provider.name, placement: 'near', providerID: name === 'Hetzner' ? 'hetzner:1' : 'digitalocean:1', name: 'web-a', owner: ownerOf('a'), state: 'Running', createdAt: 0 }));
    });
  }

  it('for ever or for a while, as a resolver that is away says it: an order surely had no effect', () => {
    for (const code of ['ENOTFOUND', 'EAI_AGAIN']) {
      expect(silenceError({ name: 'Hetzner' }, 'POST /servers', code, 'Create')).to.include({ class: 'Unavailable', message: `Hetzner gives no answer to POST /servers: ${code}` });
    }
    const hop = { name: 'web-1', address: 'web-1.example', port: 22, user: 'root', trusted: [] };
    expect(connectFailure(hop, { code: 'EAI_AGAIN' }, { stage: 'Dialling' })).to.include({ class: 'Unavailable', message: 'web-1 (web-1.example:22) cannot be reached: its name cannot be looked up now' });
  });

  it('of a host, over SSH: unavailable, by its name', async () => {
    const bench = await openSshBench();
    try {
      const target = { ...sshTarget(22, fixed(await bench.server())), endpoint: { address: NAME, ports: { http: 80 } } };
      const error = await failure(bench.client().run(target, ['id'], { what: 'a test' }));
      expect([error.class, error.message.replace(NAME, 'NAME')]).to.deep.equal(['Unavailable', 'web-primary (NAME:22) cannot be reached: its name is unknown']);
    } finally {
      await bench.clear();
    }
  });

  it('of a load balancer: what it lists is not known, so that nobody leaves or joins for it', async () => {
    const balancer = new TraefikHTTP(systemClock, switchedLeadership(), DEFAULT_TRAEFIK_SETTINGS);
    const listings = await balancer.confirm({ traefik: { service: 'web', apiURLs: [`http://${NAME}:8080`], strategy: 'p2c', entryPoint: 'web' } });
    expect(listings.map(({ kind }) => kind)).to.deep.equal(['Unknown']);
    const fact = membershipFact(listings, { address: '10.0.0.5', ports: { http: 80 } });
    expect(fact.kind).to.equal('Unknown');
    expect('why' in fact && fact.why).to.match(UNRESOLVED);
  });

  it('of a host, for its health path: it fails, and says why', async () => {
    const probe = new HTTPHostProbe();
    const fact = await probe.up({ address: NAME, ports: { http: 80 } }, { path: '/up', intervalSeconds: 3, timeoutSeconds: 2 } as never);
    expect(fact).to.include({ kind: 'Fails' });
    expect('why' in fact && fact.why).to.match(UNRESOLVED);
  });
});
