/** The real parts that `make test-real` runs against: what each is called, which version will do, and how it comes. */
import type { Origin } from './origin.ts';
import { hostProgram, kubernetesProgram } from './origin.ts';

/** In the order in which they are brought: quick ones first, so that an early suite need not wait for the slow builds. */
export const PART_NAMES = [
  'kubectl',
  'prometheus',
  'promtool',
  'docker-registry',
  'chromium',
  'sshd',
  'dockerd',
  'docker',
  'containerd',
  'runc',
  'iptables',
  'kamal-proxy',
  'sample-app',
  'hcloud-probe',
  'godo-probe',
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'traefik',
] as const;

export type PartName = (typeof PART_NAMES)[number];

/** Three numbers, compared from the left: major, minor, patch. */
export type Version = readonly [major: number, minor: number, patch: number];

export interface Part {
  name: PartName;
  /** Environment variable that names a binary of one's own; it wins over everything and its version is not judged. */
  variable: string;
  /** Arguments that make the program print its version, or none where it cannot tell: then PATH is not trusted. */
  versionArguments: readonly string[] | undefined;
  /** A binary found on PATH is taken from this version on, within the same major version unless newer ones are as good. */
  oldest: Version;
  newerMajors?: 'Accepted';
  origin: Origin;
  /** What a first build with an empty cache takes, for people who wait. */
  firstTime: string;
}

const TRAEFIK_VERSION = '3.7.9';

