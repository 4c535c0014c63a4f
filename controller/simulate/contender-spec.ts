import type { ScalingPolicySpec } from '../api/index.ts';
import type { Mechanism } from '../decide/index.ts';
import type { Billing } from '../model/index.ts';
import type { Contender } from './backtest.ts';
import { awsTargetTracking, fixedHosts, hpaOnCpu, hpaOnRequests, nomadTargetValue, stepRule } from './baselines/index.ts';
import { ourEngine } from './ours.ts';

/** A contender as plain data, so that another thread can run it. */
export type ContenderSpec = { name: string } & (
  | { kind: 'Engine'; explanation: string; policy: ScalingPolicySpec; billing: Billing; drainSeconds: number; without?: Mechanism }
  | { kind: 'HpaOnCpu' | 'HpaOnRequests' | 'AwsTargetTracking' | 'NomadTargetValue'; target: number }
  | { kind: 'StepRule'; outAbove: number; inBelow: number; cooldownSeconds: number }
  | { kind: 'Static'; hosts: number; enoughFor: string }
  | { kind: 'Clairvoyant'; billing: 'Second' | 'Hour' }
);

export function contenderOf(spec: ContenderSpec): Contender {
  switch (spec.kind) {
    case 'Engine':
      return { kind: 'Algorithm', algorithm: ourEngine(spec.name, spec.explanation, spec) };
    case 'HpaOnCpu':
      return { kind: 'Algorithm', algorithm: hpaOnCpu(spec.name, spec.target) };
    case 'HpaOnRequests':
      return { kind: 'Algorithm', algorithm: hpaOnRequests(spec.name, spec.target) };
    case 'AwsTargetTracking':
      return { kind: 'Algorithm', algorithm: awsTargetTracking(spec.name, spec.target) };
    case 'NomadTargetValue':
      return { kind: 'Algorithm', algorithm: nomadTargetValue(spec.name, spec.target) };
    case 'StepRule':
      return { kind: 'Algorithm', algorithm: stepRule(spec.name, spec) };
    case 'Static':
      return { kind: 'Algorithm', algorithm: fixedHosts(spec.name, spec.hosts, `always ${spec.hosts} hosts: enough for ${spec.enoughFor}`) };
    case 'Clairvoyant':
      return { kind: 'Clairvoyant', billing: spec.billing };
  }
}

/** For a reader who has never seen it, as one clause. */
export function explanationOf(spec: ContenderSpec): string {
  const contender = contenderOf(spec);
  if (contender.kind === 'Algorithm') return contender.algorithm.explanation;
  return contender.billing === 'Second' ? 'knows the future: the cheapest fleet that is never short' : 'knows the future: the fewest started hours that are never short';
}

/** The rule of thumb aims at no load of a host. */
const STEP_RULE = { name: 'step-rule', kind: 'StepRule', outAbove: 70, inBelow: 30, cooldownSeconds: 300 } as const;

/** What people use today, with the settings that they come with, at one target of requests a second and host and one of CPU. */
export const baselineSpecs = ({ requests, cpu }: { requests: number; cpu: number }): ContenderSpec[] => [
  { name: 'hpa-cpu', kind: 'HpaOnCpu', target: cpu },
  { name: 'hpa-requests', kind: 'HpaOnRequests', target: requests },
  { name: 'aws-target-tracking', kind: 'AwsTargetTracking', target: requests },
  { name: 'nomad-target-value', kind: 'NomadTargetValue', target: requests },
  STEP_RULE,
];
