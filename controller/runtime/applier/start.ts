import { createFolderApplier } from './folder-applier.ts';
import type { FolderApplierOptions } from './folder-applier.ts';
import { problemText } from './read-documents.ts';

export interface StartedApplier {
  /** Ends the watching; resolves when no pass runs any more. */
  stop(): Promise<void>;
}

/**
 * Applies a folder and goes on watching it. Resolves after the first pass. `report` hears of each problem once, as
 * `file:line:column: message`, and again when it came back.
 */
export async function startApplier({ report, ...options }: Omit<FolderApplierOptions, 'onReport'> & { report: (problems: string[]) => void }): Promise<StartedApplier> {
  let known = new Set<string>();
  const applier = createFolderApplier({
    ...options,
    onReport: ({ errors }) => {
      const problems = errors.map(problemText);
      const fresh = problems.filter((problem) => !known.has(problem));
      known = new Set(problems);
      if (fresh.length > 0) report(fresh);
    },
  });
  await applier.apply();
  const ending = new AbortController();
  const ended = applier.run(ending.signal);
  return {
    stop: async () => {
      ending.abort();
      await ended;
    },
  };
}
