/** One request to a host as its load balancer would make it; fetch does not let anybody choose the Host. */
import { get } from 'node:http';
import { text } from 'node:stream/consumers';

export interface Asked {
  /** The Host header; the address when absent. */
  host?: string;
  port?: number;
  timeoutMs?: number;
}

/** Answers whatever it answered; throws where nothing came within the time, 2 s when absent. */
export async function ask(address: string, path: string, { host, port = 80, timeoutMs = 2_000 }: Asked = {}): Promise<{ status: number; body: string }> {
  return await new Promise((resolve, reject) => {
    const sent = get({ host: address, port, path, agent: false, signal: AbortSignal.timeout(timeoutMs), headers: host === undefined ? {} : { host } }, (response) => {
      text(response).then((body) => resolve({ status: response.statusCode ?? 0, body: body.trim() }), reject);
    });
    sent.once('error', reject);
  });
}
