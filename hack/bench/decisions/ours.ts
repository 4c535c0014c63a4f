import { globSync } from 'node:fs';
import { basename, join } from 'node:path';
import { readPolicy } from '../../../controller/compose/read-policy.ts';
import type { ScalingPolicySpec } from '../../../controller/api/index.ts';
import type { Billing } from '../../../controller/model/index.ts';
import { type ContenderSpec, simulatedPolicy } from '../../../controller/simulate/index.ts';

const SAMPLES = join(import.meta.dirname, '..', '..', '..', 'manifests', 'samples');
const DRAIN_SECONDS = 30;

/** A point on our knob: a sample policy, as people get it. */
export interface OurSetting {
  /** `thrifty`, `default` or `safe`. */
  name: string;
  policy: ScalingPolicySpec;
  specFor(billing: Billing, source: 'Hosts' | 'LoadBalancer'): ContenderSpec;
}

/** The samples that are made for the reference world, from thrifty to safe. */
export async function ourSettings(): Promise<OurSetting[]> {
  const files = globSync(join(SAMPLES, 'evaluate-web*.yaml'));
  if (files.length === 0) throw new Error(`no manifests/samples/evaluate-web*.yaml: there is nothing of ours to measure`);
  const settings = await Promise.all(files.map(async (file): Promise<OurSetting> => {
    const { policy } = await readPolicy(file);
    const name = /^evaluate-web-?(.*)\.yaml$/.exec(basename(file))?.[1] || 'default';
    return {
      name,
      policy: policy.spec,
      specFor: (billing, source) => ({
        name: `ours, ${name}`, kind: 'Engine', explanation: '', billing, drainSeconds: DRAIN_SECONDS,
        policy: simulatedPolicy(policy.spec, source === 'Hosts' ? undefined : ['rps', 'p95']).policy,
      }),
    };
  }));
  return settings.toSorted((one, other) => order(one.name) - order(other.name));
}

const order = (name: string): number => ['thrifty', 'default', 'safe'].indexOf(name);
