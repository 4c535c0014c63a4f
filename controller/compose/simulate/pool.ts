import { availableParallelism } from 'node:os';
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Job, JobResult, Trace } from '../../simulate/index.ts';

export type WorkerAnswer = { index: number } & ({ result: JobResult } | { failure: string });

/** The package is JavaScript, the repository TypeScript. */
const WORKER = new URL(`./worker${extname(import.meta.url)}`, import.meta.url);

export interface PoolOptions {
  /** Ends the workers; the runs reject. */
  signal?: AbortSignal;
  /** Called after each run. */
  progress?: (done: number, all: number) => void;
}

/** Runs all jobs on all cores and answers in their order. Rejects with the first failure, and ends its threads in any case. */
export async function runJobs(jobs: readonly Job[], { signal, progress }: PoolOptions = {}): Promise<JobResult[]> {
  const shared = sharing();
  const results: JobResult[] = Array.from({ length: jobs.length });
  const workers = Array.from({ length: Math.min(availableParallelism(), jobs.length) }, () => new Worker(WORKER));
  let next = 0;
  let done = 0;
  const aborted = new Promise<never>((_, reject) => {
    if (signal?.aborted === true) reject(new Error('interrupted'));
    signal?.addEventListener('abort', () => reject(new Error('interrupted')), { once: true });
  });
  // Nobody waits for it where everything ends well.
  aborted.catch(() => undefined);
  const work = (worker: Worker): Promise<void> => new Promise((resolve, reject) => {
    const give = (): void => {
      const index = next++;
      const job = jobs[index];
      if (job === undefined) resolve();
      else worker.postMessage({ index, job: { ...job, scenario: { ...job.scenario, trace: shared(job.scenario.trace) } } });
    };
    worker.on('message', (answer: WorkerAnswer) => {
      if ('failure' in answer) {
        reject(new Error(answer.failure));
        return;
      }
      results[answer.index] = answer.result;
      progress?.(++done, jobs.length);
      give();
    });
    worker.on('error', reject);
    give();
  });
  try {
    await Promise.race([Promise.all(workers.map(work)), aborted]);
    return results;
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

/** Puts each trace into memory that all threads see, once. */
function sharing(): (trace: Trace) => Trace {
  const known = new Map<Float64Array, Float64Array>();
  return ({ binSeconds, rates }) => {
    let shared = known.get(rates);
    if (shared === undefined) {
      shared = new Float64Array(new SharedArrayBuffer(rates.byteLength));
      shared.set(rates);
      known.set(rates, shared);
    }
    return { binSeconds, rates: shared };
  };
}
