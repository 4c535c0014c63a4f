import { existsSync } from 'node:fs';
import { config as readEnvFile } from 'dotenv';

/** The environment, and what a `.env` file beside the process adds to it. */
export function withEnvFile(environment: Record<string, string | undefined>): Record<string, string | undefined> {
  const both = { ...environment };
  if (existsSync('.env')) readEnvFile({ path: '.env', processEnv: both as Record<string, string>, quiet: true });
  return both;
}
