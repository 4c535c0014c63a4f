import { expect } from 'chai';
import { type Vacated, createStaticProvider } from '../../../controller/act/cloud/static.ts';
import { LEASES_DOCUMENT } from '../../../controller/act/cloud/static-leases.ts';
import { vacateOverControl } from '../../../controller/act/deploy/vacate.ts';
import { type Server, type ServerOwner, classOf } from '../../../controller/model/index.ts';
import type { CreateRequest, Documents, Placement } from '../../../controller/ports/index.ts';
import { createDocuments } from '../../../controller/runtime/store/documents.ts';
import { createSimulatedClock } from '../../support/clock.ts';
import { cloudContract } from '../../support/cloud-contract.ts';
import { startLocalWorld } from '../../support/local-world.ts';
import { POOL_NEEDS } from '../../support/pool-needs.ts';

const clock = createSimulatedClock(Date.UTC(2026, 0, 1));
function newDocuments(): Documents {
  const rows = new Map<string, { version: number; text: string }>();
  return createDocuments({ write: (work) => work(), findDocument: (name) => rows.get(name), putDocument: (name, version, text) => void rows.set(name, { version, text }) });
}
const machine = (name: string, http: number) => ({ name, address: '127.0.0.1', ports: { http, control: http + 1 } });
const machines = [machine('m1', 21_000), machine('m2', 21_010), machine('m3', 21_020)];
const spare: Placement = { name: 'spare', provider: 'Static', static: { machines } };
const owner = (hostID: string, pool = 'web'): ServerOwner => ({ installation: 'home', pool: { namespace: 'default', name: pool }, hostID });
const request = (hostID: string, placement = spare, pool = 'web'): CreateRequest => ({ name: `web-${hostID}`, owner: owner(hostID, pool), placement, pool: POOL_NEEDS });

cloudContract('static provider', async () => ({
  provider: createStaticProvider({ documents: newDocuments(), clock, vacate: async () => 'Vacant' }),
  placement: spare, capacity: 3, whenFull: 'Capacity', secondCreate: 'SameServer', now: () => clock.now(),
  async until(what, look) {
    const seen = await look();
    if (seen === undefined) throw new Error(`${what}: not at once`);
    return seen;
  },
  [Symbol.asyncDispose]: async () => {},
}), ['Power', 'Watch']);

describe('static provider', () => {
  let documents: Documents;
  let vacated: string[];
  let answer: Vacated | Error;
  const provider = () => createStaticProvider({
    documents, clock,
    vacate: async ({ providerID }) => {
      vacated.push(providerID);
      if (answer instanceof Error) throw answer;
      return answer;
    },
  });
  beforeEach(() => {
    documents = newDocuments();
    vacated = [];
    answer = 'Vacant';
  });

  it('takes machines in the order in which they are written, and tells address and ports', async () => {
    const first = await provider().create(request('a'));
    expect(first).to.include({ providerID: 'default/web-spare/m1', state: 'Running', address: '127.0.0.1', createdAt: clock.now() });
    expect(first.ports).to.deep.equal({ http: 21_000, control: 21_001 });
    expect((await provider().create(request('b'))).providerID).to.equal('default/web-spare/m2');
  });

  it('gives a machine back only after what runs there was stopped', async () => {
    const server = await provider().create(request('a'));
    answer = new Error('stop failed');
    expect(await provider().delete(server).then(() => 'done', () => 'refused')).to.equal('refused');
    expect((await provider().list('home')).servers).to.have.length(1);
    answer = 'Vacant';
    await provider().delete(server);
    expect(vacated).to.deep.equal([server.providerID, server.providerID]);
    expect((await provider().list('home')).servers).to.deep.equal([]);
  });

  it('takes a machine that could not be reached last', async () => {
    answer = 'Unreachable';
    await provider().delete(await provider().create(request('a')));
    const names = [];
    for (const host of ['b', 'c', 'd']) names.push((await provider().create(request(host))).providerID.split('/').at(-1));
    expect(names).to.deep.equal(['m2', 'm3', 'm1']);
  });

  it('does not take one machine for two pools that name it', async () => {
    const one: Placement = { name: 'one', provider: 'Static', static: { machines: [machine('box', 21_000)] } };
    await provider().create(request('a'));
    expect(await provider().create(request('b', one, 'jobs')).catch(classOf)).to.equal('Capacity');
  });

  it('gives one machine to one of two instances that ask at the same time', async () => {
    const only: Placement = { name: 'only', provider: 'Static', static: { machines: [machine('m1', 21_000)] } };
    const outcomes = await Promise.all([provider().create(request('a', only)).catch(classOf), provider().create(request('b', only)).catch(classOf)]);
    expect(outcomes.filter((outcome) => outcome === 'Capacity')).to.have.length(1);
    expect((await provider().list('home')).servers).to.have.length(1);
  });

  it('lists leases of machines and pools that no document names any more', async () => {
    await provider().create(request('a', { name: 'gone', provider: 'Static', static: { machines: [machine('old', 21_900)] } }, 'vanished'));
    const { servers } = await createStaticProvider({ documents, clock, vacate: async () => 'Vacant' }).list('home');
    expect(servers.map(({ providerID }) => providerID)).to.deep.equal(['default/vanished-gone/old']);
  });

  it('refuses to work on an unreadable document, and leaves it as it is', async () => {
    await documents.save(LEASES_DOCUMENT, ['nonsense'], undefined);
    expect(await provider().create(request('a')).catch(classOf)).to.equal('Invalid');
    expect(await provider().list('home').catch(classOf)).to.equal('Invalid');
    expect((await documents.load(LEASES_DOCUMENT))?.value).to.deep.equal(['nonsense']);
  });

  it('stops the app of a local machine, and says when the machine does not answer', async () => {
    await using world = await startLocalWorld({ fixedHosts: 1, serving: { service: 'app-web', version: 'v1' }, settings: { deployMilliseconds: 0 } });
    const [endpoint] = world.fixedHosts;
    if (endpoint === undefined) throw new Error('no fixed host');
    const server = { address: endpoint.address, ports: endpoint.ports } as Server;
    const vacate = vacateOverControl(world.control);
    expect(await vacate(server)).to.equal('Vacant');
    expect((await world.control.facts(endpoint)).app).to.equal(undefined);
    expect(await vacate({ ...server, ports: { http: 1, control: 1 } })).to.equal('Unreachable');
  });
});
