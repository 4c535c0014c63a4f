import type { DeployTarget } from '../../../ports/index.ts';
import { redactLog, tailOf } from './redact-log.ts';
import type { Redact } from './redact.ts';
import { type FailedOutput, withoutColours } from './read-failure.ts';

/** What the last run of Kamal on each host printed; gone with the process. */
export interface RunOutputs {
  note(target: DeployTarget, words: string, output: FailedOutput, redact: Redact): void;
  of(target: DeployTarget): string | undefined;
}

const HOSTS_KEPT = 200;
const LONGEST = 8 * 1024;

export function createRunOutputs(): RunOutputs {
  const last = new Map<string, string>();
  return {
    note(target, words, { stdout, stderr }, redact) {
      const name = nameOf(target);
      last.delete(name);
      last.set(name, `kamal ${words}\n${tailOf(redactLog(redact(withoutColours(`${stdout}\n${stderr}`))), LONGEST)}`);
      for (const oldest of last.keys()) if (last.size > HOSTS_KEPT) last.delete(oldest);
    },
    of: (target) => last.get(nameOf(target)),
  };
}

/** A slot's name is used again; a host's own identity is not. */
const nameOf = ({ identity, host }: DeployTarget): string => (identity.kind === 'Bought' ? identity.hostID : `${host.namespace}/${host.name}`);
