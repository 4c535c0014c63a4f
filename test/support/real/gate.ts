/** Suites that need real parts: skipped with one loud line on a person's machine, failed under CI. */
import { locate, RealPartMissing } from '../../../hack/real-parts/locate.ts';
import type { PartName } from '../../../hack/real-parts/parts.ts';

/** What a suite needs besides parts; undefined when this machine has it, else the reason why not. */
export type Need = () => string | undefined;

/** The suite makes network namespaces or otherwise changes the machine's network. */
export const rootOnLinux: Need = () =>
  process.platform === 'linux' && process.getuid?.() === 0 ? undefined : 'needs root on Linux';

/**
 * A mocha suite that runs only where all `parts` are. Where one is missing it is skipped, and says in one line
 * which and how to bring it; with `CI=true` it fails instead, so that a green run cannot hide what it left out.
 * `after` hooks of the body run in either case: they stop only what was started (`part?.stop()`).
 */
export function realSuite(title: string, parts: readonly PartName[], body: (this: Mocha.Suite) => void, needs: readonly Need[] = []): void {
  describe(title, function () {
    before(async function () {
      this.timeout(60_000);
      const lacking = await whatIsLacking(parts, needs);
      if (lacking.length === 0) return;
      if (process.env['CI'] === 'true') throw new Error(`${title}: ${lacking.join('; ')}`);
      console.warn(`SKIPPED ${title}: ${lacking.join('; ')}`);
      this.skip();
    });
    body.call(this);
  });
}

/** One sentence for each missing part and unmet need; empty when the suite can run. */
export async function whatIsLacking(parts: readonly PartName[], needs: readonly Need[]): Promise<string[]> {
  const lacking = needs.map((need) => need()).filter((reason) => reason !== undefined);
  for (const part of parts) {
    try {
      await locate(part);
    } catch (error) {
      if (!(error instanceof RealPartMissing)) throw error;
      lacking.push(error.message);
    }
  }
  return lacking;
}
