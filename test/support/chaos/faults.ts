/** What goes wrong at port calls: single faults, outages, slow answers, crashes and freezes. Outlives the processes that it befalls. */
import { ClassifiedError, type ErrorClass, type Instant } from '../../../controller/model/index.ts';
import type { Clock } from '../../../controller/ports/index.ts';
import type { PortCall, PortHooks } from '../instrumented.ts';
import type { ChaosEvent, PortName } from './events.ts';

type Fault = ChaosEvent & { kind: 'Fault' };
type Slow = ChaosEvent & { kind: 'Slow' };

/** A process as faults see it. */
export interface Victim {
  dead: boolean;
  /** Set while it stands still. */
  thaw: Promise<void> | undefined;
}

export interface Faults {
  hooks(victim: Victim, stop: Stop): PortHooks;
  faults: Fault[];
  slow: Slow[];
  outages: { port: PortName; class: ErrorClass; until: Instant }[];
  /** How often each fault was met, by `port.method class when`. */
  met: Map<string, number>;
  /** The next crash or freeze, counted down with each call. */
  pending: { event: ChaosEvent & { kind: 'Crash' | 'Freeze' }; left: number } | undefined;
  calm: boolean;
  /** Called when calls follow each other without any time between them: nothing would end that. */
  spins(call: PortCall): void;
}

/** More calls than any number of passes needs at one and the same millisecond. */
const MOST_CALLS_AT_ONCE = 3000;

/** What a crash or freeze does to the process at whose call it falls. */
export type Stop = (event: ChaosEvent & { kind: 'Crash' | 'Freeze' }) => void;

const forever = (): Promise<never> => new Promise(() => undefined);

export function createFaults(clock: Clock, callMilliseconds: number, chance: () => number, spins: Faults['spins']): Faults {
  const atOnce = { now: 0, calls: 0 };
  const state: Faults = { spins, hooks, faults: [], slow: [], outages: [], met: new Map(), pending: undefined, calm: false };
  const meet = (text: string): void => void state.met.set(text, (state.met.get(text) ?? 0) + 1);

  async function unlessSpinning(call: PortCall): Promise<void> {
    if (clock.now() !== atOnce.now) Object.assign(atOnce, { now: clock.now(), calls: 0 });
    atOnce.calls += 1;
    if (atOnce.calls < MOST_CALLS_AT_ONCE) return;
    if (atOnce.calls === MOST_CALLS_AT_ONCE) state.spins(call);
    await forever();
  }

  async function standing(victim: Victim): Promise<void> {
    while (victim.thaw !== undefined) await victim.thaw;
    if (victim.dead) await forever();
  }

  function fail(call: PortCall, when: 'Before' | 'After'): void {
    const outage = when === 'Before' ? state.outages.find(({ port, until }) => port === call.port && clock.now() < until) : undefined;
    if (outage !== undefined) {
      meet(`${call.port} outage ${outage.class}`);
      throw error(outage.class, call);
    }
    const fault = state.faults.find((one) => one.port === call.port && one.method === call.method && one.when === when);
    if (fault === undefined) return;
    fault.calls -= 1;
    if (fault.calls <= 0) state.faults.splice(state.faults.indexOf(fault), 1);
    // A provider owes it to its callers to say when an order may have had its effect.
    const errorClass = when === 'After' && call.method === 'create' ? 'OutcomeUnknown' : fault.class;
    meet(`${call.port}.${call.method} ${errorClass} ${when}`);
    throw error(errorClass, call);
  }

  const error = (errorClass: ErrorClass, { port, method }: PortCall): Error =>
    (errorClass === 'Defect' ? new Error(`${port}.${method} broke`) : new ClassifiedError(errorClass, `${port}.${method} was made to fail`, errorClass === 'RateLimited' ? { retryAfterSeconds: 5 } : {}));

  async function delay(call: PortCall): Promise<void> {
    const slow = state.slow.find((one) => one.port === call.port && one.method === call.method);
    if (slow !== undefined) {
      slow.calls -= 1;
      if (slow.calls <= 0) state.slow.splice(state.slow.indexOf(slow), 1);
      meet(`${call.port}.${call.method} slow`);
      await clock.sleep(slow.seconds * 1000);
      return;
    }
    const milliseconds = Math.floor(chance() * callMilliseconds);
    if (milliseconds > 0) await clock.sleep(milliseconds);
  }

  function hooks(victim: Victim, stop: Stop): PortHooks {
    const strike = (mode: 'Before' | 'After', call: PortCall): void => {
      const { pending } = state;
      if (pending === undefined || pending.left > 0) return;
      if (pending.event.kind === 'Crash' && pending.event.mode !== mode) return;
      state.pending = undefined;
      meet(`${pending.event.kind} ${mode === 'Before' ? 'before' : 'after'} ${call.port}.${call.method}`);
      stop(pending.event);
    };
    return {
      async before(call) {
        await unlessSpinning(call);
        await standing(victim);
        if (!state.calm) {
          if (state.pending !== undefined) state.pending.left -= 1;
          strike('Before', call);
          await standing(victim);
          await delay(call);
          await standing(victim);
          fail(call, 'Before');
        }
      },
      async after(call) {
        await standing(victim);
        if (state.calm) return;
        strike('After', call);
        await standing(victim);
        await delay(call);
        await standing(victim);
        fail(call, 'After');
      },
    };
  }
  return state;
}
