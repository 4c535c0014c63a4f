import { randomBytes } from 'node:crypto';
import type { ObjectKey } from '../../../api/index.ts';
import { type FleetReference, type MachineFact, ClassifiedError, classOf, messageOf, oneAtATime } from '../../../model/index.ts';
import type { DeployTarget, Deployer, RoleRef } from '../../../ports/index.ts';
import { type OperationEnd, createOperationTable, unlessLate } from '../operation-table.ts';
import { type SeenApp, appFact } from './app-state.ts';
import { fleetReference, isProxied } from './fleet-reference.ts';
import { createEvidence } from './evidence.ts';
import type { Fleets } from './fleets.ts';
import type { KamalRuns } from './kamal-runs.ts';
import { type OperationTools, perform } from './operations.ts';
import type { Preflight } from './preflight.ts';
import { addressOf } from './project-checks.ts';
import type { Redact } from './redact.ts';
import { type RunOnHost, lookAtApp } from './remote-look.ts';
import { createRunOutputs } from './run-outputs.ts';

export interface KamalDeployerSettings {
  runs: Pick<KamalRuns, 'run' | 'survives'>;
  preflight: Pick<Preflight, 'ofHost'>;
  onHost: RunOnHost;
  /** The same for looks at a machine whose own host key has not taken over yet. */
  readOnHost: RunOnHost;
  /** Never rejects. */
  inspectMachine: (target: DeployTarget) => Promise<MachineFact>;
  rotate: (target: DeployTarget) => Promise<void>;
  fleets: Fleets;
  redact: Redact;
}

const ENDED_KEPT = 1000;

/** Deploys with Kamal, and looks at hosts over SSH. */
export function createKamalDeployer(settings: KamalDeployerSettings): Deployer {
  const { fleets, inspectMachine, onHost, redact } = settings;
  const operations = createOperationTable(ENDED_KEPT);
  const listeners: ((host: ObjectKey) => void)[] = [];
  // Digests of environments can be compared within this process, and told by nobody.
  const digestKey = randomBytes(32);
  const inTurn = oneAtATime();
  const look = (target: DeployTarget): Promise<SeenApp> => lookAtApp(onHost, target, digestKey, redact);
  const outputs = createRunOutputs();
  const tools: OperationTools = { ...settings, outputs, look: ({ target }) => look(target) };

  async function reference(targets: readonly DeployTarget[], role: RoleRef): Promise<FleetReference> {
    const answers = await Promise.allSettled(targets.map(async (target) => ({ name: target.host.name, seen: await look({ ...target, role }) })));
    const hosts = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
    const refused = answers.flatMap((answer) => (answer.status === 'rejected' ? [messageOf(answer.reason)] : []));
    const fleet = fleetReference(hosts, refused, role);
    fleets.note(role, fleet, isProxied(hosts, role));
    return fleet;
  }

  return {
    async inspect(target, fleet) {
      const machine = await inspectMachine(target);
      // Before the machine is ready there is nothing to see, and nobody to trust with what there is.
      if (machine.kind !== 'Ready') return { machine, app: { kind: 'Unknown' } };
      try {
        return { machine, app: appFact(await look(target), target.role, fleet ?? fleets.of(target.role), fleets.isProxied(target.role)) };
      } catch {
        return { machine, app: { kind: 'Unknown' } };
      }
    },
    async start(operation) {
      operations.start(operation.id, () => inTurn(addressOf(operation.target), () => unlessLate(operation, () => perform(tools, operation))).catch(failed), () => {
        for (const listener of listeners) listener(operation.target.host);
      });
    },
    observe: (operationID) => operations.observe(operationID),
    survives: (operationID) => settings.runs.survives(operationID),
    onEnd(listener) {
      listeners.push(listener);
    },
    evidence: createEvidence({ read: settings.readOnHost, outputs, redact }),
    reference,
    needsLock: () => true,
  };
}

function failed(error: unknown): OperationEnd {
  const mend = error instanceof ClassifiedError ? error.mend : undefined;
  return { kind: 'Failed', class: classOf(error), message: mend === undefined ? messageOf(error) : `${messageOf(error)}; ${mend}`, replaceHost: false };
}
