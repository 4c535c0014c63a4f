/** One controller of several, and what it says of itself. */
import { readFile } from 'node:fs/promises';
import { type ControllerProcess, type ControllerStore, startControllerProcess } from '../e2e/controller-process.ts';

export interface LogLine {
  level: 'debug' | 'info' | 'warn' | 'error';
  message: string;
  error?: string;
}

export interface Answer {
  status: number;
  text: string;
}

export class Replica {
  readonly controller: ControllerProcess;

  private constructor(controller: ControllerProcess) {
    this.controller = controller;
  }

  /** Replicas with the same state folder share the cloud whose records lie there. */
  static async start(store: ControllerStore, stateFolder: string): Promise<Replica> {
    const args = ['--scrape-interval', '1'];
    return new Replica(await startControllerProcess({ store, stateFolder, installation: 'e2e', args }));
  }

  /** What it logged, earlier runs included. */
  async log(): Promise<LogLine[]> {
    const text = await readFile(this.controller.process.logFile, 'utf8');
    return text.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as LogLine);
  }

  /** Its answer to Traefik; undefined while it does not answer at all. */
  config(): Promise<Answer | undefined> {
    return this.#get('/traefik/config');
  }

  /** By its own metrics; one that does not run, or is frozen, does not lead. */
  async leads(): Promise<boolean> {
    return /^kamal_autoscaler_leader 1$/m.test((await this.#get('/metrics'))?.text ?? '');
  }

  freeze(): void {
    this.controller.process.signal('SIGSTOP');
  }

  wake(): void {
    this.controller.process.signal('SIGCONT');
  }

  /** Runs again, whatever a test has done to it. */
  async revive(): Promise<void> {
    if (this.controller.process.pid === undefined) await this.controller.process.start();
    else this.wake();
  }

  /** Ends it at once, as a crash does, and waits until it is gone. */
  async kill(): Promise<void> {
    this.controller.process.signal('SIGKILL');
    await this.controller.process.halt();
  }

  async #get(path: string): Promise<Answer | undefined> {
    try {
      const response = await fetch(`${this.controller.url}${path}`, { signal: AbortSignal.timeout(2_000) });
      return { status: response.status, text: await response.text() };
    } catch {
      return undefined;
    }
  }
}
