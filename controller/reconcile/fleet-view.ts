import { type ObjectKey, keyText } from '../api/index.ts';
import { type FleetReference, type Instant, isYoung, seconds } from '../model/index.ts';
import type { Clock, DeployTarget, Deployer, RoleRef } from '../ports/index.ts';

/** What the hosts serve that others are held against, asked once for all that ask within the same moments. */
export interface FleetView {
  reference(targets: readonly DeployTarget[], role: RoleRef, maxAgeSeconds: number): Promise<FleetReference>;
}

interface Asked { asOf: Instant; answer: Promise<FleetReference> }

/** Answers of so many sets of hosts are kept; pools are fewer. */
const KEPT = 500;

export function createFleetView(deployer: Pick<Deployer, 'reference'>, clock: Clock): FleetView {
  const asked = new Map<string, Asked>();
  const textOf = (targets: readonly DeployTarget[], { service, destination, role }: RoleRef): string =>
    JSON.stringify([service, destination, role, targets.map(({ host }: { host: ObjectKey }) => keyText(host))]);

  return {
    reference(targets, role, maxAgeSeconds) {
      const text = textOf(targets, role);
      const known = asked.get(text);
      if (known !== undefined && isYoung(known.asOf, seconds(maxAgeSeconds), clock.now())) return known.answer;
      const answer = deployer.reference(targets, role);
      asked.delete(text);
      asked.set(text, { asOf: clock.now(), answer });
      // A failed call is not an answer for those who ask next.
      answer.catch(() => asked.delete(text));
      for (const oldest of asked.keys()) {
        if (asked.size <= KEPT) break;
        asked.delete(oldest);
      }
      return answer;
    },
  };
}
