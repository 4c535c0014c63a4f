import { keyText } from '../../api/index.ts';
import type { Kind, ObjectKey } from '../../api/index.ts';
import type { Instant } from '../../model/index.ts';
import type { StoreEvent } from '../../ports/index.ts';

/** An event with how often it was repeated. */
export interface RecordedEvent extends StoreEvent {
  count: number;
  firstAt: Instant;
  lastAt: Instant;
}

/** Reads back what `recordEvent` stored. */
export interface EventReader {
  /** Events of one object, the newest last. */
  events(kind: Kind, key: ObjectKey): Promise<RecordedEvent[]>;
}

/** Events that a store keeps over all objects. */
export const KEPT_EVENTS = 1000;

/** What makes two events the same, so that the second is counted. */
export const identityOf = ({ kind, key, uid, type, reason, message }: StoreEvent): string => [kind, keyText(key), uid, type, reason, message].join('\n');
