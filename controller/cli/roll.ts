import type { Command } from 'commander';
import { type HostPool, type ObjectKey, ROLL_ANNOTATION, ROLL_PAUSED_ANNOTATION } from '../api/index.ts';
import { toTimestamp } from '../model/index.ts';
import type { Composition, Io, OpenStore } from './composition.ts';
import { CommandFailure, EXIT } from './failure.ts';
import { edit, need } from './find.ts';
import { readPoolName } from './kinds.ts';
import { type LocationFlags, withLocationFlags, withStore } from './location.ts';
import { plainText } from './text.ts';

interface RollFlags extends LocationFlags {
  namespace?: string;
  pause?: boolean;
  resume?: boolean;
  status?: boolean;
  restart?: boolean;
}

type Wish = 'Roll' | 'Restart' | 'Pause' | 'Resume' | 'Status';

export function addRoll(program: Command, composition: Composition, io: Io, finish: (code: number) => void): void {
  withLocationFlags(program.command('roll')
    .description('Replace the bought hosts of a pool by ones that are made anew.')
    .argument('<pool>', 'name of a HostPool')
    .option('--status', 'show how far it is, and change nothing')
    .option('--pause', 'replace no more; what was bought stays')
    .option('--resume', 'go on')
    .option('--restart', 'begin anew while a roll goes on')
    .option('-n, --namespace <ns>', 'namespace of the pool'))
    .addHelpText('after', `
A newer host comes into service, then an older one leaves, rollout.maxSurge of
the pool at a time. Fixed and protected hosts stay.

Examples:
  kamal-autoscaler roll web
  kamal-autoscaler roll web --status
  kamal-autoscaler roll web --pause`)
    .action(async (word: string, flags: RollFlags) => {
      const wish = readWish(flags);
      const name = readPoolName(word);
      finish(await withStore(composition, io, flags, async (open) => {
        io.stdout(`${await fulfil(open, { name, namespace: flags.namespace ?? open.defaultNamespace }, wish, io)}\n`);
        return EXIT.done;
      }));
    });
}

function readWish({ pause, resume, status, restart }: RollFlags): Wish {
  const wishes = ([[pause, 'Pause'], [resume, 'Resume'], [status, 'Status'], [restart, 'Restart']] as const).flatMap(([given, wish]) => (given === true ? [wish] : []));
  const [wish = 'Roll', ...others] = wishes;
  if (others.length === 0) return wish;
  throw new CommandFailure(EXIT.usage, `--${[wish, ...others].map((each) => each.toLowerCase()).join(' and --')} are given together`, 'write one of them');
}

async function fulfil({ store }: OpenStore, key: ObjectKey, wish: Wish, io: Io): Promise<string> {
  const subject = `hostpool/${key.name}`;
  switch (wish) {
    case 'Status': return statusText(await need(store, 'HostPool', key));
    case 'Pause':
    case 'Resume': {
      const result = await edit(store, 'HostPool', key, (pool) => withPause(pool, wish === 'Pause'));
      return `the roll of ${subject} ${wish === 'Pause' ? 'is paused' : 'goes on'}${result === 'Unchanged' ? ' already' : ''}`;
    }
    case 'Roll':
    case 'Restart': {
      const id = toTimestamp(io.now());
      await edit(store, 'HostPool', key, (pool) => {
        if (wish === 'Roll' && isRolling(pool)) throw new CommandFailure(EXIT.refused, `roll ${pool.metadata.annotations?.[ROLL_ANNOTATION]} of ${subject} goes on`, `see kamal-autoscaler roll ${key.name} --status; write --restart to replace the hosts that it bought too`);
        return withAnnotation(withPause(pool, false) ?? pool, ROLL_ANNOTATION, id);
      });
      return `${subject} rolls: hosts that were bought before ${id} are replaced`;
    }
  }
}

const isRolling = ({ metadata, status }: HostPool): boolean =>
  metadata.annotations?.[ROLL_ANNOTATION] !== undefined && metadata.annotations[ROLL_ANNOTATION] !== status?.rollout?.completed;

const withAnnotation = (pool: HostPool, name: string, value: string): HostPool =>
  ({ ...pool, metadata: { ...pool.metadata, annotations: { ...pool.metadata.annotations, [name]: value } } });

function withPause(pool: HostPool, paused: boolean): HostPool | undefined {
  if ((pool.metadata.annotations?.[ROLL_PAUSED_ANNOTATION] === 'true') === paused) return undefined;
  return withAnnotation(pool, ROLL_PAUSED_ANNOTATION, String(paused));
}

/** The condition that the controller keeps, in its words. */
function statusText(pool: HostPool): string {
  const subject = `hostpool/${pool.metadata.name}`;
  const condition = pool.status?.conditions?.find(({ type }) => type === 'HostsCurrent');
  if (condition === undefined) return `${subject}: no controller has looked yet`;
  const { completed, completedAt } = pool.status?.rollout ?? {};
  const last = completed === undefined || completedAt === undefined ? '' : `; roll ${completed} ended at ${completedAt}`;
  return plainText(`${subject}: ${condition.reason}: ${condition.message}${last}`);
}
