import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { EvaluateFlags, Io } from '../cli/index.ts';
import { ClassifiedError, type LoadHistory, leadSeconds, messageOf } from '../model/index.ts';
import { scheduleFloors } from '../schedules/floors.ts';
import { CsvReader, type Engine, decisionLine, readLine, startEngine } from '../simulate/index.ts';
import { readPolicy } from './read-policy.ts';

/** Of a pool that the policy's file does not have. */
const USUAL_DRAIN_SECONDS = 60;
/** A line of a thousand hosts is a tenth of it; more is no line. */
const LONGEST_LINE = 1_000_000;
const BAD_INPUT = 2;

/** Decides line by line until the input ends or nobody reads any more. Resolves with the exit code; a bad line ends it. */
export async function evaluate(flags: EvaluateFlags, io: Io): Promise<number> {
  const engine = await engineOf(flags);
  try {
    return await decideLines(engine, io);
  } catch (error) {
    if (io.signal.aborted) return 0;
    throw error;
  }
}

async function decideLines(engine: Engine, io: Io): Promise<number> {
  let lineNumber = 0;
  let rest = '';
  for await (const chunk of io.stdin()) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    const { decided, problem } = decideEach(engine, lines, lineNumber);
    lineNumber += lines.length;
    // Whoever sent these lines may wait for their decisions before it sends the next.
    if (decided !== '') io.stdout(decided);
    if (problem !== undefined) return refuse(problem, io);
    if (rest.length > LONGEST_LINE) return refuse(`line ${lineNumber + 1} is longer than ${LONGEST_LINE} characters`, io);
  }
  if (rest === '') return 0;
  const { decided, problem } = decideEach(engine, [rest], lineNumber);
  if (decided !== '') io.stdout(decided);
  return problem === undefined ? 0 : refuse(problem, io);
}

/** Decisions up to the first bad line, and what is wrong with that. */
function decideEach(engine: Engine, lines: readonly string[], before: number): { decided: string; problem?: string } {
  let decided = '';
  for (const [index, text] of lines.entries()) {
    const line = readLine(text);
    if (line.kind === 'Bad') return { decided, problem: `line ${before + index + 1} ${line.message}` };
    decided += `${decisionLine(line.time, engine.decide(line.moment))}\n`;
  }
  return { decided };
}

function refuse(problem: string, io: Io): number {
  io.stderr(`error: ${problem}\n`);
  return BAD_INPUT;
}

async function engineOf({ policy: file, billing, history }: EvaluateFlags): Promise<Engine> {
  const { policy: { spec }, pool } = await readPolicy(file);
  const floors = scheduleFloors(spec.schedules);
  return startEngine({
    policy: spec,
    billing,
    drainSeconds: pool?.spec.drain.timeoutSeconds ?? USUAL_DRAIN_SECONDS,
    ...(history !== undefined && { history: await readHistory(history) }),
    // Boots that the engine learns of are not known here: the usual one is close enough for a schedule.
    constraintsAt: (now) => floors(now, leadSeconds([], spec.intervalSeconds)),
  });
}

/** Reads `time,rps` by the minute. Throws Invalid, naming file, line, field and value. */
async function readHistory(file: string): Promise<LoadHistory> {
  const reader = new CsvReader(file);
  try {
    for await (const line of createInterface({ input: createReadStream(file, 'utf8'), crlfDelay: Infinity })) reader.add(line);
  } catch (error) {
    if (error instanceof ClassifiedError) throw error;
    throw new ClassifiedError('Invalid', `--history ${file} cannot be read: ${messageOf(error)}`, { mend: 'name a file of lines time,rps' });
  }
  const { trace, begin } = reader.finish();
  if (begin === undefined) throw new ClassifiedError('Invalid', `--history ${file} has seconds, which say nothing of the time of the day`, { mend: 'begin the file with the line time,rps and write RFC 3339 times' });
  return { startAt: begin, stepSeconds: trace.binSeconds, loads: trace.rates };
}
