import { readFileSync } from 'node:fs';
import { type Composition, processIo, runProgram } from './cli/index.ts';
import { audit } from './compose/audit.ts';
import { demo } from './compose/demo.ts';
import { evaluate } from './compose/evaluate.ts';
import { offline } from './compose/offline.ts';
import { open } from './compose/open.ts';
import { readFiles } from './compose/read-files.ts';
import { run } from './compose/run.ts';
import { simulator } from './compose/simulate/index.ts';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };
const composition: Composition = { audit, run, demo, evaluate, offline, open, readFiles, simulator, version };

process.exitCode = await runProgram(process.argv.slice(2), composition, processIo());
