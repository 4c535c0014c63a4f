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

/**
 * By how much a forecast is expected to miss, in hosts. It is the yardstick of learned errors: the load's own restlessness
 * grows like its square root (many hosts even out what few feel), and a load that moves is harder to tell than one that rests.
 */
export const spreadOf = (load: number, change: number): number => Math.sqrt(RESTLESSNESS * load + change * change) + LEAST_SPREAD;

const RESTLESSNESS = 0.1;
const LEAST_SPREAD = 0.01;

const place = (bounds: readonly number[], value: number): number => bounds.filter((bound) => value > bound).length;
