import type { HostPoolStatus, ScalingPolicyStatus } from '../api/index.ts';
import { type Instant, toTimestamp } from '../model/index.ts';

export type Condition = NonNullable<HostPoolStatus['conditions']>[number] & NonNullable<ScalingPolicyStatus['conditions']>[number];

/** A condition before it is merged: without its times. */
export interface ConditionDraft {
  type: string;
  status: 'True' | 'False' | 'Unknown';
  /** CamelCase, for programs. */
  reason: string;
  /** Who must act, what and where, where somebody must. */
  message: string;
}

/** Merges by type; lastTransitionTime moves only when the status of a condition changes. */
export function mergeConditions(before: readonly Condition[] | undefined, drafts: readonly ConditionDraft[], generation: number, now: Instant): Condition[] {
  const kept = (before ?? []).filter(({ type }) => drafts.every((draft) => draft.type !== type));
  const merged = drafts.map((draft): Condition => {
    const old = before?.find(({ type }) => type === draft.type);
    return {
      ...draft,
      message: clip(draft.message, 1000),
      lastTransitionTime: old?.status === draft.status ? old.lastTransitionTime : toTimestamp(now),
      observedGeneration: generation,
    };
  });
  return [...kept, ...merged].sort((a, b) => a.type.localeCompare(b.type));
}

/** Cuts a text to the length that the schema allows. */
export const clip = (text: string, length: number): string => (text.length <= length ? text : `${text.slice(0, length - 1)}…`);
