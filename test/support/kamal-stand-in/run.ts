/** From the words of a command line to an exit status. */
import { BEYOND, CLASS_OPTIONS, COMMANDS, GROUPS } from './arguments/commands.ts';
import { type OptionValues, parseOptions, withDefaults } from './arguments/thor.ts';
import * as app from './actions/app.ts';
import { deploy, redeploy, rollback, setup } from './actions/deploy.ts';
import { lockAcquire, lockRelease, lockStatus } from './actions/lock.ts';
import { printByHost } from './actions/print.ts';
import { proxyBoot, proxyDetails, proxyReboot, proxyRestart, proxyStart, proxyStop } from './actions/proxy.ts';
import { pruneAll, pruneContainers, pruneImages } from './actions/prune.ts';
import { registryLogin, registryLogout } from './actions/registry.ts';
import { bootstrap, exec } from './actions/server.ts';
import { KAMAL_VERSION } from './config/configuration.ts';
import { dumpConfiguration } from './config/dump.ts';
import { BeyondStandIn, ExecuteError, KamalError, UsageError } from './errors.ts';
import { auditCommands } from './remote/host.ts';
import { Session } from './session.ts';
import type { World } from './world.ts';

/** What a shell gets for something that the stand-in does not do: no status of Kamal's. */
export const BEYOND_STATUS = 70;

export interface Run {
  /** The exit status. Rejects only on a mistake of the stand-in's own. */
  ended: Promise<number>;
  /** A signal ends the process: prints what Kamal prints then. The lock stays where it is. */
  interrupted(): void;
}

export function runKamal(world: World): Run {
  let session: Session | undefined;
  const ended = answer(world, (begun) => (session = begun)).finally(() => session?.close());
  return { ended, interrupted: () => session?.interrupted() };
}

async function answer(world: World, begun: (session: Session) => void): Promise<number> {
  try {
    await command(world, begun);
    return 0;
  } catch (error) {
    if (error instanceof UsageError) {
      world.err(`${error.message}\n`);
      return 1;
    }
    if (error instanceof BeyondStandIn) {
      world.out(`  ERROR (KamalStandIn): ${error.message}\n`);
      return BEYOND_STATUS;
    }
    if (!(error instanceof KamalError)) throw error;
    world.out(`  \x1b[31mERROR (${error instanceof ExecuteError ? error.inner.ruby : error.ruby}): ${error.message}\x1b[0m\n`);
    return 1;
  }
}

async function command(world: World, begun: (session: Session) => void): Promise<void> {
  const [first = '', ...others] = world.argv;
  if (first === '' || first.startsWith('-')) throw new BeyondStandIn('the stand-in for kamal prints no help: name a command first');
  const name = first.replaceAll('-', '_');
  const sub = GROUPS.has(name) ? others[0]?.replaceAll('-', '_') : undefined;
  const full = GROUPS.has(name) ? `${name} ${sub ?? 'help'}` : name;
  const words = GROUPS.has(name) ? others.slice(1) : others;
  const spec = COMMANDS[full];

  const general = parseOptions(words, CLASS_OPTIONS);
  const defaults = withDefaults(general.values, CLASS_OPTIONS);
  const opened = new Session(world, { name, ...(sub === undefined ? {} : { sub }) }, defaults);
  opened.narrow();
  if (spec === undefined) throw unknownCommand(full, sub ?? name);

  const own = parseOptions(general.rest, spec.options);
  const options = { ...defaults, ...withDefaults(own.values, spec.options) };
  const problem = argumentProblem(spec.takes, own.rest);
  if (problem !== undefined) throw new UsageError(`ERROR: "kamal ${full}" was called with ${problem}\nUsage: "kamal ${full}${spec.takes === 'VERSION' ? ' [VERSION]' : ''}"`);
  const session = new Session(world, opened.command, options);
  session.narrow();
  begun(session);
  await perform(session, full, own.rest, options);
}

function unknownCommand(full: string, said: string): Error {
  if (BEYOND.has(full) || BEYOND.has(full.split(' ')[0] ?? '')) return new BeyondStandIn(`the stand-in for kamal has no command ${full}`);
  return new UsageError(`Could not find command "${said}".`);
}

function argumentProblem(takes: 'nothing' | 'VERSION' | 'CMD…', rest: readonly string[]): string | undefined {
  const shown = `arguments [${rest.map((word) => JSON.stringify(word)).join(', ')}]`;
  switch (takes) {
    case 'nothing': return rest.length === 0 ? undefined : shown;
    case 'VERSION':
      if (rest.length === 1) return undefined;
      return rest.length === 0 ? 'no arguments' : shown;
    case 'CMD…': return undefined;
    default: return takes satisfies never;
  }
}

async function perform(session: Session, full: string, rest: readonly string[], options: OptionValues): Promise<void> {
  const { output } = session;
  const simple: Readonly<Record<string, (session: Session) => Promise<void>>> = {
    setup, deploy, redeploy, audit,
    'lock status': lockStatus, 'lock acquire': lockAcquire, 'lock release': lockRelease,
    'app start': app.start, 'app stop': app.stop, 'app live': app.live, 'app maintenance': app.maintenance, 'app version': app.version,
    'app details': app.details, 'app containers': app.containers, 'app images': app.images,
    'server bootstrap': bootstrap,
    'proxy boot': proxyBoot, 'proxy reboot': proxyReboot, 'proxy start': proxyStart, 'proxy stop': proxyStop, 'proxy restart': proxyRestart, 'proxy details': proxyDetails,
    'prune all': pruneAll, 'prune images': pruneImages, 'prune containers': pruneContainers,
    'registry login': registryLogin, 'registry logout': registryLogout,
  };
  const action = simple[full];
  if (action !== undefined) return action(session);
  switch (full) {
    case 'version':
      return output.puts(KAMAL_VERSION);
    case 'config':
      return output.puts(dumpConfiguration(session.config));
    case 'secrets print':
      for (const [name, value] of Object.entries(session.config.secrets.all())) output.puts(`${name}=${value}`);
      return;
    case 'rollback':
      return rollback(session, rest[0] ?? '');
    case 'app boot':
      return app.boot(session, typeof options['version'] === 'string' ? options['version'] : undefined);
    case 'app stale_containers':
      return app.staleContainers(session, options['stop'] === true);
    case 'server exec':
      return exec(session, rest);
    case 'details':
      await proxyDetails(session);
      return app.details(session);
    default:
      throw new Error(`the command ${full} is in the table but does nothing`);
  }
}

const audit = (session: Session): Promise<void> => session.on(session.targets.hosts, async (on) =>
  printByHost(session, on.host, await on.capture(auditCommands(session.config, session.world).reveal())));
