import { type Instant, type LockFact, isYoung, seconds } from '../model/index.ts';
import type { Clock, DeployLock, LockRef } from '../ports/index.ts';

/** The newest word of each deploy lock. Calls over one lock run one after the other, so that the newest word is the truest. */
export interface DeployLockView {
  /** What was last heard, unless that is older. */
  latest(lock: LockRef, maxAgeSeconds: number): LockFact | undefined;
  look(lock: LockRef): Promise<LockFact>;
  acquire(lock: LockRef, operationID: string): Promise<LockFact>;
  release(lock: LockRef, operationID: string): Promise<LockFact>;
  /** Looks without anybody waiting for it, unless the last word is young enough; `then` is called once there is a new one. */
  refresh(lock: LockRef, maxAgeSeconds: number, then: () => void): void;
}

interface Heard { fact: LockFact; asOf: Instant }

export function createDeployLockView(port: DeployLock, clock: Clock): DeployLockView {
  const heard = new Map<string, Heard>();
  const underWay = new Map<string, Promise<unknown>>();
  const textOf = ({ service, destination }: LockRef): string => `${service} ${destination ?? ''}`;

  function inTurn(lock: LockRef, call: () => Promise<LockFact>): Promise<LockFact> {
    const text = textOf(lock);
    const turn = (underWay.get(text) ?? Promise.resolve()).then(async () => {
      // What was true when the call began may have changed by its end.
      const asOf = clock.now();
      const fact = await call();
      heard.set(text, { fact, asOf });
      return fact;
    });
    const ended = turn.catch(() => undefined).then(() => {
      if (underWay.get(text) === ended) underWay.delete(text);
    });
    underWay.set(text, ended);
    return turn;
  }

  const latest = (lock: LockRef, maxAgeSeconds: number): LockFact | undefined => {
    const word = heard.get(textOf(lock));
    return word !== undefined && isYoung(word.asOf, seconds(maxAgeSeconds), clock.now()) ? word.fact : undefined;
  };

  return {
    latest,
    look: (lock) => inTurn(lock, () => port.look(lock)),
    acquire: (lock, operationID) => inTurn(lock, () => port.acquire(lock, operationID)),
    release: (lock, operationID) => inTurn(lock, () => port.release(lock, operationID)),
    refresh(lock, maxAgeSeconds, then) {
      if (latest(lock, maxAgeSeconds) !== undefined || underWay.has(textOf(lock))) return;
      // The port answers what it cannot ask as Unknown; anything else is heard in the next pass that asks itself.
      void inTurn(lock, () => port.look(lock)).then(then, () => undefined);
    },
  };
}
