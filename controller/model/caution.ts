import type { ScalingPolicySpec } from '../api/index.ts';
import type { Billing } from './server.ts';

/** What the one knob, `prediction.caution`, comes to. */
export interface Caution {
  /** Accepted chance that the load outgrows the hosts at the moment for which a forecast was made. */
  risk: number;
  /** For how long the highest proposal counts before hosts go, where the policy does not say. */
  keepSeconds: number;
}

/** Thrifty, calm and safe: the numbers are fixed points of the trade-off in docs/decisions.md, a knob's turn goes between them. */
const THRIFTY: Caution = { risk: 0.062, keepSeconds: 75 };
const CALM: Caution = { risk: 0.09, keepSeconds: 180 };
const SAFE: Caution = { risk: 0.02, keepSeconds: 420 };

/** Where a host is bought for an hour it stays two to three times as long as elsewhere, and must be as much likelier to be needed. */
const RISK_OF_STARTED_HOURS = 2.6;

export function cautionOf(policy: ScalingPolicySpec, billing: Billing): Caution {
  const knob = policy.prediction.caution / 50;
  const { risk, keepSeconds } = knob <= 1 ? between(THRIFTY, CALM, knob) : between(CALM, SAFE, knob - 1);
  return { risk: billing === 'Hour' ? risk * RISK_OF_STARTED_HOURS : risk, keepSeconds };
}

/** Where the pool is not sized by forecasts, hosts are kept as long as elsewhere in the field. */
const KEEP_SECONDS_WITHOUT_FORECAST = 300;

/** The scale-in window in seconds: as written, else what caution says. */
export function scaleInWindow(policy: ScalingPolicySpec): number {
  const written = policy.behavior.scaleIn.stabilizationWindowSeconds;
  if (written !== undefined) return written;
  return policy.prediction.mode === 'On' ? Math.round(cautionOf(policy, 'None').keepSeconds) : KEEP_SECONDS_WITHOUT_FORECAST;
}

const between = (from: Caution, to: Caution, share: number): Caution => ({
  risk: from.risk * (to.risk / from.risk) ** share,
  keepSeconds: from.keepSeconds * (to.keepSeconds / from.keepSeconds) ** share,
});
