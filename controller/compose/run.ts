import type { Io, RunFlags } from '../cli/index.ts';
import { systemClock } from '../runtime/clock.ts';
import { type Settings, readSettings } from '../runtime/settings.ts';
import { startInCluster } from './cluster.ts';
import { withEnvFile } from './environment.ts';
import { processLog } from './io-log.ts';
import { type RunningController, startStandalone } from './standalone.ts';

/** Runs the controller until the process is asked to end. Resolves with the exit code. */
export async function run(flags: RunFlags, io: Io): Promise<number> {
  const settings = readSettings(flags, withEnvFile(io.env));
  const log = processLog(settings.logLevel, () => io.now());
  const running = await start(settings, log);
  await new Promise<void>((resolve) => {
    if (io.signal.aborted) resolve();
    else io.signal.addEventListener('abort', () => resolve(), { once: true });
  });
  log.log('info', 'ends: passes under way are finished first');
  await running.stop();
  return 0;
}

function start(settings: Settings, log: ReturnType<typeof processLog>): Promise<RunningController> {
  const options = { clock: systemClock, log };
  const { mode } = settings;
  return mode.kind === 'Standalone' ? startStandalone({ ...settings, mode }, options) : startInCluster({ ...settings, mode }, options);
}
