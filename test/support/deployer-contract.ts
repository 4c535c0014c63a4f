/** What every Deployer does, whatever it speaks to the hosts. */
import { expect } from 'chai';
import type { ObjectKey } from '../../controller/api/index.ts';
import type { AppFact, Endpoint, OperationFact } from '../../controller/model/index.ts';
import type { DeployTarget, Deployer, HostIdentity, Operation } from '../../controller/ports/index.ts';
import { POOL_NEEDS } from './pool-needs.ts';

export interface DeployerUnderTest extends AsyncDisposable {
  deployer: Deployer;
  /** Hosts that are ready and run nothing; at least three. */
  hosts: readonly Endpoint[];
  /** Where nothing answers. */
  nowhere: Endpoint;
  /** How a host proves who it is, where the deployer asks. */
  identity?(endpoint: Endpoint): HostIdentity;
  /** Status of a request to a host. */
  request(endpoint: Endpoint, path: string): Promise<number>;
  /** How often the app of a host was started. */
  starts(endpoint: Endpoint): Promise<number>;
  /** Looks until the answer is defined; lets time pass in between. */
  until<T>(what: string, look: () => Promise<T | undefined>): Promise<T>;
}

const role = { service: 'app', role: 'web' };
const host: ObjectKey = { namespace: 'default', name: 'web-1' };
const running = (version: string): AppFact => ({ kind: 'Running', version, routed: true, matchesFleet: true });

