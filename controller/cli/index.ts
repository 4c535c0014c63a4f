export type * from './composition.ts';
export { processIo } from './process-io.ts';
export { runProgram } from './program.ts';
