/** The simulated account: its Droplets, what ordering and deleting does to them, and its limits. */
import type { Clock } from '../../../controller/ports/index.ts';
import type { Fault } from '../cloud-sim/faults.ts';
import { Refused } from '../cloud-sim/serve.ts';
import { type AccountParts, IMAGES, REGIONS, SIZES, type SimImage, type SimSize, usualAccount } from './catalogue.ts';

export interface AccountOptions {
  clock: Clock;
  /** What the account has beside Droplets. */
  parts?: AccountParts;
  /** Droplets that the account may have. */
  dropletLimit?: number;
  /** Until a new Droplet is active. */
  bootMilliseconds?: number;
  /** A new Droplet has no tags for so long: it shows none, and no list by tag shows it. */
  tagLagMilliseconds?: number;
}

/** A create call, as far as it matters here. */
export interface Order {
  name?: string;
  names?: string[];
  size: string;
  image: string | number;
  region?: string;
  ssh_keys?: (string | number)[];
  tags?: string[] | null;
  user_data?: string;
  vpc_uuid?: string;
  ipv6?: boolean;
  public_networking?: boolean;
}

export interface SimDroplet {
  id: number;
  name: string;
  size: SimSize;
  region: string;
  image: SimImage;
  vpc: AccountParts['vpcs'][number];
  tags: string[];
  tagsFrom: number;
  /** Its tags as they were until each of these times, the oldest first. */
  tagsBefore: { until: number; tags: string[] }[];
  userData: string;
  createdAt: number;
  activeFrom: number;
  power: 'On' | 'Off';
  privateIPv4: string;
  publicIPv4: string | undefined;
  publicIPv6: string | undefined;
  keys: number[];
}

export interface SimAction {
  id: number;
  type: string;
  droplet: number;
  startedAt: number;
  /** Infinity: it never ends. */
  endsAt: number;
  errs: boolean;
}

export interface Account {
  readonly parts: AccountParts;
  readonly droplets: ReadonlyMap<number, SimDroplet>;
  readonly actions: ReadonlyMap<number, SimAction>;
  readonly tags: ReadonlySet<string>;
  readonly dropletLimit: number;
  statusOf(droplet: SimDroplet): 'new' | 'active' | 'off';
  /** What a Droplet shows of its tags by now. */
  tagsOf(droplet: SimDroplet): string[];
  /** Whether it had a tag at that time. */
  taggedAt(droplet: SimDroplet, tag: string, at: number): boolean;
  create(order: Order, fault?: Fault): { droplet: SimDroplet; action: SimAction }[];
  remove(id: number, fault?: Fault): void;
  act(id: number, type: string): SimAction;
  addTag(name: string): void;
  tag(name: string, droplets: readonly number[], change: 'Add' | 'Remove'): void;
  /** Regions that have a size now. */
  regionsOf(size: SimSize): string[];
  /** How many more of a size a region has; Infinity lifts the limit. */
  setCapacity(size: string, region: string, left: number): void;
  setDropletLimit(count: number): void;
}

const LONGEST_USER_DATA = 64 * 1024;
const TAG = /^[a-zA-Z0-9_\-:]{1,255}$/;

