/** What reconcilers reach the world through, over parts of a test; what a test does not name is quiet. */
import type { Clock, Documents, Leadership, Store } from '../../controller/ports/index.ts';
import { noLock } from './no-lock.ts';
import type { Context } from '../../controller/reconcile/context.ts';
import { createDeployLockView } from '../../controller/reconcile/deploy-lock-view.ts';
import { createFleetView } from '../../controller/reconcile/fleet-view.ts';
import { createInspections } from '../../controller/reconcile/inspections.ts';
import { createRequestBaselines } from '../../controller/reconcile/newcomers.ts';
import { createEngineStates } from '../../controller/reconcile/engine-states.ts';
import { createLoadHistories } from '../../controller/reconcile/load-histories.ts';
import { createPlacementView } from '../../controller/reconcile/placement-view.ts';
import { createPriceView } from '../../controller/reconcile/price-view.ts';
import { createPurchaseGate } from '../../controller/reconcile/purchase-gate.ts';
import { createServerView } from '../../controller/reconcile/server-view.ts';
import { oneAtATime } from '../../controller/model/index.ts';
import { createMeters } from '../../controller/report/meters.ts';

export const INSTALLATION = 'test';

const ALWAYS: Leadership = { isLeader: () => true, onChange: () => undefined };

export type ContextParts = { clock: Clock; store: Store; documents: Documents } & Pick<Context, 'newID' | 'providers' | 'deployer' | 'loadBalancer' | 'probe'> & Partial<Context>;

/** Nothing in it outlives it: a second context over the same parts is a second process. */
export function contextOf(parts: ContextParts): Context {
  const { clock, documents, providers } = parts;
  return {
    installation: INSTALLATION,
    leadership: ALWAYS,
    metrics: { read: async () => [], scrapeIntervalSeconds: 15 },
    decisionLog: { append: async () => undefined, recent: async () => [] },
    gate: createPurchaseGate(documents, clock, { ceilings: {}, budgets: {} }),
    prices: createPriceView(providers, clock),
    placements: createPlacementView(providers, clock),
    servers: createServerView(providers, INSTALLATION, clock, 0.5),
    locks: createDeployLockView(noLock(), clock),
    fleets: createFleetView(parts.deployer, clock),
    inspections: createInspections(clock),
    baselines: createRequestBaselines(),
    engineStates: createEngineStates(documents, clock),
    slotsInTurn: oneAtATime(),
    loadHistories: createLoadHistories(documents, clock),
    meters: createMeters(),
    enqueue: () => undefined,
    ...parts,
  };
}
