import { spawn } from 'node:child_process';
import { type Counts, countTests, toldSecrets } from './ci-output.ts';

/** Runs the two test commands one after the other, shows their output and adds up what they counted. */

const COMMANDS: [string, string[]][] = [['make', ['test']], ['make', ['test-real']]];

const total: Counts = { passed: 0, failed: 0, skipped: 0 };
for (const [program, args] of COMMANDS) {
  const title = [program, ...args].join(' ');
  console.log(`\n=== ${title}`);
  const started = Date.now();
  const { code, output } = await run(program, args);
  const counts = countTests(output);
  console.log(`=== ${title}: exit ${code} after ${Math.round((Date.now() - started) / 1000)} s; ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
  total.passed += counts.passed;
  // A command that failed without a failed test, or counted nothing at all, is a failure of its own.
  total.failed += counts.failed > 0 || (code === 0 && counts.passed > 0) ? counts.failed : 1;
  total.skipped += counts.skipped;
  const told = toldSecrets(output);
  for (const line of told) console.log(`a suite printed a secret that it planted: ${line}`);
  total.failed += told.length;
}
// CI has every part, so a skipped test is one that nobody runs.
if (total.skipped > 0) console.log(`${total.skipped} skipped tests count as failed here`);
total.failed += total.skipped;
console.log(`\n${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed === 0 ? 0 : 1;

function run(program: string, args: string[]): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, FORCE_COLOR: '0' } });
    let output = '';
    const shown = (stream: NodeJS.WriteStream) => (chunk: Buffer): void => {
      stream.write(chunk);
      output += chunk.toString();
    };
    child.stdout.on('data', shown(process.stdout));
    child.stderr.on('data', shown(process.stderr));
    child.once('close', (code) => resolve({ code: code ?? 1, output }));
  });
}
