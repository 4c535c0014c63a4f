import type { ObjectKey } from '../api/index.ts';
import type { Decision, Observation } from '../model/index.ts';

/** One evaluation as `describe` shows it. */
export interface DecisionRecord {
  policy: ObjectKey;
  decision: Omit<Decision, 'engineState'>;
  observations: Observation[];
}

/** Bounded history of evaluations, outside the API objects. */
export interface DecisionLog {
  append(record: DecisionRecord): Promise<void>;
  /** Newest first. */
  recent(policy: ObjectKey, count: number): Promise<DecisionRecord[]>;
}
