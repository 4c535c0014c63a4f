import { ClassifiedError } from '../../../model/index.ts';
import type { CreateRequest, Placement } from '../../../ports/index.ts';
import { problemText } from '../rest/problem.ts';
import type { Catalogue } from './catalogue.ts';
import { tagsOf } from './tags.ts';

/** As the API bounds it. */
const LONGEST_USER_DATA = 64 * 1024;

type Wanted = NonNullable<Placement['digitalocean']>;

export function wantedOf({ name, digitalocean }: Placement): Wanted {
  if (digitalocean === undefined) throw new ClassifiedError('Invalid', `placement ${name} does not say what to buy`, { mend: 'write digitalocean.size, digitalocean.region and digitalocean.image' });
  return digitalocean;
}

/** The body of a create call, with everything that it names looked up. Throws Invalid for what could not work. */
export async function orderOf(request: CreateRequest, catalogue: Catalogue, userData: string): Promise<object> {
  const { name, placement } = request;
  const wanted = wantedOf(placement);
  const bytes = Buffer.byteLength(userData);
  if (bytes > LONGEST_USER_DATA) throw new ClassifiedError('Invalid', `placement ${placement.name}: the user data has ${bytes} bytes, DigitalOcean takes ${LONGEST_USER_DATA}`, { mend: 'shorten digitalocean.userData' });
  const tags = tagsOf(request);
  const [vpc, keys] = await Promise.all([vpcOf(wanted, catalogue), keysOf(wanted, catalogue), checkImage(wanted, catalogue)]);
  const { size, region, image, publicNetwork } = wanted;
  return {
    name, region, size, image: isID(image) ? Number(image) : image, tags, user_data: userData, ipv6: publicNetwork === 'Both',
    ...(publicNetwork === 'None' ? { public_networking: false } : {}), ...(vpc === undefined ? {} : { vpc_uuid: vpc }), ...(keys.length === 0 ? {} : { ssh_keys: keys }),
  };
}

/** What makes a placement unusable, as a person reads it; undefined where nothing is known against it. */
export const problemIn = (placement: Placement, catalogue: Catalogue): Promise<string | undefined> => problemText(async () => {
  const wanted = wantedOf(placement);
  await Promise.all([vpcOf(wanted, catalogue), keysOf(wanted, catalogue), checkImage(wanted, catalogue)]);
  const { size, region } = wanted;
  const { regions } = await catalogue.size(size);
  // Sold out looks the same as never sold there. Only a create call is the judge of that, so none is held back by this.
  if (!regions.includes(region)) throw new ClassifiedError('Invalid', `size ${size} is not to be had in ${region} now`, { mend: regions.length === 0 ? 'write another digitalocean.size' : `write one of ${regions.join(', ')} in digitalocean.region, or another digitalocean.size` });
  const account = await catalogue.accountProblem();
  if (account !== undefined) throw new ClassifiedError('Invalid', account, { mend: 'ask DigitalOcean' });
});

async function vpcOf({ vpc, region }: Wanted, catalogue: Catalogue): Promise<string | undefined> {
  if (vpc === undefined) return undefined;
  const found = await catalogue.vpc(vpc);
  if (found.region !== region) throw new ClassifiedError('Invalid', `VPC ${vpc} is in ${found.region}, not in ${region}`, { mend: `write ${found.region} in digitalocean.region, or another digitalocean.vpc` });
  return found.id;
}

const keysOf = ({ sshKeys = [] }: Wanted, catalogue: Catalogue): Promise<number[]> => Promise.all(sshKeys.map((key) => catalogue.sshKey(key)));

/** An image is in some regions only, and does not fit on every disk. */
async function checkImage({ image, region, size }: Wanted, catalogue: Catalogue): Promise<void> {
  const [{ regions, leastDisk }, { disk }] = await Promise.all([catalogue.image(image), catalogue.size(size)]);
  if (!regions.includes(region)) throw new ClassifiedError('Invalid', `image ${image} is not in ${region}`, { mend: `add the region to the image, or write one of ${regions.join(', ')} in digitalocean.region` });
  if (disk < leastDisk) throw new ClassifiedError('Invalid', `image ${image} needs a disk of ${leastDisk} GB, size ${size} has ${disk}`, { mend: 'write a larger digitalocean.size' });
}

const isID = (image: string): boolean => /^\d{1,15}$/.test(image);
