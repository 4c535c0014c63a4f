import { connect } from 'node:net';
import { expect } from 'chai';
import fc from 'fast-check';
import { tellDeployed } from '../../../controller/compose/deployed.ts';
import { createInventoryPublication } from '../../../controller/compose/inventory.ts';
import { type Answers, type HttpServer, startHttpServer } from '../../../controller/runtime/http-server.ts';
import { hostile, runs } from './bounds.ts';

const clock = { now: () => 0, sleep: async () => undefined };
const leadership = { isLeader: () => true, onChange: () => undefined } as never;
const log = { log: () => undefined };

describe("requests to the controller's server", () => {
  let server: HttpServer;
  const refreshed: string[] = [];
  before(async () => {
    const publication = createInventoryPublication({ clock, leadership, log });
    await publication.publish({ generation: 1, changedAt: 0, checkedAt: 0, authorizedKeys: [], pools: [{ pool: { namespace: 'a', name: 'b' }, service: 'shop', role: 'web', ssh: { port: 22 }, hosts: [] }] });
    const controller = { context: { leadership, enqueue: () => undefined, store: { list: async () => [] } } } as unknown as Parameters<typeof tellDeployed>[0];
    server = await startHttpServer({ address: '127.0.0.1', port: 0 }, {
      unhealthy: () => undefined, unready: async () => undefined, discovery: async () => undefined,
      inventory: (request) => publication.respond(request),
      deployed: tellDeployed(controller, { token: 'the-token', kamal: { refresh: async (service) => void refreshed.push(service) }, log }),
    } as Partial<Answers> as Answers);
  });
  after(() => server.close());

  const url = (path: string): string => `http://127.0.0.1:${server.port}${path}`;
  const stillThere = async (): Promise<void> => void expect(await (await fetch(url('/healthz'))).text()).to.equal('ok\n');

  /** What a client sees that sends these bytes and nothing else. */
  const sent = (bytes: Buffer): Promise<string> => new Promise((resolve) => {
    const socket = connect(server.port, '127.0.0.1');
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => void chunks.push(chunk)).on('error', () => undefined).on('close', () => resolve(Buffer.concat(chunks).toString('latin1')));
    socket.end(bytes);
  });

  it('of any bytes are answered or refused, and the next is answered', async () => {
    await fc.assert(fc.asyncProperty(fc.oneof(fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)), hostile.map((text) => Buffer.from(`GET ${text} HTTP/1.1\r\nHost: x\r\n${text}\r\n\r\n`)), hostile.map((text) => Buffer.from(`POST /deployed HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=${text}\r\nContent-Length: 99999\r\n\r\n${text}`))), async (bytes) => {
      const answer = await sent(bytes);
      if (answer !== '') expect(answer).to.match(/^HTTP\/1\.1 [2345]\d\d /);
    }), runs(60));
    await stillThere();
  });

  it('for the inventory have any name and any format', async () => {
    await fc.assert(fc.asyncProperty(hostile, hostile, hostile, async (service, destination, format) => {
      const answer = await fetch(url(`/inventory/${encodeURIComponent(service.toWellFormed())}x?destination=${encodeURIComponent(destination.toWellFormed())}&format=${encodeURIComponent(format.toWellFormed())}`));
      expect(answer.status).to.be.oneOf([200, 400, 404]);
    }), runs(60));
    expect((await fetch(url('/inventory/shop'))).status).to.equal(200);
    expect((await fetch(url('/inventory/%ff%fe'))).status).to.equal(404);
    await stillThere();
  });

  it('that tell of a deploy have any form, and bring no project up to date that no pool has', async () => {
    const forms: [body: string | Uint8Array<ArrayBuffer>, type: string | undefined][] = [
      ['service=shop&service=../x', 'application/x-www-form-urlencoded'], ['service[]=a', 'application/x-www-form-urlencoded'], ['{"service":"shop"}', 'application/json'], ['', 'multipart/form-data'], ['no parts', 'multipart/form-data; boundary=x'],
      ['--x\r\nContent-Disposition: form-data; name="service"; filename="a"\r\n\r\nshop\r\n--x--\r\n', 'multipart/form-data; boundary=x'], [new Uint8Array([0, 255, 254]), 'application/x-www-form-urlencoded'], ['__proto__=1&constructor=2', 'application/x-www-form-urlencoded'],
    ];
    for (const [body, type] of forms) {
      const { status } = await fetch(url('/deployed'), { method: 'POST', body, headers: { authorization: 'Bearer the-token', ...(type === undefined ? {} : { 'content-type': type }) } });
      expect(status, String(body)).to.be.oneOf([400, 404]);
    }
    await fc.assert(fc.asyncProperty(hostile, async (text) => {
      const form = new URLSearchParams({ service: text, destination: text, version: text });
      const { status } = await fetch(url('/deployed'), { method: 'POST', body: form, headers: { authorization: 'Bearer the-token' } });
      expect(status).to.be.oneOf([400, 404, 413]);
    }), runs(60));
    expect((await fetch(url('/deployed'), { method: 'POST', body: 'x'.repeat(100_000), headers: { authorization: 'Bearer the-token' } })).status).to.equal(413);
    expect((await fetch(url('/deployed'), { method: 'POST', body: 'service=shop' })).status).to.equal(401);
    expect(refreshed).to.deep.equal([]);
    await stillThere();
  });
});
