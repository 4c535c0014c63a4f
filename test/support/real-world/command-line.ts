/** `kamal-autoscaler` beside the controller, as a person calls it. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { fromRoot } from '../control-plane.ts';

const run = promisify(execFile);

/** Answers what it printed; throws with its words where it fails. */
export async function commandLine(args: readonly string[]): Promise<string> {
  try {
    const { stdout } = await run(process.execPath, ['--no-warnings', fromRoot('controller/main.ts'), ...args]);
    return stdout;
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`kamal-autoscaler ${args.join(' ')}: ${stdout}${stderr}`, { cause: error });
  }
}
