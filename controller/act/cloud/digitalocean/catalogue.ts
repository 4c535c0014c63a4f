import { ClassifiedError, type Price, isClass } from '../../../model/index.ts';
import type { Clock } from '../../../ports/index.ts';
import type { CloudAPI } from '../rest/http.ts';
import { createLookups } from '../rest/lookups.ts';
import { createPriceList } from '../rest/price-list.ts';
import { amountOf, numberOf, recordIn, textOf, textsOf, wordsOf } from '../rest/wire.ts';

export interface Size {
  slug: string;
  /** GB. */
  disk: number;
  /** Slugs of regions that have it now. */
  regions: string[];
  /** What one hour costs, and at most a month; DigitalOcean bills in US dollars. */
  price: Price;
}

/** What the account and the vendor have; names are remembered for a while, sizes for an hour. */
export interface Catalogue {
  /** Throws Invalid for what DigitalOcean does not sell. */
  size(slug: string): Promise<Size>;
  image(slugOrID: string): Promise<{ regions: string[]; leastDisk: number }>;
  vpc(nameOrID: string): Promise<{ id: string; region: string }>;
  sshKey(nameIDOrFingerprint: string): Promise<number>;
  /** Why the account can buy nothing, as DigitalOcean words it; undefined where nothing is known against it. */
  accountProblem(): Promise<string | undefined>;
  /** Droplets that the account may have, asked for anew; undefined where the token may not ask. */
  dropletLimit(): Promise<number | undefined>;
  /** Asks anew next time: what was remembered led to a refusal. */
  forget(): void;
}

export function createCatalogue(http: CloudAPI, clock: Clock): Catalogue {
  const { once, forget } = createLookups(clock);
  const sizes = createPriceList(async () => (await http.list('/v2/sizes', 'sizes')).map(sizeOf), clock);
  const account = (): Promise<Record<string, unknown> | undefined> => http.get('/v2/account').then((answer) => recordIn(answer, 'account'), (error: unknown) => {
    // A token may be allowed to buy and not to look at the account.
    if (isClass(error, 'Unauthorized', 'Forbidden')) return undefined;
    throw error;
  });

  return {
    async size(slug) {
      const found = (await sizes()).find((size) => size.slug === slug);
      if (found === undefined) throw new ClassifiedError('Invalid', `DigitalOcean has no size ${JSON.stringify(slug)}`, { mend: 'write one that `doctl compute size list` shows in digitalocean.size' });
      return found;
    },
    image: (slugOrID) => once(`image ${slugOrID}`, async () => {
      const image = await http.get(`/v2/images/${encodeURIComponent(slugOrID)}`).then((answer) => recordIn(answer, 'image'), (error: unknown) => {
        if (!isClass(error, 'NotFound')) throw error;
        throw new ClassifiedError('Invalid', `the account has no image ${JSON.stringify(slugOrID)}`, { mend: 'write the slug of one that `doctl compute image list --public` shows, or the id of one of yours, in digitalocean.image' });
      });
      const least = image['min_disk_size'];
      return { regions: textsOf(image, 'regions'), leastDisk: typeof least === 'number' ? least : 0 };
    }),
    vpc: (nameOrID) => once(`vpc ${nameOrID}`, async () => {
      const found = (await http.list('/v2/vpcs', 'vpcs')).find(({ id, name }) => id === nameOrID || name === nameOrID);
      if (found === undefined) throw new ClassifiedError('Invalid', `the account has no VPC ${JSON.stringify(nameOrID)}`, { mend: 'create it, or write the name or id of one that is there in digitalocean.vpc' });
      return { id: textOf(found, 'id'), region: textOf(found, 'region') };
    }),
    sshKey: (text) => once(`key ${text}`, async () => {
      const found = (await http.list('/v2/account/keys', 'ssh_keys')).find(({ id, name, fingerprint }) => JSON.stringify(id) === text || name === text || fingerprint === text);
      if (found === undefined) throw new ClassifiedError('Invalid', `the account has no SSH key ${JSON.stringify(text)}`, { mend: 'create it, or write the name, id or fingerprint of one that is there in digitalocean.sshKeys' });
      return numberOf(found, 'id');
    }),
    accountProblem: () => once('account', async () => {
      const found = await account();
      return found?.['status'] === 'locked' ? `the account is locked: ${wordsOf(found['status_message']) ?? 'without a reason'}` : undefined;
    }),
    async dropletLimit() {
      const limit = (await account())?.['droplet_limit'];
      return typeof limit === 'number' ? limit : undefined;
    },
    forget,
  };
}

const sizeOf = (record: Record<string, unknown>): Size => ({
  slug: textOf(record, 'slug'), disk: numberOf(record, 'disk'), regions: record['available'] === false ? [] : textsOf(record, 'regions'),
  price: { currency: 'USD', hour: amountOf(record, 'price_hourly'), monthCap: amountOf(record, 'price_monthly') },
});
