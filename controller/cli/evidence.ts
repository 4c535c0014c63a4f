import type { Command } from 'commander';
import { type ObjectKey, keyOf } from '../api/index.ts';
import { type Evidence, printableJSON, toTimestamp } from '../model/index.ts';
import type { Condition } from '../report/conditions.ts';
import type { Composition, Io, OpenStore } from './composition.ts';
import { CommandFailure, EXIT } from './failure.ts';
import { readHostName } from './kinds.ts';
import { type LocationFlags, withLocationFlags, withStore } from './location.ts';
import { type Section, ageOf, conditionsSection, fieldLines, printSections } from './sections.ts';
import { counted, plainText } from './text.ts';

interface EvidenceFlags extends LocationFlags {
  namespace?: string;
  pool?: string;
  output?: string;
  all?: boolean;
}

export function addEvidence(program: Command, composition: Composition, io: Io, finish: (code: number) => void): void {
  withLocationFlags(program.command('evidence')
    .description('Print what a failed host said before its server was given back.')
    .argument('<host>', 'name that the host had')
    .option('-o, --output <form>', 'json: everything, for programs')
    .option('--all', 'every record under that name, the newest first')
    .option('--pool <name>', 'pool of the host, where that is gone too')
    .option('-n, --namespace <ns>', 'namespace of the host'))
    .addHelpText('after', `
The ten newest records of a pool are kept for 14 days. Secrets are masked.

Examples:
  kamal-autoscaler evidence web-1-c0ffee00
  kamal-autoscaler evidence web-1-c0ffee00 -o json`)
    .action(async (word: string, flags: EvidenceFlags) => {
      if (flags.output !== undefined && flags.output !== 'json') throw new CommandFailure(EXIT.usage, `-o ${flags.output} is no form of output`, 'write -o json, or leave it out');
      const name = readHostName(word);
      finish(await withStore(composition, io, flags, async (open) => {
        const records = await find(open, name, flags, io);
        const shown = flags.all === true ? records : records.slice(0, 1);
        if (flags.output === 'json') io.stdout(`${printableJSON(flags.all === true ? shown : shown[0], 2)}\n`);
        else io.stdout(shown.map((record) => text(record, io)).join('\n'));
        const older = records.length - shown.length;
        if (older > 0) io.stderr(`remark: ${counted(older, 'older record')} under this name: --all\n`);
        return EXIT.done;
      }));
    });
}

async function find(open: OpenStore, host: string, { namespace = open.defaultNamespace, pool }: EvidenceFlags, io: Io): Promise<Evidence[]> {
  const pools: ObjectKey[] = pool === undefined ? (await open.store.list('HostPool', { namespace })).map(keyOf) : [{ namespace, name: pool }];
  const all = (await Promise.all(pools.map((key) => open.evidence(key, io.now())))).flat();
  const records = all.filter((record) => record.host === host).sort((a, b) => b.gatheredAt - a.gatheredAt);
  if (records.length > 0) return records;
  const names = [...new Set(all.map((record) => record.host))];
  throw new CommandFailure(EXIT.notFound, `no evidence of a host "${host}" is kept in namespace ${namespace}`, names.length === 0 ? 'nothing has failed within 14 days; a host that is there still: kamal-autoscaler describe kh' : `there is evidence of ${names.join(', ')}`);
}

function text(record: Evidence, io: Io): string {
  const { host, hostID, cause, reason, gatheredAt, server, status, texts, missing } = record;
  const head = fieldLines([
    ['Host', host], ['Host ID', hostID], ['Cause', cause], ['Reason', reason],
    ['Gathered', `${toTimestamp(gatheredAt)}, ${ageOf(toTimestamp(gatheredAt), io.now())} ago`],
    ['Server', server], ['Phase', status.phase], ['Version', status.version],
    ['Failure', status.failure === undefined ? undefined : `${status.failure.class} at ${status.failure.at}: ${status.failure.message}`],
    ...missing.map(({ name, why }) => [`No ${name}`, why] as const),
  ], io.columns);
  const sections: Section[] = [
    conditionsSection(status.conditions as Condition[] | undefined, gatheredAt, io.columns),
    ...texts.map(({ name, text: said }) => ({ title: name, lines: said.split('\n').map(plainText) })),
  ];
  return `${head.join('\n')}\n\n${printSections(sections)}\n`;
}
