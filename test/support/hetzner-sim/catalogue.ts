/** What the vendor sells and what one project has; the numbers are those of the document's examples or made up. */

export interface SimLocation { id: number; name: string; zone: string; country: string; city: string }

export const LOCATIONS: readonly SimLocation[] = [
  { id: 1, name: 'fsn1', zone: 'eu-central', country: 'DE', city: 'Falkenstein' },
  { id: 2, name: 'nbg1', zone: 'eu-central', country: 'DE', city: 'Nuremberg' },
  { id: 3, name: 'hel1', zone: 'eu-central', country: 'FI', city: 'Helsinki' },
  { id: 4, name: 'ash', zone: 'us-east', country: 'US', city: 'Ashburn, VA' },
];

export interface SimServerType {
  id: number;
  name: string;
  cores: number;
  memory: number;
  disk: number;
  architecture: 'x86' | 'arm';
  cpu: 'shared' | 'dedicated';
  /** Net, as the API writes amounts. */
  hourly: string;
  monthly: string;
  locations: readonly string[];
}

const EU = ['fsn1', 'nbg1', 'hel1'];

export const SERVER_TYPES: readonly SimServerType[] = [
  { id: 22, name: 'cpx11', cores: 2, memory: 2, disk: 40, architecture: 'x86', cpu: 'shared', hourly: '0.0070', monthly: '4.3500', locations: [...EU, 'ash'] },
  { id: 23, name: 'cpx21', cores: 3, memory: 4, disk: 80, architecture: 'x86', cpu: 'shared', hourly: '0.0120', monthly: '7.5500', locations: [...EU, 'ash'] },
  { id: 24, name: 'cpx31', cores: 4, memory: 8, disk: 160, architecture: 'x86', cpu: 'shared', hourly: '0.0210', monthly: '13.6000', locations: [...EU, 'ash'] },
  { id: 45, name: 'cax11', cores: 2, memory: 4, disk: 40, architecture: 'arm', cpu: 'shared', hourly: '0.0060', monthly: '3.7900', locations: EU },
  { id: 93, name: 'cax21', cores: 4, memory: 8, disk: 80, architecture: 'arm', cpu: 'shared', hourly: '0.0102', monthly: '6.4900', locations: EU },
  { id: 96, name: 'ccx13', cores: 2, memory: 8, disk: 80, architecture: 'x86', cpu: 'dedicated', hourly: '0.0200', monthly: '12.4900', locations: ['fsn1', 'ash'] },
];

/** Net prices of a public IPv4 address. */
export const IPV4_PRICE = { hourly: '0.0008', monthly: '0.5000' };

export interface SimImage { id: number; name: string | null; type: 'system' | 'app' | 'snapshot'; architecture: 'x86' | 'arm'; description: string }

export const IMAGES: readonly SimImage[] = [
  { id: 161547269, name: 'ubuntu-24.04', type: 'system', architecture: 'x86', description: 'Ubuntu 24.04' },
  { id: 161547270, name: 'ubuntu-24.04', type: 'system', architecture: 'arm', description: 'Ubuntu 24.04' },
  { id: 40093247, name: 'docker-ce', type: 'app', architecture: 'x86', description: 'Docker CE' },
  { id: 40093248, name: 'docker-ce', type: 'app', architecture: 'arm', description: 'Docker CE' },
  { id: 200000001, name: null, type: 'snapshot', architecture: 'x86', description: 'host with Docker' },
  { id: 200000002, name: null, type: 'snapshot', architecture: 'arm', description: 'host with Docker' },
];

export interface SimNetwork { id: number; name: string; range: string; zones: readonly string[] }

export interface ProjectParts {
  networks: SimNetwork[];
  firewalls: { id: number; name: string }[];
  placementGroups: { id: number; name: string }[];
  sshKeys: { id: number; name: string; publicKey: string }[];
}

/** A project as most suites want it. */
export const usualProject = (): ProjectParts => ({
  networks: [
    { id: 4711, name: 'private', range: '10.0.0.0/16', zones: ['eu-central'] },
    { id: 4712, name: 'overseas', range: '10.1.0.0/16', zones: ['us-east'] },
  ],
  firewalls: [{ id: 38, name: 'web' }],
  placementGroups: [{ id: 897, name: 'spread' }],
  sshKeys: [{ id: 2323, name: 'ops', publicKey: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ6gTbdVyJXNJpyGPJVv3nnDwkbKUzcPyLfFHzmIg1qL ops' }],
});
