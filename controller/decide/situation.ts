/**
 * In which situation a forecast is made: forecasts of a rising load miss otherwise than those of a calm one, and those of
 * a few hosts otherwise than those of many.
 */
export type Situation = number;

/** Expected change until the forecast's time, as a share of the load: where one direction ends and the next begins. */
const DIRECTIONS = [-0.06, -0.02, 0.02, 0.06];
/** Load in hosts: where small fleets end and large ones begin. */
const SIZES = [5, 12];
/** So small a load counts as this much, in hosts, when a change is taken as a share of it. */
const LEAST_LOAD = 0.64;

export const SITUATIONS = (DIRECTIONS.length + 1) * (SIZES.length + 1);

export function situationOf(load: number, change: number): Situation {
  return place(DIRECTIONS, change / Math.max(load, LEAST_LOAD)) * (SIZES.length + 1) + place(SIZES, load);
}

/** What a forecast's spread is made of. Loads are in hosts. */
export interface Doubts {
  load: number;
  /** Expected until the forecast's time. */
  change: number;
  /** How far the trends' forecasts are apart. */
  apart: number;
  /** Mean error lately, in spreads as they would be without it. */
  restless: number;
}

/**
 * By how much a forecast is expected to miss, in hosts. It is the yardstick of learned errors: the load's own restlessness
 * grows like its square root (many hosts even out what few feel), a load that moves is harder to tell than one that rests,
 * where trends disagree one of them is wrong, and a restless hour is seldom followed by a calm one.
 */
export const spreadOf = ({ load, change, apart, restless }: Doubts): number =>
  scaleOf(restless) * Math.hypot(Math.sqrt(RESTLESSNESS * load + change * change) + LEAST_SPREAD, APART * apart);

/** How much wider or narrower than usual errors are lately. */
export const scaleOf = (restless: number): number => BASE_SCALE + Math.max(LEAST_RESTLESSNESS, restless);

/** Before anything was judged. */
export const USUAL_RESTLESSNESS = 0.5;
const BASE_SCALE = 0.15;
/** However long a calm lasts, it takes no more off the headroom: spikes come out of calms, and a constant load must settle. */
const LEAST_RESTLESSNESS = 0.3;
const APART = 0.5;
const RESTLESSNESS = 0.1;
const LEAST_SPREAD = 0.01;

const place = (bounds: readonly number[], value: number): number => bounds.filter((bound) => value > bound).length;
