import type { ScalingPolicySpec } from '../api/index.ts';
import { cautionOf, leadSeconds } from '../model/index.ts';
import type { Billing, Instant, LoadHistory } from '../model/index.ts';
import { wholeHosts } from './capacity.ts';
import type { Capacity } from './capacity.ts';
import { demandOf } from './demand.ts';
import { foresee, outlookOf } from './foresight.ts';
import type { Foresight, Outlook } from './foresight.ts';
import type { Reading } from './readings.ts';
import * as reasons from './reasons.ts';
import type { Verdict } from './verdict.ts';
import type { Mechanism } from './without.ts';

/** What forecasts say about this evaluation. */
export interface Forecast {
  /** What the load may come to by the time at which a host that is ordered now serves. */
  hosts: number;
  outlook: Outlook;
  /** Whether the policy lets it add hosts. */
  acts: boolean;
}

/** An outlook stands for a minute: samples are lost now and then. */
const STALE_SECONDS = 60;

interface Ahead {
  policy: ScalingPolicySpec;
  bootSeconds: readonly number[];
  billing: Billing;
  history: LoadHistory | undefined;
  now: Instant;
}

/** The foresight after what was read: unchanged where nothing new was. It learns in every mode, so that `On` knows at once. */
export function lookAhead(before: Foresight, readings: readonly Reading[], { settled }: Capacity, { policy, bootSeconds, billing, history, now }: Ahead, without: Mechanism | undefined): Foresight {
  const sample = demandOf(readings, settled, before.asOf);
  if (sample === undefined || sample.asOf > now || (before.at !== undefined && sample.at <= before.at)) return before;
  const lead = without === 'LeadTime' ? policy.intervalSeconds : leadSeconds(bootSeconds, policy.intervalSeconds);
  return foresee(before, sample, { now, leadSeconds: lead, risk: cautionOf(policy, billing).risk, history: without === 'Season' ? undefined : history, without });
}

export function forecastOf(foresight: Foresight, { prediction }: ScalingPolicySpec, now: Instant): Forecast | undefined {
  const outlook = prediction.mode === 'Off' ? undefined : outlookOf(foresight, now, STALE_SECONDS);
  return outlook && { hosts: wholeHosts(outlook.upper), outlook, acts: prediction.mode === 'On' };
}

/** A forecast adds hosts and never takes any. */
export function addForecast(verdict: Verdict, forecast: Forecast | undefined): Verdict {
  if (forecast?.acts !== true || forecast.hosts <= verdict.hosts) return verdict;
  return { hosts: forecast.hosts, reasons: [...verdict.reasons, reasons.foreseen(forecast.hosts, forecast.outlook)] };
}
