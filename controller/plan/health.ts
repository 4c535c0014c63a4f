import type { HostFacts, Instant } from '../model/index.ts';

export interface HealthJudgement {
  health: 'Healthy' | 'Unhealthy' | 'Suspect';
  /** Since when there has been evidence without a break; store it as `unhealthySince`. */
  since?: Instant;
  why: string;
}

export function judgeHealth(
  facts: HostFacts, unhealthySince: Instant | undefined, unhealthyAfterSeconds: number, now: Instant, was: 'Healthy' | 'Unhealthy' = 'Healthy',
): HealthJudgement {
  throw new Error(`judgeHealth ${facts.probe.kind} ${unhealthySince} ${unhealthyAfterSeconds} ${now} ${was}`);
}
