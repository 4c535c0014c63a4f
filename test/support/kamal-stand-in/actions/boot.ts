/** A new container of a role on a host: the old one is stopped once the new one is healthy. */
import { CommandFailed, KamalError } from '../errors.ts';
import type { Role } from '../config/role.ts';
import { roleCommands } from '../remote/app.ts';
import { auditCommands } from '../remote/host.ts';
import type { OnHost, Session } from '../session.ts';

const healthcheckError = (message: string): KamalError => new KamalError('Kamal::Cli::Healthcheck::Error', message);

/** Other roles wait until the first container of the primary role is healthy, or is not. */
export class Barrier {
  readonly #settled = Promise.withResolvers<boolean>();
  #set = false;

  /** Whether this call was the first to say. */
  settle(open: boolean): boolean {
    if (this.#set) return false;
    this.#set = true;
    this.#settled.resolve(open);
    return true;
  }

  async wait(): Promise<void> {
    if (!(await this.#settled.promise)) throw healthcheckError('Halted at barrier');
  }
}

export async function bootRole(session: Session, on: OnHost, role: Role, version: string, barrier: Barrier): Promise<void> {
  const isGate = role === session.targets.primaryRole;
  const primary = session.targets.primaryRole?.name ?? '';
  const commands = roleCommands(session.config, role);
  const old = await makeRoom(session, on, role, version);
  if (!isGate) await waitAt(session, on, role, primary, barrier);
  try {
    await startNew(session, on, role, version);
  } catch (error) {
    if (error instanceof KamalError) {
      if (isGate && barrier.settle(false)) await tellWhy(session, on, role, version, primary);
      await on.execute(commands.stop(version), { tolerant: true });
    }
    throw error;
  }
  if (isGate && barrier.settle(true)) session.output.info(`First ${primary} container is healthy on ${on.host}, booting any other roles`);
  if (old !== '') await on.execute(commands.stop(old), { tolerant: true });
}

/** Renames a container that has the name already; answers the version that runs. */
async function makeRoom(session: Session, on: OnHost, role: Role, version: string): Promise<string> {
  const commands = roleCommands(session.config, role);
  if (await on.capture(commands.idOf(version), { tolerant: true }) !== '') {
    const renamed = `${version}_replaced_${session.world.hex(8)}`;
    session.output.info(`Renaming container ${version} to ${renamed} as already deployed on ${on.host}`);
    await audit(session, on, role, `Renaming container ${version} to ${renamed}`);
    await on.execute(commands.rename(version, renamed));
  }
  return on.capture(commands.runningVersion(), { tolerant: true });
}

async function waitAt(session: Session, on: OnHost, role: Role, primary: string, barrier: Barrier): Promise<void> {
  const { output } = session;
  output.info(`Waiting for the first healthy ${primary} container before booting ${role.name} on ${on.host}...`);
  try {
    await barrier.wait();
  } catch (error) {
    output.info(`First ${primary} container is unhealthy, not booting ${role.name} on ${on.host}`);
    throw error;
  }
  output.info(`First ${primary} container is healthy, booting ${role.name} on ${on.host}...`);
}

async function startNew(session: Session, on: OnHost, role: Role, version: string): Promise<void> {
  const commands = roleCommands(session.config, role);
  try {
    await audit(session, on, role, `Booted app version ${version}`);
    const hostname = `${on.host.slice(0, 51).replace(/\.$/, '')}-${session.world.hex(6)}`;
    await on.execute(commands.makeEnvDirectory());
    await on.upload(role.env(on.host).secretsFile(), commands.envFile);
    await on.execute(commands.run(on.host, hostname));
    if (role.proxy === undefined) await waitForHealthy(session, () => on.capture(commands.status(version)));
    else await on.execute(commands.proxyDeploy(await endpointOf(on, role, () => on.capture(commands.idOf(version)))));
  } catch (error) {
    if (error instanceof KamalError) session.output.error(`Failed to boot ${role.name} on ${on.host}`);
    throw error;
  }
}

/** The container's id. Throws a BootError when there is no container. */
export async function endpointOf(on: OnHost, role: Role, look: () => Promise<string>): Promise<string> {
  const endpoint = await look();
  if (endpoint === '') throw new KamalError('Kamal::Cli::BootError', `Failed to get endpoint for ${role.name} on ${on.host}, did the container boot?`);
  return endpoint;
}

async function waitForHealthy(session: Session, look: () => Promise<string>): Promise<void> {
  const { config, output, world } = session;
  const deadline = world.now().getTime() + config.deployTimeout * 1000;
  for (let attempt = 1; ; attempt += 1) {
    let status = await look();
    if (status === 'running' && config.readinessDelay > 0) {
      output.info(`Container is running, waiting for readiness delay of ${config.readinessDelay} seconds`);
      await world.sleep(config.readinessDelay * 1000);
      status = await look();
    }
    if (status === 'running' || status === 'healthy') break;
    const left = (deadline - world.now().getTime()) / 1000;
    if (left <= 0) throw healthcheckError(`container not ready after ${config.deployTimeout} seconds (${status})`);
    await world.sleep(Math.min(attempt, left) * 1000);
  }
  output.info('Container is healthy!');
}

async function tellWhy(session: Session, on: OnHost, role: Role, version: string, primary: string): Promise<void> {
  const { output } = session;
  const commands = roleCommands(session.config, role);
  output.info(`First ${primary} container is unhealthy on ${on.host}, not booting any other roles`);
  try {
    output.error(await on.capture(commands.logs(version)));
    output.error(await on.capture(commands.healthLog(version)));
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
    output.error(`Could not fetch logs for ${version}`);
  }
}

const audit = async (session: Session, on: OnHost, role: Role, line: string): Promise<void> =>
  void (await on.execute(auditCommands(session.config, session.world).record(line, role.name), { level: 'debug' }));
