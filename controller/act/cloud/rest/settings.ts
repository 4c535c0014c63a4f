import { readFile } from 'node:fs/promises';
import { ClassifiedError } from '../../../model/index.ts';
import type { Clock } from '../../../ports/index.ts';
import type { Vendor } from './vendor.ts';

/** A secret by value, or in a file that is read anew for every request, so that it can be rotated. */
export type Token = { kind: 'Value'; value: string } | { kind: 'File'; path: string };

export interface APIOptions {
  /** As the vendor's own tools are told it. */
  endpoint: string;
  token: Token;
  clock: Clock;
  /** Time for one request; 10 s. A create call gets three times as much: an answer that came late is better than none. */
  timeoutSeconds?: number;
}

/** What is wrong with an endpoint, as a sentence; undefined when nothing is. */
export function endpointFault(endpoint: string, { endpoint: usual, variables }: Pick<Vendor, 'endpoint' | 'variables'>): string | undefined {
  const url = URL.parse(endpoint);
  if (url === null || !/^https?:$/.test(url.protocol)) return `is not an http or https URL: write one such as ${usual}, or leave it out`;
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') return `holds a login, a query or a fragment: write the plain URL, and the token in ${variables.token}`;
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) return 'would send the token unencrypted: write https';
  return undefined;
}

const isLoopback = (host: string): boolean => host === 'localhost' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host);

/** The token as a header carries it. Throws Unauthorized, without any of its characters. */
export async function readToken(token: Token, { variables, tokenMend }: Pick<Vendor, 'variables' | 'tokenMend'>): Promise<string> {
  const where = token.kind === 'File' ? `the file ${token.path} (${variables.token}_FILE)` : variables.token;
  const text = (token.kind === 'File' ? await textOf(token.path, where) : token.value).trim();
  if (text === '') throw new ClassifiedError('Unauthorized', `${where} is empty`, { mend: `${tokenMend}, and write it there` });
  if (/[^\x21-\x7e]/.test(text)) throw new ClassifiedError('Unauthorized', `${where} holds a blank, a line break or another character that no token has`, { mend: 'write the token alone there' });
  return text;
}

async function textOf(path: string, where: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new ClassifiedError('Unauthorized', `${where} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unreadable'})`, { mend: 'make it readable for this user' });
  }
}
