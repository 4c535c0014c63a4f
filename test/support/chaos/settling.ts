/** Tells when a store in another process has nothing under way and all watches have told what was written. */
import type { Kind, ResourceByKind } from '../../../controller/api/index.ts';
import type { Change, Store, Subscription } from '../../../controller/ports/index.ts';

/** A watch that has told nothing for so long tells it never. */
const LONGEST_SILENCE_MILLISECONDS = 20_000;

export interface Settling {
  /** Runs a call that takes real time. */
  during<T>(call: () => Promise<T>): Promise<T>;
  /** The same for one that may change objects of a kind. */
  writing<T>(kind: Kind, call: () => Promise<T>): Promise<T>;
  /** Notes that objects of these kinds changed. */
  changed(kinds: readonly Kind[]): void;
  /** Watches through the store. */
  watch<K extends Kind>(store: Store, kind: K, listener: (change: Change<K>) => void): Subscription;
  /** Resolves when nothing is under way and each watch has told the newest version of each object. */
  settled(): Promise<void>;
}

/** What a watch has told: versions by UID. */
interface View { kind: Kind; versions: Map<string, string> }

/** `list`: what is there, asked anew. */
export function createSettling(list: (kind: Kind) => Promise<readonly ResourceByKind[Kind][]>): Settling {
  const underWay = new Set<Promise<unknown>>();
  const unseen = new Set<Kind>();
  const views = new Set<View>();
  let told = Promise.withResolvers<void>();

  function during<T>(call: () => Promise<T>): Promise<T> {
    const answer = call();
    const ended = answer.then(() => undefined, () => undefined).finally(() => underWay.delete(ended));
    underWay.add(ended);
    return answer;
  }

  function note({ versions }: View, { type, object: { metadata } }: Change): void {
    if (type === 'Deleted') versions.delete(metadata.uid);
    else versions.set(metadata.uid, metadata.resourceVersion);
    told.resolve();
    told = Promise.withResolvers();
  }

  /** One look; waits for the next word of a watch where one of them lags. */
  async function look(kind: Kind): Promise<void> {
    const next = told.promise;
    const there = new Map((await list(kind)).map(({ metadata }) => [metadata.uid, metadata.resourceVersion]));
    const lags = [...views].some((view) => view.kind === kind && !sameEntries(view.versions, there));
    if (!lags) unseen.delete(kind);
    else if (underWay.size === 0) await Promise.race([next, silence(kind)]);
  }

  return {
    during,
    writing: (kind, call) => during(() => call().finally(() => unseen.add(kind))),
    changed: (kinds) => kinds.forEach((kind) => unseen.add(kind)),
    watch(store, kind, listener) {
      const view: View = { kind, versions: new Map() };
      views.add(view);
      unseen.add(kind);
      const subscription = store.watch(kind, (change) => {
        note(view, change as Change);
        listener(change);
      });
      return {
        close() {
          views.delete(view);
          subscription.close();
        },
      };
    },
    async settled() {
      for (;;) {
        await new Promise((resolve) => { setImmediate(resolve); });
        const [kind] = unseen;
        if (underWay.size > 0) await Promise.all(underWay);
        else if (kind !== undefined) await look(kind);
        else return;
      }
    },
  };
}

const sameEntries = (a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean =>
  a.size === b.size && [...a].every(([key, value]) => b.get(key) === value);

async function silence(kind: Kind): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  const signal = AbortSignal.timeout(LONGEST_SILENCE_MILLISECONDS);
  signal.addEventListener('abort', () => reject(new Error(`a watch of ${kind} has told nothing for ${LONGEST_SILENCE_MILLISECONDS} ms, although something was written`)));
  return promise;
}
