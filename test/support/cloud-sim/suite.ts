import type { SimulatedClock } from '../clock.ts';

/** Runs the suite where the vendor's document is at hand; else says so in one line, and fails under CI=true. */
export function judgedSuite(absence: string | undefined, title: string, suite: (this: Mocha.Suite) => void): void {
  if (absence === undefined) {
    describe(title, suite);
    return;
  }
  describe(title, () => {
    it('needs the vendor\'s document', function () {
      if (process.env['CI'] === 'true') throw new Error(absence);
      console.log(`      SKIPPED: ${title}: ${absence}`);
      this.skip();
    });
  });
}

/** Lets simulated time pass, with what it sets off, until the condition holds; at most ten simulated minutes. */
export async function passing<T>(clock: SimulatedClock, what: string, look: () => T | undefined | Promise<T | undefined>): Promise<T> {
  for (let waited = 0; waited <= 600_000; waited += 250) {
    const seen = await look();
    if (seen !== undefined) return seen;
    await clock.advance(250);
    // What a due wait sets off here goes over a real socket.
    await new Promise<void>((resolve) => { setImmediate(resolve); });
  }
  throw new Error(`${what}: not within ten simulated minutes`);
}

/** The end of a call for which simulated time must pass, whichever it is. */
export async function ended<T>(clock: SimulatedClock, call: Promise<T>): Promise<T> {
  let over = false;
  const result = call.finally(() => { over = true; });
  result.catch(() => undefined);
  await passing(clock, 'the call ends', () => (over ? true : undefined));
  return result;
}
