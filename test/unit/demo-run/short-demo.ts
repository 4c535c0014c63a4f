import { processIo } from '../../../controller/cli/process-io.ts';
import { demo } from '../../../controller/compose/demo.ts';
import { SHORT_SCRIPT } from '../../../controller/demo/script.ts';

/** A demo as a process of its own, for suites that end it. Argument: file of the picture. */
process.exitCode = await demo({ svg: process.argv[2] ?? 'demo.svg', seed: 1 }, processIo(), SHORT_SCRIPT);
