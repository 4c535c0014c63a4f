import { once } from 'node:events';
import { type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { KubeConfig } from '@kubernetes/client-node';
import { expect } from 'chai';
import fc from 'fast-check';
import { ClassifiedError } from '../../../controller/model/index.ts';
import { openApi } from '../../../controller/runtime/cluster/api.ts';
import { listWatchOf } from '../../../controller/runtime/cluster/kind-list-watch.ts';
import type { WatchEvent } from '../../../controller/runtime/cluster/reflector.ts';
import type { HostPool } from '../../../controller/api/index.ts';
import type { WatchEnd } from '../../../controller/runtime/cluster/watch-stream.ts';
import { anything, damaged, hostile, longestTurn, runs } from './bounds.ts';

const MB = 1024 * 1024;
const pool = (metadata: object = {}): object => ({ apiVersion: 'kamal-autoscaler.dev/v1alpha1', kind: 'HostPool', metadata: { name: 'web', namespace: 'shop', uid: 'u', resourceVersion: '7', ...metadata }, spec: {} });
const line = (type: unknown, object: unknown): string => `${JSON.stringify({ type, object })}\n`;

describe('a watch of something that is no API server, or a broken one', () => {
  let speak: (response: ServerResponse) => void;
  const server = createServer((_, response) => speak(response));
  let watch: (onEvent?: (event: WatchEvent<HostPool>) => void) => Promise<WatchEnd>;

  before(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const config = new KubeConfig();
    config.loadFromOptions({ clusters: [{ name: 'c', server: url, skipTLSVerify: true }], users: [{ name: 'u' }], contexts: [{ name: 'x', cluster: 'c', user: 'u' }], currentContext: 'x' });
    const source = listWatchOf(openApi({ config, server: url, namespace: 'default', source: 'a test' }), 'HostPool');
    watch = (onEvent = () => undefined) => source.watch({ resourceVersion: '1', timeoutSeconds: 60 }, onEvent, AbortSignal.timeout(20_000));
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  const seen = async (body: string | Buffer): Promise<{ end: WatchEnd; events: WatchEvent<HostPool>[] }> => {
    speak = (response) => response.end(body);
    const events: WatchEvent<HostPool>[] = [];
    return { end: await watch((event) => void events.push(event)), events };
  };
  const failure = ({ end }: { end: WatchEnd }): ClassifiedError => {
    if (end.kind !== 'Failed') expect.fail(`it ended as ${end.kind}`);
    return end.error;
  };

  it('gives what stands in lines, wherever the pieces are cut', async () => {
    const text = Buffer.from(`${line('ADDED', pool({ annotations: { a: 'häuser 漢 😀' } }))}\n${line('BOOKMARK', { metadata: { resourceVersion: '9' } })}${line('DELETED', pool())}${line('SOMETHING', 1)}`);
    await fc.assert(fc.asyncProperty(fc.array(fc.nat(text.length), { maxLength: 5 }), async (cuts) => {
      speak = (response) => void (async () => {
        const places = [0, ...cuts.toSorted((a, b) => a - b), text.length];
        for (const [index, from] of places.slice(0, -1).entries()) await new Promise((resolve) => { response.write(text.subarray(from, places[index + 1]), resolve); });
        response.end();
      })();
      const events: WatchEvent<HostPool>[] = [];
      expect(await watch((event) => void events.push(event))).to.deep.equal({ kind: 'Closed' });
      expect(events.map(({ kind }) => kind)).to.deep.equal(['Opened', 'Changed', 'Bookmark', 'Deleted']);
      expect(events[1]).to.have.nested.property('object.metadata.annotations.a', 'häuser 漢 😀');
    }), runs(30));
  });

  it('ends with one error for any line, and tells of no object that lacks what every object has', async () => {
    const metadata = fc.record({ name: fc.oneof(fc.constant('web'), anything), namespace: fc.oneof(fc.constant('shop'), anything), uid: fc.oneof(fc.constant('u'), anything), resourceVersion: fc.oneof(fc.constant('7'), anything) }, { requiredKeys: [] });
    const types = fc.constantFrom('ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK', 'ERROR', '__proto__', 1, null);
    await fc.assert(fc.asyncProperty(fc.oneof(hostile, damaged(line('ADDED', pool())), anything.map((value) => `${JSON.stringify(value)}\n`), fc.tuple(types, fc.oneof(metadata.map(pool), metadata.map((one) => ({ metadata: one })), anything)).map(([type, object]) => line(type, object))), async (text) => {
      const { end, events } = await seen(text);
      if (end.kind === 'Failed') {
        expect(end.error).to.be.instanceOf(ClassifiedError);
        expect(end.error.class, end.error.message).to.be.oneOf(['Unrecognised', 'Unavailable']);
        expect(end.error.message.length).to.be.below(3_000);
      }
      for (const event of events) {
        if ('object' in event) for (const field of ['name', 'namespace', 'uid', 'resourceVersion'] as const) expect(event.object.metadata[field]).to.be.a('string').and.not.equal('');
        if (event.kind === 'Bookmark') expect(event.resourceVersion).to.be.a('string').and.not.equal('');
      }
    }), runs(400));
  });

  it('does not read a line without end, nor one that is deep or full of values', async () => {
    for (const [body, message] of [
      ['x'.repeat(5 * MB), /a line has more than 4194304 characters/], [line('ADDED', { ...pool(), spec: Array.from({ length: 100_001 }, () => 0) }), /it has more than 100000 values/],
      [`{"type":"ADDED","object":${'['.repeat(MB)}\n`, /nests more than 64 levels/], ['<html>\n', /it is no JSON/], ['null\n', /a line has no type/], [Buffer.from([0xff, 0xfe, 0x0a]), /it is no JSON/],
    ] as const) {
      const error = failure(await seen(body));
      expect([error.class, error.message]).to.satisfy(([errorClass, text]: string[]) => errorClass === 'Unrecognised' && message.test(text!), error.message);
    }
  });

  it('keeps nobody waiting while a line grows in many pieces', async () => {
    const piece = Buffer.alloc(16 * 1024, 'x');
    speak = (response) => {
      const go = (): void => { if (!response.destroyed) response.write(piece, () => setImmediate(go)); };
      go();
    };
    let end: WatchEnd | undefined;
    expect(await longestTurn(async () => { end = await watch(); })).to.be.below(100);
    expect(end).to.have.nested.property('error.class', 'Unrecognised');
  });
});
