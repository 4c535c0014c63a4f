import { randomInt } from 'node:crypto';
import { constants, createWriteStream, rmSync } from 'node:fs';
import { access, copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { finished } from 'node:stream/promises';
import type { DemoFlags, Io } from '../cli/composition.ts';
import { seededChance } from '../demo/chance.ts';
import type { Screen } from '../demo/frame.ts';
import { type Measured, judge } from '../demo/measured.ts';
import { play } from '../demo/play.ts';
import { FULL_SCRIPT, type Script } from '../demo/script.ts';
import { type Show, liveShow, plainShow } from '../demo/show.ts';
import { summary } from '../demo/summary.ts';
import { svg } from '../demo/svg.ts';
import { ClassifiedError, messageOf } from '../model/index.ts';
import { systemClock } from '../runtime/clock.ts';
import { createJsonLog } from '../runtime/log.ts';
import { startDemoWorld } from './demo-world.ts';

const EXIT = { followed: 0, notFollowed: 1, interrupted: 130 } as const;
const PICTURE = 'demo.svg';
const USUAL_ROWS = 24;

/** Plays the demo in a folder of its own and resolves with the exit code: 0, 1 when it did not go well, 130 when it was interrupted. */
export async function demo(flags: DemoFlags, io: Io, script: Script = FULL_SCRIPT): Promise<number> {
  if (flags.svg !== undefined) await mustBeWritable(flags.svg);
  const folder = await mkdtemp(join(tmpdir(), 'kamal-autoscaler-demo-'));
  const show = showFor(io);
  /** Whoever ends the process without waiting leaves the terminal and the disk clean; the hosts see for themselves that it is gone. */
  const onExit = (): void => {
    show.end();
    rmSync(folder, { recursive: true, force: true });
  };
  process.once('exit', onExit);
  try {
    return await playIn(folder, { flags, io, script, show });
  } finally {
    show.end();
    process.off('exit', onExit);
    await rm(folder, { recursive: true, force: true });
  }
}

interface Setting {
  flags: DemoFlags;
  io: Io;
  script: Script;
  show: Show;
}

async function playIn(folder: string, { flags, io, script, show }: Setting): Promise<number> {
  const logFile = join(folder, 'controller.log');
  const logStream = createWriteStream(logFile);
  const log = createJsonLog({ level: 'info', now: () => systemClock.now(), write: (line) => logStream.write(`${line}\n`) });
  const chance = seededChance(flags.seed ?? randomInt(2 ** 32));
  const { signal } = io;
  let measured: Measured | undefined;
  try {
    const world = await startDemoWorld({ script, folder, clock: systemClock, log, chance, signal });
    try {
      measured = await play({ script, stage: world, show, clock: systemClock, chance, signal });
    } finally {
      show.end();
      await world.stop();
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    logStream.end();
    await finished(logStream);
  }
  if (measured === undefined) {
    io.stderr('ended early; all that was started has ended too\n');
    return EXIT.interrupted;
  }
  const verdict = judge(measured);
  io.stdout(`\n${summary(measured, verdict, await writePicture(flags.svg ?? PICTURE, measured)).join('\n')}\n`);
  if (verdict.kind === 'Followed') return EXIT.followed;
  const kept = `${folder}.log`;
  await copyFile(logFile, kept);
  io.stdout(`The controller's log: ${kept}\n`);
  return EXIT.notFollowed;
}

/** Before, rather than after a minute and a half. */
async function mustBeWritable(file: string): Promise<void> {
  try {
    await access(dirname(resolve(file)), constants.W_OK);
  } catch (error) {
    throw new ClassifiedError('Invalid', `--svg ${JSON.stringify(file)}: nothing can be written there (${messageOf(error)}): name a file in a folder that you may write to`);
  }
}

/** Where the picture is, or why it is not. */
async function writePicture(file: string, measured: Measured): Promise<string> {
  try {
    await writeFile(file, svg(measured));
    return file;
  } catch (error) {
    return `not written: ${messageOf(error)}`;
  }
}

function showFor(io: Io): Show {
  if (!io.isTTY || io.env['TERM'] === 'dumb') return plainShow((text) => io.stdout(text));
  const colours: Screen['colours'] = (io.env['NO_COLOR'] ?? '') === '' ? 'On' : 'Off';
  // Asked each time: a window may change its size.
  return liveShow((text) => io.stdout(text), () => ({ columns: process.stdout.columns ?? io.columns, rows: process.stdout.rows ?? USUAL_ROWS, colours }));
}
