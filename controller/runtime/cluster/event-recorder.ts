import { createHash } from 'node:crypto';
import { PatchStrategy, setHeaderOptions } from '@kubernetes/client-node';
import { API_VERSION } from '../../api/index.ts';
import { isClass } from '../../model/index.ts';
import type { Clock, StoreEvent } from '../../ports/index.ts';
import { calling } from './api.ts';
import type { ClusterApi } from './api.ts';
import { toMicroTime } from './micro-time.ts';

const RESOURCE = { group: 'events.k8s.io', version: 'v1', plural: 'events' } as const;
const REPORTING_CONTROLLER = 'kamal-autoscaler.dev/controller';
const NOTE_LENGTH = 1024;

/**
 * Writes Events of events.k8s.io/v1. Its name comes from what it says, so that the same event is found again by every
 * replica and after a restart: a repeated one grows the count of its series. Throws ClassifiedErrors.
 */
export class EventRecorder {
  readonly #api: ClusterApi;
  readonly #clock: Clock;
  readonly #instance: string;

  constructor(api: ClusterApi, clock: Clock, instance: string) {
    this.#api = api;
    this.#clock = clock;
    this.#instance = instance.slice(0, 128);
  }

  async record(event: StoreEvent): Promise<void> {
    const name = eventName(event);
    const what = `record Event ${event.reason} of ${event.kind} ${event.key.namespace}/${event.key.name}`;
    try {
      await this.#create(event, name, what);
    } catch (error) {
      if (!isClass(error, 'AlreadyExists')) throw error;
      await this.#count(event.key.namespace, name, what);
    }
  }

  async #create(event: StoreEvent, name: string, what: string): Promise<void> {
    const { namespace } = event.key;
    const body = {
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { name, namespace },
      eventTime: this.#microTime(),
      reportingController: REPORTING_CONTROLLER,
      reportingInstance: this.#instance,
      action: event.reason,
      reason: event.reason,
      type: event.type,
      note: event.message.slice(0, NOTE_LENGTH),
      regarding: { apiVersion: API_VERSION, kind: event.kind, namespace, name: event.key.name, uid: event.uid },
    };
    await calling({ verb: 'Write', what }, async () => await this.#api.custom.createNamespacedCustomObject({ ...RESOURCE, namespace, body }));
  }

  async #count(namespace: string, name: string, what: string): Promise<void> {
    const known = await calling({ verb: 'Read', what }, async (): Promise<{ series?: { count?: number } }> =>
      await this.#api.custom.getNamespacedCustomObject({ ...RESOURCE, namespace, name }));
    const body = { series: { count: (known.series?.count ?? 1) + 1, lastObservedTime: this.#microTime() } };
    await calling({ verb: 'Write', what }, async () => await this.#api.custom.patchNamespacedCustomObject(
      { ...RESOURCE, namespace, name, body },
      setHeaderOptions('Content-Type', PatchStrategy.MergePatch),
    ));
  }

  #microTime(): string {
    return toMicroTime(this.#clock.now());
  }
}

function eventName({ key, uid, type, reason, message }: StoreEvent): string {
  const digest = createHash('sha256').update(JSON.stringify([uid, type, reason, message])).digest('hex').slice(0, 16);
  return `${key.name}.${digest}`;
}
