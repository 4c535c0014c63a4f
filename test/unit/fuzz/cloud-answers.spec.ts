import { gzipSync } from 'node:zlib';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { expect } from 'chai';
import fc from 'fast-check';
import { DIGITALOCEAN } from '../../../controller/act/cloud/digitalocean/vendor.ts';
import { HETZNER } from '../../../controller/act/cloud/hetzner/vendor.ts';
import { openCloudAPI } from '../../../controller/act/cloud/rest/http.ts';
import { ClassifiedError, isPrintable } from '../../../controller/model/index.ts';
import { systemClock } from '../../../controller/runtime/clock.ts';
import { planted, tells } from '../../support/planted.ts';
import { type Answering, startAnswering } from '../../support/real/answering.ts';
import { anything, broken, damaged, hostile, longestTurn, runs, settledOrError } from './bounds.ts';

const MB = 1024 * 1024;
const TOKEN = planted('cloud-answers');

/** An endpoint that is no cloud's, or a cloud on a bad day: it answers what it likes. */
for (const vendor of [HETZNER, DIGITALOCEAN]) {
  describe(`an answer of ${vendor.name}`, () => {
    let answering: Answering;
    let answer: (request: IncomingMessage, response: ServerResponse) => void;
    before(async () => { answering = await startAnswering((request, response) => answer(request, response)); });
    after(() => answering?.stop());

    // Each with a budget of requests of its own.
    const api = () => openCloudAPI(vendor, { endpoint: `http://127.0.0.1:${answering.port}`, token: { kind: 'Value', value: TOKEN }, clock: { now: () => systemClock.now(), sleep: (milliseconds, signal) => systemClock.sleep(milliseconds > 2_000 ? milliseconds : 1, signal) }, timeoutSeconds: 1 });
    const body = (text: string | Buffer, status = 200, headers: Record<string, string> = {}) => (_: IncomingMessage, response: ServerResponse): void => void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(text);

    function expectShort(result: unknown): void {
      if (!(result instanceof ClassifiedError)) return;
      expect(result.message.length + (result.mend?.length ?? 0)).to.be.below(8_000);
      expect(isPrintable(result.message.replaceAll(/[\n\t]/g, ''))).to.equal(true);
      expect(tells(result.message)).to.equal(false);
    }

    it('is records, or one error, whatever stands in it and under whichever status', async () => {
      const right = { servers: [{ id: 1 }], meta: { pagination: { next_page: null } }, links: {} };
      await fc.assert(fc.asyncProperty(fc.oneof(damaged(JSON.stringify(right)), broken(right).map((value) => JSON.stringify(value)), hostile, anything.map((value) => JSON.stringify(value) ?? ''), hostile.map((text) => JSON.stringify({ error: { code: text, message: `${text} Bearer ${TOKEN}`, details: { fields: [{ name: text, messages: [text] }] } }, id: text, message: `${text} ${TOKEN}` }))), fc.constantFrom(200, 201, 204, 301, 400, 401, 403, 404, 409, 412, 422, 423, 429, 500, 503, 504), async (text, status) => {
        answer = body(text, status);
        for (const result of [await settledOrError(() => api().list('/servers', 'servers', {})), await settledOrError(() => api().create('/servers', {})), await settledOrError(() => api().change('DELETE', '/servers/1'))]) expectShort(result);
      }), runs(30));
    });

    it('has headers of any kind', async () => {
      await fc.assert(fc.asyncProperty(fc.constantFrom('ratelimit-limit', 'ratelimit-remaining', 'ratelimit-reset', 'retry-after', 'x-correlation-id', 'x-request-id', 'content-type', 'location'), fc.oneof(hostile.map((text) => text.replaceAll(/[^\t\u0020-\u007e\u0080-\u00ff]/g, '')), fc.constantFrom('-1', '1e9', '99999999999999999999', '0', 'NaN', '')), fc.constantFrom(200, 301, 429, 503), async (name, text, status) => {
        answer = body('{"servers":[]}', status, { [name]: text });
        const result = await settledOrError(() => api().change('PUT', '/servers/1', {}));
        expectShort(result);
        if (result instanceof ClassifiedError && result.retryAfterSeconds !== undefined) expect(result.retryAfterSeconds).to.be.within(0, 3_600);
      }), runs(30));
    });

    for (const [what, says] of [
      ['5 MB', body(`{"servers":[${'{"id":1},'.repeat(600_000)}{}]}`)], ['4 MB of brackets', body('['.repeat(4 * MB - 10))], ['4 MB of keys', body(`{${Array.from({ length: 300_000 }, (_, index) => `"${index}":0`).join(',')}}`)],
      ['a kilobyte that unpacks to gigabytes', body(gzipSync(Buffer.alloc(64 * MB)), 200, { 'content-encoding': 'gzip' })], ['what is packed and broken', body(Buffer.from([0x1f, 0x8b, 8, 0, 0]), 200, { 'content-encoding': 'gzip' })],
      ['bytes without end', (_: IncomingMessage, response: ServerResponse) => {
        const go = (): void => { if (!response.destroyed) response.write('x'.repeat(64 * 1024), () => setImmediate(go)); };
        go();
      }],
      ['nothing, for ever', () => undefined],
    ] as [string, typeof answer][]) {
      it(`of ${what} is one error, and holds nobody up`, async () => {
        answer = says;
        let result: unknown;
        const longest = await longestTurn(async () => { result = await settledOrError(() => api().change('PUT', '/x', {})); });
        expect(result).to.be.instanceOf(ClassifiedError);
        expectShort(result);
        expect(longest).to.be.below(100);
      }).timeout(15_000);
    }

    it('has pages that end, or is one error', async () => {
      let pages = 0;
      answer = ({ url = '' }, response) => {
        pages += 1;
        const page = Number(new URL(url, 'http://x').searchParams.get('page'));
        body(JSON.stringify({ servers: [{ id: page }], meta: { pagination: { next_page: page + 1 } }, links: { pages: { next: `http://x/servers?page=${page + 1}` } } }))({} as IncomingMessage, response);
      };
      const result = await settledOrError(() => api().list('/servers', 'servers', {}));
      expect(result).to.be.instanceOf(ClassifiedError);
      expectShort(result);
      expect(pages).to.be.below(300);
    });
  });
}
