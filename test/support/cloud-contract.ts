/** What every CloudProvider does, whatever is behind it. */
import { expect } from 'chai';
import { keyPairOfSeed } from '../../controller/act/ssh/ed25519.ts';
import type { ErrorClass, Instant, Server, ServerOwner } from '../../controller/model/index.ts';
import { classOf, seconds } from '../../controller/model/index.ts';
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
  now(): Instant;
  /** Takes the power from a server, where it has such a thing. */
  kill?(server: Server): Promise<void>;
}

const HOST_KEY = keyPairOfSeed(Buffer.alloc(32, 9)).publicKey;
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
    /** Buys a server, and waits until lists have it, as whoever buys a second one for the same host must. */
    async function bought(host: string, of = owner(host)): Promise<Server> {
      const made = await cloud.provider.create(request(host, of));
      return cloud.until(`${host} is listed`, async () => (await cloud.provider.list(of.installation)).servers.find(({ providerID }) => providerID === made.providerID));
    }
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

    it('lists what it made after its settle time at the latest, and dates a list by when it was asked for', async () => {
      const before = cloud.now();
      await bought('a');
      expect(cloud.now() - before).to.be.at.most(seconds(cloud.provider.settleSeconds + 1));
      const asked = cloud.now();
      expect((await cloud.provider.list(installation)).asOf).to.be.within(asked, cloud.now());
    });

    it('lists only servers of the installation that asks', async () => {
      await bought('a', owner('a', 'another'));
      expect(await listed()).to.deep.equal([]);
      expect((await cloud.provider.list('another')).servers).to.have.length(1);
    });

    it('finds by owner', async () => {
      const { providerID } = await bought('a');
      await bought('b');
      expect((await cloud.provider.find(owner('a'))).map((server) => server.providerID)).to.deep.equal([providerID]);
      expect(await cloud.provider.find(owner('c'))).to.deep.equal([]);
      expect(await cloud.provider.find(owner('a', 'another'))).to.deep.equal([]);
    });

    it('answers a second create of one host as it is known to', async () => {
      const first = await bought('a');
      const second = await bought('a');
      const found = await cloud.provider.find(owner('a'));
      expect(new Set(found.map(({ providerID }) => providerID))).to.deep.equal(new Set([first.providerID, second.providerID]));
      expect(found).to.have.length(cloud.secondCreate === 'AnotherServer' ? 2 : 1);
    });

    it('deletes once and for all, and takes a repeat for done', async () => {
      await cloud.provider.create(request('a'));
      const server = await running('a');
      await bought('b');
      await cloud.provider.delete(server);
      expect((await listed()).map((left) => left.name)).to.deep.equal(['web-b']);
      expect(await cloud.provider.find(owner('a'))).to.deep.equal([]);
      await cloud.provider.delete(server);
    });

    it('deletes a server that has not booted', async () => {
      await cloud.provider.delete(await bought('a'));
      expect(await listed()).to.deep.equal([]);
    });

    it('refuses to delete a server that belongs to someone else by now', async () => {
      const server = await bought('a');
      expect(await failure(cloud.provider.delete({ ...server, owner: owner('b') }))).to.equal('Conflict');
      expect(await failure(cloud.provider.delete({ ...server, owner: owner('a', 'another') }))).to.equal('Conflict');
      expect(await listed()).to.have.length(1);
    });

    it('gives no more than it can, also to calls at the same time, and again after a release', async () => {
      const names = Array.from({ length: cloud.capacity + 2 }, (_, index) => `host${index}`);
      const outcomes = await Promise.all(names.map((host) => failure(cloud.provider.create(request(host)))));
      expect(outcomes.filter((outcome) => outcome === 'no error')).to.have.length(cloud.capacity);
      expect(new Set(outcomes)).to.deep.equal(new Set(['no error', cloud.whenFull]));
      const servers = await cloud.until('all of them are listed', async () => {
        const all = await listed();
        return all.length === cloud.capacity ? all : undefined;
      });
      expect(new Set(servers.map(({ providerID }) => providerID)).size).to.equal(cloud.capacity);
      await cloud.provider.delete(servers[0] as Server);
      await cloud.provider.create(request('late'));
      expect(await failure(cloud.provider.create(request('later')))).to.equal(cloud.whenFull);
    });

    it('tells a price where it charges, and finds nothing against a placement that it sells from', async () => {
      const price = await cloud.provider.price?.(cloud.placement);
      if (cloud.provider.price === undefined || cloud.provider.billing === 'None') {
        expect(price).to.equal(undefined);
      } else {
        expect(price?.currency).to.match(/^[A-Z]{3}$/);
        expect(price?.hour).to.be.greaterThan(0);
        expect(price?.monthCap ?? Infinity).to.be.greaterThan(price?.hour ?? 0);
      }
      expect(await cloud.provider.problemOf?.(cloud.placement)).to.equal(undefined);
    });

    it('keeps a note on the server itself, where it has a place for one, and takes it for nobody else', async () => {
      const { provider } = cloud;
      if (provider.mark === undefined) return;
      const server = await bought('a');
      const part = async (): Promise<Server['part']> => (await listed())[0]?.part;
      expect(await part()).to.deep.include({ service: POOL_NEEDS.kamal.service, role: POOL_NEEDS.kamal.role, serving: 'NotServing' });
      await provider.mark(server, 'Serving', HOST_KEY);
      await provider.mark(server, 'Serving');
      expect(await part()).to.deep.include({ serving: 'Serving', hostKey: HOST_KEY });
      await provider.mark(server, 'NotServing');
      expect(await part()).to.deep.include({ serving: 'NotServing', hostKey: HOST_KEY });
      expect((await listed())[0]?.owner).to.deep.equal(owner('a'));
      expect(await failure(provider.mark({ ...server, owner: owner('b') }, 'Serving'))).to.equal('Conflict');
      await provider.delete(server);
      await provider.mark(server, 'Serving');
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
