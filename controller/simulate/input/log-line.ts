import type { Instant } from '../../model/index.ts';

/** One request of a log. */
export interface LoggedRequest {
  at: Instant;
  /** Absent where the log does not say. */
  durationSeconds?: number;
}

/** Reads lines of one log; remembers the last second, which many lines share. */
export type LineParser = (line: string) => LoggedRequest | undefined;

const NANOSECONDS = 1e9;

/**
 * kamal-proxy's request log: one JSON object a line, perhaps behind a prefix of Docker's. It is not parsed as a whole,
 * for speed; inside a text every quote is escaped, so that no path or user agent can look like a field. Undefined for
 * other lines, and for WebSockets, which are one request for hours.
 */
export function kamalProxyLine(): LineParser {
  const instantOf = remembering(Date.parse);
  return (line) => {
    if (!line.includes('"msg":"Request"')) return undefined;
    const time = textAfter(line, '"time":"');
    if (time === undefined || numberAfter(line, '"status":') === 101) return undefined;
    const at = instantOf(time.slice(0, 19), zoneOf(time));
    if (Number.isNaN(at)) return undefined;
    const duration = numberAfter(line, '"duration":');
    return { at, ...(duration !== undefined && duration > 0 && { durationSeconds: duration / NANOSECONDS }) };
  };
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const COMBINED = /\[(\d{2})\/([A-Z][a-z]{2})\/(\d{4}):(\d{2}:\d{2}:\d{2}) ([+-]\d{2})(\d{2})\] "(?:[^"\\]|\\.)*" (\d{3}) /;

/** The combined access log of Apache, nginx and Traefik: `… [10/Oct/2026:13:55:36 +0200] "GET / HTTP/1.1" 200 …`. */
export function combinedLine(): LineParser {
  const instantOf = remembering(Date.parse);
  return (line) => {
    const found = COMBINED.exec(line);
    if (found === null || found[7] === '101') return undefined;
    const month = MONTHS.indexOf(found[2]!) + 1;
    const at = instantOf(`${found[3]}-${String(month).padStart(2, '0')}-${found[1]}T${found[4]}`, `${found[5]}:${found[6]}`);
    return Number.isNaN(at) ? undefined : { at };
  };
}

export const LOG_FORMATS = { KamalProxy: kamalProxyLine, Combined: combinedLine } as const;
export type LogFormat = keyof typeof LOG_FORMATS;

/** The format of a line of a request; undefined for another line. */
export const formatOf = (line: string): LogFormat | undefined =>
  kamalProxyLine()(line) !== undefined ? 'KamalProxy' : combinedLine()(line) !== undefined ? 'Combined' : undefined;

function remembering(parse: (text: string) => number): (second: string, zone: string) => number {
  let [lastSecond, lastZone, last] = ['', '', NaN];
  return (second, zone) => {
    if (second !== lastSecond || zone !== lastZone) [lastSecond, lastZone, last] = [second, zone, parse(`${second}${zone}`)];
    return last;
  };
}

/** What follows the fraction of a second: `Z` or an offset. */
const zoneOf = (time: string): string => /(?:Z|[+-]\d{2}:\d{2})$/.exec(time)?.[0] ?? 'Z';

function textAfter(line: string, marker: string): string | undefined {
  const begin = line.indexOf(marker);
  if (begin < 0) return undefined;
  const end = line.indexOf('"', begin + marker.length);
  return end < 0 ? undefined : line.slice(begin + marker.length, end);
}

function numberAfter(line: string, marker: string): number | undefined {
  const begin = line.indexOf(marker);
  if (begin < 0) return undefined;
  const number = Number.parseInt(line.slice(begin + marker.length, begin + marker.length + 20), 10);
  return Number.isNaN(number) ? undefined : number;
}
