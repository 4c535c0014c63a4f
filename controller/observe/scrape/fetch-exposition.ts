import axios from 'axios';
import type { Clock } from '../../ports/index.ts';
import { DeadlinePassed, withDeadline } from '../deadline.ts';
import { ExpositionError, readExposition } from './exposition.ts';
import { type NeededSample, neededOf } from './target-history.ts';

/** A host or load balancer shows a few hundred KB; more is not read into memory. */
export const LARGEST_EXPOSITION_BYTES = 8 * 1024 * 1024;

export type Scrape = { kind: 'Samples'; samples: NeededSample[] } | { kind: 'Failed'; why: string };

/** One GET of a metrics page; what no signal needs is left out. Never throws; `outer` breaks it off, which is `Failed` too. */
export async function fetchExposition(url: string, timeoutSeconds: number, clock: Clock, outer: AbortSignal): Promise<Scrape> {
  try {
    const body = await withDeadline(clock, timeoutSeconds * 1000, async (signal) => await get(url, signal), outer);
    return { kind: 'Samples', samples: await readExposition(body, neededOf) };
  } catch (error) {
    return { kind: 'Failed', why: whyOf(error) };
  }
}

class UnexpectedStatus extends Error {
  override readonly name = 'UnexpectedStatus';
}

async function get(url: string, signal: AbortSignal): Promise<string> {
  const { status, data } = await axios.get<string>(url, {
    signal,
    // Hosts are reached directly: a proxy for the internet does not know them.
    proxy: false,
    maxRedirects: 0,
    maxContentLength: LARGEST_EXPOSITION_BYTES,
    responseType: 'text',
    transformResponse: (body: unknown) => body,
    validateStatus: () => true,
    headers: { Accept: 'text/plain;version=0.0.4' },
  });
  if (status !== 200) throw new UnexpectedStatus(`it answered ${status}`);
  return data;
}

function whyOf(error: unknown): string {
  if (error instanceof DeadlinePassed || error instanceof UnexpectedStatus) return error.message;
  if (error instanceof ExpositionError) return `its text is not in the exposition format: ${error.message}`;
  const { code, message = '' } = error as { code?: string; message?: string };
  return message.includes('maxContentLength') ? `it sends more than ${LARGEST_EXPOSITION_BYTES / 1024 / 1024} MB` : (code ?? 'unknown error');
}
