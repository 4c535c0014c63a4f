/** A controller process in a random world, composed as the real one is: work queue, watches and passes that run beside each other. */
import type { Documents, Leadership, StoreEvent } from '../../../controller/ports/index.ts';
import { ClassifiedError, classOf, messageOf } from '../../../controller/model/index.ts';
import type { Context, WorkKey } from '../../../controller/reconcile/context.ts';
import { createDeployLockView } from '../../../controller/reconcile/deploy-lock-view.ts';
import { createPasses, workKeyText } from '../../../controller/reconcile/dispatch.ts';
import { loadMembership } from '../../../controller/reconcile/membership-document.ts';
import { createPurchaseGate } from '../../../controller/reconcile/purchase-gate.ts';
import { createServerView } from '../../../controller/reconcile/server-view.ts';
import { wire } from '../../../controller/reconcile/wiring.ts';
import { createWorkQueue } from '../../../controller/runtime/work-queue.ts';
import { INSTALLATION, contextOf } from '../context.ts';
import { type PortHooks, instrumented } from '../instrumented.ts';
import type { ChaosEvent } from './events.ts';
import type { Victim } from './faults.ts';
import type { Surroundings } from './surroundings.ts';

const CONCURRENCY = 16;

export interface ChaosProcess {
  victim: Victim;
  /** It never does anything again. */
  kill(): void;
  /** It stands still until it is let go on; then it knows that another leads, but the call at which it stood goes on. */
  freeze(): { thaw(): void };
}

export function startProcess(world: Surroundings, stopped: (event: ChaosEvent & { kind: 'Crash' | 'Freeze' }) => void): ChaosProcess {
  const { ours, kamal, memory, judge } = world;
  const store = world.store.connect();
  const victim: Victim = { dead: false, thaw: undefined };
  let leads = true;
  const leadership: Leadership = { isLeader: () => leads, onChange: () => undefined };
  const faults = world.faults.hooks(victim, stopped);
  const hooks: PortHooks = {
    ...faults,
    async before(call) {
      await faults.before?.(call);
      if (call.method === 'recordEvent') tell(world, call.arguments[0] as StoreEvent);
    },
  };
  const port = <Port extends object>(name: string, adapter: Port): Port => instrumented(name, adapter, hooks);
  const providers = { Local: port('CloudProvider', world.cloud.provider(ours, () => !leads)) };
  const documents = port('Documents', { load: store.load, save: store.save } satisfies Documents);
  const context: Context = contextOf({
    clock: ours, newID: world.newID, documents, providers, leadership,
    store: port('Store', store),
    deployer: port('Deployer', kamal.deployer()),
    locks: createDeployLockView(port('DeployLock', kamal.lock), ours),
    loadBalancer: port('LoadBalancer', world.balancers.servedBy(() => leads)),
    metrics: port('MetricsSource', world.metrics.source),
    probe: port('HostProbe', memory.probe),
    servers: createServerView(providers, INSTALLATION, ours, 1),
    gate: createPurchaseGate(documents, ours, { ceilings: {}, budgets: world.budget === undefined ? {} : { EUR: world.budget } }),
    enqueue: (work) => queue.add(work),
  });
  const pass = createPasses(context, {
    failed(work, error) {
      if (victim.dead) return;
      world.log(`pass ${workKeyText(work)} failed, ${classOf(error)}: ${messageOf(error)}`);
      if (classOf(error) === 'Defect' && !messageOf(error).endsWith(' broke')) judge.fault(`pass ${workKeyText(work)} met a defect: ${error instanceof Error ? error.stack : String(error)}`);
      if (error instanceof ClassifiedError && error.class === 'Invalid' && !error.message.endsWith('was made to fail')) judge.fault(`pass ${workKeyText(work)} wrote what is invalid: ${error.message}`);
    },
  });
  const queue = createWorkQueue<WorkKey>({ clock: ours, concurrency: CONCURRENCY, textOf: workKeyText, run: pass });
  void loadMembership(context.documents).then(({ membership, version }) => (version === undefined || membership.pools.length === 0 ? undefined : context.loadBalancer.apply(membership))).catch(() => undefined);
  const wiring = wire(context);

  const end = (): void => {
    wiring.close();
    void queue.stop();
  };
  return {
    victim,
    kill() {
      victim.dead = true;
      end();
      store.close();
    },
    freeze() {
      let letGo: () => void = () => undefined;
      victim.thaw = new Promise((resolve) => { letGo = resolve; });
      return {
        thaw() {
          leads = false;
          victim.thaw = undefined;
          letGo();
          end();
        },
      };
    },
  };
}

const tell = ({ log }: Surroundings, { key, reason, message }: StoreEvent): void => log(`event ${key.name} ${reason}: ${message}`);
