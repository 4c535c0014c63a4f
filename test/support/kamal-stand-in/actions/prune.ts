/** Old containers and images go; of the stopped containers the newest few stay for a rollback. */
import { runtimeError } from '../errors.ts';
import { auditCommands, pruneCommands } from '../remote/host.ts';
import type { Session } from '../session.ts';
import { withLock } from './lock.ts';

export const pruneAll = (session: Session): Promise<void> => withLock(session, async () => {
  await pruneContainers(session);
  await pruneImages(session);
});

export async function pruneContainers(session: Session): Promise<void> {
  const { config, targets, world } = session;
  const retain = Number(session.options['retain'] ?? config.retainContainers);
  if (retain < 1) throw runtimeError('retain must be at least 1');
  await withLock(session, () => session.on(targets.hosts, async (on) => {
    await on.execute(auditCommands(config, world).record('Pruned containers'), { level: 'debug' });
    await on.execute(pruneCommands(config).containers(retain));
  }));
}

export async function pruneImages(session: Session): Promise<void> {
  const { config, targets, world } = session;
  await withLock(session, () => session.on(targets.hosts, async (on) => {
    await on.execute(auditCommands(config, world).record('Pruned images'), { level: 'debug' });
    await on.execute(pruneCommands(config).danglingImages());
    await on.execute(pruneCommands(config).unusedImages());
  }));
}
