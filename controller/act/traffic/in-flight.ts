const SERIES = /^kamal_proxy_http_in_flight_requests(?:\{(?:[^"}]|"(?:[^"\\]|\\.)*")*\})?[ \t]+(\S+)/;

/**
 * Requests in flight over all services in kamal-proxy's metrics text. Undefined when the text has no such series,
 * as before the first request, or when a value is not a count: no word is not a zero.
 */
export function inFlightIn(text: string): number | undefined {
  let total: number | undefined;
  for (const line of text.split('\n')) {
    const value = SERIES.exec(line)?.[1];
    if (value === undefined) continue;
    const count = Number(value);
    if (!Number.isFinite(count) || count < 0) return undefined;
    total = (total ?? 0) + count;
  }
  return total;
}