const PARTS: Readonly<Record<PartName, Omit<Part, 'name'>>> = {
  kubectl: {
    variable: 'KUBECTL',
    versionArguments: ['version', '--client'],
    oldest: [1, 30, 0],
    origin: kubernetesProgram('kubectl'),
    firstTime: '2 min',
  },
  prometheus: {
    variable: 'PROMETHEUS',
    versionArguments: ['--version'],
    oldest: [2, 40, 0],
    origin: { kind: 'DebianPackage', package: 'prometheus', program: 'usr/bin/prometheus' },
    firstTime: '20 s',
  },
  promtool: {
    variable: 'PROMTOOL',
    versionArguments: ['--version'],
    oldest: [2, 40, 0],
    origin: { kind: 'DebianPackage', package: 'prometheus', program: 'usr/bin/promtool' },
    firstTime: 'with prometheus',
  },
  'docker-registry': {
    variable: 'DOCKER_REGISTRY',
    versionArguments: ['--version'],
    oldest: [2, 8, 0],
    origin: { kind: 'DebianPackage', package: 'docker-registry', program: 'usr/bin/docker-registry' },
    firstTime: '5 s',
  },
  // A browser counts its major versions by the month, and shows pages the same.
  chromium: {
    variable: 'CHROMIUM',
    versionArguments: ['--version'],
    oldest: [120, 0, 0],
    newerMajors: 'Accepted',
    origin: { kind: 'DebianPackages', folder: 'chromium', packages: ['chromium'], program: 'usr/lib/chromium/chromium' },
    firstTime: '30 s',
  },
  sshd: { variable: 'SSHD', versionArguments: ['-V'], oldest: [9, 0, 0], origin: hostProgram('usr/sbin/sshd'), firstTime: '15 s' },
  dockerd: { variable: 'DOCKERD', versionArguments: ['--version'], oldest: [20, 10, 0], origin: hostProgram('usr/sbin/dockerd'), firstTime: 'with sshd' },
  // Of the daemon's own package: what people ran on their hosts when the transcripts were taken.
  docker: { variable: 'DOCKER', versionArguments: ['--version'], oldest: [20, 10, 0], origin: hostProgram('usr/bin/docker'), firstTime: 'with sshd' },
  containerd: { variable: 'CONTAINERD', versionArguments: ['--version'], oldest: [1, 6, 0], origin: hostProgram('usr/bin/containerd'), firstTime: 'with sshd' },
  runc: { variable: 'RUNC', versionArguments: ['--version'], oldest: [1, 1, 0], origin: hostProgram('usr/sbin/runc'), firstTime: 'with sshd' },
  iptables: { variable: 'IPTABLES', versionArguments: ['--version'], oldest: [1, 8, 0], origin: hostProgram('usr/sbin/iptables-nft'), firstTime: 'with sshd' },
  'kamal-proxy': {
    variable: 'KAMAL_PROXY',
    versionArguments: undefined,
    oldest: [0, 9, 2],
    origin: {
      kind: 'GoModule',
      module: 'kamal-proxy',
      package: 'github.com/basecamp/kamal-proxy/cmd/kamal-proxy',
      version: '0.9.2',
      stamps: {},
    },
    firstTime: '40 s',
  },
  'sample-app': {
    variable: 'SAMPLE_APP',
    versionArguments: undefined,
    oldest: [1, 0, 0],
    origin: { kind: 'GoModule', module: 'sample-app', package: 'kamal-autoscaler.dev/sample-app', version: '1.0.0', stamps: {} },
    firstTime: '10 s',
  },
  'hcloud-probe': {
    variable: 'HCLOUD_PROBE',
    versionArguments: undefined,
    oldest: [2, 52, 0],
    origin: {
      kind: 'GoModule',
      module: 'hcloud-probe',
      package: 'kamal-autoscaler.dev/real-parts/hcloud-probe',
      version: '2.52.0',
      stamps: {},
    },
    firstTime: '15 s',
  },
  'godo-probe': {
    variable: 'GODO_PROBE',
    versionArguments: undefined,
    oldest: [1, 237, 0],
    origin: {
      kind: 'GoModule',
      module: 'godo-probe',
      package: 'kamal-autoscaler.dev/real-parts/godo-probe',
      version: '1.237.0',
      stamps: {},
    },
    firstTime: '15 s',
  },
  etcd: {
    variable: 'ETCD',
    versionArguments: ['--version'],
    oldest: [3, 5, 0],
    origin: {
      kind: 'GoModule',
      module: 'etcd',
      package: 'go.etcd.io/etcd/server/v3',
      version: '3.7.3',
      stamps: {},
    },
    firstTime: '30 s',
  },
  'kube-apiserver': {
    variable: 'KUBE_APISERVER',
    versionArguments: ['--version'],
    oldest: [1, 33, 0],
    origin: kubernetesProgram('kube-apiserver'),
    firstTime: '5 min',
  },
  'kube-controller-manager': {
    variable: 'KUBE_CONTROLLER_MANAGER',
    versionArguments: ['--version'],
    oldest: [1, 33, 0],
    origin: kubernetesProgram('kube-controller-manager'),
    firstTime: '2 min after kube-apiserver',
  },
  traefik: {
    variable: 'TRAEFIK',
    versionArguments: ['version'],
    oldest: [3, 7, 0],
    origin: {
      kind: 'GoModule',
      module: 'traefik',
      package: 'github.com/traefik/traefik/v3/cmd/traefik',
      version: TRAEFIK_VERSION,
      stamps: { 'github.com/traefik/traefik/v3/pkg/version.Version': TRAEFIK_VERSION },
    },
    firstTime: '6 min',
  },
};

export function partNamed(name: PartName): Part {
  return { name, ...PARTS[name] };
}

export function isPartName(text: string): text is PartName {
  return (PART_NAMES as readonly string[]).includes(text);
}

/** The first version-like number in what a program printed, or undefined where there is none. A patch left out is 0. */
export function versionIn(output: string): Version | undefined {
  const match = /(\d+)\.(\d+)(?:\.(\d+))?/.exec(output);
  return match ? [Number(match[1]), Number(match[2]), Number(match[3] ?? 0)] : undefined;
}

/** Same major version, and at least `oldest`: a newer major may mean other flags and other answers, unless the part says otherwise. */
export function isAcceptable(found: Version, { oldest, newerMajors }: Pick<Part, 'oldest' | 'newerMajors'>): boolean {
  if (found[0] !== oldest[0]) return newerMajors === 'Accepted' && found[0] > oldest[0];
  return found[1] !== oldest[1] ? found[1] > oldest[1] : found[2] >= oldest[2];
}
