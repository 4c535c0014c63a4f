/** Runs a system program to its end. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const OUTPUT_AT_MOST = 16 * 2 ** 20;

/** What such programs find on their way; nothing else of the test's environment leaks in. */
export const SYSTEM_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Answers what it printed; `input` is what it reads. Throws with its output where it fails. */
export async function runProgram(command: string, args: readonly string[], input = ''): Promise<string> {
  const running = run(command, args, { env: { PATH: SYSTEM_PATH, HOME: '/root' }, maxBuffer: OUTPUT_AT_MOST });
  // A program that ends without reading is no failure.
  running.child.stdin?.on('error', () => undefined).end(input);
  try {
    return (await running).stdout;
  } catch (error) {
    const { stdout = '', stderr = '', code } = error as { stdout?: string; stderr?: string; code?: number | string };
    throw new Error(`${[command, ...args].join(' ')}: exit ${code}: ${stdout}${stderr}`.trim(), { cause: error });
  }
}
