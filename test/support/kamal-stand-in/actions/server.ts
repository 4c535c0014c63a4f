/** Commands on the hosts themselves. */
import { argumentError, BeyondStandIn, runtimeError } from '../errors.ts';
import { auditCommands, hostCommands } from '../remote/host.ts';
import type { Session } from '../session.ts';
import { printByHost } from './print.ts';
import { withLock } from './lock.ts';

/** Installs Docker where there is none. */
export const bootstrap = (session: Session): Promise<void> => withLock(session, async () => {
  const missing: string[] = [];
  await session.on(session.targets.hosts, async (on) => {
    if (await on.execute(hostCommands.dockerInstalled(), { tolerant: true })) return;
    if (!(await on.execute(hostCommands.superuser(), { tolerant: true }))) {
      missing.push(on.host);
      return;
    }
    session.output.info(`Missing Docker on ${on.host}. Installing…`);
    await on.execute(hostCommands.installDocker());
    if (await on.execute(hostCommands.root(), { tolerant: true }) || await on.execute(hostCommands.inDockerGroup(), { tolerant: true })) return;
    throw new BeyondStandIn('the stand-in for kamal adds no user to the docker group: deploy as root');
  });
  if (missing.length > 0) {
    throw runtimeError(`Docker is not installed on ${missing.join(', ')} and can't be automatically installed without having root access and either \`wget\` or \`curl\`. Install Docker manually: https://docs.docker.com/engine/install/`);
  }
  await session.hook('docker-setup');
});

/** A command of the caller's on every host; with `--raw` its output and nothing else. */
export async function exec(session: Session, words: readonly string[]): Promise<void> {
  const { config, options, output, targets, world } = session;
  const raw = options['raw'] === true;
  if (options['interactive'] === true) throw raw ? argumentError('Raw is not compatible with interactive') : new BeyondStandIn('the stand-in for kamal has no terminal: server exec -i');
  const level = output.verbosity;
  if (raw) output.verbosity = 'error';
  await session.connect();
  const command = words.map((word) => word.trim()).join(' ');
  if (!raw) output.say(`Running '${command}' on ${targets.hosts.join(', ')}...`, 'magenta');
  await session.on(targets.hosts, async (on) => {
    await on.execute(auditCommands(config, world).record(`Executed cmd '${command}' on ${on.host}`), { level: 'debug' });
    if (raw) output.raw(await on.capture([command], { raw: true }));
    else printByHost(session, on.host, await on.capture([command]), 'App');
  });
  output.verbosity = level;
}
