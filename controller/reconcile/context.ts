import type { ObjectKey } from '../api/index.ts';
import type { InTurn, Inventory, ProviderName } from '../model/index.ts';
import type {
  Clock, CloudProvider, DecisionLog, Deployer, Documents, HostProbe, Leadership, LoadBalancer, MetricsSource, Store,
} from '../ports/index.ts';
import type { Meters } from '../report/meters.ts';
import type { DeployLockView } from './deploy-lock-view.ts';
import type { RequestBaselines } from './newcomers.ts';
import type { PlacementView } from './placement-view.ts';
import type { PriceView } from './price-view.ts';
import type { FleetView } from './fleet-view.ts';
import type { Inspections } from './inspections.ts';
import type { PurchaseGate } from './purchase-gate.ts';
import type { ServerView } from './server-view.ts';
import type { EngineStates } from './engine-states.ts';
import type { LoadHistories } from './load-histories.ts';

/** What one pass works on. The queue runs passes of one key one after the other. */
export type WorkKey =
  | { kind: 'Policy'; key: ObjectKey }
  | { kind: 'Pool'; key: ObjectKey }
  | { kind: 'Host'; key: ObjectKey }
  /** Kamal's deploy lock on one service and destination. */
  | { kind: 'Session'; key: ObjectKey }
  /** The one membership document of all pools. */
  | { kind: 'Membership' }
  /** What the labels of servers say of their part. */
  | { kind: 'Marks' }
  /** Servers that no KamalHost owns. */
  | { kind: 'Orphans' };

/** Everything that reconcilers reach the world through; only the composition root fills it. */
export interface Context {
  /** Chosen by the user once; every server carries it. */
  installation: string;
  clock: Clock;
  /** A new random identity: lower case letters and digits. */
  newID(): string;
  store: Store;
  documents: Documents;
  leadership: Leadership;
  providers: Partial<Record<ProviderName, CloudProvider>>;
  deployer: Deployer;
  loadBalancer: LoadBalancer;
  probe: HostProbe;
  metrics: MetricsSource;
  decisionLog: DecisionLog;
  gate: PurchaseGate;
  servers: ServerView;
  locks: DeployLockView;
  prices: PriceView;
  placements: PlacementView;
  fleets: FleetView;
  inspections: Inspections;
  baselines: RequestBaselines;
  engineStates: EngineStates;
  /** Who looks for a free slot of a pool and who takes one do so one after the other; keys are `namespace/pool`. */
  slotsInTurn: InTurn;
  loadHistories: LoadHistories;
  meters: Meters;
  /** Lines of authorized_keys with which the controller logs in to hosts. */
  authorizedKeys?: string[];
  /** Lets people's deploys have the inventory; never rejects. */
  publishInventory?: (inventory: Inventory) => Promise<void>;
  /** Asks for a pass over a key, soon. */
  enqueue(key: WorkKey): void;
}

export const poolKeyOf = (host: { metadata: ObjectKey; spec: { poolRef: { name: string } } }): ObjectKey =>
  ({ namespace: host.metadata.namespace, name: host.spec.poolRef.name });
