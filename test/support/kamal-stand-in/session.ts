/** A run of Kamal: configuration, targets, verbosity, lock and connections, shared by all that a command does. */
import { type Configuration, hasHook, readConfiguration } from './config/configuration.ts';
import type { Role } from './config/role.ts';
import { asKamalError, CommandFailed, ExecuteError, KamalError } from './errors.ts';
import { failureReport, type Level, Output, type Running } from './output.ts';
import { textOf } from './config/validate.ts';
import { auditTags } from './remote/host.ts';
import { type Connection, connectionTo } from './ssh/connection.ts';
import { type Filters, hostFilter, roleFilter, type Targets, targetsOf } from './targets.ts';
import { commandLine, type Words } from './words.ts';
import type { World } from './world.ts';
import type { OptionValues } from './arguments/thor.ts';

export interface RunOptions {
  /** A failing command is no error: false goes back to whoever asked. */
  tolerant?: true;
  level?: Level;
}

/** What a block may do on its host. */
export interface OnHost {
  host: string;
  /** Whether it ended with 0. Throws CommandFailed otherwise, unless tolerant. */
  execute(words: Words, options?: RunOptions): Promise<boolean>;
  /** What it printed, without white space around it unless `raw`. */
  capture(words: Words, options?: RunOptions & { raw?: true }): Promise<string>;
  upload(content: string, path: string): Promise<void>;
}

export class Session {
  readonly world: World;
  readonly output: Output;
  /** As given to the command, defaults in. */
  readonly options: OptionValues;
  /** The command that was asked for: hooks are told its first word alone. */
  readonly command: { name: string; sub?: string };
  /** `-H` reaches only commands without a sub-command: their class's default overrides it elsewhere. */
  readonly skipsHooks: boolean;
  holdingLock: boolean;
  #connected = false;
  #config: Configuration | undefined;
  #filters: Filters = {};
  readonly #connections = new Map<string, Connection>();
  /** What is printed when a signal ends the run: the runtimes of what was under way, innermost first. */
  readonly #unwinding: (() => void)[] = [];

  constructor(world: World, command: { name: string; sub?: string }, options: OptionValues) {
    this.world = world;
    this.command = command;
    this.options = options;
    this.output = new Output(world);
    this.output.quiet = options['quiet'] === true;
    this.output.verbosity = options['quiet'] === true ? 'error' : options['verbose'] === true ? 'debug' : 'info';
    this.skipsHooks = command.sub === undefined && options['skip_hooks'] === true;
    this.holdingLock = world.env['KAMAL_LOCK'] === 'true';
  }

