import type { Moment } from '../engine-input.ts';

/** What is there or coming: the number that the algorithms call their replicas. */
export const replicasOf = ({ hosts }: Moment): number => hosts.inService + hosts.booting;

/** A metric's value; undefined where it is absent. */
export const valueOf = ({ metrics }: Moment, name: 'rps' | 'cpu'): number | undefined => metrics[name] ?? undefined;
