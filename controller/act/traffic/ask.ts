import { get as getHTTP } from 'node:http';
import { get as getHTTPS } from 'node:https';

export interface Answer {
  status: number;
  location: string | undefined;
  body: string;
  /** The body is longer than what was read. */
  cut: boolean;
}

/**
 * One GET without redirects, over a connection of its own; the deadline covers all of it, from the look-up of the name to
 * the last byte. Certificates are not looked at: hosts have none that anybody signed, and no secret is sent.
 */
export async function ask(url: string, headers: Record<string, string>, timeoutMilliseconds: number, largest: number): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const deadline = AbortSignal.timeout(timeoutMilliseconds);
  const fail = (error: Error): void => reject(deadline.aborted ? new Error(`no answer within ${timeoutMilliseconds / 1_000} s`) : error);
  const get = url.startsWith('https:') ? getHTTPS : getHTTP;
  const request = get(url, { headers, agent: false, signal: deadline, rejectUnauthorized: false }, (response) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const finish = (cut: boolean): void =>
      resolve({ status: response.statusCode ?? 0, location: response.headers.location, body: Buffer.concat(chunks).toString('utf8'), cut });
    response.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= largest) {
        chunks.push(chunk);
        return;
      }
      finish(true);
      request.destroy();
    });
    response.once('end', () => finish(false));
    response.once('error', fail);
  });
  request.once('error', fail);
  return await promise;
}
