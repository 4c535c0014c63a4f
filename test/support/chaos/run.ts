/** Runs one random world from its beginning to rest. In memory and in SQLite the same world always runs the same. */
import { act } from './act.ts';
import type { ChaosEvent, ChaosWorld } from './events.ts';
import { type ChaosProcess, startProcess } from './process.ts';
import { timeText } from './names.ts';
import { attend, putRight, unrest } from './rest.ts';
import { type MakeStores, memoryStores } from './stores.ts';
import { type Surroundings, applyPool, createSurroundings, openStore } from './surroundings.ts';

/** Between two looks at what must always hold. */
const LOOK_MILLISECONDS = 1000;
const BACKUP_EVERY_LOOKS = 10;
/** After the last event what happened may still go on. */
const AFTERMATH_MILLISECONDS = 30_000;
const REST_LOOK_MILLISECONDS = 5000;
/** The longest waits are those of a fruitless deploy and of a start after many failures: an hour each. */
const LONGEST_REST_MILLISECONDS = 80 * 60_000;
/** Longer than the resync of every pass. */
const CALM_MILLISECONDS = 90_000;

export interface ChaosResult {
  /** What must not be, first things first; empty when all is well. */
  faults: string[];
  /** How often each kind of event happened, and found nothing to happen to. */
  happened: Map<string, { done: number; void: number }>;
  met: ReadonlyMap<string, number>;
  purchases: number;
  deletions: number;
  restMilliseconds: number;
}

/** In memory unless other stores are named. */
export async function runWorld(chaos: ChaosWorld, log: (line: string) => void = () => undefined, stores: MakeStores = memoryStores): Promise<ChaosResult> {
  const world = await createSurroundings(chaos, (line) => log(`${timeOf(world)} ${line}`), stores);
  const keepsBackups = chaos.events.some(({ kind }) => kind === 'RestoreStore');
  const happened: ChaosResult['happened'] = new Map();
  const processes = createProcesses(world);
  await applyPool(world);
  processes.start();
  let looks = 0;
  const pass = async (milliseconds: number): Promise<void> => {
    for (let left = milliseconds; left > 0; left -= LOOK_MILLISECONDS) {
      await world.clock.advance(Math.min(left, LOOK_MILLISECONDS));
      await world.judge.look();
      if (keepsBackups && (looks += 1) % BACKUP_EVERY_LOOKS === 0) world.backups.push({ at: world.clock.now(), open: await world.store.backup() });
    }
  };
  const begin = world.clock.now();
  for (const event of chaos.events) {
    await pass(begin + event.at - world.clock.now());
    const done = await act(world, event, processes);
    log(`${timeOf(world)} HAPPENS${done ? '' : ' (nothing to happen to)'} ${JSON.stringify(event)}`);
    const count = happened.get(event.kind) ?? { done: 0, void: 0 };
    happened.set(event.kind, done ? { ...count, done: count.done + 1 } : { ...count, void: count.void + 1 });
    if (world.judge.faults.length > 0) break;
  }
  if (world.judge.faults.length === 0) await pass(AFTERMATH_MILLISECONDS);
  const restMilliseconds = world.judge.faults.length > 0 ? 0 : await rest(world, processes, pass);
  processes.kill();
  const { faults, purchases, deletions } = world.judge;
  return { faults, happened, met: world.faults.met, purchases, deletions, restMilliseconds };
}

const timeOf = ({ clock }: Surroundings): string => timeText(clock.now());

/** Resolves with how long it took until nothing moved any more. */
async function rest(world: Surroundings, processes: ReturnType<typeof createProcesses>, pass: (milliseconds: number) => Promise<void>): Promise<number> {
  await processes.settle(pass);
  // Times that were stored while the clock was ahead are waited for by as much longer.
  const ahead = Math.max(0, world.skew);
  await putRight(world);
  // Who raises the budget starts the controller with another one.
  processes.kill();
  processes.start();
  const { clock, judge, log } = world;
  const begin = clock.now();
  let calmSince: number | undefined;
  let last: string[] = [];
  while (clock.now() - begin < LONGEST_REST_MILLISECONDS + ahead && judge.faults.length === 0) {
    await clock.advance(REST_LOOK_MILLISECONDS);
    await judge.look();
    await attend(world);
    const now = await unrest(world);
    if (now.join() !== last.join()) log(`unrest: ${now.join('; ') || 'none'}`);
    last = now;
    calmSince = now.length === 0 ? calmSince ?? clock.now() : undefined;
    if (calmSince !== undefined && clock.now() - calmSince >= CALM_MILLISECONDS) return calmSince - begin;
  }
  for (const sentence of last) judge.fault(`at rest: ${sentence}`);
  return clock.now() - begin;
}

/** The controller's processes, one after the other, or two beside each other while one stands still. */
function createProcesses(world: Surroundings) {
  let current: ChaosProcess | undefined;
  /** Counts starts, so that a start that was overtaken does not come. */
  let generation = 0;
  const frozen = new Set<{ thaw(): void }>();

  const start = (): void => {
    generation += 1;
    current = startProcess(world, stopped);
    world.log('a process starts');
  };
  const startAfter = (downSeconds: number): void => {
    const mine = generation += 1;
    void world.clock.sleep(downSeconds * 1000).then(() => {
      if (mine === generation) start();
    });
  };

  function stopped(event: ChaosEvent & { kind: 'Crash' | 'Freeze' }): void {
    world.log(event.kind === 'Crash' ? 'the process crashes' : 'the process stands still');
    if (event.kind === 'Crash') {
      current?.kill();
      startAfter(event.downSeconds);
      return;
    }
    const still = current?.freeze();
    startAfter(1);
    if (still === undefined) return;
    frozen.add(still);
    void world.clock.sleep(event.forSeconds * 1000).then(() => thaw(still));
  }

  function thaw(still: { thaw(): void }): void {
    if (!frozen.delete(still)) return;
    world.log('a process that stood still goes on');
    still.thaw();
  }

  return {
    start,
    kill: () => current?.kill(),
    strikeNext: (event: ChaosEvent & { kind: 'Crash' | 'Freeze' }): void => {
      world.faults.pending = { event, left: event.afterCalls };
    },
    replaceStore(downSeconds: number, change: () => Promise<void>): void {
      current?.kill();
      const mine = generation += 1;
      void world.clock.sleep(downSeconds * 1000).then(async () => {
        if (mine !== generation) return;
        world.store = await openStore(world, world.restoreFrom);
        world.restoreFrom = undefined;
        world.judge.storeReplaced();
        await change();
        start();
      });
    },
    /** Whatever stands still or is on its way up is let go on. */
    async settle(pass: (milliseconds: number) => Promise<void>): Promise<void> {
      world.faults.pending = undefined;
      await pass(65_000);
      frozen.forEach((still) => thaw(still));
      await pass(5000);
    },
  };
}
