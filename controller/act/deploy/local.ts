import type { ObjectKey } from '../../api/index.ts';
import { type AppFact, type MachineFact, ClassifiedError, classOf, isClass, messageOf, proxyServiceOf } from '../../model/index.ts';
import type { Clock, Deployer, Operation } from '../../ports/index.ts';
import type { ControlFacts, HostControl } from './host-control.ts';
import { type OperationEnd, createOperationTable, unlessLate } from './operation-table.ts';

/** What goes wrong with one deploy. */
export type DeployFault =
  /** The deploy ends with this text; the host is none the wiser. */
  | { kind: 'Fails'; message: string; replaceHost: boolean }
  /** The app starts, but its health path never answers. */
  | { kind: 'NeverHealthy' }
  /** The deploy takes so much longer. */
  | { kind: 'Slow'; milliseconds: number };

export interface LocalDeployerOptions {
  control: HostControl;
  clock: Clock;
  /** As Kamal's `deploy_timeout`. */
  deployTimeoutSeconds?: number;
  /** What a pool without any host to look at brings up; absent: such a pool waits. */
  firstVersion?: string;
  /** Asked once a deploy. */
  deployFault?: (operation: Operation) => DeployFault | undefined;
}

const endedOperationsKept = 1000;

/** Deploys to local hosts over their control port. */
export function createLocalDeployer({ control, clock, deployTimeoutSeconds = 30, firstVersion, deployFault }: LocalDeployerOptions): Deployer {
  const operations = createOperationTable(endedOperationsKept);
  const listeners: ((host: ObjectKey) => void)[] = [];

  async function deploy(operation: Operation): Promise<OperationEnd> {
    const { target: { endpoint, role }, version } = operation;
    if (version === undefined) throw new ClassifiedError('Invalid', `operation ${operation.id} deploys no version: give one`);
    const fault = deployFault?.(operation);
    if (fault?.kind === 'Fails') return { kind: 'Failed', class: 'Transient', message: fault.message, replaceHost: fault.replaceHost };
    if (fault?.kind === 'Slow') await clock.sleep(fault.milliseconds);
    await control.deploy(endpoint, {
      service: proxyServiceOf(role), version, deployTimeoutSeconds, health: fault?.kind === 'NeverHealthy' ? 'Failing' : 'Answering',
    });
    return succeeded();
  }

  async function run(operation: Operation): Promise<OperationEnd> {
    const { kind, target: { endpoint } } = operation;
    switch (kind) {
      case 'Deploy': return deploy(operation);
      case 'Resume': return control.resume(endpoint).then(succeeded);
      case 'Quiesce': return unlessAbsent(control.quiesce(endpoint, operation.drainSeconds ?? 0)).then(succeeded);
      case 'Stop': return control.stop(endpoint).then(succeeded);
      case 'Rotate':
      case 'Preseed': throw new ClassifiedError('Invalid', `operation ${operation.id}: a host with a control port has no host key and no containers, so it has no ${kind}`);
    }
  }

  return {
    async inspect({ endpoint }) {
      try {
        const facts = await control.facts(endpoint);
        return { machine: machineFact(facts), app: appFact(facts) };
      } catch (error) {
        return { machine: { kind: 'Unreachable', why: messageOf(error) }, app: { kind: 'Unknown' } };
      }
    },
    async start(operation) {
      operations.start(operation.id, () => unlessLate(operation, () => run(operation)).catch(failed), () => {
        for (const listener of listeners) listener(operation.target.host);
      });
    },
    observe: (operationID) => operations.observe(operationID),
    // What was begun over a control port goes on in the host, which says itself how far it is.
    survives: async () => 'Ended',
    onEnd(listener) {
      listeners.push(listener);
    },
    async evidence({ endpoint }) {
      try {
        return { texts: [{ name: 'host', text: JSON.stringify(await control.facts(endpoint)) }], missing: [] };
      } catch (error) {
        return { texts: [], missing: [{ name: 'host', why: messageOf(error) }] };
      }
    },
    async reference(targets) {
      if (targets.length === 0) return firstVersion === undefined ? { kind: 'Unknown', why: 'there is no host to look at' } : { kind: 'Agreed', version: firstVersion };
      const answers = await Promise.allSettled(targets.map(({ endpoint }) => control.facts(endpoint)));
      const versions = [...new Set(answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value.app?.version ?? [] : [])))];
      const [version] = versions;
      if (version === undefined) return { kind: 'Unknown', why: 'no host that could be asked runs the app' };
      return versions.length === 1 ? { kind: 'Agreed', version } : { kind: 'Disagree', why: `hosts run versions ${versions.sort().join(' and ')}` };
    },
    needsLock: () => false,
  };
}

const succeeded = (): OperationEnd => ({ kind: 'Succeeded' });

const failed = (error: unknown): OperationEnd => ({
  kind: 'Failed', class: classOf(error), message: messageOf(error), replaceHost: unhealthy.test(messageOf(error)),
});

/** kamal-proxy's words for an app that does not come up: such a host is replaced rather than tried again. */
const unhealthy = /target failed to become healthy/;

/** Kamal's `maintenance` after `stop` says that there is no service: the drain is done. */
async function unlessAbsent(quiesce: Promise<void>): Promise<void> {
  try {
    await quiesce;
  } catch (error) {
    if (!isClass(error, 'NotFound')) throw error;
  }
}

const machineFact = ({ machine }: ControlFacts): MachineFact => (machine === 'Ready' ? { kind: 'Ready' } : { kind: 'Preparing', why: 'the host still prepares itself' });

function appFact({ app }: ControlFacts): AppFact {
  if (app === undefined) return { kind: 'NotRunning' };
  if (app.quiesced) return { kind: 'Quiesced', version: app.version };
  // A local host has no image, environment or options that could differ from the fleet's.
  return { kind: 'Running', version: app.version, routed: app.routed, matchesFleet: true };
}
