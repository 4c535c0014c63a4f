/** A metrics page that notes when it is read. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Instant } from '../../../controller/model/index.ts';
import { startAnswering } from '../../../test/support/real/answering.ts';

export interface ScrapeTap {
  /** `host:port`; the page is at `/metrics`. */
  target: string;
  port: number;
  /** Resolves to the time of the first read that began at `from` or later. */
  readAfter(from: Instant): Promise<Instant>;
  stop(): Promise<void>;
}

const READ_WITHIN_MILLISECONDS = 60_000;
const LOOK_MILLISECONDS = 10;

/** Serves what `page` gives at the time of each read. */
export async function startScrapeTap(page: () => Promise<string> | string): Promise<ScrapeTap> {
  const reads: Instant[] = [];
  const server = await startAnswering((_request, response) => {
    const now = Date.now();
    void Promise.resolve(page()).then(
      (text) => {
        reads.push(now);
        response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(text);
      },
      () => response.writeHead(502).end(),
    );
  });
  return {
    target: `127.0.0.1:${server.port}`,
    port: server.port,
    async readAfter(from) {
      const deadline = Date.now() + READ_WITHIN_MILLISECONDS;
      while (Date.now() < deadline) {
        const read = reads.find((at) => at >= from);
        if (read !== undefined) return read;
        await delay(LOOK_MILLISECONDS);
      }
      throw new Error(`nobody read the metrics page within ${READ_WITHIN_MILLISECONDS / 1_000} s`);
    },
    stop: () => server.stop(),
  };
}
