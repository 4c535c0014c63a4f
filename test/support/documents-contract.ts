import { expect } from 'chai';
import type { Documents } from '../../controller/ports/index.ts';
import { refused } from './refused.ts';

/** What every `Documents` does. `name` gives document names that nothing else uses. */
export function documentsContract(of: () => { documents: Documents; name(): string }): void {
  it('has no document that nobody saved', async () => {
    const { documents, name } = of();
    expect(await documents.load(name())).to.equal(undefined);
  });

  it('gives back what was saved, under a new version each time', async () => {
    const { documents, name } = of();
    const document = name();
    const first = await documents.save(document, { hosts: [1, 2], text: 'ä' }, undefined);
    expect(await documents.load(document)).to.deep.equal({ value: { hosts: [1, 2], text: 'ä' }, version: first });
    const second = await documents.save(document, ['other'], first);
    expect(second).not.to.equal(first);
    expect(await documents.load(document)).to.deep.equal({ value: ['other'], version: second });
  });

  it('refuses a save on another version than the stored one', async () => {
    const { documents, name } = of();
    const document = name();
    const first = await documents.save(document, 1, undefined);
    await documents.save(document, 2, first);
    await refused('Conflict', documents.save(document, 3, first));
    await refused('Conflict', documents.save(document, 3, undefined));
    await refused('Conflict', documents.save(name(), 3, first));
    expect((await documents.load(document))?.value).to.equal(2);
  });

  it('lets one of two simultaneous saves win', async () => {
    const { documents, name } = of();
    const document = name();
    const results = await Promise.allSettled([1, 2].map((value) => documents.save(document, value, undefined)));
    expect(results.map(({ status }) => status).sort()).to.deep.equal(['fulfilled', 'rejected']);
  });

  it('holds 900 KB and refuses more', async () => {
    const { documents, name } = of();
    const document = name();
    const version = await documents.save(document, 'x'.repeat(890 * 1024), undefined);
    await refused('Invalid', documents.save(document, 'x'.repeat(910 * 1024), version));
    expect((await documents.load(document))?.version).to.equal(version);
  });
}
