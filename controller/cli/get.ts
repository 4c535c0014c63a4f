import type { Command } from 'commander';
import type { Kind, Resource, ResourceDescription } from '../api/index.ts';
import { printableJSON } from '../model/index.ts';
import { cellsOf, tableColumns, viewOf } from './cells.ts';
import type { Composition, Io, OpenStore } from './composition.ts';
import { CommandFailure, EXIT } from './failure.ts';
import { need } from './find.ts';
import { watchResources } from './get-watch.ts';
import { type Output, type Wish, widthFor } from './get-wish.ts';
import { kindNames, readKinds, readTarget } from './kinds.ts';
import { type LocationFlags, withLocationFlags, withStore } from './location.ts';
import { tableLines } from './table.ts';
import { printableYAML } from './text.ts';

interface GetFlags extends LocationFlags {
  namespace?: string;
  allNamespaces?: boolean;
  output?: string;
  watch?: boolean;
}

export function addGet(program: Command, composition: Composition, io: Io, finish: (code: number) => void): void {
  withLocationFlags(program.command('get')
    .description('Show resources, one line each.')
    .argument('[kind]', 'kinds with commas between, or all', 'all')
    .argument('[name]', 'show this one only')
    .option('-n, --namespace <ns>', 'of this namespace')
    .option('-A, --all-namespaces', 'of all namespaces')
    .option('-o, --output <form>', 'wide, json or yaml')
    .option('-w, --watch', 'then print what changes, until interrupted'))
    .addHelpText('after', () => `
Kinds:
  ${kindNames()}

A line is cut to the width of the terminal; -o wide shows all of it.

Examples:
  kamal-autoscaler get
  kamal-autoscaler get sp,hp -A
  kamal-autoscaler get hostpool web -o yaml
  kamal-autoscaler get kh --watch`)
    .action(async (word: string, second: string | undefined, flags: GetFlags) => {
      const { kinds, name } = readTarget(word, second);
      const resources = readKinds(kinds);
      const output = readOutput(flags.output);
      checkFlags(resources, name, flags);
      finish(await withStore(composition, io, flags, async (open) => {
        const namespace = flags.allNamespaces === true ? undefined : flags.namespace ?? open.defaultNamespace;
        const wish: Wish = { resources, output, ...(name !== undefined && { name }), ...(namespace !== undefined && { namespace }) };
        if (flags.watch === true) await watchResources(open, wish, io);
        else await printResources(open, wish, io);
        return EXIT.done;
      }));
    });
}

async function printResources(open: OpenStore, wish: Wish, io: Io): Promise<void> {
  const lists = await Promise.all(wish.resources.map(async ({ kind }) => await listed(open, wish, kind)));
  switch (wish.output) {
    case 'json':
      return io.stdout(`${printableJSON(documentOf(wish, lists.flat()), 2)}\n`);
    case 'yaml':
      return io.stdout(printableYAML(documentOf(wish, lists.flat())));
    case 'table': case 'wide':
      return io.stdout(tablesOf(wish, lists, io));
  }
}

async function listed(open: OpenStore, { name, namespace }: Wish, kind: Kind): Promise<Resource[]> {
  if (name !== undefined) return [await need(open.store, kind, { name, namespace: namespace ?? open.defaultNamespace })];
  return await open.store.list(kind, { ...(namespace !== undefined && { namespace }), from: 'Fresh' });
}

/** As kubectl has it: the object alone when it was named, else a List. */
const documentOf = ({ name }: Wish, objects: readonly Resource[]): unknown =>
  name === undefined ? { apiVersion: 'v1', kind: 'List', items: objects } : objects[0];

function tablesOf(wish: Wish, lists: readonly Resource[][], io: Io): string {
  const { resources, namespace, output } = wish;
  if (lists.every((objects) => objects.length === 0)) {
    io.stderr(`no ${resources.map(({ plural }) => plural).join(', ')} in ${namespace === undefined ? 'any namespace' : `namespace ${namespace}`}\n`);
    return '';
  }
  const tables = resources.flatMap((resource, index) => {
    const objects = lists[index] ?? [];
    if (objects.length === 0) return [];
    const view = viewOf(resource, output === 'wide' ? 'wide' : 'table', namespace === undefined ? 'All' : 'One', resources.length > 1);
    return [tableLines(tableColumns(view), objects.map((object) => cellsOf(object, view, io.now())), widthFor(wish, io)).join('\n')];
  });
  return `${tables.join('\n\n')}\n`;
}

function readOutput(text: string | undefined): Output {
  if (text === undefined) return 'table';
  if (text === 'wide' || text === 'json' || text === 'yaml') return text;
  throw new CommandFailure(EXIT.usage, `-o ${JSON.stringify(text)} is no form of output`, 'write -o wide, -o json or -o yaml');
}

function checkFlags(resources: readonly ResourceDescription[], name: string | undefined, flags: GetFlags): void {
  if (name !== undefined && resources.length > 1) throw new CommandFailure(EXIT.usage, 'a name goes with one kind', `write such as: kamal-autoscaler get ${resources[0]?.singular ?? ''} ${name}`);
  if (name !== undefined && flags.allNamespaces === true) throw new CommandFailure(EXIT.usage, 'a name goes with one namespace', 'write -n NAMESPACE in place of -A');
  if (flags.namespace !== undefined && flags.allNamespaces === true) throw new CommandFailure(EXIT.usage, '-n and -A are both given', 'keep one of them');
}
