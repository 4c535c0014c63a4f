import type { Algorithm } from '../algorithm.ts';
import { valueOf } from './moment.ts';

const DATAPOINT_MS = 60_000;
const OUT_DATAPOINTS = 3;
const IN_DATAPOINTS = 15;
const IN_BELOW = 0.9;
const ROUNDING = 1e-9;

/**
 * - `OnceADatapoint`: as an alarm does, which acts when a datapoint comes.
 * - `EveryEvaluation`: applies a minute's mean again and again while hosts already changed, and so overshoots. Published
 *   results of this approximation show it; it is kept to compare with them.
 */
export type Alarms = 'OnceADatapoint' | 'EveryEvaluation';

/** EC2 Auto Scaling's target tracking as far as it is documented: two alarms on one-minute datapoints, instance warm-up 60 s. */
export const awsTargetTracking = (name: string, target: number, alarms: Alarms = 'OnceADatapoint'): Algorithm => ({
  name,
  explanation: `AWS target tracking, ${target} requests/s a host, instance warm-up 60 s`,
  start: () => {
    let readings: number[] = [];
    let datapoints: number[] = [];
    let datapointAt = -Infinity;
    return (moment) => {
      const rps = valueOf(moment, 'rps');
      const { inService, warming, booting } = moment.hosts;
      const current = inService + booting;
      if (rps === undefined || inService === 0) return current;
      readings.push(rps / inService);
      if (moment.time - datapointAt >= DATAPOINT_MS) {
        datapoints = [...datapoints, mean(readings)].slice(-IN_DATAPOINTS);
        readings = [];
        datapointAt = moment.time;
      } else if (alarms === 'OnceADatapoint') {
        return current;
      }
      // Instances that warm up are in neither the metric nor its base.
      const wanted = Math.ceil(((inService - warming) * datapoints.at(-1)!) / target - ROUNDING);
      if (datapoints.length >= OUT_DATAPOINTS && datapoints.slice(-OUT_DATAPOINTS).every((value) => value > target)) return Math.max(current, wanted);
      const quiet = datapoints.length === IN_DATAPOINTS && datapoints.every((value) => value < IN_BELOW * target);
      return quiet && warming + booting === 0 ? Math.min(current, wanted) : current;
    };
  },
});

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
