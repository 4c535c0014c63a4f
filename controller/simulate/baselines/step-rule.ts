import type { Algorithm } from '../algorithm.ts';
import { replicasOf, valueOf } from './moment.ts';

export interface StepRule {
  /** CPU per cent above which a host is added. */
  outAbove: number;
  /** CPU per cent below which one leaves. */
  inBelow: number;
  /** After any change. */
  cooldownSeconds: number;
}

/** One host more above a CPU load, one fewer below another, and then a pause: the rule of thumb of many scripts. */
export const stepRule = (name: string, { outAbove, inBelow, cooldownSeconds }: StepRule): Algorithm => ({
  name,
  explanation: `one host more above ${outAbove} % CPU, one fewer below ${inBelow} %, then a pause of ${cooldownSeconds / 60} minutes`,
  start: () => {
    let changedAt = -Infinity;
    return (moment) => {
      const cpu = valueOf(moment, 'cpu');
      const current = replicasOf(moment);
      if (cpu === undefined || moment.time - changedAt < cooldownSeconds * 1000) return current;
      const change = cpu > outAbove ? 1 : cpu < inBelow && current > 1 ? -1 : 0;
      if (change !== 0) changedAt = moment.time;
      return current + change;
    };
  },
});
