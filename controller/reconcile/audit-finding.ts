import type { Audit, AuditDifference, AuditPlace } from '../model/index.ts';

export type AuditFinding = { kind: 'Difference'; difference: AuditDifference } | { kind: 'Unasked'; unasked: Audit['unasked'][number] };

export const difference = (place: AuditPlace, subject: string, says: string, mend: string): AuditFinding => ({ kind: 'Difference', difference: { place, subject, says, mend } });

export const unasked = (place: AuditPlace, subject: string, why: string): AuditFinding => ({ kind: 'Unasked', unasked: { place, subject, why } });

/** What differs between the controller's own documents and the world is mended by the controller's next passes. */
export const RUN = 'kamal-autoscaler run';
