/**
 * Kamal as a memory world knows it: a deploy lock on a primary, people who deploy, host keys that take over, and runs
 * that outlive the process which began them. It notes each thing that a controller must not do.
 */
import type { ObjectKey } from '../../controller/api/index.ts';
import { type OperationTable, createOperationTable, unlessLate } from '../../controller/act/deploy/operation-table.ts';
import { type AppFact, type Endpoint, type FleetReference, type Instant, type LockFact, type MachineFact, ClassifiedError, classOf, messageOf } from '../../controller/model/index.ts';
import type { DeployLock, DeployTarget, Deployer, Operation } from '../../controller/ports/index.ts';
import type { MemoryWorld } from './memory-world.ts';

interface Holder { by: string; message: string; operationID?: string; since: Instant }

export interface MemoryKamal {
  lock: DeployLock;
  /** A deployer of one process; what it began goes on without it. */
  deployer(): Deployer;
  /** Who holds the lock now. */
  holder(): Holder | undefined;
  /** Someone takes or gives the lock, whoever has it. */
  hold(holder: Omit<Holder, 'since'> | undefined): void;
  /** Someone runs `kamal deploy`: to all hosts that serve then. `Waits` is `--lock-wait`. */
  deploy(version: string, seconds: number, lockWait: 'Refused' | 'Waits'): Promise<'Deployed' | 'Refused'>;
  primary: 'Alive' | 'Dead';
  /** Takes the power from a host for so long; it comes back by itself, with this version. */
  reboot(name: string, awaySeconds: number, version: string): void;
  /** Runs under the lock that are under way, by operation id. */
  runs: ReadonlySet<string>;
  /** Kinds of all operations that were begun, with the host's name. */
  begun: string[];
  /** One sentence for each thing that must not happen. */
  faults: string[];
  /** How long a look at a host takes; nothing where whoever looks does not let time pass. */
  inspectMilliseconds: number;
  /** How long one deploy takes; 2 s. */
  deployMilliseconds: number;
  /** The version that hosts could go back to, by host name. */
  rollbacks: Map<string, string>;
  previousVersion: string | undefined;
}

interface Keys { own: string; active: 'Delivered' | 'Own'; bootID: string }

/** Between two looks of a person's `--lock-wait`. */
const PEOPLE_LOOK_MILLISECONDS = 15_000;

