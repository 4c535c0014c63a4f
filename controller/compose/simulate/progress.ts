import type { Io } from '../../cli/index.ts';

const WIDTH = 30;

/** One line on a terminal that says how far something is; nothing where nobody watches. */
export interface ProgressBar {
  /** 0…1. */
  show(share: number): void;
  /** Takes the line away. */
  end(): void;
}

export function progressBar(io: Io, what: string): ProgressBar {
  if (!io.isTTY) return { show: () => undefined, end: () => undefined };
  let shown = -1;
  return {
    show(share) {
      const percent = Math.min(100, Math.floor(share * 100));
      if (percent === shown) return;
      shown = percent;
      const full = Math.round((percent / 100) * WIDTH);
      io.stderr(`\r${what} ${'█'.repeat(full)}${'░'.repeat(WIDTH - full)} ${percent} %`);
    },
    end: () => io.stderr(`\r${' '.repeat(what.length + WIDTH + 8)}\r`),
  };
}
