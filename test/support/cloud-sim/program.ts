/** A simulator as a program: says where it listens, and ends when it is asked to. */
import { parseArgs } from 'node:util';
import type { ServedCloud } from './serve.ts';

/** What each such program may be told. */
export interface ProgramOptions {
  port: number;
  token: string;
  bootMilliseconds: number;
  /** Of the account. */
  mostServers: number;
}

/** `mostServers` is the name of the flag for the limit of the account, `variable` that of the endpoint in the vendor's tools. */
export async function runSimulator(names: { mostServers: string; variable: string }, absence: string | undefined, start: (options: ProgramOptions) => Promise<ServedCloud>): Promise<void> {
  const text = (value: string): { type: 'string'; default: string } => ({ type: 'string', default: value });
  const { values } = parseArgs({ options: { port: text('0'), token: text('sim-token'), 'boot-seconds': text('8'), [names.mostServers]: text('10') } });
  const value = (name: string): string => String(values[name as keyof typeof values]);
  if (absence !== undefined) console.error(`nothing is held to the vendor's document: ${absence}`);
  const sim = await start({ port: Number(value('port')), token: value('token'), bootMilliseconds: Number(value('boot-seconds')) * 1000, mostServers: Number(value(names.mostServers)) });
  console.log(`${names.variable}=${sim.endpoint}`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      void sim.close().then(() => process.exit(0), (error: Error) => {
        console.error(error.message);
        process.exit(1);
      });
    });
  }
}
