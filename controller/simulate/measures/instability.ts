const GRID_SECONDS = 60;

/** υ of the elasticity metrics, on a grid of minutes: how often supply and need do not move the same way. */
export class Instability {
  #needed: number | undefined;
  #ready = 0;
  #steps = 0;
  #apart = 0;

  add(second: number, needed: number, ready: number): void {
    if (second % GRID_SECONDS !== 0) return;
    if (this.#needed !== undefined) {
      this.#steps++;
      if (Math.sign(ready - this.#ready) !== Math.sign(needed - this.#needed)) this.#apart++;
    }
    this.#needed = needed;
    this.#ready = ready;
  }

  get percent(): number {
    return this.#steps === 0 ? 0 : (100 * this.#apart) / this.#steps;
  }
}
