import { spawn } from 'node:child_process';
import { stripVTControlCharacters } from 'node:util';

/** Runs the two test commands one after the other, shows their output and adds up what they counted. */
interface Counts { passed: number; failed: number; skipped: number }

const COMMANDS: [string, string[]][] = [['make', ['test']], ['make', ['test-real']]];

const total: Counts = { passed: 0, failed: 0, skipped: 0 };
for (const [program, args] of COMMANDS) {
  const title = [program, ...args].join(' ');
  console.log(`\n=== ${title}`);
  const started = Date.now();
  const { code, counts } = await run(program, args);
  console.log(`=== ${title}: exit ${code} after ${Math.round((Date.now() - started) / 1000)} s; ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
  total.passed += counts.passed;
  // A command that failed without a failed test, or counted nothing at all, is a failure of its own.
  total.failed += counts.failed > 0 || (code === 0 && counts.passed > 0) ? counts.failed : 1;
  total.skipped += counts.skipped;
}
// CI has every part, so a skipped test is one that nobody runs.
if (total.skipped > 0) console.log(`${total.skipped} skipped tests count as failed here`);
total.failed += total.skipped;
console.log(`\n${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed === 0 ? 0 : 1;

function run(program: string, args: string[]): Promise<{ code: number; counts: Counts }> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, FORCE_COLOR: '0' } });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      process.stdout.write(chunk);
      output += chunk.toString();
    });
    child.once('close', (code) => resolve({ code: code ?? 1, counts: count(output) }));
  });
}

/** Mocha's closing lines, of every mocha run in the output; colours, which some terminals force, are taken out. */
function count(output: string): Counts {
  const plain = stripVTControlCharacters(output);
  const sum = (word: string) => [...plain.matchAll(new RegExp(`^\\s+(\\d+) ${word}\\b`, 'gm'))].reduce((all, [, digits]) => all + Number(digits), 0);
  return { passed: sum('passing'), failed: sum('failing'), skipped: sum('pending') };
}
