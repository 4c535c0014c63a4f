/** kamal-proxy's own container. */
import { BeyondStandIn, CommandFailed, runtimeError } from '../errors.ts';
import { PROXY_VERSION } from '../config/proxy.ts';
import { auditCommands, hostCommands, proxyCommands, registryCommands } from '../remote/host.ts';
import type { Session } from '../session.ts';
import { withLock } from './lock.ts';
import { printByHost } from './print.ts';

export const proxyBoot = (session: Session): Promise<void> => withLock(session, async () => {
  const { config, targets } = session;
  await session.on(targets.hosts, async (on) => {
    try {
      await on.execute(hostCommands.createNetwork());
    } catch (error) {
      if (!(error instanceof CommandFailed) || !error.message.includes('already exists')) throw error;
    }
  });
  await session.on(targets.proxyHosts, async (on) => {
    const proxy = proxyCommands(config, on.host);
    await on.execute(registryCommands(config).login());
    const version = await on.capture(proxy.version());
    if (version !== '' && isOlder(version, PROXY_VERSION)) {
      throw runtimeError(`kamal-proxy version ${version} is too old, run \`kamal proxy reboot\` in order to update to at least ${PROXY_VERSION}`);
    }
    await on.execute(proxy.makeAppsDirectory());
    await on.execute(proxy.startOrRun());
  });
});

function isOlder(version: string, least: string): boolean {
  const parts = (text: string): number[] => text.replace(/^v/, '').split('.').map(Number);
  const [ours, theirs] = [parts(version), parts(least)];
  const at = theirs.findIndex((part, index) => part !== (ours[index] ?? 0));
  return at >= 0 && (ours[at] ?? 0) < (theirs[at] ?? 0);
}

export async function proxyReboot(session: Session): Promise<void> {
  if (session.options['confirmed'] !== true) throw new BeyondStandIn('the stand-in for kamal asks no questions: pass -y');
  const { config, targets, world } = session;
  const groups = session.options['rolling'] === true ? targets.proxyHosts.map((host) => [host]) : [targets.proxyHosts];
  await withLock(session, async () => {
    for (const hosts of groups) {
      await session.hook('pre-proxy-reboot', { hosts: hosts.join(',') });
      await session.on(hosts, async (on) => {
        const proxy = proxyCommands(config, on.host);
        await on.execute(auditCommands(config, world).record('Rebooted proxy'), { level: 'debug' });
        await on.execute(registryCommands(config).login());
        await on.execute(proxy.stop(), { tolerant: true });
        await on.execute(proxy.removeContainer());
        await on.execute(proxy.makeAppsDirectory());
        await on.execute(proxy.run());
      });
      await session.hook('post-proxy-reboot', { hosts: hosts.join(',') });
    }
  });
}

export const proxyStart = (session: Session): Promise<void> => withLock(session, () => session.on(session.targets.proxyHosts, async (on) => {
  await on.execute(auditCommands(session.config, session.world).record('Started proxy'), { level: 'debug' });
  await on.execute(proxyCommands(session.config, on.host).start());
}));

export const proxyStop = (session: Session): Promise<void> => withLock(session, () => session.on(session.targets.proxyHosts, async (on) => {
  await on.execute(auditCommands(session.config, session.world).record('Stopped proxy'), { level: 'debug' });
  await on.execute(proxyCommands(session.config, on.host).stop(), { tolerant: true });
}));

export const proxyRestart = (session: Session): Promise<void> => withLock(session, async () => {
  await proxyStop(session);
  await proxyStart(session);
});

export const proxyDetails = (session: Session): Promise<void> => session.on(session.targets.proxyHosts, async (on) =>
  printByHost(session, on.host, await on.capture(proxyCommands(session.config, on.host).details()), 'Proxy'));
