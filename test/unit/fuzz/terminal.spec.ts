import { expect } from 'chai';
import fc from 'fast-check';
import { parse } from 'yaml';
import type { Kind, ResourceByKind } from '../../../controller/api/index.ts';
import { ClassifiedError, inOneLine } from '../../../controller/model/index.ts';
import { createJsonLog } from '../../../controller/runtime/log.ts';
import { NOON, type World, createWorld, fillShop } from '../cli/world.ts';
import { hostile, runs } from './bounds.ts';

/** Written once more than in the code, from what terminals and Unicode say, so that a gap there is not a gap here. */
const OBEYED = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069\u2028\u2029\ufeff]/;
const TRICKS = ['\u001b[2J\u001b]0;title\u0007', '\u009b31m', '\u009d8;;http://x\u009c', '\u0090q\u001b\\', '\u202egpj.exe', '\u2066x\u2069', '\u0008\u0008\u0008', '\r fine', '\u007f', '\u2028', '\ufeff', 'a\u0000b', '\u000b\u000c', '\ud800', '\u0085'];
const trick = fc.oneof(fc.constantFrom(...TRICKS), hostile);

const KINDS = ['HostPool', 'ScalingPolicy', 'KamalHost'] as const;
type Path = readonly (string | number)[];

const leavesOf = (value: unknown, path: Path = []): Path[] => (typeof value === 'string' ? [path]
  : typeof value === 'object' && value !== null ? Object.entries(value).flatMap(([name, below]) => leavesOf(below, [...path, Array.isArray(value) ? Number(name) : name])) : []);

function withLeaf<T>(value: T, path: Path, text: string): T {
  const copy = structuredClone(value);
  let at: any = copy;
  for (const step of path.slice(0, -1)) at = at[step];
  at[path.at(-1)!] = text;
  return copy;
}

describe('a terminal', () => {
  let world: World;
  let filled: { kind: Kind; name: string; paths: Path[] }[];

  async function put<K extends Kind>(kind: K, name: string, change: (object: ResourceByKind[K]) => ResourceByKind[K]): Promise<void> {
    const stored = await world.store.get(kind, { namespace: 'default', name }, 'Fresh');
    await world.store.updateStatus(kind, change(stored!));
  }

  /** Every text of a status that may be any text: what hosts, clouds and programs have said ends in these. */
  before(async () => {
    world = createWorld();
    await fillShop(world);
    filled = [];
    for (const kind of KINDS) {
      for (const object of await world.store.list(kind)) {
        const paths: Path[] = [];
        for (const path of leavesOf(object.status, ['status'])) {
          try {
            await put(kind, object.metadata.name, (one) => withLeaf(one, path, 'any text: {}'));
            paths.push(path);
          } catch (error) {
            expect(error).to.be.instanceOf(ClassifiedError);
          }
        }
        filled.push({ kind, name: object.metadata.name, paths });
      }
    }
    // So that it is known that this looks at something.
    expect(filled.flatMap(({ paths }) => paths).length).to.be.above(12);
  });

  const say = async (text: string): Promise<void> => {
    for (const { kind, name, paths } of filled) await put(kind, name, (object) => paths.reduce((one, path) => withLeaf(one, path, `a ${text} b`.slice(0, 40)), object));
    const said = `a ${text} b`;
    await world.store.recordEvent({ kind: 'HostPool', key: { namespace: 'default', name: 'web' }, uid: 'u', type: 'Warning', reason: said, message: said });
    world.decisions = world.decisions.map((record) => ({ ...record, decision: { ...record.decision, reasons: [said], limitedBy: [{ kind: 'Ceiling', hosts: 4, reason: said, liftedBy: said }] } }));
    world.evidence = [{ host: 'web-3-c0ffee00', hostID: 'host-id-3', cause: 'StartFailed', reason: said, gatheredAt: NOON, server: said, status: { phase: 'Deprovisioning', version: said, failure: { class: 'Defect', at: '2026-10-05T11:00:00Z', message: said } as never, conditions: [{ type: said, status: said, reason: said, message: said, lastTransitionTime: said }] as never }, texts: [{ name: said, text: `${said}\n${said}` }], missing: [{ name: said, why: said }] }];
    world.audit = { differences: [{ place: said, subject: said, says: said, mend: said }] as never, unasked: [{ place: said, subject: said, why: said }] as never, locks: [{ service: said, destination: said, by: said, message: said }], compared: { pools: 1, hosts: 1, servers: 1 } };
  };

  const COMMANDS = [
    'get hp,sp,kh -o wide', 'get hp,sp,kh -o json', 'get hp,sp,kh -o yaml', 'get kh -A', 'describe hp web', 'describe sp web', ...['web-1-c0ffee00', 'web-2-c0ffee00'].map((name) => `describe kh ${name}`),
    'evidence web-3-c0ffee00', 'evidence web-3-c0ffee00 -o json', 'audit', 'audit -o json',
  ];

  it('is told nothing to obey by what hosts, clouds and programs have said', async () => {
    await fc.assert(fc.asyncProperty(trick, async (text) => {
      await say(text);
      for (const command of COMMANDS) {
        const { exitCode, stdout, stderr } = await world.call(command);
        expect(exitCode, `${command}: ${stderr}`).to.be.oneOf([0, 5]);
        expect(OBEYED.exec(stdout + stderr)?.[0], `${command} with ${JSON.stringify(text)}`).to.equal(undefined);
      }
    }), runs(30));
  });

  it('is shown JSON and YAML which say exactly what is stored', async () => {
    await fc.assert(fc.asyncProperty(trick, async (text) => {
      await say(text);
      const stored = await world.store.get('HostPool', { namespace: 'default', name: 'web' }, 'Fresh');
      expect(JSON.parse((await world.call('get hp web -o json')).stdout)).to.deep.equal(stored);
      expect(parse((await world.call('get hp web -o yaml')).stdout)).to.deep.equal(stored);
      expect(JSON.parse((await world.call('evidence web-3-c0ffee00 -o json')).stdout)).to.deep.equal(world.evidence[0]);
    }), runs(30));
  });

  it('is told nothing by an error, whoever said what went wrong', async () => {
    await fc.assert(fc.asyncProperty(trick, async (text) => {
      world.servers = new ClassifiedError('Unavailable', `the cloud says: ${text}`, { mend: `try ${text}` });
      const { stderr } = await world.call('inventory --service shop --offline --installation home');
      expect(stderr).to.match(/^error: the cloud says:/);
      expect(OBEYED.exec(stderr)?.[0], JSON.stringify(text)).to.equal(undefined);
    }), runs(30));
  });

  it('is told nothing by the log, of which each line is JSON', () => {
    fc.assert(fc.property(trick, (text) => {
      const lines: string[] = [];
      createJsonLog({ level: 'info', now: () => NOON, write: (line) => void lines.push(line) }).log('warn', text, { host: text });
      expect(lines).to.have.length(1);
      expect(OBEYED.exec(lines[0]!)?.[0]).to.equal(undefined);
      expect(lines[0]).to.not.include('\n');
      expect(JSON.parse(lines[0]!)).to.include({ message: text, host: text });
    }), runs(200));
  });

  it('gets one line where one is meant', () => {
    fc.assert(fc.property(trick, (text) => {
      expect(inOneLine(text)).to.not.match(/[\n\t]/);
      expect(OBEYED.exec(inOneLine(text))).to.equal(null);
    }), runs(200));
  });
});
