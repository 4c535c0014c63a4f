import type { RequestsFact } from '../../model/index.ts';

const SERIES = /^kamal_proxy_http_requests_total\{((?:[^"}]|"(?:[^"\\]|\\.)*")*)\}[ \t]+(\S+)/;

/**
 * Requests that kamal-proxy's metrics text counts for one service. Before the first request there is no series: that is
 * no word, not a zero, for an old proxy or another name has none either.
 */
export function requestsIn(text: string, service: string): RequestsFact {
  let seen: { requests: number; errors: number } | undefined;
  for (const line of text.split('\n')) {
    const [, labels = '', value] = SERIES.exec(line) ?? [];
    if (value === undefined || labelIn(labels, 'service') !== service) continue;
    const count = Number(value);
    if (!Number.isFinite(count) || count < 0) return { kind: 'Unknown' };
    const failed = Number(labelIn(labels, 'status')) >= 500;
    seen = { requests: (seen?.requests ?? 0) + count, errors: (seen?.errors ?? 0) + (failed ? count : 0) };
  }
  return seen === undefined ? { kind: 'Unknown' } : { kind: 'Count', ...seen };
}

const labelIn = (labels: string, name: string): string | undefined => new RegExp(`(?:^|,)\\s*${name}="((?:[^"\\\\]|\\\\.)*)"`).exec(labels)?.[1];
