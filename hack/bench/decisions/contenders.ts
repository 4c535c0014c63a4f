import type { ContenderSpec } from '../../../controller/simulate/index.ts';

/** Baselines as they are in the published table, with a target of 70 requests/s or 70 % CPU. */
export const BASELINES: readonly ContenderSpec[] = [
  { name: 'HPA, CPU 70 %', kind: 'HpaOnCpu', target: 70 },
  { name: 'HPA or KEDA, 70 rps', kind: 'HpaOnRequests', target: 70 },
  { name: 'HPA or KEDA, 55 rps', kind: 'HpaOnRequests', target: 55 },
  { name: 'AWS target tracking', kind: 'AwsTargetTracking', target: 70 },
  { name: 'Nomad target-value', kind: 'NomadTargetValue', target: 70 },
  { name: '±1 step rule', kind: 'StepRule', outAbove: 70, inBelow: 30, cooldownSeconds: 300 },
  { name: 'static peak', kind: 'Static', hosts: 26, enoughFor: 'the highest load' },
];

export const CLAIRVOYANTS: readonly ContenderSpec[] = [
  { name: 'clairvoyant, by the second', kind: 'Clairvoyant', billing: 'Second' },
  { name: 'clairvoyant, by the hour', kind: 'Clairvoyant', billing: 'Hour' },
];

/** A baseline with every setting that it can have: its curve of cost against violations. */
export interface Family {
  name: string;
  /** Without a CPU metric it decides nothing. */
  needsCpu: boolean;
  at(target: number): ContenderSpec;
}

export const FAMILIES: readonly Family[] = [
  { name: 'HPA on CPU', needsCpu: true, at: (target) => ({ name: `cpu ${target}`, kind: 'HpaOnCpu', target }) },
  { name: 'HPA or KEDA on requests', needsCpu: false, at: (target) => ({ name: `rps ${target}`, kind: 'HpaOnRequests', target }) },
  { name: 'AWS target tracking', needsCpu: false, at: (target) => ({ name: `aws ${target}`, kind: 'AwsTargetTracking', target }) },
  { name: 'Nomad target-value', needsCpu: false, at: (target) => ({ name: `nomad ${target}`, kind: 'NomadTargetValue', target }) },
  { name: '±1 step rule', needsCpu: true, at: (target) => ({ name: `step ${target}`, kind: 'StepRule', outAbove: target, inBelow: target - 40, cooldownSeconds: 300 }) },
];

/** From wasteful to reckless; cost is read between them. */
export const TARGETS: readonly number[] = [44, 48, 52, 56, 60, 63, 66, 69, 72, 75, 78, 82, 86, 90];
export const FEW_TARGETS: readonly number[] = [52, 60, 66, 72, 80];
