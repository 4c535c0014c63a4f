import { ClassifiedError, type MachineFact, isClass, messageOf } from '../../model/index.ts';
import type { DeployTarget } from '../../ports/index.ts';
import { CLOUD_INIT_SCRIPT, readCloudInit } from './cloud-init-status.ts';
import { LIVE_KEY, OWN_KEY } from './host-key-files.ts';
import type { CommandResult } from './connection.ts';
import { type PublicKey, fingerprintOf, readPublicKey } from './public-key.ts';
import type { Redact, SSH } from './ssh.ts';

/** Says what a machine is like now, apart from the app. Never rejects: what cannot be reached is a fact. */
export type MachineInspector = (target: DeployTarget) => Promise<MachineFact>;

const COMMAND_SECONDS = 8;

export function createMachineInspector(ssh: Pick<SSH, 'run' | 'contact'>, redact: Redact): MachineInspector {
  const ask = (target: DeployTarget, what: string, command: readonly string[]): Promise<CommandResult> =>
    ssh.run(target, command, { what, trust: 'FirstContact', seconds: COMMAND_SECONDS });

  async function prepared(target: DeployTarget): Promise<MachineFact> {
    const { code, stdout, stderr } = await ask(target, 'asking Docker for its version', ['sh', '-c', READY_SCRIPT]);
    if (code !== 0) return { kind: 'Preparing', why: dockerAbsence(code, redact(stderr)) };
    const [, bootID] = /^boot ([0-9a-f-]{8,80})$/m.exec(stdout) ?? [];
    return { kind: 'Ready', ...(bootID === undefined ? {} : { bootID }) };
  }

  /** Reached under the key of its user data: its own may take over once everything else is there. */
  async function delivered(target: DeployTarget, deliveredKey: PublicKey): Promise<MachineFact> {
    const said = readCloudInit((await ask(target, 'asking for the status of cloud-init', ['sh', '-c', CLOUD_INIT_SCRIPT])).stdout);
    if (said.kind === 'Running' || said.kind === 'Failed') return { kind: 'Preparing', why: redact(said.why) };
    const [machine, keys] = await Promise.all([prepared(target), ask(target, 'reading its own host key', ['sh', '-c', OWN_KEY_SCRIPT])]);
    return machine.kind === 'Ready' ? ownKeyFact(target, keys.stdout, deliveredKey) : machine;
  }

  /** A program that did not come back is one thing, a host that is away since another. */
  async function afterLoss(target: DeployTarget, lost: ClassifiedError): Promise<MachineFact> {
    try {
      await ssh.contact(target, 'FirstContact');
      return { kind: 'Preparing', why: lost.message };
    } catch (error) {
      return absence(error);
    }
  }

  return async (target) => {
    try {
      const { kind, key } = await ssh.contact(target, 'FirstContact');
      switch (kind) {
        case 'Delivered': return await delivered(target, key);
        case 'Own': case 'Pinned': return await prepared(target);
      }
    } catch (error) {
      return isClass(error, 'OutcomeUnknown') ? afterLoss(target, error) : absence(error);
    }
  };
}

/** `docker version` asks the daemon; the client's own version alone says nothing. */
const READY_SCRIPT = `printf 'boot %s\\n' "$(cat /proc/sys/kernel/random/boot_id 2>/dev/null)"
exec docker version --format '{{.Server.Version}}'`;

/** The key that waits; after a rotation that was broken off, the one that sshd reads when it is next told to. */
const OWN_KEY_SCRIPT = `cat ${OWN_KEY}.pub 2>/dev/null || cat ${LIVE_KEY}.pub 2>/dev/null`;

function ownKeyFact({ identity, host }: DeployTarget, text: string, deliveredKey: PublicKey): MachineFact {
  const key = readPublicKey(text);
  const pinned = identity.kind === 'Bought' ? identity.ownKey : undefined;
  if (key === undefined || key === deliveredKey) return { kind: 'Preparing', why: 'it has made no host key of its own yet' };
  if (pinned === undefined || readPublicKey(pinned) === key) return { kind: 'Delivered', ownKey: key };
  return {
    kind: 'Mismatch',
    why: `${host.name} answers under the key of its user data again and calls ${fingerprintOf(key)} its own, pinned is ${fingerprintOf(pinned)}: it was installed anew, or somebody who read its user data stands between. Delete the KamalHost to replace it.`,
  };
}

const NOT_FOUND = 127;
const LONGEST_WORDS = 200;

function dockerAbsence(code: number | undefined, stderr: string): string {
  if (code === NOT_FOUND) return 'Docker is not installed yet';
  const words = stderr.trim().split('\n').at(-1) ?? '';
  return `Docker does not answer yet${words === '' ? '' : `: ${words.slice(0, LONGEST_WORDS)}`}`;
}

function absence(error: unknown): MachineFact {
  if (isClass(error, 'HostKey')) return { kind: 'Mismatch', why: withMend(error) };
  return { kind: 'Unreachable', why: error instanceof ClassifiedError ? withMend(error) : messageOf(error) };
}

const withMend = (error: ClassifiedError): string => (error.mend === undefined ? error.message : `${error.message}. ${error.mend}`);