  get config(): Configuration {
    const { config_file: configFile, destination, version } = this.options;
    return (this.#config ??= readConfiguration(this.world, {
      configFile: String(configFile),
      ...(destination === undefined ? {} : { destination: String(destination) }),
      ...(version === undefined ? {} : { version: String(version) }),
    }));
  }

  get targets(): Targets {
    return targetsOf(this.config, this.#filters);
  }

  /** Takes `--hosts`, `--roles` and `-p` at their word; throws where none matches. */
  narrow(): void {
    const { hosts, roles, primary } = this.options;
    if (typeof hosts === 'string' && hosts !== '') this.#filters = { ...this.#filters, hosts: hostFilter(this.config, hosts.split(',')) };
    if (typeof roles === 'string' && roles !== '') this.#filters = { ...this.#filters, roles: roleFilter(this.config, roles.split(',')) };
    if (primary === true) this.#filters = { ...this.#filters, hosts: hostFilter(this.config, [this.#filters.roles?.[0]?.hosts[0] ?? this.config.primaryHost]) };
  }

  /** Tells at the end how long the work took, also when it fails or a signal ends it; answers whole seconds. */
  async timed(work: () => Promise<void>): Promise<number> {
    const started = this.world.now().getTime();
    const seconds = (): number => (this.world.now().getTime() - started) / 1000;
    const tell = (): void => this.output.puts(`  Finished all in ${seconds().toFixed(1)} seconds`);
    this.#unwinding.push(tell);
    try {
      await work();
    } finally {
      this.#unwinding.pop();
      tell();
    }
    return Math.round(seconds());
  }

  /** A signal ends the run: says what Ruby's `ensure` blocks would say. Nothing is released. */
  interrupted(): void {
    for (const tell of this.#unwinding.toReversed()) tell();
  }

  /** Runs a block on hosts at once and waits for all. Throws an ExecuteError when one of them failed. */
  async on(hosts: readonly string[], block: (on: OnHost) => Promise<void>): Promise<void> {
    await this.connect();
    const results = await Promise.allSettled(hosts.map(async (host) => {
      try {
        await block(this.#onHost(host));
      } catch (error) {
        throw new ExecuteError(asKamalError(error), `Exception while executing on host ${host}: ${asKamalError(error).message}`);
      }
    }));
    throwTogether(results, 'hosts');
  }

  /** By host and role. In parallel each role is run of its own, otherwise a host's roles come one after the other. */
  async onRoles(hosts: readonly string[], parallel: boolean, block: (on: OnHost, role: Role) => Promise<void>): Promise<void> {
    const { roles } = this.targets;
    if (!parallel) {
      await this.on(hosts, async (on) => {
        for (const role of roles) if (role.hosts.includes(on.host)) await block(on, role);
      });
      return;
    }
    await this.connect();
    const results = await Promise.allSettled(roles.filter((role) => role.hosts.some((host) => hosts.includes(host))).map(async (role) => {
      try {
        await this.on(role.hosts.filter((host) => hosts.includes(host)), (on) => block(on, role));
      } catch (error) {
        throw new ExecuteError(asKamalError(error), `Exception while executing on ${role.name}: ${asKamalError(error).message}`);
      }
    }));
    throwTogether(results, 'roles');
  }

  /** The hook that runs before anything is connected to. */
  async connect(): Promise<void> {
    if (this.#connected) return;
    await this.hook('pre-connect', { secrets: true });
    this.#connected = true;
  }

  /** Runs a hook of the project on this machine, if there is one. Throws a HookError when it fails. */
  async hook(name: string, details: { secrets?: true; hosts?: string; runtime?: string } = {}): Promise<void> {
    if (this.skipsHooks || !hasHook(this.world, this.config, name)) return;
    const words = [`${this.config.hooksPath}/${name}`];
    const env = this.#hookEnv(details);
    const level = this.output.verbosity;
    if (level === 'info') this.output.verbosity = hookVerbosity(this.config.raw['hooks_output'], name) ?? level;
    const running = this.#start(words, 'localhost', 'info');
    const result = await this.world.hook(words[0] ?? '', env);
    for (const stream of ['stdout', 'stderr'] as const) for (const line of result[stream].split(/(?<=\n)/)) if (line !== '') this.output.data(running, stream, line);
    if (result.status === 0) this.output.finished(running, 0, this.world.now().getTime());
    this.output.verbosity = level;
    // Ruby reports a local command's wait status, which has the exit status in its higher byte.
    if (result.status !== 0) throw new KamalError('Kamal::Cli::HookError', `Hook \`${name}\` failed:\n${failureReport(words, { ...result, status: result.status << 8 })}`);
  }

  close(): void {
    for (const connection of this.#connections.values()) connection.close();
  }

  #hookEnv(details: { secrets?: true; hosts?: string; runtime?: string }): Record<string, string> {
    const { targets } = this;
    const all = {
      ...auditTags(this.config, this.world),
      hosts: details.hosts ?? targets.hosts.join(','),
      ...(targets.specificRoles === undefined ? {} : { roles: targets.specificRoles.map((role) => role.name).join(',') }),
      lock: String(this.holdingLock),
      command: this.command.name,
      ...(details.runtime === undefined ? {} : { runtime: details.runtime }),
    };
    const tags = Object.fromEntries(Object.entries(all).map(([key, value]) => [`KAMAL_${key.toUpperCase()}`, value]));
    return { ...tags, ...(details.secrets === true ? this.config.secrets.all() : {}) };
  }

  #start(words: Words, where: string, level: Level): Running {
    const user = this.world.env['USER'] ?? this.world.env['LOGNAME'] ?? this.world.env['USERNAME'];
    const running = { id: this.world.hex(4), words, on: where, as: where === 'localhost' ? user : undefined, level, startedAt: this.world.now().getTime() };
    this.output.started(running);
    return running;
  }

  #onHost(host: string): OnHost {
    const connection = this.#connections.get(host) ?? connectionTo(this.world, host, this.config.ssh, {
      retries: Number(this.config.sshkit['dns_retries'] ?? 3),
      warn: (text) => this.output.log('warn', text),
    });
    this.#connections.set(host, connection);
    const run = async (words: Words, options: RunOptions): Promise<{ succeeded: boolean; stdout: string }> => {
      const running = this.#start(words, host, options.level ?? 'info');
      const result = await connection.exec(commandLine(words), (stream, text) => this.output.data(running, stream, text));
      const { status } = result;
      if (status === undefined) return { succeeded: false, stdout: result.stdout };
      if (status !== 0 && options.tolerant !== true) throw new CommandFailed(failureReport(words, { ...result, status }));
      this.output.finished(running, status, this.world.now().getTime());
      return { succeeded: status === 0, stdout: result.stdout };
    };
    return {
      host,
      execute: async (words, options = {}) => (await run(words, options)).succeeded,
      capture: async (words, options = {}) => {
        const { stdout } = await run(words, options);
        return options.raw === true ? stdout : stdout.trim();
      },
      upload: async (content, path) => {
        this.output.log('debug', `Uploading ${path} 0.0%`);
        await connection.upload(content, path, '0600');
        this.output.info(`Uploading ${path} 100.0%`);
      },
    };
  }
}

const hookVerbosity = (setting: unknown, hook: string): Level | undefined => {
  const level = typeof setting === 'object' && setting !== null ? (setting as Record<string, unknown>)[hook] : setting;
  const name = textOf(level).replace(/^:/, '');
  if (name === 'verbose') return 'debug';
  return name === 'quiet' ? 'error' : undefined;
};

function throwTogether(results: readonly PromiseSettledResult<void>[], of: 'hosts' | 'roles'): void {
  const failures = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
  // A mistake of the stand-in itself stands before whatever else failed.
  const mistake = failures.find((failure) => !(failure instanceof ExecuteError));
  if (mistake !== undefined) throw mistake;
  const [first] = failures as ExecuteError[];
  if (first === undefined) return;
  if (failures.length === 1) throw first;
  throw new ExecuteError(first.inner, [`Exceptions on ${failures.length} ${of}:`, ...(failures as ExecuteError[]).map((failure) => failure.message)].join('\n'));
}