/** `callMilliseconds`: how long a call over the lock takes; 0 where whoever calls does not let time pass. */
export function createMemoryKamal(world: MemoryWorld, installation: string, callMilliseconds = 0): MemoryKamal {
  const { clock, control } = world;
  const keys = new Map<number, Keys>();
  const runs = new Set<string>();
  /** Host names by operation. */
  const busy = new Map<string, string>();
  let holder: Holder | undefined;

  const ours = (): boolean => holder?.operationID?.startsWith(`${installation}/`) ?? false;
  const keysOf = ({ ports: { http } }: Endpoint): Keys => {
    const known = keys.get(http) ?? { own: `ssh-ed25519 own-${http}`, active: 'Delivered', bootID: 'boot-1' };
    keys.set(http, known);
    return known;
  };
  const fact = (): LockFact => {
    if (kamal.primary === 'Dead') return { kind: 'Unknown', class: 'Unavailable', why: 'the primary does not answer' };
    return holder === undefined ? { kind: 'Free' } : { kind: 'Held', ...holder };
  };
  const call = async (change: () => void): Promise<LockFact> => {
    if (callMilliseconds > 0) await clock.sleep(callMilliseconds / 2);
    if (kamal.primary === 'Alive') change();
    if (callMilliseconds > 0) await clock.sleep(callMilliseconds / 2);
    return fact();
  };

  async function run({ kind, target, version, drainSeconds = 0, id }: Operation): Promise<void> {
    const { endpoint, host: { name }, identity } = target;
    kamal.begun.push(`${kind} ${name}`);
    if (kind !== 'Rotate' && [...busy.values()].includes(name)) kamal.faults.push(`${id} began beside another run on ${name}`);
    if (kind !== 'Rotate') busy.set(id, name);
    if (kind !== 'Rotate' && !ours()) kamal.faults.push(`${id} began while ${holder?.by ?? 'nobody'} held the lock`);
    const known = keysOf(endpoint);
    if (kind !== 'Rotate' && known.active === 'Delivered') kamal.faults.push(`${id} began under the delivered key`);
    switch (kind) {
      case 'Rotate':
        if (identity.kind !== 'Bought' || identity.ownKey !== known.own) kamal.faults.push(`${id} let a key take over that was not pinned`);
        await clock.sleep(500);
        known.active = 'Own';
        return;
      case 'Deploy':
        if (version === undefined) throw new ClassifiedError('Invalid', 'no version');
        await clock.sleep(Math.max(0, kamal.deployMilliseconds - 2000));
        return control.deploy(endpoint, { service: 'app-web', version, deployTimeoutSeconds: 30, health: 'Answering' });
      case 'Resume': return control.resume(endpoint);
      case 'Quiesce': return control.quiesce(endpoint, drainSeconds);
      case 'Stop': return control.stop(endpoint);
      case 'Preseed':
        await clock.sleep(1400);
        if (version !== undefined) kamal.rollbacks.set(name, version);
    }
  }

  async function machineOf({ endpoint, identity }: DeployTarget): Promise<MachineFact> {
    await control.facts(endpoint);
    const known = keysOf(endpoint);
    if (identity.kind === 'Fixed') return { kind: 'Ready', bootID: known.bootID };
    if (known.active === 'Delivered') return { kind: 'Delivered', ownKey: known.own };
    return identity.ownKey === known.own ? { kind: 'Ready', bootID: known.bootID } : { kind: 'Mismatch', why: 'it shows another host key than the pinned one' };
  }

  async function appOf({ endpoint, host }: DeployTarget, fleet: FleetReference | undefined): Promise<AppFact> {
    const { app } = await control.facts(endpoint);
    if (app === undefined) return { kind: 'NotRunning' };
    if (app.quiesced) return { kind: 'Quiesced', version: app.version };
    const previous = fleet?.kind === 'Agreed' ? fleet.previousVersion : undefined;
    return {
      kind: 'Running', version: app.version, routed: app.routed, matchesFleet: true,
      ...(previous === undefined ? {} : { rollback: kamal.rollbacks.get(host.name) === previous ? 'Ready' : 'Missing' }),
    };
  }

  async function reference(targets: readonly DeployTarget[]): Promise<FleetReference> {
    const answers = await Promise.allSettled(targets.map(({ endpoint }) => control.facts(endpoint)));
    const versions = [...new Set(answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value.app?.version ?? [] : [])))];
    const [version] = versions;
    if (version === undefined) return { kind: 'Unknown', why: 'no host runs the app' };
    if (versions.length > 1) return { kind: 'Disagree', why: `hosts run ${versions.join(' and ')}` };
    const { previousVersion } = kamal;
    return { kind: 'Agreed', version, ...(previousVersion === undefined ? {} : { previousVersion }) };
  }

  function deployer(): Deployer {
    const table: OperationTable = createOperationTable(1000);
    const listeners: ((host: ObjectKey) => void)[] = [];
    return {
      evidence: async ({ host }) => ({ texts: [{ name: 'app log', text: `the last words of ${host.name}` }], missing: [] }),
      async inspect(target, fleet) {
        if (kamal.inspectMilliseconds > 0) await clock.sleep(kamal.inspectMilliseconds);
        try {
          const machine = await machineOf(target);
          return { machine, app: machine.kind === 'Mismatch' ? { kind: 'Unknown' } : await appOf(target, fleet) };
        } catch (error) {
          return { machine: { kind: 'Unreachable', why: messageOf(error) }, app: { kind: 'Unknown' } };
        }
      },
      async start(operation) {
        if (operation.kind !== 'Rotate') runs.add(operation.id);
        table.start(operation.id, async () => {
          try {
            await unlessLate(operation, () => run(operation));
            return { kind: 'Succeeded' };
          } catch (error) {
            return { kind: 'Failed', class: classOf(error), message: messageOf(error), replaceHost: false };
          } finally {
            runs.delete(operation.id);
            busy.delete(operation.id);
          }
        }, () => listeners.forEach((listener) => listener(operation.target.host)));
      },
      observe: (id) => table.observe(id),
      survives: async (id) => (runs.has(id) ? 'Running' : 'Ended'),
      onEnd: (listener) => void listeners.push(listener),
      reference,
      needsLock: () => true,
    };
  }

  async function personDeploys(version: string, seconds: number, lockWait: 'Refused' | 'Waits'): Promise<'Deployed' | 'Refused'> {
    while (holder !== undefined) {
      if (lockWait === 'Refused') return 'Refused';
      await clock.sleep(PEOPLE_LOOK_MILLISECONDS);
    }
    const mine: Holder = { by: 'alice', message: 'Automatic deploy lock', since: clock.now() };
    holder = mine;
    await clock.sleep(seconds * 1000);
    if (runs.size > 0) kamal.faults.push(`alice deployed while ${[...runs].join(', ')} ran`);
    kamal.previousVersion = world.hosts()[0]?.app?.version;
    for (const host of world.hosts()) if (host.app !== undefined) host.app.version = version;
    if (holder === mine) holder = undefined;
    return 'Deployed';
  }

  const kamal: MemoryKamal = {
    deployer, runs, holder: () => holder, primary: 'Alive', begun: [], faults: [], deployMilliseconds: 2000, inspectMilliseconds: 0, rollbacks: new Map(), previousVersion: undefined,
    deploy: personDeploys,
    reboot(name, awaySeconds, version) {
      const host = world.hosts().find(({ order }) => order.name === name);
      if (host === undefined) throw new Error(`no host ${name}`);
      const back = clock.now() + awaySeconds * 1000;
      const known = keysOf({ address: '127.0.0.1', ports: host.ports });
      known.bootID = `boot-of-${back}`;
      Object.assign(host, { bootsAt: back, appEndedAt: clock.now(), app: { version, service: host.app?.service ?? 'app-web', readyAt: back } });
    },
    hold: (next) => { holder = next === undefined ? undefined : { ...next, since: clock.now() }; },
    lock: {
      look: () => call(() => undefined),
      acquire: (_lock, operationID) => call(() => {
        holder ??= { by: 'kamal-autoscaler', message: 'Automatic deploy lock', operationID, since: clock.now() };
      }),
      release: (_lock, operationID) => call(() => {
        if (holder?.operationID !== operationID) return;
        if (runs.size > 0) kamal.faults.push(`the lock was released while ${[...runs].join(', ')} ran`);
        holder = undefined;
      }),
    },
  };
  return kamal;
}
