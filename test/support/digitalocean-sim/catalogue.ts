/** What the vendor sells and what one account has; the numbers are those of the document's examples or made up. */

export interface SimSize { slug: string; memory: number; vcpus: number; disk: number; hourly: number; monthly: number; regions: readonly string[] }

const EVERYWHERE = ['fra1', 'ams3', 'nyc3'];

export const SIZES: readonly SimSize[] = [
  { slug: 's-1vcpu-1gb', memory: 1024, vcpus: 1, disk: 25, hourly: 0.00893, monthly: 6, regions: EVERYWHERE },
  { slug: 's-2vcpu-4gb', memory: 4096, vcpus: 2, disk: 80, hourly: 0.03571, monthly: 24, regions: EVERYWHERE },
  { slug: 's-4vcpu-8gb', memory: 8192, vcpus: 4, disk: 160, hourly: 0.07143, monthly: 48, regions: EVERYWHERE },
  { slug: 'c-2', memory: 4096, vcpus: 2, disk: 25, hourly: 0.0625, monthly: 42, regions: ['fra1', 'nyc3'] },
];

export const REGIONS: readonly { slug: string; name: string }[] = [
  { slug: 'fra1', name: 'Frankfurt 1' }, { slug: 'ams3', name: 'Amsterdam 3' }, { slug: 'nyc3', name: 'New York 3' },
];

export interface SimImage { id: number; slug: string | null; name: string; type: 'base' | 'snapshot'; regions: readonly string[]; leastDisk: number }

export const IMAGES: readonly SimImage[] = [
  { id: 155133621, slug: 'ubuntu-24-04-x64', name: '24.04 (LTS) x64', type: 'base', regions: EVERYWHERE, leastDisk: 7 },
  { id: 159651797, slug: 'docker-20-04', name: 'Docker on Ubuntu 22.04', type: 'base', regions: EVERYWHERE, leastDisk: 15 },
  { id: 200000001, slug: null, name: 'host with Docker', type: 'snapshot', regions: ['fra1'], leastDisk: 25 },
  { id: 200000002, slug: null, name: 'large host', type: 'snapshot', regions: ['fra1'], leastDisk: 100 },
];

export interface AccountParts {
  vpcs: { id: string; name: string; region: string; range: string; default: boolean }[];
  sshKeys: { id: number; name: string; fingerprint: string; publicKey: string }[];
  status: 'active' | 'warning' | 'locked';
}

const vpc = (number: number, name: string, region: string, isDefault: boolean): AccountParts['vpcs'][number] =>
  ({ id: `5a4981aa-9653-4bd1-bef5-d6bff5204${number}`, name, region, range: `10.${number}.0.0/20`, default: isDefault });

/** An account as most suites want it. */
export const usualAccount = (): AccountParts => ({
  vpcs: [vpc(100, 'default-fra1', 'fra1', true), vpc(101, 'default-ams3', 'ams3', true), vpc(102, 'default-nyc3', 'nyc3', true), vpc(110, 'private', 'fra1', false)],
  sshKeys: [{ id: 512189, name: 'ops', fingerprint: '3b:16:bf:e4:8b:00:8b:b8:59:8c:a9:d3:f0:19:45:fa', publicKey: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ6gTbdVyJXNJpyGPJVv3nnDwkbKUzcPyLfFHzmIg1qL ops' }],
  status: 'active',
});
