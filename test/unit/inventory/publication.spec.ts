import { access, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type InventoryPublication, createInventoryPublication } from '../../../controller/compose/inventory.ts';
import type { Inventory, InventoryPool } from '../../../controller/model/index.ts';
import { startHttpServer } from '../../../controller/runtime/http-server.ts';
import { type SimulatedClock, createSimulatedClock } from '../../support/clock.ts';

const START = Date.UTC(2026, 0, 1);
const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOpKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs';

const pool = (role: string, addresses: readonly string[], more: Partial<InventoryPool> = {}): InventoryPool => ({
  pool: { namespace: 'default', name: `${more.service ?? 'shop'}-${role}` }, service: 'shop', role, ssh: { user: 'root', port: 22 },
  hosts: addresses.map((address, index) => ({ name: `${role}-${index + 1}`, hostID: `${role}-${index + 1}`, address, hostKey: KEY })), ...more,
});
const inventory = (pools: InventoryPool[], generation = 1): Inventory => ({ generation, changedAt: START, checkedAt: START, pools, authorizedKeys: ['ssh-ed25519 AAAA kamal-autoscaler'] });

describe('the inventory that people share', () => {
  let clock: SimulatedClock;
  let folder: string;
  let leads: boolean;
  let logged: string[];
  let publication: InventoryPublication;
  const open = (token?: string): InventoryPublication => createInventoryPublication({
    clock, leadership: { isLeader: () => leads, onChange: () => undefined }, log: { log: (_level, message) => void logged.push(message) }, folder: join(folder, 'inventory'), ...(token === undefined ? {} : { token }),
  });
  beforeEach(async () => {
    [clock, folder, leads, logged] = [createSimulatedClock(START), await mkdtemp(join(tmpdir(), 'inventory-')), true, []];
    publication = open();
  });
  afterEach(() => rm(folder, { recursive: true }));
  const read = (name: string): Promise<string> => readFile(join(folder, 'inventory', name), 'utf8');
  const files = (): Promise<string[]> => readdir(join(folder, 'inventory'));
  const ask = (change: Partial<Parameters<InventoryPublication['respond']>[0]> = {}): { status: number; body: string } =>
    publication.respond({ service: 'shop', destination: undefined, format: undefined, authorization: undefined, ...change });

  const two = inventory([pool('web', ['10.0.0.4', '10.0.0.5']), pool('job', []), pool('web', ['10.0.1.4'], { service: 'blog', destination: 'production', ssh: { user: 'deploy', port: 2222 } })]);

  it('is what deploy.yml reads, as file and over HTTP', async () => {
    await publication.publish(two);
    for (const text of [await read('shop.json'), ask().body]) expect(JSON.parse(text)).to.deep.equal({ web: ['10.0.0.4', '10.0.0.5'], job: [] });
    for (const text of [await read('blog.production.json'), ask({ service: 'blog', destination: 'production' }).body]) expect(JSON.parse(text)).to.deep.equal({ web: ['10.0.1.4'] });
    expect(ask()).to.deep.include({ status: 200 });
  });

  it('comes with host keys, the keys that log in, and how old it is', async () => {
    await publication.publish(two);
    await clock.advance(30_000);
    expect(await read('shop.known_hosts')).to.equal(`10.0.0.4 ${KEY}\n10.0.0.5 ${KEY}\n`).and.to.equal(ask({ format: 'known-hosts' }).body);
    expect(await read('blog.production.known_hosts')).to.equal(`[10.0.1.4]:2222 ${KEY}\n`);
    expect(await read('authorized_keys')).to.equal('ssh-ed25519 AAAA kamal-autoscaler\n');
    expect(JSON.parse(ask({ service: 'blog', destination: 'production', format: 'details' }).body)).to.deep.equal({
      service: 'blog', destination: 'production', generation: 1, asOf: '2026-01-01T00:00:00.000Z', hosts: [{ role: 'web', name: 'web-1', address: '10.0.1.4', user: 'deploy', port: 2222, hostKey: KEY }],
    });
  });

  it('names the key of a jump host once', async () => {
    const jumpHost = { address: '203.0.113.9', user: 'root', port: 22, hostKey: KEY };
    await publication.publish(inventory([pool('web', ['10.0.0.4', '10.0.0.5'], { ssh: { user: 'root', port: 22, jumpHost } })]));
    expect((await read('shop.known_hosts')).split('\n').filter((line) => line.startsWith('203.0.113.9 '))).to.have.length(1);
  });

  it('follows every change, and takes a service away that is no more', async () => {
    await publication.publish(two);
    await publication.publish(inventory([pool('web', ['10.0.0.5'])], 2));
    expect(JSON.parse(await read('shop.json'))).to.deep.equal({ web: ['10.0.0.5'] });
    expect(await files()).to.have.members(['shop.json', 'shop.details.json', 'shop.known_hosts', 'authorized_keys']);
    expect(ask({ service: 'blog', destination: 'production' })).to.deep.equal({ ...ask({ service: 'blog', destination: 'production' }), status: 404, body: 'no pool brings up service blog, destination production; there is service shop\n' });
  });

  it('is replaced as a whole: whoever has the file open reads on in the old one', async () => {
    await publication.publish(two);
    const { open: openFile } = await import('node:fs/promises');
    const reader = await openFile(join(folder, 'inventory', 'shop.json'));
    await publication.publish(inventory([pool('web', [])], 2));
    expect(JSON.parse(await reader.readFile('utf8'))).to.have.property('web').that.has.length(2);
    await reader.close();
  });

  describe('is given to nobody', () => {
    const refused = (status: number, words: RegExp, change = {}): void => {
      const { status: given, body } = ask(change);
      expect([given, body]).to.have.property('0', status);
      expect(body).to.match(words).and.not.include('[');
    };

    it('before the hosts were looked at', () => refused(503, /not looked at yet/));

    it('by an instance that does not lead', async () => {
      await publication.publish(two);
      leads = false;
      refused(503, /another instance leads/);
    });

    it('once it was not looked at for two minutes', async () => {
      await publication.publish(two);
      await clock.advance(120_000);
      expect(ask().status).to.equal(200);
      await clock.advance(2_000);
      refused(503, /last looked at 122 s ago/);
    });

    it('where one pool of the service is not sure, and its files go away', async () => {
      await publication.publish(two);
      await publication.publish(inventory([pool('web', []), pool('job', [], { unsure: 'nobody knows yet whether server job-3 serves' })], 2));
      refused(503, /who serves role job of service shop is not known: nobody knows yet whether server job-3 serves/);
      expect(await files()).to.deep.equal(['authorized_keys']);
    });

    it('without the token, where there is one', async () => {
      publication = open('a-token');
      await publication.publish(two);
      refused(401, /token/);
      refused(401, /token/, { authorization: 'Bearer other' });
      expect(ask({ authorization: 'Bearer a-token' }).status).to.equal(200);
    });

    it('in a form that it does not have', async () => {
      await publication.publish(two);
      refused(400, /format "yaml": write json, details, known-hosts/, { format: 'yaml' });
    });
  });

  it('says in the log that its files could not be written, and answers over HTTP all the same', async () => {
    await writeFile(join(folder, 'inventory'), 'a file where the folder should be');
    await publication.publish(two);
    expect(logged).to.deep.equal(['the inventory could not be written; deploys that read its files may miss a host']);
    expect(ask().status).to.equal(200);
    await access(join(folder, 'inventory'));
  });

  it('is served at its path', async () => {
    await publication.publish(two);
    const notAsked = (): never => { throw new Error('not asked here'); };
    const server = await startHttpServer({ address: '127.0.0.1', port: 0 }, { unhealthy: notAsked, unready: notAsked, metrics: notAsked, traefik: notAsked, discovery: notAsked, deployed: notAsked, inventory: (request) => publication.respond(request) });
    try {
      const get = async (path: string): Promise<[number, string | null, string]> => {
        const response = await fetch(`http://127.0.0.1:${server.port}${path}`);
        return [response.status, response.headers.get('content-type'), await response.text()];
      };
      expect(await get('/inventory/shop')).to.deep.equal([200, 'application/json', ask().body]);
      expect(await get('/inventory/blog?destination=production&format=known-hosts')).to.deep.equal([200, 'text/plain; charset=utf-8', `[10.0.1.4]:2222 ${KEY}\n`]);
      expect((await get('/inventory/blog'))[0]).to.equal(404);
    } finally {
      await server.close();
    }
  });
});
