/** setup, deploy, redeploy and rollback: the commands made of the others. */
import { BeyondStandIn, CommandFailed, ExecuteError, runtimeError } from '../errors.ts';
import { roleCommands } from '../remote/app.ts';
import { auditCommands, hostCommands, imageCommands, registryCommands } from '../remote/host.ts';
import type { Session } from '../session.ts';
import { boot, staleContainers } from './app.ts';
import { withLock } from './lock.ts';
import { proxyBoot } from './proxy.ts';
import { pruneAll } from './prune.ts';
import { bootstrap } from './server.ts';

export async function setup(session: Session): Promise<void> {
  await session.timed(() => withLock(session, async () => {
    // The version is settled before any work, as Kamal passes it on to all that it invokes.
    const version = session.config.version();
    session.output.say('Ensure Docker is installed...', 'magenta');
    await bootstrap(session);
    await deployVersion(session, version);
  }));
}

export const deploy = (session: Session): Promise<void> => deployVersion(session);

async function deployVersion(session: Session, settled?: string): Promise<void> {
  const { output } = session;
  const seconds = await session.timed(async () => {
    const version = settled ?? session.config.version();
    await pullStep(session);
    await withLock(session, async () => {
      await session.hook('pre-deploy', { secrets: true });
      output.say('Ensure kamal-proxy is running...', 'magenta');
      await proxyBoot(session);
      output.say('Detect stale containers...', 'magenta');
      await staleContainers(session, true);
      await boot(session, version);
      output.say('Prune old containers and images...', 'magenta');
      await pruneAll(session);
    });
  });
  await session.hook('post-deploy', { secrets: true, runtime: String(seconds) });
}

export async function redeploy(session: Session): Promise<void> {
  const seconds = await session.timed(async () => {
    const version = session.config.version();
    await pullStep(session);
    await withLock(session, async () => {
      await session.hook('pre-deploy', { secrets: true });
      session.output.say('Detect stale containers...', 'magenta');
      await staleContainers(session, true);
      await boot(session, version);
    });
  });
  await session.hook('post-deploy', { secrets: true, runtime: String(seconds) });
}

export async function rollback(session: Session, version: string): Promise<void> {
  let rolledBack = false;
  const seconds = await session.timed(() => withLock(session, async () => {
    session.config.version();
    session.config.declare(version);
    if (await hasContainerEverywhere(session, version)) {
      await session.hook('pre-deploy', { secrets: true });
      await boot(session, version);
      rolledBack = true;
    } else {
      session.output.say(`The app version '${version}' is not available as a container (use 'kamal app containers' for available versions)`, 'red');
    }
  }));
  if (rolledBack) await session.hook('post-deploy', { secrets: true, runtime: String(seconds) });
}

const NOT_FOUND = 'Container not found';

async function hasContainerEverywhere(session: Session, version: string): Promise<boolean> {
  try {
    await session.on(session.targets.appHosts, async (on) => {
      for (const role of session.targets.rolesOn(on.host)) {
        if (await on.capture(roleCommands(session.config, role).idOf(version)) === '') throw runtimeError(NOT_FOUND);
      }
    });
    return true;
  } catch (error) {
    if (!(error instanceof ExecuteError) || !error.message.includes(NOT_FOUND)) throw error;
    session.output.say(`Error looking for container version ${version}: ${error.message}`);
    return false;
  }
}

async function pullStep(session: Session): Promise<void> {
  if (session.options['skip_push'] !== true) throw new BeyondStandIn('the stand-in for kamal builds no images: pass --skip-push');
  session.output.say('Pull app image...', 'magenta');
  const { config, targets, output } = session;
  await session.on(targets.appHosts, async (on) => void (await on.execute(registryCommands(config).login())));
  const seeds = await mirrorHosts(session);
  if (seeds.length === 0) return pullOn(session, targets.appHosts);
  output.say(`Pulling image on ${seeds.join(', ')} to seed the ${seeds.length === 1 ? 'mirror' : 'mirrors'}...`, 'magenta');
  await pullOn(session, seeds);
  output.say('Pulling image on remaining hosts...', 'magenta');
  await pullOn(session, targets.appHosts.filter((host) => !seeds.includes(host)));
}

/** One host for each registry mirror; with one host alone nobody asks. */
async function mirrorHosts(session: Session): Promise<string[]> {
  const { appHosts } = session.targets;
  if (appHosts.length < 2) return [];
  const seeds = new Map<string, string>();
  await session.on(appHosts, async (on) => {
    try {
      const mirror = await on.capture(hostCommands.firstMirror());
      if (mirror !== '' && !seeds.has(mirror)) seeds.set(mirror, on.host);
    } catch (error) {
      // Docker cannot show the first of no mirrors.
      if (!(error instanceof CommandFailed) || !error.message.includes('error calling index: reflect: slice index out of range')) throw error;
    }
  });
  return [...seeds.values()];
}

async function pullOn(session: Session, hosts: readonly string[]): Promise<void> {
  const { config, world } = session;
  const images = imageCommands(config);
  await session.on(hosts, async (on) => {
    await on.execute(auditCommands(config, world).record(`Pulled image with version ${config.version()}`), { level: 'debug' });
    await on.execute(images.remove(), { tolerant: true });
    await on.execute(images.pull());
    await on.execute(images.checkLabel());
  });
}
