import { randomBytes } from 'node:crypto';
import { type Inventory, type ProviderName, oneAtATime } from '../model/index.ts';
import type {
  Clock, CloudProvider, DecisionLog, DeployLock, Deployer, Documents, HostProbe, Leadership, LoadBalancer, MetricsSource, Store, Subscription,
} from '../ports/index.ts';
import { type Context, type WorkKey } from '../reconcile/context.ts';
import { createPasses, failureText, workKeyText } from '../reconcile/dispatch.ts';
import { createDeployLockView } from '../reconcile/deploy-lock-view.ts';
import { createFleetView } from '../reconcile/fleet-view.ts';
import { createInspections } from '../reconcile/inspections.ts';
import { createRequestBaselines } from '../reconcile/newcomers.ts';
import { createEngineStates } from '../reconcile/engine-states.ts';
import { createLoadHistories } from '../reconcile/load-histories.ts';
import { loadMembership } from '../reconcile/membership-document.ts';
import { createPlacementView } from '../reconcile/placement-view.ts';
import { createPriceView } from '../reconcile/price-view.ts';
import { createPurchaseGate } from '../reconcile/purchase-gate.ts';
import { createServerView } from '../reconcile/server-view.ts';
import { wire } from '../reconcile/wiring.ts';
import { createMeters } from '../report/meters.ts';
import type { Log } from '../runtime/log.ts';
import { createWorkQueue } from '../runtime/work-queue.ts';
import { timedProvider } from './timed-provider.ts';

/** The adapters of one installation. */
export interface Adapters {
  installation: string;
  clock: Clock;
  log: Log;
  store: Store;
  documents: Documents;
  decisionLog: DecisionLog;
  leadership: Leadership;
  providers: Partial<Record<ProviderName, CloudProvider>>;
  ceilings: Partial<Record<ProviderName, number>>;
  /** Most that a calendar month may cost, by currency. */
  budgets: Readonly<Record<string, number>>;
  deployer: Deployer;
  deployLock: DeployLock;
  loadBalancer: LoadBalancer;
  probe: HostProbe;
  metrics: MetricsSource;
  concurrency: number;
  authorizedKeys?: string[];
  publishInventory?: (inventory: Inventory) => Promise<void>;
}

/** A controller at work. */
export interface Controller {
  context: Context;
  /** Undefined while passes move; else what is stuck, for the liveness probe. */
  unhealthy: () => string | undefined;
  /** Evaluates every policy now, because new samples are there. */
  samplesArrived: () => void;
  /** Takes no new work and resolves when the passes under way have ended. */
  stop: () => Promise<void>;
}

const SNAPSHOT_MAX_AGE_SECONDS = 1;
const STUCK_AFTER_MILLISECONDS = 120_000;

/** Starts the reconcilers over these adapters; they act whenever this instance leads. */
export function startController(adapters: Adapters): Controller {
  const { clock, documents, log, leadership, store } = adapters;
  const meters = createMeters({ process: true });
  const providers = Object.fromEntries(Object.entries(adapters.providers).map(([name, provider]) => [name, timedProvider(provider, clock, meters)]));
  const context: Context = {
    ...adapters,
    providers,
    newID: () => randomBytes(8).toString('hex'),
    gate: createPurchaseGate(documents, clock, { ceilings: adapters.ceilings, budgets: adapters.budgets }),
    prices: createPriceView(providers, clock),
    placements: createPlacementView(providers, clock),
    servers: createServerView(providers, adapters.installation, clock, SNAPSHOT_MAX_AGE_SECONDS),
    locks: createDeployLockView(adapters.deployLock, clock),
    fleets: createFleetView(adapters.deployer, clock),
    inspections: createInspections(clock),
    baselines: createRequestBaselines(),
    engineStates: createEngineStates(documents, clock),
    slotsInTurn: oneAtATime(),
    loadHistories: createLoadHistories(documents, clock),
    meters,
    enqueue: (work) => queue.add(work),
  };
  let lastPass = clock.now();
  const pass = createPasses(context, {
    failed: (work, error, retry) => log.log('warn', 'a pass failed and will be repeated', { key: workKeyText(work), error: failureText(error), retrySeconds: retry / 1000 }),
  });
  const queue = createWorkQueue<WorkKey>({
    clock, concurrency: adapters.concurrency, textOf: workKeyText,
    run: async (work) => {
      const again = await pass(work);
      lastPass = clock.now();
      return again;
    },
    onDepth: (depth) => meters.queueDepth(depth),
  });

  let wiring: Subscription | undefined;
  function leads(leader: boolean): void {
    meters.leading(leader);
    wiring?.close();
    wiring = undefined;
    log.log('info', leader ? 'leads' : 'stands by', { installation: adapters.installation });
    if (!leader) return;
    context.engineStates.forget();
    context.loadHistories.forget();
    void serveLastKnownGood(context, log);
    wiring = wire(context);
  }
  leadership.onChange(leads);
  if (leadership.isLeader()) leads(true);

  return {
    context,
    unhealthy: () => (leadership.isLeader() && clock.now() - lastPass > STUCK_AFTER_MILLISECONDS ? `no pass has ended for ${STUCK_AFTER_MILLISECONDS / 1000} s` : undefined),
    samplesArrived: () => void wakePolicies(context, store),
    async stop() {
      wiring?.close();
      await queue.stop();
    },
  };
}

/** Load balancers get the stored membership at once; the first pass may take a moment, or fail. */
async function serveLastKnownGood(context: Context, log: Log): Promise<void> {
  try {
    const { membership, version } = await loadMembership(context.documents);
    if (version !== undefined && membership.pools.length > 0) await context.loadBalancer.apply(membership);
  } catch (error) {
    log.log('error', 'the last known membership cannot be served yet', { error: failureText(error) });
  }
}

async function wakePolicies(context: Context, store: Store): Promise<void> {
  if (!context.leadership.isLeader()) return;
  try {
    const policies = await store.list('ScalingPolicy', { from: 'Cached' });
    for (const { metadata } of policies) context.enqueue({ kind: 'Policy', key: { namespace: metadata.namespace, name: metadata.name } });
  } catch {
    // Each policy is due by itself within its interval.
  }
}
