import type { Command } from 'commander';
import type { ObjectKey } from '../api/index.ts';
import type { Composition, Io, OpenStore } from './composition.ts';
import { CommandFailure, EXIT } from './failure.ts';
import { edit, poolKeys } from './find.ts';
import { readPoolName } from './kinds.ts';
import { type LocationFlags, withLocationFlags, withStore } from './location.ts';

interface PauseFlags extends LocationFlags {
  namespace?: string;
  all?: boolean;
}

/** A verb with the state that it leads to. */
interface Verb {
  name: 'pause' | 'resume';
  participle: 'paused' | 'resumed';
  paused: boolean;
  description: string;
  explanation: string;
}

const VERBS: readonly Verb[] = [
  {
    name: 'pause', participle: 'paused', paused: true,
    description: 'Stop changing a pool; what serves goes on serving.',
    explanation: 'From the next pass on no host is created, drained or deleted and no membership\nchanges, until `resume`.',
  },
  {
    name: 'resume', participle: 'resumed', paused: false,
    description: 'Let a paused pool be changed again.',
    explanation: 'The pool then goes to the number of hosts that is wanted by now.',
  },
];

export function addPauseAndResume(program: Command, composition: Composition, io: Io, finish: (code: number) => void): void {
  for (const verb of VERBS) {
    withLocationFlags(program.command(verb.name)
      .description(verb.description)
      .argument('[pool]', 'name of a HostPool')
      .option('--all', 'every pool; of one namespace with -n')
      .option('-n, --namespace <ns>', 'namespace of the pool'))
      .addHelpText('after', `
${verb.explanation}

Examples:
  kamal-autoscaler ${verb.name} web
  kamal-autoscaler ${verb.name} --all`)
      .action(async (pool: string | undefined, flags: PauseFlags) => {
        if ((pool === undefined) === (flags.all !== true)) {
          throw new CommandFailure(EXIT.usage, pool === undefined ? 'no pool is named' : 'a pool and --all are both given', `write kamal-autoscaler ${verb.name} POOL, or --all`);
        }
        finish(await withStore(composition, io, flags, async (open) => {
          const keys = pool === undefined ? await poolKeys(open.store, flags.namespace) : [{ name: readPoolName(pool), namespace: flags.namespace ?? open.defaultNamespace }];
          if (keys.length === 0) throw new CommandFailure(EXIT.notFound, 'there is no pool', 'see `kamal-autoscaler get hostpools -A`');
          for (const key of keys) await setPaused(open, key, verb, io);
          return EXIT.done;
        }));
      });
  }
}

async function setPaused({ store, defaultNamespace }: OpenStore, key: ObjectKey, { participle, paused }: Verb, io: Io): Promise<void> {
  const result = await edit(store, 'HostPool', key, (pool) =>
    (pool.spec.paused === paused ? undefined : { ...pool, spec: { ...pool.spec, paused } }));
  const where = key.namespace === defaultNamespace ? '' : ` in namespace ${key.namespace}`;
  io.stdout(`hostpool/${key.name} ${participle}${where}${result === 'Unchanged' ? ' already' : ''}\n`);
}
