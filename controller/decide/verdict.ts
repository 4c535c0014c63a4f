/** What held a change back; the last stage that did so has the word. */
export type HeldBy = 'Tolerance' | 'Absent' | 'Threshold' | 'Stabilization' | 'RateLimit' | 'PaidHour' | 'Disabled' | 'Veto' | 'Ceiling';

/** A number on its way through the stages, with what was said about it so far. */
export interface Verdict {
  hosts: number;
  reasons: readonly string[];
  heldBy?: HeldBy;
}