export function createAccount(options: AccountOptions): Account {
  const { clock, parts = usualAccount(), bootMilliseconds = 4000, tagLagMilliseconds = 0 } = options;
  const droplets = new Map<number, SimDroplet>();
  const actions = new Map<number, SimAction>();
  const tags = new Set<string>();
  const capacity = new Map<string, number>();
  let dropletLimit = options.dropletLimit ?? 1000;
  let lastDroplet = 3_164_000;
  let lastAction = 36_804_000;

  const now = (): number => clock.now();
  const refuse = (status: number, code: string, message: string): never => {
    throw new Refused(status, code, message);
  };
  const invalid = (message: string): never => refuse(422, 'unprocessable_entity', message);
  const need = (id: number): SimDroplet => droplets.get(id) ?? refuse(404, 'not_found', 'The resource you were accessing could not be found.');
  const left = (size: string, region: string): number => capacity.get(`${size} ${region}`) ?? Infinity;
  const statusOf = ({ activeFrom, power }: SimDroplet): 'new' | 'active' | 'off' => (now() < activeFrom ? 'new' : power === 'Off' ? 'off' : 'active');

  function begin(type: string, droplet: number, milliseconds: number, errs = false): SimAction {
    const action: SimAction = { id: lastAction += 1, type, droplet, startedAt: now(), endsAt: now() + milliseconds, errs };
    actions.set(action.id, action);
    return action;
  }

  /** Lowest free number: addresses of deleted Droplets are given again, as in life. */
  function freeNumber(taken: (number: number) => boolean): number {
    let number = 2;
    while (taken(number)) number += 1;
    return number;
  }
  const all = (): SimDroplet[] => [...droplets.values()];

  function checked(order: Order): Pick<SimDroplet, 'size' | 'image' | 'region' | 'vpc' | 'keys'> & { names: string[] } {
    const names = order.names ?? [order.name ?? ''];
    const size = SIZES.find(({ slug }) => slug === order.size) ?? invalid('You specified an invalid size for Droplet creation.');
    const image = IMAGES.find(({ id, slug }) => id === order.image || (slug !== null && slug === order.image)) ?? invalid('You specified an invalid image for Droplet creation.');
    const region = order.region ?? 'nyc3';
    if (!REGIONS.some(({ slug }) => slug === region)) invalid('You specified an invalid region for Droplet creation.');
    if (!image.regions.includes(region)) invalid("The image you specified is not available in the selected region, you can transfer it from the image's current region to the region you selected.");
    if (size.disk < image.leastDisk) invalid('You specified an image that is too large for the size.');
    if (Buffer.byteLength(order.user_data ?? '') > LONGEST_USER_DATA) invalid('User data must be 64 KB or less.');
    for (const tag of order.tags ?? []) if (!TAG.test(tag)) invalid(`${tag} is an invalid tag name`);
    const keys = (order.ssh_keys ?? []).map((key) => parts.sshKeys.find(({ id, fingerprint }) => id === key || fingerprint === key)?.id ?? invalid(`${key} are invalid key identifiers for Droplet creation.`));
    const vpc = parts.vpcs.find((candidate) => (order.vpc_uuid === undefined ? candidate.default && candidate.region === region : candidate.id === order.vpc_uuid)) ?? invalid('Failed to resolve VPC');
    if (vpc.region !== region) invalid('Droplet and VPC are in different regions');
    if (droplets.size + names.length > dropletLimit) invalid('creating this/these droplet(s) will exceed your droplet limit');
    if (!size.regions.includes(region) || left(size.slug, region) < names.length) invalid(`Size ${size.slug} is temporarily unavailable in region ${region}. Please try again later.`);
    return { names, size, image, region, vpc, keys };
  }

  function make(name: string, { size, image, region, vpc, keys }: ReturnType<typeof checked>, order: Order, fault: Fault | undefined): { droplet: SimDroplet; action: SimAction } {
    const id = lastDroplet += 1;
    const never = fault?.kind === 'ActionNeverEnds' || fault?.kind === 'NeverBoots' || fault?.kind === 'ActionFails';
    const privates = new Set(all().map((droplet) => droplet.privateIPv4));
    const publics = new Set(all().map((droplet) => droplet.publicIPv4));
    const own = (number: number): string => `${vpc.range.split('.').slice(0, 2).join('.')}.0.${number}`;
    const outer = (number: number): string => `198.19.0.${number}`;
    for (const tag of order.tags ?? []) tags.add(tag);
    const droplet: SimDroplet = {
      id, name, size, image, region, vpc, keys, tags: [...order.tags ?? []], tagsBefore: [], tagsFrom: now() + (fault?.kind === 'ListedLate' ? fault.milliseconds : tagLagMilliseconds),
      userData: order.user_data ?? '', createdAt: now(), activeFrom: never ? Infinity : now() + bootMilliseconds, power: 'On',
      privateIPv4: own(freeNumber((number) => privates.has(own(number)))),
      publicIPv4: order.public_networking === false ? undefined : outer(freeNumber((number) => publics.has(outer(number)))),
      publicIPv6: order.ipv6 === true ? `2001:db8:${(id & 0xffff).toString(16)}::1` : undefined,
    };
    droplets.set(id, droplet);
    capacity.set(`${size.slug} ${region}`, left(size.slug, region) - 1);
    return { droplet, action: begin('create', id, fault?.kind === 'ActionNeverEnds' ? Infinity : bootMilliseconds, fault?.kind === 'ActionFails') };
  }

  return {
    parts, droplets, actions, tags, statusOf,
    get dropletLimit() {
      return dropletLimit;
    },
    tagsOf: (droplet) => (now() < droplet.tagsFrom ? [] : droplet.tags),
    taggedAt: ({ tags: latest, tagsBefore, tagsFrom }, tag, at) => at >= tagsFrom && (tagsBefore.find(({ until }) => at < until)?.tags ?? latest).includes(tag),
    create(order, fault) {
      const sound = checked(order);
      const answered = sound.names.map((name) => make(name, sound, order, fault));
      if (fault?.kind === 'MadeTwice') for (const name of sound.names) make(name, sound, order, undefined);
      return answered;
    },
    remove(id, fault) {
      const { size, region } = need(id);
      if (fault?.kind === 'DeleteForgotten') return;
      const gone = (): void => {
        if (droplets.delete(id)) capacity.set(`${size.slug} ${region}`, left(size.slug, region) + 1);
      };
      if (fault?.kind === 'DeleteLingers') void clock.sleep(fault.milliseconds).then(gone);
      else gone();
    },
    act(id, type) {
      const droplet = need(id);
      if (statusOf(droplet) === 'new') invalid('Droplet already has a pending event.');
      droplet.power = type === 'power_off' || type === 'shutdown' ? 'Off' : 'On';
      return begin(type, id, 500);
    },
    addTag: (name) => void tags.add(name),
    tag(name, ids, change) {
      if (!tags.has(name)) refuse(404, 'not_found', 'The resource you were accessing could not be found.');
      for (const droplet of ids.map(need)) {
        droplet.tagsBefore.push({ until: now(), tags: droplet.tags });
        droplet.tags = change === 'Add' ? [...new Set([...droplet.tags, name])] : droplet.tags.filter((tag) => tag !== name);
      }
    },
    regionsOf: ({ slug, regions }) => regions.filter((region) => left(slug, region) > 0),
    setCapacity: (size, region, count) => void capacity.set(`${size} ${region}`, count),
    setDropletLimit(count) {
      dropletLimit = count;
    },
  };
}
