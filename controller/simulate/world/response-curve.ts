import { type HostQueue, meanInSystem, p95Seconds, saturationRate } from './queue.ts';

const POINTS = 1024;
/**
 * Close to saturation the steady state is reached in minutes only and then is infinite; within a tick a queue does not
 * get there, and what an overload leaves waiting is counted apart. So the curve ends here.
 */
const MOST_UTILISATION = 0.98;

/** P95 and requests in a host by its rate, tabled, as each tick asks. */
export class ResponseCurve {
  readonly #perPoint: number;
  readonly #p95 = new Float64Array(POINTS + 1);
  readonly #inSystem = new Float64Array(POINTS + 1);

  constructor(host: HostQueue) {
    const most = saturationRate(host) * MOST_UTILISATION;
    this.#perPoint = most / POINTS;
    for (let point = 0; point <= POINTS; point++) {
      const rate = point * this.#perPoint;
      this.#p95[point] = p95Seconds(host, rate);
      this.#inSystem[point] = meanInSystem(host, rate);
    }
  }

  p95(rate: number): number {
    return this.#between(this.#p95, rate);
  }

  inSystem(rate: number): number {
    return this.#between(this.#inSystem, rate);
  }

  #between(values: Float64Array, rate: number): number {
    const position = rate / this.#perPoint;
    if (position >= POINTS) return values[POINTS] as number;
    const index = Math.floor(position);
    const before = values[index] as number;
    return before + (position - index) * ((values[index + 1] as number) - before);
  }
}
