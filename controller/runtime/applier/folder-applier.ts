import { isDeepStrictEqual } from 'node:util';
import { messageOf, toTimestamp } from '../../model/index.ts';
import type { Instant } from '../../model/index.ts';
import type { Clock, Documents, Store } from '../../ports/index.ts';
import { applyObjects } from './apply-objects.ts';
import type { AppliedObject } from './apply-objects.ts';
import { readDocumentsInTurns } from './read-documents.ts';
import type { PlacedProblem } from './read-documents.ts';
import { hintOn, readFolder } from './source-folder.ts';
import type { FolderContent } from './source-folder.ts';

/** Document in which the errors of the last pass lie, for commands of other processes. */
export const APPLIER_ERRORS_DOCUMENT = 'applier-errors';

/** Value of that document. */
export interface ApplierErrors {
  folder: string;
  /** When the errors became what they are. */
  since: string;
  /** Empty while all files are applied. */
  errors: PlacedProblem[];
}

export interface ApplyReport {
  applied: AppliedObject[];
  errors: PlacedProblem[];
}

export interface FolderApplierOptions {
  folder: string;
  store: Store;
  documents: Documents;
  clock: Clock;
  /** Hears of each pass that created, updated or found other errors than the pass before. */
  onReport: (report: ApplyReport) => void;
  /** Longest time between two looks at the folder, in milliseconds. */
  lookMilliseconds?: number;
}

export interface FolderApplier {
  /** One pass. Never throws: what is wrong is in the report. */
  apply(): Promise<ApplyReport>;
  /** Passes at start, after changes and at each look, until the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
}

/** Editors write in several steps; a file counts as written when it was the same twice, this far apart. */
const SETTLE_MILLISECONDS = 100;

/** Longest time between two passes over files that did not change. */
const REAPPLY_MILLISECONDS = 60_000;

/**
 * Brings the YAML files of a folder into the store. The files own what they write and nothing else; what a file no
 * longer says is left alone: a vanished file or folder deletes nothing, a broken one changes nothing.
 */
export function createFolderApplier({ folder, store, documents, clock, onReport, lookMilliseconds = 2000 }: FolderApplierOptions): FolderApplier {
  let reported: PlacedProblem[] = [];
  let passedAt: Instant | undefined;

  const pass = async (content: FolderContent): Promise<ApplyReport> => {
    let before = content.errors;
    try {
      const { objects, errors } = await readDocumentsInTurns(content.files);
      before = [...before, ...errors];
      const result = await applyObjects(store, objects);
      return { applied: result.applied, errors: [...before, ...result.errors] };
    } catch (error) {
      return { applied: [], errors: [...before, problemOf(folder, `could not be applied, tried again soon: ${messageOf(error)}`)] };
    }
  };

  const apply = async (content: FolderContent): Promise<ApplyReport> => {
    const passed = await pass(content);
    const unnoted = await noteErrors(documents, { folder, since: toTimestamp(clock.now()), errors: passed.errors });
    const report = { applied: passed.applied, errors: [...passed.errors, ...unnoted] };
    const changed = !isDeepStrictEqual(report.errors, reported);
    reported = report.errors;
    passedAt = clock.now();
    if (changed || report.applied.some(({ outcome }) => outcome !== 'Unchanged')) onReport(report);
    return report;
  };

  /** The content after it stopped changing; undefined when the signal aborts first. */
  const settled = async (signal: AbortSignal): Promise<FolderContent | undefined> => {
    for (let content = await readFolder(folder); ;) {
      await clock.sleep(SETTLE_MILLISECONDS, signal);
      if (signal.aborted) return undefined;
      const again = await readFolder(folder);
      if (isDeepStrictEqual(content, again)) return again;
      content = again;
    }
  };

  /** Also when no file changed: the store may be back, or an object may have gone or been changed by hand. */
  const due = (): boolean => passedAt === undefined || reported.length > 0 || clock.now() - passedAt >= REAPPLY_MILLISECONDS;

  return {
    apply: async () => apply(await readFolder(folder)),
    run: async (signal) => {
      let wake = new AbortController();
      const hint = hintOn(folder, () => wake.abort());
      let last: FolderContent | undefined;
      try {
        while (!signal.aborted) {
          wake = new AbortController();
          await hint.refresh();
          const changed = !isDeepStrictEqual(await readFolder(folder), last);
          if (changed) last = await settled(signal);
          if (last !== undefined && (changed || due())) await apply(last);
          await clock.sleep(lookMilliseconds, AbortSignal.any([signal, wake.signal]));
        }
      } finally {
        hint.close();
      }
    },
  };
}

/** Problems of the noting itself; the report carries everything else already. */
async function noteErrors(documents: Documents, value: ApplierErrors): Promise<PlacedProblem[]> {
  try {
    const noted = await documents.load(APPLIER_ERRORS_DOCUMENT);
    const old = noted?.value as ApplierErrors | undefined;
    if (old !== undefined && old.folder === value.folder && isDeepStrictEqual(old.errors, value.errors)) return [];
    await documents.save(APPLIER_ERRORS_DOCUMENT, value, noted?.version);
    return [];
  } catch (error) {
    return [problemOf(value.folder, `errors of this folder could not be stored for other commands: ${messageOf(error)}`)];
  }
}

const problemOf = (folder: string, message: string): PlacedProblem => ({ place: { file: folder, line: 1, column: 1 }, message });
