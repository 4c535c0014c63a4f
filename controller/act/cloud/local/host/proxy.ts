import type { App } from './app.ts';

/** What stands in front of the app: a real kamal-proxy, or this process doing as it does. */
export interface Proxy {
  readonly http: number;
  readonly metrics: number;
  /** Routes the service to this app once its health path answers. Rejects with a ControlFailure when it does not in time. */
  route(service: string, app: App, timeoutSeconds: number): Promise<void>;
  /** Refuses new requests; ends when those in flight have ended or were cut. */
  quiesce(service: string, seconds: number): Promise<void>;
  resume(service: string): Promise<void>;
  /** Routes the service no more; its requests in flight are lost. */
  remove(service: string): Promise<void>;
  state(service: string): Promise<{ routed: boolean; quiesced: boolean }>;
  /** Answers nobody from now on; ends when nothing of it runs. */
  close(): Promise<void>;
}

/** A refusal that the control port tells with its class. */
export class ControlFailure extends Error {
  readonly class: 'NotFound' | 'Transient' | 'Invalid';

  constructor(failureClass: ControlFailure['class'], message: string) {
    super(message);
    this.class = failureClass;
  }
}
