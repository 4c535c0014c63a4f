import { ClassifiedError } from '../model/index.ts';
import { readSecret } from './read-secret.ts';

/** How the controller deploys with Kamal. */
export interface KamalSettings {
  /** Holds a folder for each service. */
  projects: string;
  /** Path or name of the program. */
  program: string;
  /** What a project's `post-deploy` hook must send; absent: nobody may tell of a deploy. Secret. */
  deployedToken?: string;
  /** Kamal, its secrets and its ERB read it. Holds secrets. */
  environment: Record<string, string | undefined>;
}

export interface KamalFlags {
  kamalProjects?: string;
  kamal?: string;
}

/** Undefined where no projects are named. Throws Invalid for settings that need them, or that need SSH. */
export function readKamal(flags: KamalFlags, environment: Record<string, string | undefined>): KamalSettings | undefined {
  const projects = flags.kamalProjects ?? environment['KAMAL_AUTOSCALER_KAMAL_PROJECTS'];
  const program = flags.kamal ?? environment['KAMAL_AUTOSCALER_KAMAL'];
  const deployedToken = readSecret(environment, 'DEPLOYED_TOKEN');
  if (projects === undefined || projects === '') {
    if (flags.kamal !== undefined) throw invalid('--kamal is given without projects: write --kamal-projects DIR too');
    if (deployedToken !== undefined) throw invalid('KAMAL_AUTOSCALER_DEPLOYED_TOKEN is set without projects: write --kamal-projects DIR (KAMAL_AUTOSCALER_KAMAL_PROJECTS) too');
    return undefined;
  }
  if (!environment['KAMAL_AUTOSCALER_SSH_KEY_FILE']) throw invalid('--kamal-projects is given without a key to log in with: set KAMAL_AUTOSCALER_SSH_KEY_FILE too');
  return { projects, program: program ?? 'kamal', environment, ...(deployedToken === undefined ? {} : { deployedToken }) };
}

const invalid = (message: string): ClassifiedError => new ClassifiedError('Invalid', message);
