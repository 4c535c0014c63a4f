import type { Algorithm } from '../algorithm.ts';
import { awsTargetTracking } from './aws.ts';
import { hpaOnCpu, hpaOnRequests } from './hpa.ts';
import { nomadTargetValue } from './nomad.ts';
import { fixedHosts } from './static.ts';
import { stepRule } from './step-rule.ts';

export { awsTargetTracking } from './aws.ts';
export { hpaOnCpu, hpaOnRequests } from './hpa.ts';
export { nomadTargetValue } from './nomad.ts';
export { fixedHosts } from './static.ts';
export { stepRule } from './step-rule.ts';

/** What the baselines aim at. */
export interface BaselineTargets {
  /** Requests a second of a host. */
  requests: number;
  /** Per cent of CPU. */
  cpu: number;
}

/** What people use today, with the settings that they come with. */
export const scalingBaselines = ({ requests, cpu }: BaselineTargets): Algorithm[] => [
  hpaOnCpu('hpa-cpu', cpu),
  hpaOnRequests('hpa-requests', requests),
  awsTargetTracking('aws-target-tracking', requests),
  nomadTargetValue('nomad-target-value', requests),
  stepRule('step-rule', { outAbove: 70, inBelow: 30, cooldownSeconds: 300 }),
];

/** A fleet that never changes: enough for the highest need, or for the mean one. */
export const staticBaselines = ({ peakHosts, meanHosts }: { peakHosts: number; meanHosts: number }): Algorithm[] => [
  fixedHosts('static-peak', peakHosts, `always ${peakHosts} hosts: enough for the highest load`),
  fixedHosts('static-mean', meanHosts, `always ${meanHosts} hosts: enough for the mean load`),
];
