import type { HostPool, ScalingPolicy } from '../api/index.ts';
import { ClassifiedError } from '../model/index.ts';
import { readFiles } from './read-files.ts';

/** One policy of a file, after defaulting, and its pool where the file has it. */
export interface WrittenPolicy {
  policy: ScalingPolicy;
  pool?: HostPool;
}

/** Reads the only ScalingPolicy of a file. Rejects with Invalid, naming file and line, for anything that `validate` would not take. */
export async function readPolicy(file: string): Promise<WrittenPolicy> {
  const { objects, problems } = await readFiles([file]);
  const [problem] = problems.filter(({ severity }) => severity !== 'Warning');
  if (problem !== undefined) {
    const place = [problem.file, problem.line, problem.column].filter((part) => part !== undefined).join(':');
    throw new ClassifiedError('Invalid', `${place}: ${problem.message}`, { mend: `mend the file; \`kamal-autoscaler validate ${file}\` lists every problem` });
  }
  const policies = objects.filter((object): object is ScalingPolicy => object.kind === 'ScalingPolicy');
  const [policy] = policies;
  if (policy === undefined || policies.length > 1) {
    throw new ClassifiedError('Invalid', `${file} has ${policies.length} documents of kind ScalingPolicy`, { mend: 'name a file with one of them' });
  }
  const pool = objects.find((object): object is HostPool => object.kind === 'HostPool' && object.metadata.name === policy.spec.targetRef.name);
  return { policy, ...(pool !== undefined && { pool }) };
}
