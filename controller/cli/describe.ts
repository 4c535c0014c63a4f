import type { Command } from 'commander';
import type { KamalHost, Kind, ObjectKey } from '../api/index.ts';
import type { Composition, Io, OpenStore } from './composition.ts';
import { describeHost } from './describe-host.ts';
import { describePolicy } from './describe-policy.ts';
import { describePool } from './describe-pool.ts';
import { describeSession } from './describe-session.ts';
import type { Description } from './description.ts';
import { CommandFailure, EXIT } from './failure.ts';
import { need } from './find.ts';
import { kindNames, readKind, readTarget } from './kinds.ts';
import { type LocationFlags, withLocationFlags, withStore } from './location.ts';
import { eventsSection, printSections } from './sections.ts';

export function addDescribe(program: Command, composition: Composition, io: Io, finish: (code: number) => void): void {
  withLocationFlags(program.command('describe')
    .description('Show one resource with all that led to its state.')
    .argument('<kind>', 'kind')
    .argument('[name]', 'name; kind/name is understood too')
    .option('-n, --namespace <ns>', 'namespace of the resource'))
    .addHelpText('after', () => `
Kinds:
  ${kindNames()}

Examples:
  kamal-autoscaler describe sp web
  kamal-autoscaler describe hostpool web -n shop`)
    .action(async (word: string, second: string | undefined, flags: LocationFlags & { namespace?: string }) => {
      const { kinds, name } = readTarget(word, second);
      const { kind, singular } = readKind(kinds);
      if (name === undefined) throw new CommandFailure(EXIT.usage, `no ${singular} is named`, `write such as: kamal-autoscaler describe ${singular} NAME`);
      finish(await withStore(composition, io, flags, async (open) => {
        const key = { name, namespace: flags.namespace ?? open.defaultNamespace };
        const { head, sections } = await describe(open, kind, key, io);
        const events = await open.events?.(kind, key) ?? [];
        const blocks = printSections([...sections, eventsSection(events, io.now(), io.columns)]);
        io.stdout(`${head.join('\n')}\n${blocks === '' ? '' : `\n${blocks}\n`}`);
        return EXIT.done;
      }));
    });
}

async function describe(open: OpenStore, kind: Kind, key: ObjectKey, io: Io): Promise<Description> {
  switch (kind) {
    case 'ScalingPolicy':
      return await describePolicy(open, await need(open.store, kind, key), io);
    case 'HostPool':
      return await describePool(open, await need(open.store, kind, key), io);
    case 'KamalHost':
      return describeHost(await open.store.get(kind, key, 'Fresh') ?? await gone(open, key), io);
    case 'DeploySession':
      return describeSession(await need(open.store, kind, key), io);
  }
}

/** Throws not-found; for a host that failed with the way to what is kept of it. */
async function gone({ store }: OpenStore, key: ObjectKey): Promise<KamalHost> {
  const pools = await store.list('HostPool', { namespace: key.namespace });
  const pool = pools.find(({ status }) => status?.evidence?.some(({ host }) => host === key.name) === true);
  if (pool === undefined) return need(store, 'KamalHost', key);
  throw new CommandFailure(EXIT.notFound, `kamalhost "${key.name}" of pool ${pool.metadata.name} failed and is gone`, `what it said is kept: kamal-autoscaler evidence ${key.name}${key.namespace === 'default' ? '' : ` -n ${key.namespace}`}`);
}
