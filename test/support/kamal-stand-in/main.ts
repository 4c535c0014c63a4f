/** The stand-in as a program of its own: `kamal COMMAND …`. */
import { runKamal } from './run.ts';
import { processWorld } from './world.ts';

const run = runKamal(processWorld());

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    run.interrupted();
    // Ruby tells of an interrupt on stderr; of SIGTERM it says nothing.
    if (signal === 'SIGINT') process.stderr.write('kamal: Interrupt\n');
    // By the signal itself, as Ruby ends: 143 or 130 for a shell.
    process.kill(process.pid, signal);
  });
}

// An open connection must not keep the process from ending.
process.exit(await run.ended);
