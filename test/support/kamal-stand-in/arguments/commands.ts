/** The commands and options of Kamal 2.12.0 that the stand-in answers; `BEYOND` are those that it knows to exist only. */
import type { OptionSpec } from './thor.ts';

/** Understood by every command. */
export const CLASS_OPTIONS: readonly OptionSpec[] = [
  { name: 'verbose', short: 'v', type: 'boolean' },
  { name: 'quiet', short: 'q', type: 'boolean' },
  { name: 'version', type: 'string' },
  { name: 'primary', short: 'p', type: 'boolean' },
  { name: 'hosts', short: 'h', type: 'string' },
  { name: 'roles', short: 'r', type: 'string' },
  { name: 'config_file', short: 'c', type: 'string', default: 'config/deploy.yml' },
  { name: 'destination', short: 'd', type: 'string' },
  { name: 'skip_hooks', short: 'H', type: 'boolean', default: false },
  { name: 'lock_wait', type: 'boolean', default: false },
  { name: 'lock_wait_timeout', type: 'numeric', default: 900 },
  { name: 'lock_wait_interval', type: 'numeric', default: 15 },
];

export interface CommandSpec {
  options: readonly OptionSpec[];
  /** Names of the arguments, as the usage line shows them; `…` takes any number. */
  takes: 'nothing' | 'VERSION' | 'CMD…';
}

const plain: CommandSpec = { options: [], takes: 'nothing' };
const flag = (name: string, short?: string): OptionSpec => ({ name, type: 'boolean', default: false, ...(short === undefined ? {} : { short }) });
const deploying: CommandSpec = { options: [flag('skip_push', 'P'), flag('no_cache')], takes: 'nothing' };
const registry: CommandSpec = { options: [flag('skip_local', 'L'), flag('skip_remote', 'R')], takes: 'nothing' };

/** Two words are a command of a command, such as `app boot`. */
export const COMMANDS: Readonly<Record<string, CommandSpec>> = {
  version: plain,
  config: plain,
  setup: deploying,
  deploy: deploying,
  redeploy: deploying,
  rollback: { options: [], takes: 'VERSION' },
  details: plain,
  audit: plain,
  'lock status': plain,
  'lock acquire': { options: [{ name: 'message', short: 'm', type: 'string', required: true }], takes: 'nothing' },
  'lock release': plain,
  'app boot': plain,
  'app start': plain,
  'app stop': plain,
  'app live': plain,
  'app maintenance': { options: [{ name: 'drain_timeout', type: 'numeric' }, { name: 'message', type: 'string' }], takes: 'nothing' },
  'app version': plain,
  'app details': plain,
  'app containers': plain,
  'app images': plain,
  'app stale_containers': { options: [flag('stop', 's')], takes: 'nothing' },
  'server exec': { options: [flag('interactive', 'i'), flag('raw')], takes: 'CMD…' },
  'server bootstrap': plain,
  'proxy boot': plain,
  'proxy reboot': { options: [flag('rolling'), flag('confirmed', 'y')], takes: 'nothing' },
  'proxy start': plain,
  'proxy stop': plain,
  'proxy restart': plain,
  'proxy details': plain,
  'prune all': plain,
  'prune images': plain,
  'prune containers': { options: [{ name: 'retain', type: 'numeric' }], takes: 'nothing' },
  'secrets print': plain,
  'registry login': registry,
  'registry logout': registry,
};

/** Commands of the real Kamal that the stand-in refuses by name. */
export const BEYOND: ReadonlySet<string> = new Set([
  'docs', 'init', 'remove', 'upgrade', 'help', 'accessory', 'build', 'secrets fetch', 'secrets extract', 'secrets help',
  'app exec', 'app logs', 'app remove', 'app remove_container', 'app remove_containers', 'app remove_images', 'app remove_app_directories',
  'proxy boot_config', 'proxy upgrade', 'proxy logs', 'proxy remove', 'proxy remove_container', 'proxy remove_image', 'proxy remove_proxy_directory',
  'registry setup', 'registry remove', 'app help', 'lock help', 'server help', 'proxy help', 'prune help', 'registry help',
]);

export const GROUPS: ReadonlySet<string> = new Set(Object.keys(COMMANDS).flatMap((name) => (name.includes(' ') ? [name.split(' ')[0] ?? ''] : [])));
