import type { Algorithm } from '../algorithm.ts';
import type { Moment } from '../engine-input.ts';
import { replicasOf, valueOf } from './moment.ts';

const TOLERANCE = 0.1;
const DOWN_WINDOW_MS = 300_000;
/** At most so many more, or twice as many, a period of 15 s. */
const UP_PODS = 4;
/** A quotient such as 4.2 / 0.6 must not buy a host for its rounding error. */
const ROUNDING = 1e-9;

/** What a metric alone recommends; undefined where it has no value. */
type Recommend = (moment: Moment) => number | undefined;

/** The Horizontal Pod Autoscaler (v2) with its default behavior, on CPU per cent. */
export const hpaOnCpu = (name: string, target: number): Algorithm =>
  hpa(name, `Kubernetes' HPA, target ${target} % CPU`, (moment) => {
    const cpu = valueOf(moment, 'cpu');
    if (cpu === undefined) return undefined;
    const { inService, booting } = moment.hosts;
    const ratio = cpu / target;
    // Hosts that are not ready count as idle ones when the others ask for more; if that turns the wish round, nothing is done.
    const judged = ratio > 1 ? (ratio * inService) / (inService + booting) : ratio;
    return tolerated(judged) || (ratio > 1 && judged < 1) ? replicasOf(moment) : Math.ceil(ratio * inService - ROUNDING);
  });

/** The same on requests a second and host, an external metric with an average value; so does KEDA. */
export const hpaOnRequests = (name: string, target: number): Algorithm =>
  hpa(name, `Kubernetes' HPA, or KEDA, target ${target} requests/s a host`, (moment) => {
    const rps = valueOf(moment, 'rps');
    if (rps === undefined) return undefined;
    return tolerated(rps / (target * replicasOf(moment))) ? replicasOf(moment) : Math.ceil(rps / target - ROUNDING);
  });

const tolerated = (ratio: number): boolean => Math.abs(ratio - 1) <= TOLERANCE;

const hpa = (name: string, explanation: string, recommend: Recommend): Algorithm => ({
  name,
  explanation,
  start: () => {
    let recent: { at: number; hosts: number }[] = [];
    return (moment) => {
      const current = replicasOf(moment);
      const hosts = recommend(moment);
      if (hosts === undefined) return current;
      recent = recent.filter(({ at }) => moment.time - at < DOWN_WINDOW_MS);
      recent.push({ at: moment.time, hosts });
      if (hosts >= current) return Math.min(hosts, current + Math.max(UP_PODS, current));
      // Down to the highest of the last five minutes, and never up for its sake.
      return Math.min(current, recent.reduce((highest, entry) => Math.max(highest, entry.hosts), 0));
    };
  },
});
