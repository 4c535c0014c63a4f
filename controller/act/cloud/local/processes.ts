import { type ChildProcess, spawn } from 'node:child_process';
import { watch } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ClassifiedError, type Ports, messageOf } from '../../../model/index.ts';
import type { Clock } from '../../../ports/index.ts';
import { type HostAssignment, type HostSettings, defaultHostSettings } from './host/settings.ts';
import { type ProcessIdentity, identify, isAlive } from './process-identity.ts';
import type { HostRecord, ProcessTable } from './process-table.ts';
import { logFile, orderFile, readPart, recordedIDs, removeRecord, writePart } from './record-files.ts';

export interface ProcessTableOptions {
  /** Keeps the records; hosts end when it vanishes. Made when absent. */
  folder: string;
  clock: Clock;
  settings?: Partial<HostSettings>;
  /** Hosts end when this process is gone; absent: they survive whoever started them. */
  untilPid?: number;
}

/** The same file in the repository (`.ts`) and as emitted (`.js`). */
const program = fileURLToPath(new URL(`./host/main${extname(import.meta.url)}`, import.meta.url));

/** A host is small: many of them share a machine. */
const nodeFlags = ['--max-old-space-size=96', '--max-semi-space-size=2', '--no-warnings'];

/** A host writes its own process record; before that it is starting, after that it has died. */
const startMilliseconds = 10_000;
/** By then whoever recorded an order has started its process, or has died in between. */
const takeOverMilliseconds = 3_000;
const gentleMilliseconds = 500;
const killMilliseconds = 5_000;
const lookMilliseconds = 20;
const pollMilliseconds = 1_000;

/** Reads the hosts of a folder as they are now, and changes nothing. `diedUnrecorded`: whether a child of this process ended before it wrote of itself. */
export function recordsOf(folder: string, clock: Pick<Clock, 'now'>, diedUnrecorded: (id: string) => boolean = () => false): () => Promise<HostRecord[]> {
  async function recordOf(id: string): Promise<HostRecord | undefined> {
    const [assignment, identity, ports, leaving] = await Promise.all([
      readPart<HostAssignment>(folder, id, 'order'), readPart<ProcessIdentity>(folder, id, 'process'),
      readPart<Ports>(folder, id, 'ports'), readPart(folder, id, 'leaving'),
    ]);
    if (assignment === undefined) return undefined;
    const { order } = assignment;
    const bound = ports === undefined ? {} : { ports };
    if (leaving !== undefined) return { ...order, ...bound, state: 'Leaving' };
    if (identity === undefined) return { ...order, state: clock.now() - order.createdAt < startMilliseconds && !diedUnrecorded(id) ? 'Starting' : 'Off' };
    if (!(await isAlive(identity))) return { ...order, ...bound, state: 'Off' };
    return { ...order, ...bound, state: ports === undefined ? 'Starting' : 'Running' };
  }

  return async () => {
    const ids = await recordedIDs(folder).catch((error: unknown) => {
      // An empty answer would say that every server is gone.
      throw new ClassifiedError('Unavailable', `the records of the local hosts cannot be read: ${messageOf(error)}`, { cause: error });
    });
    return (await Promise.all(ids.map(recordOf))).filter((record) => record !== undefined);
  };
}

