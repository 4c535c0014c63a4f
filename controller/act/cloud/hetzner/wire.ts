import type { Action } from '../rest/actions.ts';
import { isRecord, listOf, numberOf, textOf, wordsOf } from '../rest/wire.ts';

/** An action, as the API describes it. What fails has a code as a refused call has; only a lack of capacity means something to the core. */
export function actionOf(record: Record<string, unknown>): Action {
  const { status, error } = record;
  const [id, command] = [numberOf(record, 'id'), textOf(record, 'command')];
  // A delete that failed is seen at the server itself, which is still there.
  if (status === 'success' || (status === 'error' && command === 'delete_server')) return { id, status: 'Success' };
  if (status !== 'error') return { id, status: 'Running' };
  const { code, message } = isRecord(error) ? { code: wordsOf(error['code']) ?? 'unknown', message: wordsOf(error['message']) ?? 'without a reason' } : { code: 'unknown', message: 'without a reason' };
  const capacity = code === 'resource_unavailable' || code === 'placement_error';
  return { id, status: { class: capacity ? 'Capacity' : 'Transient', message: `Hetzner's ${command} failed: ${code}: ${message}` } };
}

/** An answer may or may not carry an action; a delete of something simple has none. */
export const actionsIn = (answer: Record<string, unknown>): Action[] =>
  [...(isRecord(answer['action']) ? [answer['action']] : []), ...listOf(answer, 'next_actions')].map(actionOf);
