/** How a pass over one key ended, and when to look again. */
export type Outcome =
  | { kind: 'Done' }
  | { kind: 'RequeueAfter'; seconds: number }
  /** Nothing changes until a person acts or the object changes; looked at again on resync only. */
  | { kind: 'Stalled'; reason: string; message: string };

export const done: Outcome = { kind: 'Done' };
export const requeueAfter = (afterSeconds: number): Outcome => ({ kind: 'RequeueAfter', seconds: Math.max(0, afterSeconds) });
