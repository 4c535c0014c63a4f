import { readFile } from 'node:fs/promises';
import { ClassifiedError } from '../../../model/index.ts';
import type { Clock, CreateRequest } from '../../../ports/index.ts';

/** A secret by value, or in a file that is read anew for every request, so that it can be rotated. */
export type HetznerToken = { kind: 'Value'; value: string } | { kind: 'File'; path: string };

/** Where the vendor's own tools go when nothing is set. */
export const HETZNER_ENDPOINT = 'https://api.hetzner.cloud/v1';

export interface HetznerOptions {
  /** As HCLOUD_ENDPOINT: with the version, `https://api.hetzner.cloud/v1`. */
  endpoint: string;
  token: HetznerToken;
  clock: Clock;
  /** What cloud-init gets, whole: at most 32 KiB. */
  userData: (request: CreateRequest) => string | Promise<string>;
  /** Time for one request; 10 s. A create call gets three times as much: an answer that came late is better than none. */
  timeoutSeconds?: number;
}

/** What is wrong with an endpoint, as a sentence; undefined when nothing is. */
export function endpointFault(endpoint: string): string | undefined {
  const url = URL.parse(endpoint);
  if (url === null || !/^https?:$/.test(url.protocol)) return 'is not an http or https URL: write one such as https://api.hetzner.cloud/v1, or leave it out';
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') return 'holds a login, a query or a fragment: write the plain URL, and the token in HCLOUD_TOKEN';
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) return 'would send the token unencrypted: write https';
  return undefined;
}

const isLoopback = (host: string): boolean => host === 'localhost' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host);

/** The token as a header carries it. Throws Unauthorized, without any of its characters. */
export async function readToken(token: HetznerToken): Promise<string> {
  const where = token.kind === 'File' ? `the file ${token.path} (HCLOUD_TOKEN_FILE)` : 'HCLOUD_TOKEN';
  const text = (token.kind === 'File' ? await textOf(token.path) : token.value).trim();
  if (text === '') throw new ClassifiedError('Unauthorized', `${where} is empty`, { mend: 'write a token of the project with Read & Write there' });
  if (/[^\x21-\x7e]/.test(text)) throw new ClassifiedError('Unauthorized', `${where} holds a blank, a line break or another character that no token has`, { mend: 'write the token alone there' });
  return text;
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new ClassifiedError('Unauthorized', `the file ${path} (HCLOUD_TOKEN_FILE) cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unreadable'})`, { mend: 'make it readable for this user' });
  }
}
