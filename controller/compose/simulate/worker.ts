import { parentPort } from 'node:worker_threads';
import { messageOf } from '../../model/index.ts';
import { type Job, runJob } from '../../simulate/index.ts';
import type { WorkerAnswer } from './pool.ts';

if (parentPort === null) throw new Error('this module is the body of a worker thread');
const port = parentPort;

port.on('message', ({ index, job }: { index: number; job: Job }) => {
  let answer: WorkerAnswer;
  try {
    answer = { index, result: runJob(job) };
  } catch (error) {
    answer = { index, failure: `${job.contender.name}: ${messageOf(error)}` };
  }
  port.postMessage(answer);
});
