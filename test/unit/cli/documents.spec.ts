import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { parseAllDocuments } from 'yaml';
import { admit } from '../../../controller/runtime/store/validation/index.ts';
import { type JsonSchema, readCrds } from '../../../hack/generate/crds.ts';
import { renderReference } from '../../../hack/generate/reference.ts';
import { createWorld, fillShop } from './world.ts';

const root = join(import.meta.dirname, '..', '..', '..');

describe('docs/cli.md', () => {
  it('shows what the program prints', async () => {
    const world = createWorld();
    await fillShop(world);
    const samples = [...readFileSync(join(root, 'docs/cli.md'), 'utf8').matchAll(/^```console\n\$ kamal-autoscaler (.+)\n([^]*?)^```$/gm)];
    expect(samples.length).to.be.at.least(6);
    for (const [, line = '', text] of samples) {
      const args = (line.match(/"[^"]*"|\S+/g) ?? []).map((word) => word.replaceAll('"', ''));
      const { stdout, stderr } = await world.call(args);
      expect(stdout + stderr, line).to.equal(text);
    }
  });

  it('names every variable and flag of the settings', () => {
    const text = readFileSync(join(root, 'docs/cli.md'), 'utf8');
    const settings = readFileSync(join(root, 'controller/runtime/settings.ts'), 'utf8');
    const names = [...settings.matchAll(/(?:from\(|\(environment, )'([A-Z_]+)'|\$\{PREFIX\}([A-Z_]+)`\]/g)].map(([, argument, index]) => `KAMAL_AUTOSCALER_${argument ?? index}`);
    expect(new Set(names).size).to.be.at.least(15);
    for (const name of [...names, 'HCLOUD_TOKEN', 'HCLOUD_TOKEN_FILE', 'HCLOUD_ENDPOINT', 'DIGITALOCEAN_ACCESS_TOKEN', 'DIGITALOCEAN_ACCESS_TOKEN_FILE', 'DIGITALOCEAN_API_URL']) expect(text).to.contain(`\`${name}\``);
  });
});

const SHOWN = { 'docs/hetzner.md': ['HostPool', 'ScalingPolicy'], 'docs/digitalocean.md': ['HostPool', 'ScalingPolicy', 'HostPool'] };

for (const [page, kinds] of Object.entries(SHOWN)) {
  describe(page, () => {
    it('shows documents that are accepted', () => {
      const samples = [...readFileSync(join(root, page), 'utf8').matchAll(/^```yaml\n([^]*?)^```$/gm)];
      const documents = samples.flatMap(([, text = '']) => parseAllDocuments(text).map((document) => document.toJS() as { kind: 'HostPool' | 'ScalingPolicy' }));
      expect(documents.map(({ kind }) => kind)).to.deep.equal(kinds);
      for (const document of documents) expect(() => admit(document.kind, document)).to.not.throw();
    });
  });
}

describe('docs/reference.md', () => {
  const crds = readCrds(join(root, 'crds'));
  const text = renderReference(crds);

  it('has a row for every field and every rule of every kind', () => {
    for (const { kind, schema } of crds) {
      const chapter = text.slice(text.indexOf(`## ${kind}\n`)).split(/\n## /)[0] ?? '';
      for (const part of ['spec', 'status']) {
        for (const path of pathsOf(schema.properties?.[part] ?? {}, part)) expect(chapter).to.contain(`| \`${path}\` |`);
      }
      for (const message of messagesOf(schema)) expect(chapter).to.contain(message);
    }
  });

  it('has the same number of cells in each row of a table', () => {
    for (const table of text.split('\n\n').filter((block) => block.startsWith('|'))) {
      const cells = table.trim().split('\n').map((row) => row.split(/(?<!\\)\|/).length);
      expect(new Set(cells).size, table).to.equal(1);
    }
  });

  it('says type, default and limits of a field', () => {
    expect(text).to.contain('| `spec.minHosts` | integer | `1` | 0 to 500 |');
  });
});

function pathsOf(schema: JsonSchema, path: string): string[] {
  const members = Object.entries(schema.properties ?? {}).flatMap(([name, member]) => [`${path}.${name}`, ...pathsOf(member, `${path}.${name}`)]);
  return schema.items === undefined ? members : [...members, ...pathsOf(schema.items, `${path}[]`)];
}

/** Messages of rules at any depth, whatever holds them. */
function messagesOf(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const { rule, message } = value as { rule?: unknown; message?: unknown };
  return [...(typeof rule === 'string' && typeof message === 'string' ? [message] : []), ...Object.values(value).flatMap(messagesOf)];
}
