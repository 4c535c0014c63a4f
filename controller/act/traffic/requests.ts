import type { RequestsFact } from '../../model/index.ts';

const SERIES = /^kamal_proxy_http_requests_total\{((?:[^"}]|"(?:[^"\\]|\\.)*")*)\}[ \t]+(\S+)/;

/**
 * Requests that kamal-proxy's metrics text counts for one service. Before the first request there is no series: that is
 * no word, not a zero, for an old proxy or another name has none either.
 */
export function requestsIn(text: string, service: string): RequestsFact {
  let seen: { requests: number; errors: number } | undefined;
  for (const line of text.split('\n')) {
    const [, text = '', value] = SERIES.exec(line) ?? [];
    if (value === undefined) continue;
    const labels = labelsIn(text);
    if (labels.get('service') !== service) continue;
    const count = Number(value);
    if (!Number.isFinite(count) || count < 0) return { kind: 'Unknown' };
    const failed = Number(labels.get('status')) >= 500;
    seen = { requests: (seen?.requests ?? 0) + count, errors: (seen?.errors ?? 0) + (failed ? count : 0) };
  }
  return seen === undefined ? { kind: 'Unknown' } : { kind: 'Count', ...seen };
}

/** One label after the other, so that what stands in a value is not taken for a label. */
const LABEL = /(?:^|,)\s*([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;

const labelsIn = (text: string): Map<string, string> => new Map([...text.matchAll(LABEL)].map(([, name = '', value = '']) => [name, value]));
