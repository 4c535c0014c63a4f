import { until } from '../real/until.ts';

/** Holds a claim for a while: that something does not happen can be shown in no other way. Throws what the claim throws. */
export async function staysTrue(what: string, milliseconds: number, claim: () => Promise<void>): Promise<void> {
  const end = performance.now() + milliseconds;
  let broken: unknown;
  await until(what, async () => {
    await claim().catch((error: unknown) => {
      broken = error;
    });
    return broken !== undefined || performance.now() > end;
  }, { deadlineMs: milliseconds + 30_000, everyMs: 200 });
  if (broken !== undefined) throw broken;
}
