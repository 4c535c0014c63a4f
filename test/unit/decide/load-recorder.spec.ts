import { expect } from 'chai';
import { createLoadRecorder } from '../../../controller/decide/index.ts';
import { changeBefore } from '../../../controller/decide/season.ts';
import { START } from './build.ts';

const STEP = 300_000;
const DAY = 86_400_000;
const WEEK = 7 * DAY;

/** Samples every 15 s from `from` to `to`, each worth what `load` says. */
function record(recorder: ReturnType<typeof createLoadRecorder>, from: number, to: number, load: (at: number) => number): void {
  for (let at = from; at < to; at += 15_000) recorder.add(at, load(at));
}

describe('decide: the load of last week', () => {
  const rising = (at: number): number => 100 + (((at - START + 10 * WEEK) / STEP) % 288);

  it('keeps means of five minutes for a week, and says by how much the load changed a season ago', () => {
    const recorder = createLoadRecorder();
    record(recorder, START - WEEK - DAY, START, rising);
    for (const season of [DAY, WEEK]) {
      // Twenty minutes are four steps of one request each, counted from the middle of the first.
      expect(changeBefore(recorder.history(), season, START + STEP / 2, 4 * STEP)).to.be.closeTo(104.475 / 100.475, 1e-4);
    }
    expect(recorder.history().loads).to.have.length(2040);
  });

  it('makes nothing up for a hole', () => {
    const recorder = createLoadRecorder();
    record(recorder, START - DAY - 10 * STEP, START - DAY, rising);
    record(recorder, START - DAY + 2 * STEP, START, rising);
    expect(changeBefore(recorder.history(), DAY, START + STEP, 6 * STEP)).to.equal(undefined);
    expect(changeBefore(recorder.history(), DAY, START + 6 * STEP, 6 * STEP)).to.be.a('number');
    expect(changeBefore(recorder.history(), WEEK, START, STEP)).to.equal(undefined);
  });

  it('forgets what lies in the future when the clock is set back', () => {
    const recorder = createLoadRecorder();
    record(recorder, START, START + DAY, () => 900);
    record(recorder, START - DAY, START - DAY + 20 * STEP, () => 100);
    const { loads } = recorder.history();
    expect(Math.max(...Array.from(loads).filter((load) => !Number.isNaN(load)))).to.equal(100);
  });

  it('goes on after a jump of years', () => {
    const recorder = createLoadRecorder();
    record(recorder, 0, 10 * STEP, () => 5);
    record(recorder, START, START + DAY + STEP, rising);
    expect(changeBefore(recorder.history(), DAY, START + DAY + STEP, STEP)).to.be.a('number');
  });

  it('survives being stored, and is empty after garbage', () => {
    const recorder = createLoadRecorder();
    record(recorder, START - 2 * DAY, START, rising);
    const stored: unknown = JSON.parse(JSON.stringify(recorder.store()));
    expect(JSON.stringify(stored).length).to.be.below(20_000);
    const again = createLoadRecorder(stored);
    expect(again.history().startAt).to.equal(recorder.history().startAt);
    Array.from(recorder.history().loads).forEach((load, index) => {
      const back = again.history().loads[index]!;
      if (Number.isNaN(load)) expect(back).to.be.NaN;
      else expect(back).to.be.closeTo(load, 0.011);
    });
    for (const garbage of [undefined, null, 7, {}, { firstStep: 1.5, loads: [] }, { firstStep: 1, loads: ['x'] }]) {
      expect(changeBefore(createLoadRecorder(garbage).history(), DAY, START, STEP)).to.equal(undefined);
    }
  });

  it('takes the past from elsewhere without losing what it recorded itself', () => {
    const recorder = createLoadRecorder();
    record(recorder, START - 4 * STEP, START, () => 500);
    const minutes = Float64Array.from({ length: 1440 }, (_, minute) => 10 + minute);
    recorder.fill({ startAt: START - DAY, stepSeconds: 60, loads: minutes });
    recorder.add(START, 1);
    const { startAt, loads } = recorder.history();
    const at = (time: number): number => loads[(time - startAt) / STEP]!;
    expect(at(START - DAY)).to.equal(12);
    expect(at(START - 2 * STEP)).to.equal(500);
  });
});
