import { connect } from 'node:net';
import { httpURL } from '../../model/index.ts';
import { ask } from './ask.ts';

/** A health check as a load balancer is told it. */
export interface TargetCheck {
  protocol: 'http' | 'https' | 'tcp';
  port: number;
  path: string;
  timeoutSeconds: number;
}

const LARGEST_PAGE = 64 * 1024;

/** Whether a target passes the check at one of its addresses: which of them this process can reach depends on where it runs. */
export const passes = (addresses: readonly string[], check: TargetCheck): Promise<boolean> =>
  Promise.any(addresses.map((address) => passesAt(address, check))).then(() => true, () => false);

async function passesAt(address: string, { protocol, port, path, timeoutSeconds }: TargetCheck): Promise<void> {
  if (protocol === 'tcp') return connects(address, port, timeoutSeconds * 1_000);
  const { status } = await ask(httpURL(address, port).replace(/^http:/, `${protocol}:`) + path, {}, timeoutSeconds * 1_000, LARGEST_PAGE);
  if (status < 200 || status > 299) throw new Error(`${path} answers ${status}`);
}

function connects(host: string, port: number, timeoutMilliseconds: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const socket = connect({ host, port, signal: AbortSignal.timeout(timeoutMilliseconds) });
  socket.once('connect', () => {
    socket.destroy();
    resolve();
  });
  socket.once('error', reject);
  return promise;
}
