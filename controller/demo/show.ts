import { type Screen, type View, frame, numbersText, stage } from './frame.ts';
import type { Happening } from './recorder.ts';
import { count, essence, latency, minutes } from './words.ts';

/** How the demo is watched while it runs. */
export interface Show {
  /** Called several times a second. */
  look(view: View): void;
  /** `seconds` since the load began; undefined before. */
  happened(happening: Happening, seconds: number | undefined): void;
  /** Gives the terminal back as it was; harmless a second time. */
  end(): void;
}

const CLEAR = '\u001B[2J';
/** The alternate screen, without cursor: what was there before comes back at the end. */
const ENTER = '\u001B[?1049h\u001B[?25l';
const LEAVE = '\u001B[?25h\u001B[?1049l';
/** Terminals that know it show a frame as a whole; others pass it over. */
const FRAME_BEGINS = '\u001B[?2026h';
const FRAME_ENDS = '\u001B[?2026l';
/** Emptied before it is written: at the last column, emptying what follows would take that character away. */
const row = (number: number, text: string): string => `\u001B[${number};1H\u001B[2K${text}`;

/** A redrawn frame. `screen` is asked anew each time, as windows change their size. */
export function liveShow(write: (text: string) => void, screen: () => Screen): Show {
  let state: 'Ready' | 'Entered' | 'Left' = 'Ready';
  let size = '';
  let shown: string[] = [];
  return {
    look(view) {
      if (state === 'Left') return;
      const { columns, rows, colours } = screen();
      const resized = size !== `${columns}x${rows}`;
      size = `${columns}x${rows}`;
      const before = resized ? [] : shown;
      shown = frame(view, { columns, rows, colours });
      const height = Math.max(before.length, shown.length);
      const changed = Array.from({ length: height }, (_, index) => (shown[index] === before[index] ? '' : row(index + 1, shown[index] ?? ''))).join('');
      if (changed !== '') write((state === 'Ready' ? ENTER : '') + FRAME_BEGINS + (resized ? CLEAR : '') + changed + FRAME_ENDS);
      state = 'Entered';
    },
    happened: () => undefined,
    end() {
      if (state === 'Entered') write(LEAVE);
      state = 'Left';
    },
  };
}

const SECONDS_BETWEEN_LINES = 5;

/** Plain lines: one for each thing that happens, and one every five seconds. */
export function plainShow(write: (text: string) => void): Show {
  let next = 0;
  return {
    look({ seconds, script, load, p95, requests, numbers }) {
      if (seconds === undefined || seconds < next) return;
      next = (Math.floor(seconds / SECONDS_BETWEEN_LINES) + 1) * SECONDS_BETWEEN_LINES;
      write(`${minutes(seconds).padStart(5)}  ${stage(script, seconds)}: ${count(load)} requests/s, P95 ${latency(p95)}, ${numbersText(numbers)}; ${count(requests.sent)} sent, ${count(requests.failed)} failed\n`);
    },
    happened: (happening, seconds) => write(`${(seconds === undefined ? '' : minutes(seconds)).padStart(5)}  ${sentence(happening)}\n`),
    end: () => undefined,
  };
}

function sentence(happening: Happening): string {
  switch (happening.kind) {
    case 'Host': return `  host ${happening.host.name}: ${happening.host.phase}`;
    case 'HostGone': return `  host ${happening.host.name}: gone`;
    case 'Decision': return `  decision ${happening.decision.from} → ${happening.decision.to}: ${essence(happening.decision.reason)}`;
  }
}
