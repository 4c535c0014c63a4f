import { type Resource, type ResourceDescription, keyOf, keyText } from '../api/index.ts';
import { printableJSON } from '../model/index.ts';
import type { Change } from '../ports/index.ts';
import { cellsOf, factsOf, tableColumns, viewOf } from './cells.ts';
import type { Io, OpenStore } from './composition.ts';
import { need } from './find.ts';
import { type Wish, widthFor } from './get-wish.ts';
import { TextTable } from './table.ts';
import { printableYAML } from './text.ts';

/** Prints what is there, then a row for each change that its columns show, until `io.signal` aborts. */
export async function watchResources(open: OpenStore, wish: Wish, io: Io): Promise<void> {
  for (const { kind } of wish.resources) {
    // A name that is not there is an error now, and no wait for something that may never come.
    if (wish.name !== undefined) await need(open.store, kind, { name: wish.name, namespace: wish.namespace ?? open.defaultNamespace });
  }
  const subscriptions: { close(): void }[] = [];
  for (const resource of wish.resources) {
    const print = await printerOf(open, resource, wish, io);
    subscriptions.push(open.store.watch(resource.kind, (change) => {
      if (isWished(change.object, wish)) print(change);
    }));
  }
  await aborted(io.signal);
  for (const subscription of subscriptions) subscription.close();
}

async function printerOf(open: OpenStore, resource: ResourceDescription, wish: Wish, io: Io): Promise<(change: Change) => void> {
  switch (wish.output) {
    case 'json':
      return ({ object }) => io.stdout(`${printableJSON(object, 2)}\n`);
    case 'yaml':
      return ({ object }) => io.stdout(`---\n${printableYAML(object)}`);
    case 'table': case 'wide':
      return await rowPrinter(open, resource, wish, wish.output, io);
  }
}

/** Rows whose columns did not change are not repeated: a watch begins with what the table has shown already. */
async function rowPrinter(open: OpenStore, resource: ResourceDescription, wish: Wish, output: 'table' | 'wide', io: Io): Promise<(change: Change) => void> {
  const view = viewOf(resource, output, wish.namespace === undefined ? 'All' : 'One', wish.resources.length > 1);
  const table = new TextTable(tableColumns(view), widthFor(wish, io));
  const shown = new Map<string, string>();
  const objects = (await open.store.list(resource.kind)).filter((object) => isWished(object, wish));
  const rows = table.rows(objects.map((object) => cellsOf(object, view, io.now())));
  for (const object of objects) shown.set(keyText(keyOf(object)), factsOf(object, view));
  let titled = rows.length > 0;
  if (titled) io.stdout(`${[table.header(), ...rows].join('\n')}\n`);

  return ({ type, object }) => {
    const key = keyText(keyOf(object));
    const facts = factsOf(object, view);
    if (type === 'Deleted') shown.delete(key);
    else if (shown.get(key) === facts) return;
    else shown.set(key, facts);
    const [row = ''] = table.rows([cellsOf(object, view, io.now())]);
    if (!titled) io.stdout(`${table.header()}\n`);
    titled = true;
    io.stdout(type === 'Deleted' ? `${resource.singular}/${object.metadata.name} deleted\n` : `${row}\n`);
  };
}

const isWished = ({ metadata }: Resource, { name, namespace }: Wish): boolean =>
  (name === undefined || metadata.name === name) && (namespace === undefined || metadata.namespace === namespace);

const aborted = (signal: AbortSignal): Promise<void> => new Promise((resolve) => {
  if (signal.aborted) resolve();
  else signal.addEventListener('abort', () => resolve(), { once: true });
});
