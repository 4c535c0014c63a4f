import type { Algorithm } from '../algorithm.ts';
import { replicasOf, valueOf } from './moment.ts';

const THRESHOLD = 0.01;
const COOLDOWN_MS = 300_000;
const ROUNDING = 1e-9;

/**
 * nomad-autoscaler's target-value strategy on requests a second and host. One cooldown after any change; it begins when
 * the change is done, as the autoscaler waits for new hosts before it evaluates again.
 */
export const nomadTargetValue = (name: string, target: number): Algorithm => ({
  name,
  explanation: `Nomad's target-value strategy, ${target} requests/s a host, cooldown 5 minutes`,
  start: () => {
    let changedAt = -Infinity;
    return (moment) => {
      const rps = valueOf(moment, 'rps');
      const current = replicasOf(moment);
      if (moment.hosts.booting > 0) {
        changedAt = moment.time;
        return current;
      }
      if (rps === undefined || moment.time - changedAt < COOLDOWN_MS || current === 0) return current;
      const factor = rps / current / target;
      if (Math.abs(factor - 1) <= THRESHOLD) return current;
      const desired = Math.ceil(current * factor - ROUNDING);
      if (desired !== current) changedAt = moment.time;
      return desired;
    };
  },
});
