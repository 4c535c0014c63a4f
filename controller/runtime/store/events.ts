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
