import type { FleetReference } from '../../model/index.ts';
import type { DeployTarget, Deployer, RoleRef } from '../../ports/index.ts';

export interface RoutedDeployers {
  /** For local host processes: targets whose endpoint has a control port. */
  control: Deployer;
  /** For everything else. */
  kamal: Deployer;
  /** Whether Kamal has a project for a role: the only sign where no host is there to look at. */
  isKamals: (role: RoleRef) => Promise<boolean>;
}

/** Sends each target to the deployer that can reach it. */
export function createRoutedDeployer({ control, kamal, isKamals }: RoutedDeployers): Deployer {
  const both = [control, kamal];
  const of = ({ endpoint }: DeployTarget): Deployer => (endpoint.ports.control === undefined ? kamal : control);

  async function reference(targets: readonly DeployTarget[], role: RoleRef): Promise<FleetReference> {
    const [first, ...others] = targets;
    if (first === undefined) return ((await isKamals(role)) ? kamal : control).reference(targets, role);
    const deployer = of(first);
    const stranger = others.find((target) => of(target) !== deployer);
    if (stranger === undefined) return deployer.reference(targets, role);
    return { kind: 'Unknown', why: `of ${first.host.name} and ${stranger.host.name} only one has a control port, so they cannot be compared` };
  }

  return {
    inspect: (target, fleet) => of(target).inspect(target, fleet),
    start: (operation) => of(operation.target).start(operation),
    observe: (operationID) => both.map((deployer) => deployer.observe(operationID)).find(({ kind }) => kind !== 'Lost') ?? { kind: 'Lost' },
    async survives(operationID) {
      const answers = await Promise.all(both.map((deployer) => deployer.survives(operationID)));
      return (['Running', 'Unknown'] as const).find((answer) => answers.includes(answer)) ?? 'Ended';
    },
    onEnd(listener) {
      for (const deployer of both) deployer.onEnd(listener);
    },
    evidence: (target, seconds) => of(target).evidence(target, seconds),
    reference,
    needsLock: (target) => of(target).needsLock(target),
  };
}
