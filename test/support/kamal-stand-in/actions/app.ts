/** Commands on the app's containers. */
import { appCommands, roleCommands } from '../remote/app.ts';
import { auditCommands } from '../remote/host.ts';
import type { Session } from '../session.ts';
import { Barrier, bootRole, endpointOf } from './boot.ts';
import { withLock } from './lock.ts';
import { printByHost } from './print.ts';

/** Starts the version on all hosts, group by group; without one, whatever is tagged latest. */
export const boot = (session: Session, version?: string): Promise<void> => withLock(session, async () => {
  const { config, output, targets, world } = session;
  if (version === undefined) output.say('Get most recent version available as an image...', 'magenta');
  const wanted = version ?? config.latestTag;
  config.declare(wanted);
  output.say(`Start container with version ${wanted} (or reboot if already running)...`, 'magenta');
  const barrier = new Barrier();
  for (const hosts of groupsOf(targets.appHosts, config.boot.limit)) {
    await session.hook('pre-app-boot', { hosts: hosts.join(',') });
    await session.onRoles(hosts, config.boot.parallelRoles, (on, role) => bootRole(session, on, role, wanted, barrier));
    await session.hook('post-app-boot', { hosts: hosts.join(',') });
    if (config.boot.waitSeconds !== undefined) await world.sleep(config.boot.waitSeconds * 1000);
  }
  await session.on(targets.appHosts, async (on) => {
    await on.execute(auditCommands(config, world).record(`Tagging ${config.repository}:${config.version()} as the latest image`), { level: 'debug' });
    await on.execute(appCommands(config).tagLatest());
  });
});

function groupsOf(hosts: readonly string[], limit: number | undefined): readonly (readonly string[])[] {
  if (limit === undefined) return [hosts];
  return Array.from({ length: Math.ceil(hosts.length / limit) }, (_, at) => hosts.slice(at * limit, (at + 1) * limit));
}

export const start = (session: Session): Promise<void> => withLock(session, () => onEachRole(session, async (on, role) => {
  const { config, world } = session;
  const commands = roleCommands(config, role);
  await on.execute(auditCommands(config, world).record(`Started app version ${config.version()}`), { level: 'debug' });
  await on.execute(commands.start(), { tolerant: true });
  if (role.proxy === undefined) return;
  const version = await on.capture(commands.runningVersion(), { tolerant: true });
  await on.execute(commands.proxyDeploy(await endpointOf(on, role, () => on.capture(commands.idOf(version)))));
}));

export const stop = (session: Session): Promise<void> => withLock(session, () => onEachRole(session, async (on, role) => {
  const { config, world } = session;
  const commands = roleCommands(config, role);
  await on.execute(auditCommands(config, world).record('Stopped app', role.name), { level: 'debug' });
  if (role.proxy !== undefined) {
    const version = await on.capture(commands.runningVersion(), { tolerant: true });
    if (await on.capture(commands.idOf(version)) !== '') await on.execute(commands.proxyRemove(), { tolerant: true });
  }
  await on.execute(commands.stop(), { tolerant: true });
}));

const onEachRole = (session: Session, block: Parameters<Session['onRoles']>[2]): Promise<void> =>
  session.onRoles(session.targets.appHosts, session.config.boot.parallelRoles, block);

export const live = (session: Session): Promise<void> => withLock(session, () => session.onRoles(session.targets.proxyHosts, true, async (on, role) => {
  if (role.proxy !== undefined) await on.execute(roleCommands(session.config, role).proxyResume());
}));

export async function maintenance(session: Session): Promise<void> {
  const { config, options, targets } = session;
  const drainSeconds = Number(options['drain_timeout'] ?? config.drainTimeout);
  const message = typeof options['message'] === 'string' ? options['message'] : undefined;
  await withLock(session, () => session.onRoles(targets.proxyHosts, true, async (on, role) => {
    if (role.proxy !== undefined) await on.execute(roleCommands(config, role).proxyStop(drainSeconds, message));
  }));
}

export const version = (session: Session): Promise<void> => session.on(session.targets.appHosts, async (on) => {
  const [role] = session.targets.rolesOn(on.host);
  if (role !== undefined) printByHost(session, on.host, await on.capture(roleCommands(session.config, role).runningVersion()));
});

export const details = (session: Session): Promise<void> => session.onRoles(session.targets.appHosts, true, async (on, role) =>
  printByHost(session, on.host, await on.capture(appCommands(session.config, role).details())));

export const containers = (session: Session): Promise<void> => session.on(session.targets.appHosts, async (on) =>
  printByHost(session, on.host, await on.capture(appCommands(session.config).containers())));

export const images = (session: Session): Promise<void> => session.on(session.targets.appHosts, async (on) =>
  printByHost(session, on.host, await on.capture(appCommands(session.config).images())));

/** Running containers besides the current one, as a broken-off deploy leaves them. */
export async function staleContainers(session: Session, stops: boolean): Promise<void> {
  const look = (): Promise<void> => session.onRoles(session.targets.appHosts, true, async (on, role) => {
    const commands = roleCommands(session.config, role);
    const running = (await on.capture(commands.versions(), { tolerant: true })).split('\n').filter((line) => line !== '');
    const current = await on.capture(commands.runningVersion(), { tolerant: true });
    for (const stale of running.filter((candidate) => candidate !== current)) {
      if (stops) {
        printByHost(session, on.host, `Stopping stale container for role ${role.name} with version ${stale}`);
        await on.execute(commands.stop(stale), { tolerant: true });
      } else {
        printByHost(session, on.host, `Detected stale container for role ${role.name} with version ${stale} (use \`kamal app stale_containers --stop\` to stop)`);
      }
    }
  });
  await (stops ? withLock(session, look) : look());
}
