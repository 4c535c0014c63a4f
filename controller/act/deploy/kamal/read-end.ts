import { type KamalFailure, readFailure } from './read-failure.ts';
import type { Redact } from './redact.ts';
import type { ProcessEnd } from './run-process.ts';

/** Why a run came to nothing, in words that may be shown; `seconds` is its time limit. */
export function failureOfEnd(end: ProcessEnd, seconds: number, redact: Redact): KamalFailure {
  switch (end.kind) {
    case 'Exited': return readFailure(end, redact);
    case 'TimedOut': return { class: 'Transient', replaceHost: false, message: `Kamal took longer than ${seconds} s and was ended` };
    case 'Aborted': return { class: 'Transient', replaceHost: false, message: 'Kamal was ended because this controller ends or no longer leads' };
    case 'Killed': return { class: 'Transient', replaceHost: false, message: `somebody ended Kamal with ${end.signal}` };
    case 'NotStarted': return { class: 'Invalid', replaceHost: false, message: notStarted(end.code) };
  }
}

function notStarted(code: string): string {
  switch (code) {
    case 'ENOENT': return 'there is no kamal on this machine; install it, or name it with --kamal (KAMAL_AUTOSCALER_KAMAL)';
    case 'EACCES': return 'kamal may not be run by this user; make it executable, or name another with --kamal (KAMAL_AUTOSCALER_KAMAL)';
    default: return `kamal could not be started (${code})`;
  }
}
