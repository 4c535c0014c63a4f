import type { Instant, LoadHistory } from '../model/index.ts';

const STEP_SECONDS = 300;
const STEP_MS = STEP_SECONDS * 1000;
/** A week and two hours, so that the same time a week ago and what came after it are there: 8 KB a policy. */
const STEPS = (7 * 24 + 2) * 12;

/** What `evaluate` needs to know of last week, kept up sample by sample. */
export interface LoadRecorder {
  /** Takes in the load at a time. Time may stand still or be set back: what then lies in the future is forgotten. */
  add(at: Instant, load: number): void;
  /** Takes in what is known from elsewhere, where nothing was recorded yet. */
  fill(history: LoadHistory): void;
  /** The steps that are over, as they are: the next `add` may change it. */
  history(): LoadHistory;
}

/** The history as numbers in a document: steps since the epoch, and loads of which -1 is a hole. */
export interface StoredLoads {
  firstStep: number;
  loads: readonly number[];
}

/** `stored` is anything; what cannot be read is an empty history. */
export function createLoadRecorder(stored?: unknown): LoadRecorder & { store(): StoredLoads } {
  const loads = new Float32Array(STEPS).fill(NaN);
  /** Step of `loads[0]`; the last place is the newest step that is over. */
  let first = 0;
  let open: { step: number; sum: number; count: number } | undefined;

  const shiftTo = (newest: number): void => {
    const shift = newest - (first + STEPS - 1);
    if (Math.abs(shift) >= STEPS) loads.fill(NaN);
    else if (shift > 0) loads.copyWithin(0, shift).fill(NaN, STEPS - shift);
    else if (shift < 0) loads.copyWithin(-shift, 0).fill(NaN, 0, -shift);
    first += shift;
  };
  const close = (step: number): void => {
    if (open !== undefined && open.step < step) {
      shiftTo(step - 1);
      const place = open.step - first;
      if (place >= 0) loads[place] = open.sum / open.count;
    } else shiftTo(step - 1);
    open = { step, sum: 0, count: 0 };
  };
  const put = (step: number, load: number): void => {
    const place = step - first;
    if (place >= 0 && place < STEPS && Number.isNaN(loads[place]) && load >= 0) loads[place] = load;
  };

  const known = readStored(stored);
  if (known !== undefined) {
    first = known.firstStep;
    shiftTo(known.firstStep + known.loads.length - 1);
    known.loads.forEach((load, index) => put(known.firstStep + index, load));
  }
  return {
    add(at, load) {
      if (!Number.isFinite(load) || load < 0) return;
      const step = Math.floor(at / STEP_MS);
      if (open === undefined || open.step !== step) close(step);
      open!.sum += load;
      open!.count++;
    },
    fill(history) {
      const steps = Math.floor((history.loads.length * history.stepSeconds) / STEP_SECONDS);
      const from = Math.ceil(history.startAt / STEP_MS);
      if (first === 0 && open === undefined) shiftTo(from + steps - 1);
      for (let step = from; step < from + steps; step++) {
        const mean = meanBetween(history, step * STEP_MS, (step + 1) * STEP_MS);
        if (mean !== undefined) put(step, mean);
      }
    },
    history: () => ({ startAt: first * STEP_MS, stepSeconds: STEP_SECONDS, loads }),
    store: () => ({ firstStep: first, loads: Array.from(loads, (load) => (Number.isNaN(load) ? -1 : Math.round(load * 100) / 100)) }),
  };
}

function meanBetween({ startAt, stepSeconds, loads }: LoadHistory, from: Instant, to: Instant): number | undefined {
  let sum = 0;
  let count = 0;
  const begin = Math.max(0, Math.ceil((from - startAt) / (stepSeconds * 1000) - 1e-9));
  const end = Math.max(begin + 1, Math.ceil((to - startAt) / (stepSeconds * 1000) - 1e-9));
  for (let place = begin; place < end; place++) {
    const load = loads[place];
    if (load === undefined || Number.isNaN(load)) continue;
    sum += load;
    count++;
  }
  return count === 0 ? undefined : sum / count;
}

function readStored(stored: unknown): StoredLoads | undefined {
  if (typeof stored !== 'object' || stored === null) return undefined;
  const { firstStep, loads } = stored as Partial<StoredLoads>;
  if (!Number.isInteger(firstStep) || !Array.isArray(loads) || loads.length !== STEPS || !loads.every((load) => typeof load === 'number')) return undefined;
  return { firstStep: firstStep!, loads };
}
