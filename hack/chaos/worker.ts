/** One of several processors for `npm run chaos -- --jobs N`: runs a world for each seed that it is sent. */
import { parentPort } from 'node:worker_threads';
import { generateWorld } from '../../test/support/chaos/generate.ts';
import { runWorld } from '../../test/support/chaos/run.ts';

parentPort?.on('message', (seed: number) => void runWorld(generateWorld(seed)).then((result) => parentPort?.postMessage(result)));
