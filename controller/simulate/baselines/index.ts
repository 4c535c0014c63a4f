export { awsTargetTracking } from './aws.ts';
export { hpaOnCpu, hpaOnRequests } from './hpa.ts';
export { nomadTargetValue } from './nomad.ts';
export { fixedHosts } from './static.ts';
export { stepRule } from './step-rule.ts';
