/** Resources as the API writes them. */
import { toTimestamp } from '../../../controller/model/index.ts';
import type { Account, SimAction, SimDroplet } from './account.ts';
import { IMAGES, REGIONS, SIZES, type AccountParts, type SimImage, type SimSize } from './catalogue.ts';

const CREATED = '2026-01-01T00:00:00Z';
/** The API writes whole seconds. */
const timestamp = (instant: number): string => toTimestamp(Math.floor(instant / 1000) * 1000).replace('.000Z', 'Z');

export const sizeBody = (account: Account, size: SimSize): object => ({
  slug: size.slug, memory: size.memory, vcpus: size.vcpus, disk: size.disk, transfer: 4, price_monthly: size.monthly, price_hourly: size.hourly,
  regions: account.regionsOf(size), available: true, description: 'Basic', disk_info: [{ type: 'local', size: { amount: size.disk, unit: 'gib' } }],
});

export const regionBody = (account: Account, { slug, name }: typeof REGIONS[number]): object =>
  ({ slug, name, features: ['backups', 'ipv6', 'metadata'], available: true, sizes: SIZES.filter((size) => account.regionsOf(size).includes(slug)).map((size) => size.slug) });

export const imageBody = ({ id, slug, name, type, regions, leastDisk }: SimImage): object =>
  ({ id, slug, name, type, distribution: 'Ubuntu', public: type === 'base', regions, created_at: CREATED, min_disk_size: leastDisk, size_gigabytes: 2.34, description: name, tags: [], status: 'available', error_message: '' });

export const vpcBody = ({ id, name, region, range, default: isDefault }: AccountParts['vpcs'][number]): object =>
  ({ id, urn: `do:vpc:${id}`, name, description: '', region, ip_range: range, created_at: CREATED, default: isDefault });

export const keyBody = ({ id, name, fingerprint, publicKey }: AccountParts['sshKeys'][number]): object => ({ id, name, fingerprint, public_key: publicKey });

export const accountBody = ({ dropletLimit, parts }: Account): object => ({
  droplet_limit: dropletLimit, floating_ip_limit: 5, email: 'ops@example.com', name: 'ops', uuid: 'b6f89dbf6d9156cace5f3c78dc9851d957381ef1', email_verified: true,
  status: parts.status, status_message: parts.status === 'locked' ? 'Please contact support.' : '', team: { uuid: '5df3e3004a17e242b7c20ca6c9fc25b701a47ece', name: 'My Team' },
});

export function dropletBody(account: Account, droplet: SimDroplet): object {
  const { id, name, size, image, region, vpc, createdAt, privateIPv4, publicIPv4, publicIPv6 } = droplet;
  const place = REGIONS.find(({ slug }) => slug === region);
  if (place === undefined) throw new Error(`no region ${region}`);
  const status = account.statusOf(droplet);
  // Networks are there once it has been put somewhere.
  const placed = status !== 'new';
  const gateway = (address: string): string => address.replace(/\.\d+$/, '.1');
  const v4 = (address: string, type: 'private' | 'public'): object => ({ ip_address: address, netmask: '255.255.240.0', gateway: gateway(address), type });
  return {
    id, name, memory: size.memory, vcpus: size.vcpus, disk: size.disk, disk_info: [{ type: 'local', size: { amount: size.disk, unit: 'gib' } }], locked: !placed, status, kernel: null, created_at: timestamp(createdAt), features: publicIPv6 === undefined ? [] : ['ipv6'],
    backup_ids: [], next_backup_window: null, snapshot_ids: [], image: imageBody(image), volume_ids: [], size: sizeBody(account, size), size_slug: size.slug,
    networks: {
      v4: placed ? [...(publicIPv4 === undefined ? [] : [v4(publicIPv4, 'public')]), v4(privateIPv4, 'private')] : [],
      v6: placed && publicIPv6 !== undefined ? [{ ip_address: publicIPv6, netmask: 64, gateway: publicIPv6.replace(/1$/, '2'), type: 'public' }] : [],
    },
    region: regionBody(account, place), tags: account.tagsOf(droplet), vpc_uuid: vpc.id,
  };
}

export function actionBody(account: Account, { id, type, droplet, startedAt, endsAt, errs }: SimAction, now: number): object {
  const over = now >= endsAt;
  const slug = account.droplets.get(droplet)?.region ?? 'fra1';
  const region = REGIONS.find((candidate) => candidate.slug === slug);
  return {
    id, type, status: !over ? 'in-progress' : errs ? 'errored' : 'completed', started_at: timestamp(startedAt), completed_at: over ? timestamp(endsAt) : null,
    resource_id: droplet, resource_type: 'droplet', region_slug: slug, ...(region === undefined ? {} : { region: regionBody(account, region) }),
  };
}

export const imageNamed = (slugOrID: string): SimImage | undefined => IMAGES.find(({ id, slug }) => String(id) === slugOrID || slug === slugOrID);
