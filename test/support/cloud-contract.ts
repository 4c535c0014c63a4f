/** What every CloudProvider does, whatever is behind it. */
import { expect } from 'chai';
import type { ErrorClass, Server, ServerOwner } from '../../controller/model/index.ts';
import { classOf } from '../../controller/model/index.ts';
import type { CloudProvider, CreateRequest, Placement } from '../../controller/ports/index.ts';
import { POOL_NEEDS } from './pool-needs.ts';

export interface CloudUnderTest extends AsyncDisposable {
  provider: CloudProvider;
  placement: Placement;
  /** How many servers it can give. */
  capacity: number;
  /** How it says that it can give no more. */
  whenFull: ErrorClass;
  /** What a second create with the same name and owner makes. */
  secondCreate: 'AnotherServer' | 'SameServer';
  /** Looks until the answer is defined; lets time pass in between. */
  until<T>(what: string, look: () => Promise<T | undefined>): Promise<T>;
  /** Takes the power from a server, where it has such a thing. */
  kill?(server: Server): Promise<void>;
}

const installation = 'contract';
const owner = (hostID: string, ofInstallation = installation): ServerOwner => ({ installation: ofInstallation, pool: { namespace: 'default', name: 'web' }, hostID });

/** What some providers do not have: their servers have no power of their own, or nobody tells of changes. */
export type Lack = 'Power' | 'Watch';

export function cloudContract(name: string, make: () => Promise<CloudUnderTest>, lacks: readonly Lack[] = []): void {
  describe(`cloud contract: ${name}`, () => {
    let cloud: CloudUnderTest;
    beforeEach(async () => { cloud = await make(); });
    afterEach(() => cloud[Symbol.asyncDispose]());

    const request = (host: string, of = owner(host)): CreateRequest => ({ name: `web-${host}`, owner: of, placement: cloud.placement, pool: POOL_NEEDS });
    const listed = async (): Promise<Server[]> => (await cloud.provider.list(installation)).servers;
    const running = (hostID: string): Promise<Server> => cloud.until(`${hostID} runs`, async () =>
      (await listed()).find((server) => server.owner.hostID === hostID && server.state === 'Running'));
    const failure = async (call: Promise<unknown>): Promise<unknown> => call.then(() => 'no error', classOf);

    it('holds nothing at first', async () => {
      const snapshot = await cloud.provider.list(installation);
      expect(snapshot.servers).to.deep.equal([]);
      expect(snapshot.provider).to.equal(cloud.provider.name);
    });

    it('lists what it made, with owner and placement, and tells where it answers once it runs', async () => {
      const made = await cloud.provider.create(request('a'));
      expect(made).to.include({ name: 'web-a', placement: cloud.placement.name, provider: cloud.provider.name });
      const server = await running('a');
      expect(server.providerID).to.equal(made.providerID);
      expect(server.owner).to.deep.equal(owner('a'));
      expect(server.createdAt).to.equal(made.createdAt);
      if (server.addresses === undefined) {
        expect(server.address).to.be.a('string');
        expect(server.ports?.http).to.be.a('number');
      } else {
        // A cloud knows addresses, by network, and nothing of what listens there: ports are the pool's to say.
        expect(Object.values(server.addresses)).to.not.be.empty;
        expect(server.ports).to.equal(undefined);
      }
    });

    it('lists only servers of the installation that asks', async () => {
      await cloud.provider.create(request('a', owner('a', 'another')));
      expect(await listed()).to.deep.equal([]);
      expect((await cloud.provider.list('another')).servers).to.have.length(1);
    });

    it('finds by owner', async () => {
      const { providerID } = await cloud.provider.create(request('a'));
      await cloud.provider.create(request('b'));
      expect((await cloud.provider.find(owner('a'))).map((server) => server.providerID)).to.deep.equal([providerID]);
      expect(await cloud.provider.find(owner('c'))).to.deep.equal([]);
      expect(await cloud.provider.find(owner('a', 'another'))).to.deep.equal([]);
    });

    it('answers a second create of one host as it is known to', async () => {
      const first = await cloud.provider.create(request('a'));
      const second = await cloud.provider.create(request('a'));
      const found = await cloud.provider.find(owner('a'));
      expect(new Set(found.map(({ providerID }) => providerID))).to.deep.equal(new Set([first.providerID, second.providerID]));
      expect(found).to.have.length(cloud.secondCreate === 'AnotherServer' ? 2 : 1);
    });

    it('deletes once and for all, and takes a repeat for done', async () => {
      await cloud.provider.create(request('a'));
      const server = await running('a');
      await cloud.provider.create(request('b'));
      await cloud.provider.delete(server);
      expect((await listed()).map((left) => left.name)).to.deep.equal(['web-b']);
      expect(await cloud.provider.find(owner('a'))).to.deep.equal([]);
      await cloud.provider.delete(server);
    });

    it('deletes a server that has not booted', async () => {
      await cloud.provider.delete(await cloud.provider.create(request('a')));
      expect(await listed()).to.deep.equal([]);
    });

    it('refuses to delete a server that belongs to someone else by now', async () => {
      const server = await cloud.provider.create(request('a'));
      expect(await failure(cloud.provider.delete({ ...server, owner: owner('b') }))).to.equal('Conflict');
      expect(await failure(cloud.provider.delete({ ...server, owner: owner('a', 'another') }))).to.equal('Conflict');
      expect(await listed()).to.have.length(1);
    });

    it('gives no more than it can, also to calls at the same time, and again after a release', async () => {
      const names = Array.from({ length: cloud.capacity + 2 }, (_, index) => `host${index}`);
      const outcomes = await Promise.all(names.map((host) => failure(cloud.provider.create(request(host)))));
      expect(outcomes.filter((outcome) => outcome === 'no error')).to.have.length(cloud.capacity);
      expect(new Set(outcomes)).to.deep.equal(new Set(['no error', cloud.whenFull]));
      const servers = await listed();
      expect(new Set(servers.map(({ providerID }) => providerID)).size).to.equal(cloud.capacity);
      await cloud.provider.delete(servers[0] as Server);
      await cloud.provider.create(request('late'));
      expect(await failure(cloud.provider.create(request('later')))).to.equal(cloud.whenFull);
    });

    if (!lacks.includes('Power')) it('goes on listing a server without power: it is paid for', async () => {
      await cloud.provider.create(request('a'));
      await cloud.kill?.(await running('a'));
      const off = await cloud.until('the server is off', async () => (await listed()).find(({ state }) => state === 'Off'));
      await cloud.provider.delete(off);
      expect(await listed()).to.deep.equal([]);
    });

    if (!lacks.includes('Watch')) it('tells watchers whose server changed', async () => {
      const told: string[] = [];
      const watch = cloud.provider.watch?.(({ hostID }) => told.push(hostID));
      try {
        await cloud.provider.create(request('a'));
        const server = await running('a');
        const afterBoot = await cloud.until('word of the boot', async () => (told.includes('a') ? told.length : undefined));
        await cloud.provider.delete(server);
        await cloud.until('word of the delete', async () => (told.length > afterBoot ? told : undefined));
        expect(new Set(told)).to.deep.equal(new Set(['a']));
      } finally {
        watch?.close();
      }
    });
  });
}