export function deployerContract(name: string, make: () => Promise<DeployerUnderTest>): void {
  describe(`deployer contract: ${name}`, () => {
    let world: DeployerUnderTest;
    let nextID = 0;
    beforeEach(async () => { world = await make(); });
    afterEach(() => world[Symbol.asyncDispose]());

    const endpoint = (index = 0): Endpoint => world.hosts[index] as Endpoint;
    const target = (at = endpoint()): DeployTarget => ({ host, endpoint: at, role, ssh: POOL_NEEDS.ssh, identity: world.identity?.(at) ?? { kind: 'Bought', hostID: 'contract' } });
    const app = async (at = endpoint()): Promise<AppFact> => (await world.deployer.inspect(target(at))).app;
    const ended = (id: string): Promise<OperationFact> => world.until(`${id} ends`, async () => {
      const fact = world.deployer.observe(id);
      return fact.kind === 'Running' ? undefined : fact;
    });
    async function perform({ endpoint: at, ...operation }: Omit<Operation, 'id' | 'target'> & { id?: string; endpoint?: Endpoint }): Promise<OperationFact> {
      const id = operation.id ?? `operation-${nextID += 1}`;
      await world.deployer.start({ ...operation, id, target: target(at) });
      return ended(id);
    }
    const succeeded = { kind: 'Succeeded' };

    it('says what a fresh host is: ready, and nothing runs', async () => {
      expect(await world.deployer.inspect(target())).to.deep.equal({ machine: { kind: 'Ready' }, app: { kind: 'NotRunning' } });
    });

    it('takes a host that does not answer for a fact', async () => {
      const { machine, app: seen } = await world.deployer.inspect(target(world.nowhere));
      expect(machine.kind).to.equal('Unreachable');
      expect(seen).to.deep.equal({ kind: 'Unknown' });
    });

    it('starts a deploy at once, tells its end, and the app serves then', async () => {
      const told: ObjectKey[] = [];
      world.deployer.onEnd((key) => told.push(key));
      await world.deployer.start({ id: 'first', kind: 'Deploy', target: target(), version: 'v1' });
      expect(world.deployer.observe('first')).to.deep.equal({ kind: 'Running' });
      expect(await ended('first')).to.deep.equal(succeeded);
      expect(told).to.deep.equal([host]);
      expect(await app()).to.deep.equal(running('v1'));
      expect(await world.request(endpoint(), '/up')).to.equal(200);
    });

    it('knows nothing of an operation that it never started', () => {
      expect(world.deployer.observe('unheard-of')).to.deep.equal({ kind: 'Lost' });
    });

    it('knows of no work that an earlier process left under an id that nobody used', async () => {
      expect(await world.deployer.survives('unheard-of')).to.not.equal('Running');
    });

    it('does not start an operation twice, under way or ended', async () => {
      const operation: Operation = { id: 'once', kind: 'Deploy', target: target(), version: 'v1' };
      await Promise.all([world.deployer.start(operation), world.deployer.start(operation)]);
      await ended('once');
      await perform({ kind: 'Stop' });
      await world.deployer.start(operation);
      expect(world.deployer.observe('once')).to.deep.equal(succeeded);
      expect(await app()).to.deep.equal({ kind: 'NotRunning' });
      expect(await world.starts(endpoint())).to.equal(1);
    });

    it('does not begin what another process may have begun by then', async () => {
      expect(await perform({ kind: 'Deploy', version: 'v1', mayBegin: () => false })).to.include({ kind: 'Failed', class: 'NotLeader' });
      expect(await world.starts(endpoint())).to.equal(0);
    });

    it('leaves an app alone that serves this version already', async () => {
      await perform({ kind: 'Deploy', version: 'v1' });
      expect(await perform({ kind: 'Deploy', version: 'v1' })).to.deep.equal(succeeded);
      expect(await world.starts(endpoint())).to.equal(1);
    });

    it('brings another version up', async () => {
      await perform({ kind: 'Deploy', version: 'v1' });
      await perform({ kind: 'Deploy', version: 'v2' });
      expect(await app()).to.deep.equal(running('v2'));
      expect(await world.starts(endpoint())).to.equal(2);
    });

    it('quiesces: requests are refused, the health path still answers, until it resumes', async () => {
      await perform({ kind: 'Deploy', version: 'v1' });
      expect(await perform({ kind: 'Quiesce', drainSeconds: 1 })).to.deep.equal(succeeded);
      expect(await app()).to.deep.equal({ kind: 'Quiesced', version: 'v1' });
      expect(await world.request(endpoint(), '/')).to.equal(503);
      expect(await world.request(endpoint(), '/up')).to.equal(200);
      expect(await perform({ kind: 'Resume' })).to.deep.equal(succeeded);
      expect(await app()).to.deep.equal(running('v1'));
      expect(await world.request(endpoint(), '/')).to.equal(200);
    });

    it('stays quiesced through a deploy, as Kamal\'s maintenance does', async () => {
      await perform({ kind: 'Deploy', version: 'v1' });
      await perform({ kind: 'Quiesce', drainSeconds: 0 });
      await perform({ kind: 'Deploy', version: 'v1' });
      expect(await app()).to.deep.equal({ kind: 'Quiesced', version: 'v1' });
    });

    it('stops, also twice, and has drained what does not run', async () => {
      await perform({ kind: 'Deploy', version: 'v1' });
      expect(await perform({ kind: 'Stop' })).to.deep.equal(succeeded);
      expect(await app()).to.deep.equal({ kind: 'NotRunning' });
      expect(await world.request(endpoint(), '/up')).to.equal(404);
      expect(await perform({ kind: 'Stop' })).to.deep.equal(succeeded);
      expect(await perform({ kind: 'Quiesce', drainSeconds: 1 })).to.deep.equal(succeeded);
    });

    it('says why an operation failed', async () => {
      expect(await perform({ kind: 'Deploy', version: 'v1', endpoint: world.nowhere })).to.include({ kind: 'Failed', class: 'Unavailable', replaceHost: false });
      expect(await perform({ kind: 'Deploy' })).to.include({ kind: 'Failed', class: 'Invalid' });
      expect(await perform({ kind: 'Resume' })).to.include({ kind: 'Failed', class: 'NotFound' });
    });

    it('names the version that the references agree on, and none when they do not', async () => {
      const { deployer, hosts, nowhere } = world;
      const reference = (endpoints: readonly Endpoint[]) => deployer.reference(endpoints.map(target), role);
      expect((await reference(hosts)).kind).to.equal('Unknown');
      expect((await reference([])).kind).to.equal('Unknown');
      expect(await perform({ kind: 'Deploy', version: 'v1', endpoint: endpoint(0) })).to.deep.equal(succeeded);
      expect(await perform({ kind: 'Deploy', version: 'v1', endpoint: endpoint(1) })).to.deep.equal(succeeded);
      expect(await reference([...hosts, nowhere])).to.include({ kind: 'Agreed', version: 'v1' });
      expect(await perform({ kind: 'Deploy', version: 'v2', endpoint: endpoint(2) })).to.deep.equal(succeeded);
      expect((await reference(hosts)).kind).to.equal('Disagree');
    });
  });
}
