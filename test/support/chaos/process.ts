/** A controller process in a random world, composed as the real one is: work queue, watches and passes that run beside each other. */
import type { Leadership } from '../../../controller/ports/index.ts';
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
import { instrumented } from '../instrumented.ts';
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
  const { ours, store, kamal, memory, judge } = world;
  const victim: Victim = { dead: false, thaw: undefined };
  let leads = true;
  const leadership: Leadership = { isLeader: () => leads, onChange: () => undefined };
  const hooks = world.faults.hooks(victim, stopped);
  const port = <Port extends object>(name: string, adapter: Port): Port => instrumented(name, adapter, hooks);
  const providers = { Local: port('CloudProvider', world.cloud.provider(ours, () => !leads)) };
  const documents = port('Documents', { load: store.load, save: store.save });
  const context: Context = contextOf({
    clock: ours, newID: world.newID, documents, providers, leadership,
    store: port('Store', store),
    deployer: port('Deployer', kamal.deployer()),
    locks: createDeployLockView(port('DeployLock', kamal.lock), ours),
    loadBalancer: port('LoadBalancer', world.loadBalancer(() => leads)),
    probe: port('HostProbe', memory.probe),
    servers: createServerView(providers, INSTALLATION, ours, 1),
    gate: createPurchaseGate(documents, ours, { ceilings: {}, budgets: world.budget === undefined ? {} : { EUR: world.budget } }),
    enqueue: (work) => queue.add(work),
  });
  const pass = createPasses(context, {
    failed(work, error) {
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
