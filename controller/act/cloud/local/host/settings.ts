import { ClassifiedError } from '../../../../model/index.ts';
import type { HostOrder } from '../process-table.ts';
import type { ProcessIdentity } from '../process-identity.ts';

/** How a host serves: the same for all hosts of a table. */
export interface HostSettings {
  /** Time after boot until the machine is ready for a deploy, as cloud-init takes it. */
  prepareMilliseconds: number;
  /** Time that the app takes to start. */
  deployMilliseconds: number;
  /** Requests that are served at once, as Puma's threads; others queue first in, first out. */
  workers: number;
  /** Mean time that a request takes a worker. */
  serviceMilliseconds: number;
  serviceTime: 'Exponential' | 'Fixed';
  /** Requests that may queue; more are refused with 503. */
  queueLimit: number;
  /** Processor time that a request burns. */
  cpuMilliseconds: number;
  /** Nominal capacity of the machine in cores: the CPU series shows the process's own use against it. */
  cores: number;
  memoryBytes: number;
  /** Program of a real kamal-proxy to stand in front of the app; absent: this process does as kamal-proxy does. */
  kamalProxy?: string;
}

/** A host with five workers of 50 ms: it saturates at 100 requests a second. */
export const defaultHostSettings: HostSettings = {
  prepareMilliseconds: 0, deployMilliseconds: 300, workers: 5, serviceMilliseconds: 50, serviceTime: 'Exponential', queueLimit: 1000,
  cpuMilliseconds: 0.3, cores: 0.1, memoryBytes: 512 * 1024 * 1024,
};

/** What a setting may be; the proxy's program has a variable of its own. */
const accepted: Record<keyof Omit<HostSettings, 'kamalProxy'>, { is: (value: unknown) => boolean; write: string }> = {
  prepareMilliseconds: atLeast(0), deployMilliseconds: atLeast(0), workers: wholeAtLeast(1), serviceMilliseconds: atLeast(0),
  serviceTime: { is: (value) => value === 'Exponential' || value === 'Fixed', write: '"Exponential" or "Fixed"' },
  queueLimit: wholeAtLeast(0), cpuMilliseconds: atLeast(0), cores: atLeast(0.001), memoryBytes: wholeAtLeast(1),
};

/** Settings from JSON such as `{"workers":10}`. Throws Invalid that names `source`, the setting, its value and the mend. */
export function readHostSettings(source: string, text: string): Partial<HostSettings> {
  const settings = parseObject(source, text);
  for (const [name, value] of Object.entries(settings)) {
    const rule = Object.hasOwn(accepted, name) ? accepted[name as keyof typeof accepted] : undefined;
    if (rule === undefined) throw new ClassifiedError('Invalid', `${source}: ${JSON.stringify(name)} is no setting: write one of ${Object.keys(accepted).join(', ')}`);
    if (!rule.is(value)) throw new ClassifiedError('Invalid', `${source}: ${name} ${JSON.stringify(value)}: write ${rule.write}`);
  }
  return settings;
}

function parseObject(source: string, text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new ClassifiedError('Invalid', `${source} ${JSON.stringify(text)}: write a JSON object, such as {"workers":10,"serviceMilliseconds":60}`);
}

function atLeast(least: number) {
  return { is: (value: unknown) => typeof value === 'number' && value >= least, write: `a number from ${least}` };
}

function wholeAtLeast(least: number) {
  return { is: (value: unknown) => Number.isInteger(value) && (value as number) >= least, write: `a whole number from ${least}` };
}

/** What stands in a host's order file. */
export interface HostAssignment {
  order: HostOrder;
  settings: HostSettings;
  /** The host ends when this process is gone; absent: only with its order file. */
  until?: ProcessIdentity;
}
