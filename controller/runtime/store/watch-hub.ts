import { keyOf, keyText } from '../../api/index.ts';
import type { Kind, Resource, ResourceByKind } from '../../api/index.ts';
import type { Change, Subscription } from '../../ports/index.ts';
import type { Rows } from './rows.ts';

/** Delivers the change log to listeners: asynchronously, in order, each listener with its own copies. */
export interface WatchHub {
  subscribe<K extends Kind>(kind: K, listener: (change: Change<K>) => void): Subscription;
  /** Says that the log may have grown. */
  wake(): void;
  /** Ends every subscription. */
  close(): void;
}

interface Watcher {
  deliver(): void;
}

/** `onError` hears of reads that failed; the watcher goes on from where it was at the next wake. */
export function createWatchHub(rows: Rows, onError: (error: unknown) => void): WatchHub {
  const watchers = new Set<Watcher>();
  let scheduled = false;

  const wake = (): void => {
    if (scheduled) return;
    scheduled = true;
    queueMicrotask(() => {
      scheduled = false;
      for (const watcher of watchers) watcher.deliver();
    });
  };

  return {
    subscribe: (kind, listener) => {
      const next = follow(rows, kind);
      const watcher: Watcher = {
        deliver: () => {
          for (const change of read(next, onError)) {
            // A listener may close its own subscription while it handles a change.
            if (!watchers.has(watcher)) return;
            listener(change as Parameters<typeof listener>[0]);
          }
        },
      };
      watchers.add(watcher);
      wake();
      return {
        close: () => void watchers.delete(watcher),
      };
    },
    wake,
    close: () => watchers.clear(),
  };
}

function read(next: () => Change[], onError: (error: unknown) => void): Change[] {
  try {
    return next();
  } catch (error) {
    onError(error);
    return [];
  }
}

/** What changed since the last call; the first call gives all that exists. */
function follow(rows: Rows, kind: Kind): () => Change[] {
  let since: number | undefined;
  const known = new Map<string, string>();

  const fromLog = (): Change[] | undefined => {
    if (since === undefined) return undefined;
    const changes = rows.changesAfter(kind, since);
    return changes?.map(({ revision, type, text }) => {
      since = revision;
      const object = parse(text);
      const name = keyText(keyOf(object));
      if (type === 'Deleted') known.delete(name);
      else known.set(name, text);
      return { type, object };
    });
  };

  /** The log was too short, or this is the start: compare what is there with what was told. */
  const fromSnapshot = (): Change[] => {
    const { revision, texts } = rows.snapshot(kind);
    const before = new Map(known);
    known.clear();
    const changes: Change[] = [];
    for (const text of texts) {
      const object = parse(text);
      const name = keyText(keyOf(object));
      const told = before.get(name);
      before.delete(name);
      known.set(name, text);
      if (told === text) continue;
      const predecessor = told === undefined ? undefined : parse(told);
      if (predecessor !== undefined && predecessor.metadata.uid !== object.metadata.uid) changes.push({ type: 'Deleted', object: predecessor });
      changes.push({ type: predecessor?.metadata.uid === object.metadata.uid ? 'Modified' : 'Added', object });
    }
    const gone = [...before.values()].map((text): Change => ({ type: 'Deleted', object: parse(text) }));
    since = revision;
    return [...gone, ...changes];
  };

  return () => fromLog() ?? fromSnapshot();
}

const parse = (text: string): Resource => JSON.parse(text) as ResourceByKind[Kind];
