/** A world whose controller runs on a folder of YAML and its own store. */
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { storePath } from '../../../controller/compose/standalone.ts';
import { systemClock } from '../../../controller/runtime/clock.ts';
import { openSqliteStore } from '../../../controller/runtime/store/sqlite-store.ts';
import { World } from './world.ts';

export interface StandaloneWorld extends AsyncDisposable {
  world: World;
  configFolder: string;
  /** Writes a document into the folder, which is made when it is missing. */
  write(file: string, text: string): Promise<void>;
}

export async function startStandaloneWorld(): Promise<StandaloneWorld> {
  const stack = new AsyncDisposableStack();
  try {
    const folder = await mkdtemp(join(tmpdir(), 'config-'));
    stack.defer(() => rm(folder, { recursive: true, force: true }));
    const configFolder = join(folder, 'config');
    await mkdir(configFolder);
    const world = stack.use(await World.start({
      replicas: 1,
      store: { kind: 'Standalone', configFolder },
      view(stateFolder) {
        const store = openSqliteStore({ path: storePath(stateFolder), clock: systemClock, ids: () => crypto.randomUUID(), missing: 'Refuse' });
        stack.defer(() => store.close());
        return { store, documents: store };
      },
    }));
    return {
      world, configFolder,
      async write(file, text) {
        await mkdir(configFolder, { recursive: true });
        // In one move, so that no half of the file is read.
        const draft = join(folder, 'draft');
        await writeFile(draft, text);
        await rename(draft, join(configFolder, file));
      },
      [Symbol.asyncDispose]: () => stack.disposeAsync(),
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}
