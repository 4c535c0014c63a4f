/** All scenarios, by the order of the recordings. */
import type { Scenario } from '../scenario.ts';
import { SCENARIOS as stubLocks } from './stub-locks.ts';
import { SCENARIOS as stubDrain } from './stub-drain.ts';
import { SCENARIOS as realFailures } from './real-failures.ts';
import { SCENARIOS as realJoins } from './real-joins.ts';
import { SCENARIOS as stubSettings } from './stub-settings.ts';

export const SCENARIOS: readonly Scenario[] = [...stubLocks, ...stubDrain, ...stubSettings, ...realJoins, ...realFailures];
