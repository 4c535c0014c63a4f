import { keyText, sameKey } from '../../api/index.ts';
import type { ObjectKey, ScalingPolicy } from '../../api/index.ts';
import { placeText } from './read-documents.ts';
import type { PlacedProblem, WrittenObject } from './read-documents.ts';

/**
 * What is wrong between objects that are each right. A pool may be elsewhere, so a missing one is a warning; of two
 * policies on a pool one would never act, which is an error.
 */
export function crossCheck(objects: readonly WrittenObject[]): { errors: PlacedProblem[]; warnings: PlacedProblem[] } {
  const pools = objects.filter(({ kind }) => kind === 'HostPool').map(({ key }) => keyText(key));
  const policies = objects.filter(({ kind }) => kind === 'ScalingPolicy');
  const errors = policies.flatMap((policy, index): PlacedProblem[] => {
    const other = policies.slice(0, index).find((earlier) => sameKey(poolOf(earlier), poolOf(policy)));
    if (other === undefined) return [];
    return [{
      place: policy.place,
      message: `ScalingPolicy ${keyText(policy.key)}: spec.targetRef.name: HostPool ${keyText(poolOf(policy))} has a policy already, ${keyText(other.key)} at ${placeText(other.place)}: keep one of them`,
    }];
  });
  const warnings = policies.filter((policy) => !pools.includes(keyText(poolOf(policy)))).map((policy): PlacedProblem => ({
    place: policy.place,
    message: `ScalingPolicy ${keyText(policy.key)}: spec.targetRef.name: HostPool ${keyText(poolOf(policy))} is in none of these files: write it, or make sure that it exists`,
  }));
  return { errors, warnings };
}

function poolOf({ key, admitted }: WrittenObject): ObjectKey {
  return { namespace: key.namespace, name: (admitted as ScalingPolicy).spec.targetRef.name };
}
