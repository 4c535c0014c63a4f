import type { Constraint } from './constraint.ts';
import type { Instant } from './time.ts';

export type Direction = 'Out' | 'In' | 'None';

/** What one metric alone would have. */
export interface Recommendation {
  metric: string;
  /** Hosts; undefined when the metric is absent or a guard without opinion. */
  hosts?: number;
  /** One clause: `cpu 82 % of 60 % → 5`. */
  reason: string;
  /** A threshold that is exceeded, or an absence: the pool must not shrink. */
  blocksScaleIn: boolean;
}

/** Opaque to everyone but decide/: bounded, versioned, serialisable. */
export interface EngineState {
  version: number;
  [key: string]: unknown;
}

/** The final word of one evaluation, with all that led to it. */
export interface Decision {
  time: Instant;
  /** Hosts that existed or were wanted when deciding. */
  current: number;
  desired: number;
  direction: Direction;
  /** Clauses in the order in which they applied; the first names the metric that won. */
  reasons: string[];
  recommendations: Recommendation[];
  /** Constraints that changed the number. */
  limitedBy: Constraint[];
  /** What held a change back, for the skipped-events metric: `Stabilization`, `RateLimit`, `Tolerance`, `Absent`, `Threshold`, … */
  heldBy?: string;
  /** What the load may come to by the time at which a host that is ordered now serves; absent where nothing is foreseen. */
  forecast?: Forecast;
  engineState: EngineState;
}

export interface Forecast {
  hosts: number;
  leadSeconds: number;
  /** `Shadow` is computed and recorded, `On` may add hosts. */
  mode: 'Off' | 'Shadow' | 'On';
}