/** Hosts as processes of this machine, with their records in a folder: the folder is the cloud. */
export async function createProcessTable(options: ProcessTableOptions): Promise<ProcessTable> {
  const { folder, clock } = options;
  const settings: HostSettings = { ...defaultHostSettings, ...options.settings };
  const until = options.untilPid === undefined ? undefined : await identify(options.untilPid);
  if (options.untilPid !== undefined && until === undefined) throw new ClassifiedError('Invalid', `no process ${options.untilPid} runs: hosts cannot live as long as it`);
  await mkdir(folder, { recursive: true });
  const children = new Map<string, ChildProcess>();
  const onExit = new Set<() => void>();

  const list = recordsOf(folder, clock, diedUnrecorded);

  function diedUnrecorded(id: string): boolean {
    const child = children.get(id);
    return child !== undefined && (child.exitCode !== null || child.signalCode !== null);
  }

  async function launch(id: string): Promise<void> {
    const log = await open(logFile(folder, id), 'a');
    try {
      const child = spawn(process.execPath, [...nodeFlags, program, orderFile(folder, id)], { detached: true, stdio: ['ignore', log.fd, log.fd], env: {}, cwd: folder });
      children.set(id, child);
      child.unref();
      const ended = (): void => onExit.forEach((listener) => listener());
      child.once('exit', ended);
      child.once('error', ended);
    } finally {
      await log.close();
    }
  }

  /** The order is written before the process starts, so that no host is without a record: an order left in between is carried out here. */
  async function carryOutOrders(): Promise<void> {
    for (const id of await recordedIDs(folder)) {
      const [assignment, ...begun] = await Promise.all([readPart<HostAssignment>(folder, id, 'order'), readPart(folder, id, 'process'), readPart(folder, id, 'leaving')]);
      if (assignment === undefined || children.has(id) || begun.some((part) => part !== undefined)) continue;
      if (clock.now() - assignment.order.createdAt >= takeOverMilliseconds) await launch(id);
    }
  }

  async function end(id: string): Promise<void> {
    const pid = children.get(id)?.pid;
    const identity = await readPart<ProcessIdentity>(folder, id, 'process') ?? (pid === undefined || diedUnrecorded(id) ? undefined : await identify(pid));
    if (identity === undefined || await goneAfter(identity, 'SIGTERM', gentleMilliseconds) || await goneAfter(identity, 'SIGKILL', killMilliseconds)) return;
    throw new ClassifiedError('Transient', `process ${identity.pid} of host ${id} does not end`);
  }

  /** The host leads its own process group, so that a proxy that it started ends with it. */
  async function goneAfter(identity: ProcessIdentity, signal: NodeJS.Signals, milliseconds: number): Promise<boolean> {
    for (let waited = 0; waited <= milliseconds; waited += lookMilliseconds) {
      if (!(await isAlive(identity))) return true;
      if (waited === 0) signalGroup(identity.pid, signal);
      await clock.sleep(lookMilliseconds);
    }
    return !(await isAlive(identity));
  }

  return {
    list,
    async start(order) {
      const assignment: HostAssignment = { order, settings, ...(until === undefined ? {} : { until }) };
      await writePart(folder, order.id, 'order', assignment);
      await launch(order.id);
      return { ...order, state: 'Starting' };
    },
    async stop(id) {
      if (await readPart(folder, id, 'order') === undefined) return;
      await writePart(folder, id, 'leaving', true);
      await end(id);
      await removeRecord(folder, id);
      children.delete(id);
    },
    watch(listener) {
      const closed = new AbortController();
      const look = changeFinder(list, listener, closed.signal);
      onExit.add(look);
      const files = watch(folder, { persistent: false }, look);
      // The poll below goes on when the folder cannot be watched, or is gone.
      files.on('error', () => files.close());
      void (async () => {
        while (!closed.signal.aborted) {
          // A folder that cannot be read now is read again with the next poll.
          await carryOutOrders().catch(() => undefined);
          look();
          await clock.sleep(pollMilliseconds, closed.signal);
        }
      })();
      return {
        close() {
          closed.abort();
          onExit.delete(look);
          files.close();
        },
      };
    },
  };
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Compares the list with the one before and tells each difference; calls during a look are answered by one more look. */
function changeFinder(list: () => Promise<HostRecord[]>, listener: (record: HostRecord) => void, closed: AbortSignal): () => void {
  let known: Map<string, HostRecord> | undefined;
  let state: 'Idle' | 'Looking' | 'LookAgain' = 'Idle';

  function tell(records: HostRecord[]): void {
    const before = known;
    known = new Map(records.map((record) => [record.id, record]));
    if (before === undefined || closed.aborted) return;
    for (const record of records) {
      if (JSON.stringify(before.get(record.id)) !== JSON.stringify(record)) listener(record);
    }
    for (const record of before.values()) {
      if (!known.has(record.id)) listener({ ...record, state: 'Off' });
    }
  }

  return function look(): void {
    if (state !== 'Idle') {
      state = 'LookAgain';
      return;
    }
    state = 'Looking';
    void list().then(tell, () => {}).then(() => {
      const again = state === 'LookAgain' && !closed.aborted;
      state = 'Idle';
      if (again) look();
    });
  };
}
