/** What goes wrong, by script or by seed. */

export type Fault =
  /** Nothing happens, and the API says why. */
  | { kind: 'Refuse'; status: number; code: string; message?: string; headers?: Readonly<Record<string, string>> }
  /** It takes effect, but the connection is cut before the answer. */
  | { kind: 'LoseReply' }
  /** No answer ever comes; `effect` says whether it happened. */
  | { kind: 'Hang'; effect: 'None' | 'Done' }
  | { kind: 'Slow'; milliseconds: number }
  /** Something in between answers: `body` is no JSON of the API. It happened or not. */
  | { kind: 'Garbage'; status: number; body: string; effect: 'None' | 'Done' }
  /** Of what creates a server: its action ends in an error, and the server never runs. */
  | { kind: 'ActionFails'; code: string; message: string }
  /** Of what creates a server: its action never ends. */
  | { kind: 'ActionNeverEnds' }
  /** Of what creates a server: it runs, as the API says, but the machine never comes up. */
  | { kind: 'NeverBoots' }
  /** Of what creates a server: it is missing from lists for so long, or its tags are. */
  | { kind: 'ListedLate'; milliseconds: number }
  /** Of what creates a server, where names are not unique: two are made, and the answer tells of one. */
  | { kind: 'MadeTwice' }
  /** Of a delete: it is answered as done, and the server stays. */
  | { kind: 'DeleteForgotten' }
  /** Of a delete: it is answered as done, and the server is there and listed for so long. */
  | { kind: 'DeleteLingers'; milliseconds: number };

/** `POST /servers`, `DELETE /servers/{id}`: method and path template as the document has them; `*` is any call. */
export type Call = string;

export interface Faults {
  /** The next calls of this kind meet this fault. */
  script(call: Call, fault: Fault, times?: number): void;
  /** From now on a share of all calls meets one of these faults, by a generator that begins at the seed. */
  seed(seed: number, share: number, faults: Readonly<Record<Call, readonly Fault[]>>): void;
  clear(): void;
  /** Asked once a call. */
  meet(call: Call): Fault | undefined;
}

export function createFaults(): Faults {
  const scripted: { call: Call; fault: Fault; left: number }[] = [];
  let chance: { next: () => number; share: number; faults: Readonly<Record<Call, readonly Fault[]>> } | undefined;

  return {
    script: (call, fault, times = 1) => void scripted.push({ call, fault, left: times }),
    seed(seed, share, faults) {
      chance = { next: generator(seed), share, faults };
    },
    clear() {
      scripted.length = 0;
      chance = undefined;
    },
    meet(call) {
      const planned = scripted.find((entry) => entry.left > 0 && (entry.call === call || entry.call === '*'));
      if (planned !== undefined) {
        planned.left -= 1;
        return planned.fault;
      }
      if (chance === undefined) return undefined;
      const possible = [...(chance.faults[call] ?? []), ...(chance.faults['*'] ?? [])];
      if (possible.length === 0 || chance.next() >= chance.share) return undefined;
      return possible[Math.floor(chance.next() * possible.length)];
    },
  };
}

/** Mulberry32: small, and the same everywhere. */
export function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
