import { ClassifiedError, type Instant } from '../model/index.ts';
import type { Clock, Store } from '../ports/index.ts';
import type { View } from './frame.ts';
import { type Load, startLoad } from './load.ts';
import type { Measured, Sample } from './measured.ts';
import { Recorder } from './recorder.ts';
import { type Script, loadEnds, phasesOf, profileOf, spikeBegins } from './script.ts';
import type { Show } from './show.ts';

/** What the load and the recorder see of the world. */
export interface Stage {
  store: Pick<Store, 'watch'>;
  /** Where requests go. */
  url: string;
  /** Whether a request is answered by now. */
  answers(this: void): Promise<boolean>;
}

export interface Play {
  script: Script;
  stage: Stage;
  show: Show;
  clock: Clock;
  /** Numbers from 0 to below 1. */
  chance: () => number;
  signal: AbortSignal;
}

const LOOK_MILLISECONDS = 250;
/** The world comes up in a few seconds; on a busy machine it may take longer. */
const OPENING_SECONDS = 60;
/** How much longer the calm after the spike may last until the last host has left: without load there is nothing to judge by. */
const CLOSING_SECONDS = 20;
const P95_WINDOW_SECONDS = 3;
const RATE_WINDOW_SECONDS = 2;
/** Before that there is no rate to speak of. */
const FIRST_SAMPLE_SECONDS = 1;
const MOST_IN_FLIGHT = 4_000;
const REQUEST_MILLISECONDS = 30_000;

/**
 * Waits for the world, sends the load and measures until the hosts have followed it back. Undefined when the signal
 * aborts before. Rejects with `Unavailable` when the world does not come up.
 */
export async function play({ script, stage, show, clock, chance, signal }: Play): Promise<Measured | undefined> {
  const recorder = new Recorder(stage.store, clock);
  const opened = clock.now();
  let loadBegan: Instant | undefined;
  recorder.onHappening((happening) => show.happened(happening, loadBegan === undefined ? undefined : (happening.at - loadBegan) / 1_000));
  try {
    while (!(recorder.numbers().inService >= script.leastHosts && await stage.answers())) {
      if (signal.aborted) return undefined;
      if (clock.now() - opened > OPENING_SECONDS * 1_000) throw new ClassifiedError('Unavailable', `the demo's world did not come up within ${OPENING_SECONDS} s`);
      show.look(openingView(script, recorder));
      await clock.sleep(LOOK_MILLISECONDS, signal);
    }
    loadBegan = clock.now();
    return await underLoad({ script, stage, show, clock, chance, signal }, recorder, loadBegan);
  } finally {
    recorder.close();
  }
}

async function underLoad({ script, stage, show, clock, chance, signal }: Play, recorder: Recorder, loadBegan: Instant): Promise<Measured | undefined> {
  const enough = new AbortController();
  const load = startLoad({
    url: stage.url, profile: profileOf(script, CLOSING_SECONDS), spacing: 'Poisson', phases: phasesOf(script), clock, chance,
    signal: AbortSignal.any([signal, enough.signal]),
    kinds: [{ name: 'page', share: 1, path: '/', timeoutMilliseconds: REQUEST_MILLISECONDS }],
    maxRequests: Infinity, maxInFlight: MOST_IN_FLIGHT,
  });
  const samples: Sample[] = [];
  const rate = rateMeter(load, loadBegan, clock);
  while (!signal.aborted) {
    const sample = look(load, rate(), recorder);
    if (sample.seconds >= FIRST_SAMPLE_SECONDS) samples.push(sample);
    show.look(viewUnderLoad(script, load, sample, samples, recorder, loadBegan));
    const seconds = (clock.now() - loadBegan) / 1_000;
    if (seconds >= loadEnds(script) + (isBack(script, samples) ? 0 : CLOSING_SECONDS)) {
      enough.abort();
      return { script, loadBegan, seconds, load: await load.done, samples, decisions: recorder.decisions, hosts: recorder.allHosts };
    }
    await clock.sleep(LOOK_MILLISECONDS, signal);
  }
  await load.done;
  return undefined;
}

/** Whether there are as many hosts again as before the spike. */
function isBack(script: Script, samples: readonly Sample[]): boolean {
  const calm = samples.findLast(({ seconds }) => seconds <= spikeBegins(script))?.inService;
  const now = samples.at(-1);
  return now?.existing === calm && now?.inService === calm;
}

/** Requests a second over the last two, from what was really sent. */
function rateMeter(load: Load, loadBegan: Instant, clock: Clock): () => number {
  const marks: { seconds: number; sent: number }[] = [{ seconds: 0, sent: 0 }];
  return () => {
    const now = { seconds: (clock.now() - loadBegan) / 1_000, sent: load.soFar(0).sent };
    marks.push(now);
    while (marks.length > 2 && marks[1]!.seconds <= now.seconds - RATE_WINDOW_SECONDS) marks.shift();
    const [first = now] = marks;
    return now.seconds > first.seconds ? (now.sent - first.sent) / (now.seconds - first.seconds) : 0;
  };
}

function look(load: Load, rate: number, recorder: Recorder): Sample {
  const { seconds, p95 } = load.soFar(P95_WINDOW_SECONDS);
  const { inService, booting, leaving, wanted } = recorder.numbers();
  return { seconds, load: rate, p95, wanted: wanted ?? inService, inService, existing: inService + booting + leaving };
}

function viewUnderLoad(script: Script, load: Load, { seconds, load: rate, p95 }: Sample, samples: readonly Sample[], recorder: Recorder, loadBegan: Instant): View {
  const { sent, failed, inFlight } = load.soFar(0);
  return {
    script, seconds, load: rate, p95, requests: { sent, failed, inFlight }, hosts: recorder.hosts, numbers: recorder.numbers(), samples,
    decisions: recorder.decisions.map((decision) => ({ ...decision, seconds: (decision.at - loadBegan) / 1_000 })),
  };
}

const openingView = (script: Script, recorder: Recorder): View => ({
  script, seconds: undefined, load: 0, p95: undefined, requests: { sent: 0, failed: 0, inFlight: 0 },
  hosts: recorder.hosts, numbers: recorder.numbers(), samples: [],
  decisions: recorder.decisions.map((decision) => ({ ...decision, seconds: -1 })),
});
