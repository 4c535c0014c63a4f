import type { Command } from 'commander';
import { type KamalHost, type ObjectKey, PROTECTED_ANNOTATION, QUARANTINED_ANNOTATION } from '../api/index.ts';
import type { Composition, Io, OpenStore } from './composition.ts';
import { CommandFailure, EXIT } from './failure.ts';
import { edit } from './find.ts';
import { readHostName } from './kinds.ts';
import { type LocationFlags, withLocationFlags, withStore } from './location.ts';

interface KeepFlags extends LocationFlags {
  namespace?: string;
  release?: boolean;
  off?: boolean;
}

/** A mark that a person sets on a host and takes off again. */
interface Mark {
  verb: 'quarantine' | 'protect';
  annotation: string;
  description: string;
  end: { flag: string; text: string };
  explanation: string;
  set: string;
  taken: string;
}

const MARKS: readonly Mark[] = [
  {
    verb: 'quarantine', annotation: QUARANTINED_ANNOTATION,
    description: 'Take a host out of service and keep its server to look at.',
    end: { flag: '--release', text: 'give it back to its pool' },
    explanation: 'The host drains and leaves the load balancers; its server is kept and paid for,\nand counts against maxReplicas and budget. Its pool makes up for it.',
    set: 'leaves service and is kept until it is released or deleted', taken: 'goes back to its pool',
  },
  {
    verb: 'protect', annotation: PROTECTED_ANNOTATION,
    description: 'Keep a host from being chosen by a scale-in or a roll.',
    end: { flag: '--off', text: 'let it be chosen again' },
    explanation: 'Its deletion by a person still drains it, and it is still replaced when it is down.',
    set: 'is never chosen by a scale-in or a roll', taken: 'may be chosen by a scale-in or a roll again',
  },
];

export function addKeep(program: Command, composition: Composition, io: Io, finish: (code: number) => void): void {
  for (const mark of MARKS) {
    withLocationFlags(program.command(mark.verb)
      .description(mark.description)
      .argument('<host>', 'name of a KamalHost')
      .option(mark.end.flag, mark.end.text)
      .option('-n, --namespace <ns>', 'namespace of the host'))
      .addHelpText('after', `
${mark.explanation}

Examples:
  kamal-autoscaler ${mark.verb} web-1-c0ffee00
  kamal-autoscaler ${mark.verb} web-1-c0ffee00 ${mark.end.flag}`)
      .action(async (word: string, flags: KeepFlags) => {
        const name = readHostName(word);
        finish(await withStore(composition, io, flags, async (open) => {
          const key = { name, namespace: flags.namespace ?? open.defaultNamespace };
          io.stdout(`kamalhost/${name} ${await setMark(open, key, mark, flags.release !== true && flags.off !== true)}\n`);
          return EXIT.done;
        }));
      });
  }
}

async function setMark({ store }: OpenStore, key: ObjectKey, { verb, annotation, set, taken }: Mark, wanted: boolean): Promise<string> {
  const result = await edit(store, 'KamalHost', key, (host) => {
    if (wanted) refuseLate(host, verb);
    return (host.metadata.annotations?.[annotation] === 'true') === wanted ? undefined : annotated(host, annotation, wanted);
  });
  return `${wanted ? set : taken}${result === 'Unchanged' ? ' already' : ''}`;
}

/** A deletion that was asked for cannot be taken back: the host drains, and its server goes. */
function refuseLate({ metadata: { name, deletionTimestamp } }: KamalHost, verb: string): void {
  if (deletionTimestamp === undefined) return;
  throw new CommandFailure(EXIT.refused, `kamalhost/${name} is being deleted since ${deletionTimestamp}, and cannot be kept by ${verb} any more`, `what it left behind: kamal-autoscaler describe kh ${name}`);
}

function annotated(host: KamalHost, annotation: string, wanted: boolean): KamalHost {
  const { [annotation]: _, ...others } = host.metadata.annotations ?? {};
  return { ...host, metadata: { ...host.metadata, annotations: wanted ? { ...others, [annotation]: 'true' } : others } };
}
