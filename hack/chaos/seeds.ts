/** Runs the worlds of many seeds, on one processor or on several. */
import { Worker } from 'node:worker_threads';
import { generateWorld } from '../../test/support/chaos/generate.ts';
import { type ChaosResult, runWorld } from '../../test/support/chaos/run.ts';

export interface SeedRun {
  seed: number;
  result: ChaosResult;
}

/** In their order on one processor, else as they end. A world that throws ends all. */
export async function* runSeeds(from: number, count: number, jobs: number): AsyncGenerator<SeedRun> {
  if (jobs > 1) return yield* onSeveral(from, count, jobs);
  for (let seed = from; seed < from + count; seed += 1) yield { seed, result: await runWorld(generateWorld(seed)) };
}

async function* onSeveral(from: number, count: number, jobs: number): AsyncGenerator<SeedRun> {
  const workers = Array.from({ length: Math.min(jobs, count) }, () => new Worker(new URL('./worker.ts', import.meta.url)));
  const underWay = new Map<Worker, Promise<SeedRun & { worker: Worker }>>();
  let next = from;
  const give = (worker: Worker): void => void underWay.set(worker, resultOf(worker, next++));
  try {
    for (const worker of workers) give(worker);
    while (underWay.size > 0) {
      const { worker, ...run } = await Promise.race(underWay.values());
      underWay.delete(worker);
      if (next < from + count) give(worker);
      yield run;
    }
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

async function resultOf(worker: Worker, seed: number): Promise<SeedRun & { worker: Worker }> {
  const { promise, resolve, reject } = Promise.withResolvers<ChaosResult>();
  worker.once('message', resolve).once('error', reject);
  worker.postMessage(seed);
  try {
    return { worker, seed, result: await promise };
  } finally {
    worker.off('message', resolve).off('error', reject);
  }
}
