/** Loaded before a process's own modules (`node --import`): patches the source that the named bug lives in, as it is read. */
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { BUGS, type BugName, type PlantedBug } from './bugs.ts';

const name = process.env['KAMAL_AUTOSCALER_PLANTED_BUG'] ?? '';
const bug: PlantedBug | undefined = BUGS[name as BugName];
if (bug === undefined) throw new Error(`no bug ${name}: one of ${Object.keys(BUGS).join(', ')}`);
const patches = new Map(bug.patches.map((patch) => [pathToFileURL(join(import.meta.dirname, '..', '..', '..', patch.file)).href, patch]));

registerHooks({
  load(asked, context, next) {
    const loaded = next(asked, context);
    const patch = patches.get(asked);
    if (patch === undefined) return loaded;
    const source = typeof loaded.source === 'string' ? loaded.source : Buffer.from(loaded.source as Uint8Array).toString();
    const [before, after, ...more] = source.split(patch.find);
    if (after === undefined || more.length > 0) throw new Error(`the text that ${name} replaces stands not once in ${patch.file}`);
    return { ...loaded, source: `${before}${patch.replace}${after}` };
  },
});
