import type { ResourceByKind } from './types.gen.ts';

export const GROUP = 'kamal-autoscaler.dev';
export const VERSION = 'v1alpha1';
export const API_VERSION = `${GROUP}/${VERSION}` as const;

export type Kind = keyof ResourceByKind;
export type Resource = ResourceByKind[Kind];

/** Kinds in the order in which an applier must store them: a policy refers to a pool. */
export const KINDS = ['HostPool', 'ScalingPolicy', 'KamalHost', 'DeploySession'] as const satisfies readonly Kind[];

/** Plural, as in URLs and CRD names. */
export const PLURAL: Record<Kind, string> = {
  HostPool: 'hostpools',
  ScalingPolicy: 'scalingpolicies',
  KamalHost: 'kamalhosts',
  DeploySession: 'deploysessions',
};

/** Holds a KamalHost until its server is gone or retained; without it a crash between delete and release would leak a paid server. */
export const HOST_FINALIZER = `${GROUP}/server`;
/** Holds a HostPool until its hosts were retained or drained as its deletionPolicy says. */
export const POOL_FINALIZER = `${GROUP}/hosts`;
/** Holds a DeploySession until the lock that it names was released; without it people would find a lock that nobody releases. */
export const SESSION_FINALIZER = `${GROUP}/lock`;

/** Label on KamalHost objects: the pool's name. */
export const POOL_LABEL = `${GROUP}/pool`;
/** Annotation on KamalHost objects: `true` keeps a host from being chosen by a scale-in or a roll. */
export const PROTECTED_ANNOTATION = `${GROUP}/protected`;
/** Annotation on KamalHost objects: `true` takes a host out of service and keeps its server, until it is taken off or the object is deleted. */
export const QUARANTINED_ANNOTATION = `${GROUP}/quarantined`;

/** Annotation on KamalHost objects: name of the unhealthy or outdated host whose successor this is. */
export const REPLACES_ANNOTATION = `${GROUP}/replaces`;
/** Annotation on HostPool objects: id of the last roll that was asked for. Hosts that were bought before it are replaced once. */
export const ROLL_ANNOTATION = `${GROUP}/roll`;
/** Annotation on HostPool objects: `true` stops the replacement of outdated hosts. */
export const ROLL_PAUSED_ANNOTATION = `${GROUP}/roll-paused`;

/** Annotation on KamalHost objects: the provider's id of a server that was there before the object, so that none is bought for it. */
export const ADOPTED_ANNOTATION = `${GROUP}/adopted`;

/** Annotation on KamalHost objects: the SSH host key that a person or, at adoption, the server's label vouches for, as `type base64`: in place of the pinned one, or of one that was lost with its store. */
export const HOST_KEY_ANNOTATION = `${GROUP}/host-key`;

/**
 * Labels on servers at the provider. The first four say whose a server is; the others what an inventory says of it when
 * no controller runs. A label whose value a provider would not take is never written: the create call is refused.
 */
export const SERVER_LABELS = {
  installation: `${GROUP}/installation`,
  pool: `${GROUP}/pool`,
  namespace: `${GROUP}/namespace`,
  hostID: `${GROUP}/host-id`,
  /** Name of the placement. */
  placement: `${GROUP}/placement`,
  /** Kamal's service, role and destination; no label where there is no destination. */
  service: `${GROUP}/service`,
  role: `${GROUP}/role`,
  destination: `${GROUP}/destination`,
  /** Which address SSH and Kamal use: `Private`, `PublicIPv4` or `PublicIPv6`. */
  sshAddress: `${GROUP}/ssh-address`,
  /** Port of sshd; no label where it is 22. */
  sshPort: `${GROUP}/ssh-port`,
  /** The SSH host key that the server made itself; no label before it is pinned. */
  hostKey: `${GROUP}/host-key`,
  /** Id of the private network whose address counts; no label where there is none. */
  network: `${GROUP}/network`,
  /** `true` while the host serves, or did when the controller last looked. */
  serving: `${GROUP}/serving`,
} as const;
