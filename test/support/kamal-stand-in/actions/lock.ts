/** The deploy lock: a folder on the first targeted host. */
import { ExecuteError, KamalError, lockError } from '../errors.ts';
import { hostCommands, isoSeconds, lockCommands } from '../remote/host.ts';
import type { Session } from '../session.ts';

const AUTOMATIC = 'Automatic deploy lock';

/** Runs the work under the lock, unless the run holds it already or was told that somebody does (KAMAL_LOCK). */
export async function withLock(session: Session, work: () => Promise<void>): Promise<void> {
  if (session.holdingLock) return work();
  await acquireForWork(session);
  try {
    await work();
  } catch (error) {
    if (error instanceof KamalError) {
      await releaseAfterWork(session).catch((failure: unknown) => session.output.say(`Error releasing the deploy lock: ${(failure as Error).message}`, 'red'));
    }
    throw error;
  }
  await releaseAfterWork(session);
}

async function acquireForWork(session: Session): Promise<void> {
  await makeRunDirectory(session);
  if (session.options['lock_wait'] === true) {
    await acquireWithPatience(session);
  } else {
    await refusedIfHeld(session, async () => {
      session.output.say('Acquiring the deploy lock...', 'magenta');
      await write(session, AUTOMATIC);
    });
  }
  session.holdingLock = true;
}

async function acquireWithPatience(session: Session): Promise<void> {
  const { output, world } = session;
  const timeout = Number(session.options['lock_wait_timeout']);
  const interval = Number(session.options['lock_wait_interval']);
  const deadline = world.now().getTime() + timeout * 1000;
  output.say(`Acquiring the deploy lock (waiting up to ${timeout}s)...`, 'magenta');
  for (let told = false; ; told = true) {
    if (await isTaken(session, AUTOMATIC)) return;
    if (!told) {
      const status = await read(session);
      output.say('Deploy lock is held by:', 'magenta');
      output.puts(status);
      if (!status.includes(AUTOMATIC)) throw lockError("Deploy lock held manually, not waiting. Run 'kamal lock help' for more information");
    }
    const remaining = Math.trunc((deadline - world.now().getTime()) / 1000);
    if (remaining <= 0) {
      output.say(`Timed out after ${timeout}s waiting for the deploy lock`, 'red');
      throw lockError('Timed out waiting for deploy lock');
    }
    output.say(`Retrying in ${interval}s (${remaining}s remaining)...`, 'magenta');
    await world.sleep(Math.min(interval, remaining) * 1000);
  }
}

async function isTaken(session: Session, message: string): Promise<boolean> {
  try {
    await write(session, message);
    return true;
  } catch (error) {
    if (isHeld(error)) return false;
    throw error;
  }
}

async function releaseAfterWork(session: Session): Promise<void> {
  session.output.say('Releasing the deploy lock...', 'magenta');
  await remove(session);
  session.holdingLock = false;
}

export async function lockAcquire(session: Session): Promise<void> {
  await makeRunDirectory(session);
  await refusedIfHeld(session, async () => {
    await write(session, String(session.options['message']));
    session.output.say('Acquired the deploy lock');
  });
}

export const lockStatus = (session: Session): Promise<void> => sayingIfFree(session, async () => session.output.puts(await read(session)));

export const lockRelease = (session: Session): Promise<void> => sayingIfFree(session, async () => {
  await remove(session);
  session.output.say('Released the deploy lock');
});

async function sayingIfFree(session: Session, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof ExecuteError) || !error.message.includes('No such file or directory')) throw error;
    session.output.say('There is no deploy lock');
  }
}

async function refusedIfHeld(session: Session, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!isHeld(error)) throw error;
    session.output.say('Deploy lock already in place!', 'red');
    session.output.puts(await read(session));
    throw lockError("Deploy lock found. Run 'kamal lock help' for more information");
  }
}

const isHeld = (error: unknown): boolean => error instanceof ExecuteError && error.message.includes('cannot create directory');

const makeRunDirectory = (session: Session): Promise<void> => session.on(session.targets.hosts, async (on) => void (await on.execute(hostCommands.makeRunDirectory())));

const onPrimary = (session: Session, block: Parameters<Session['on']>[1]): Promise<void> => session.on([session.targets.primaryHost], block);

const write = (session: Session, message: string): Promise<void> => onPrimary(session, async (on) => {
  const version = session.config.version();
  const text = `Locked by: ${lockedBy(session)} at ${isoSeconds(session.world.now())}\nVersion: ${version}\nMessage: ${message}`;
  await on.execute(lockCommands(session.config).acquire(text), { level: 'debug' });
});

const remove = (session: Session): Promise<void> => onPrimary(session, async (on) => void (await on.execute(lockCommands(session.config).release(), { level: 'debug' })));

async function read(session: Session): Promise<string> {
  let status = '';
  await onPrimary(session, async (on) => void (status = await on.capture(lockCommands(session.config).status(), { level: 'debug' })));
  return status;
}

function lockedBy({ world }: Session): string {
  try {
    return world.run(['git', 'config', 'user.name']).stdout.trim();
  } catch {
    return 'Unknown';
  }
}
