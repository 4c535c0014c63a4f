// Generated from crds/ by `npm run generate`. Edit the CRD, not this file.
/* eslint-disable */
import type { ObjectMeta } from './meta.ts';


export interface DeploySessionSpec {
/**
 * `service` of deploy.yml.
 */
service: string
/**
 * Kamal destination.
 */
destination?: string
/**
 * Stored before the lock is taken; the lock's message carries it.
 */
operationID: string
/**
 * The lock is released by then so that waiting people go first.
 */
deadline: string
/**
 * KamalHosts whose work runs under this lock.
 * 
 * @maxItems 500
 */
members?: string[]
}

export interface DeploySessionStatus {
observedGeneration?: number
phase?: ("Waiting" | "Held" | "Releasing" | "Released")
acquiredAt?: string
releasedAt?: string
/**
 * What the session waits for, and who holds the lock.
 */
reason?: string
}

export interface DeploySession {
  apiVersion: 'kamal-autoscaler.dev/v1alpha1';
  kind: 'DeploySession';
  metadata: ObjectMeta;
  spec: DeploySessionSpec;
  status?: DeploySessionStatus;
}

/**
 * The hosts of one Kamal role.
 */
export interface HostPoolSpec {
/**
 * The role of the Kamal configuration that these hosts run.
 */
kamal: {
/**
 * `service` of deploy.yml.
 */
service: string
/**
 * Kamal destination.
 */
destination?: string
/**
 * Role under `servers` of deploy.yml.
 */
role: string
/**
 * Hooks of the application that also run when the controller brings a host up. Default: none, for a hook that migrates the database must not fire on each scale-out.
 * 
 * @maxItems 9
 */
hooks?: ("docker-setup" | "pre-connect" | "pre-build" | "pre-deploy" | "pre-app-boot" | "post-app-boot" | "post-deploy" | "pre-proxy-reboot" | "post-proxy-reboot")[]
}
/**
 * How hosts become ready and drain: `Web` by requests in flight, `Cable` by its deadline, `Job` without a load balancer.
 */
roleKind: ("Web" | "Job" | "Cable")
/**
 * Hosts wanted, fixed and bought together. Absent: hold what is there.
 */
replicas?: number
/**
 * Greatest number of hosts that may exist at once: fixed, booting, draining and surge hosts count.
 */
maxReplicas: number
/**
 * No create, delete, deploy or membership change; what serves goes on serving.
 */
paused: boolean
/**
 * What happens to bought servers when the pool is deleted: `Retain` leaves server and membership as they are.
 */
deletionPolicy: ("Retain" | "Drain")
/**
 * Hosts that people own, Kamal's primary among them: capacity and member, never bought, drained, replaced or deleted.
 * 
 * @maxItems 100
 */
fixedHosts?: {
name: string
/**
 * Address or name of the host.
 */
address: string
/**
 * Where SSH and Kamal reach it, if elsewhere: its name in deploy.yml.
 */
sshAddress?: string
/**
 * Where metrics are read, if elsewhere.
 */
metricsAddress?: string
/**
 * Its SSH host key, as `type base64`. Absent: what the installation's known_hosts file says.
 */
hostKey?: string
/**
 * Ports of the host, where they differ from the pool's.
 */
ports?: {
/**
 * Requests; kamal-proxy.
 */
http?: number
/**
 * Metrics of kamal-proxy.
 */
proxyMetrics?: number
/**
 * Metrics of the node exporter.
 */
nodeMetrics?: number
/**
 * Metrics of the application.
 */
appMetrics?: number
/**
 * Control port of a local host process.
 */
control?: number
}
}[]
/**
 * Ports of every host of the pool.
 */
ports: {
/**
 * Requests; kamal-proxy.
 */
http: number
/**
 * Metrics of kamal-proxy; absent: not published, drains wait for their deadline.
 */
proxyMetrics?: number
/**
 * Metrics of the node exporter.
 */
nodeMetrics?: number
/**
 * Metrics of the application.
 */
appMetrics?: number
}
/**
 * How SSH, and Kamal over it, reaches the pool's hosts.
 */
ssh: {
/**
 * User that may run docker, as `ssh.user` of deploy.yml.
 */
user: string
/**
 * Port of sshd, as `ssh.port` of deploy.yml.
 */
port: number
/**
 * A host through which every connection goes, as `ssh.proxy` of deploy.yml.
 */
jumpHost?: {
/**
 * Address or name of the host.
 */
address: string
user: string
port: number
/**
 * Its SSH host key, as `type base64`. Absent: what the installation's known_hosts file says.
 */
hostKey: string
}
}
/**
 * Which address of a bought server counts for what. Default: the private one where the placement has networks, else public IPv4, else public IPv6.
 */
addresses?: {
/**
 * For SSH and Kamal; the name under which the inventory lists the host.
 */
ssh: ("Auto" | "Private" | "PublicIPv4" | "PublicIPv6")
/**
 * For the load balancer and for probes.
 */
loadBalancer: ("Auto" | "Private" | "PublicIPv4" | "PublicIPv6")
/**
 * For Prometheus and direct scrape.
 */
metrics: ("Auto" | "Private" | "PublicIPv4" | "PublicIPv6")
}
/**
 * Where hosts come from, in the order in which they are tried.
 * 
 * @minItems 1
 * @maxItems 8
 */
placements: {
name: string
/**
 * `Local`: processes on this machine, for demo and tests. `Static`: spare machines that people own. `Hetzner`: servers of Hetzner Cloud. `DigitalOcean`: Droplets. One pool may name several.
 */
provider: ("Local" | "Static" | "Hetzner" | "DigitalOcean")
/**
 * What is bought from Hetzner Cloud.
 */
hetzner?: {
/**
 * Such as `cpx21`; `hcloud server-type list` shows them.
 */
serverType: string
/**
 * Such as `nbg1`.
 */
location: string
/**
 * Name or id of an image or snapshot. With Docker on it a host is ready sooner.
 */
image: string
/**
 * Private networks, by name or id; the first one gives the private address.
 * 
 * @minItems 1
 * @maxItems 3
 */
networks?: string[]
/**
 * Firewalls, by name or id.
 * 
 * @maxItems 5
 */
firewalls?: string[]
/**
 * Placement group, by name or id; a spread group holds at most ten servers.
 */
placementGroup?: string
/**
 * Public addresses of the server. IPv4 costs extra.
 */
publicNetwork: ("Both" | "IPv4" | "IPv6" | "None")
/**
 * SSH keys of the project that may also log in, by name or id. The controller's own key comes with the user data.
 * 
 * @maxItems 10
 */
sshKeys?: string[]
/**
 * Further labels of the server. Those of the controller (`kamal-autoscaler.dev/…`) and of Hetzner (`hetzner.cloud/…`) cannot be written.
 */
labels?: {
[k: string]: string
}
/**
 * cloud-config in YAML that is added to the controller's own; lists are appended, the controller's keys win.
 */
userData?: string
}
/**
 * What is bought from DigitalOcean.
 */
digitalocean?: {
/**
 * Such as `s-2vcpu-4gb`; `doctl compute size list` shows them.
 */
size: string
/**
 * Such as `fra1`.
 */
region: string
/**
 * Slug of a public image, such as `docker-20-04`, or the id of a snapshot of yours. With Docker on it a host is ready sooner.
 */
image: string
/**
 * Private network, by name or id: its address then counts. Absent: the Droplet is in the region's own, and the public address counts.
 */
vpc?: string
/**
 * Public addresses of the Droplet: IPv4, IPv6 beside it, or none.
 */
publicNetwork: ("IPv4" | "Both" | "None")
/**
 * SSH keys of the account that may also log in, by name, id or fingerprint. The controller's own key comes with the user data.
 * 
 * @maxItems 10
 */
sshKeys?: string[]
/**
 * Further tags of the Droplet, such as the one that a Cloud Firewall names. Those of the controller (`kamal-autoscaler:…`) cannot be written.
 * 
 * @maxItems 16
 */
tags?: string[]
/**
 * cloud-config in YAML that is added to the controller's own; lists are appended, the controller's keys win.
 */
userData?: string
}
/**
 * Settings of local host processes.
 */
local?: {
/**
 * Time from create until the host answers.
 */
bootMilliseconds: number
}
/**
 * Machines that are taken when needed and given back, never deleted.
 */
static?: {
/**
 * @minItems 1
 * @maxItems 100
 */
machines: {
name: string
/**
 * Address or name of the host.
 */
address: string
/**
 * Ports of the host, where they differ from the pool's.
 */
ports?: {
/**
 * Requests; kamal-proxy.
 */
http?: number
/**
 * Metrics of kamal-proxy.
 */
proxyMetrics?: number
/**
 * Metrics of the node exporter.
 */
nodeMetrics?: number
/**
 * Metrics of the application.
 */
appMetrics?: number
/**
 * Control port of a local host process.
 */
control?: number
}
}[]
}
}[]
/**
 * Who sends requests to the hosts.
 */
loadBalancer?: {
/**
 * A load balancer of Hetzner Cloud that exists already; its targets come and go with the hosts. Its services and health checks stay yours.
 */
hetzner?: {
/**
 * Its name in the project. One pool has it for itself.
 */
name: string
/**
 * Members get this label, by which a target of the load balancer selects them. Absent: members become targets by server.
 */
label?: {
/**
 * Its key. The controller alone gives and takes it.
 */
key: string
/**
 * Its value.
 */
value: string
}
}
/**
 * A load balancer of DigitalOcean that exists already; its Droplets come and go with the hosts. Its forwarding rules and health check stay yours.
 */
digitalocean?: {
/**
 * Its name in the account, where no other may have it. One pool has it for itself.
 */
name: string
/**
 * Members get this tag, by which the load balancer finds them. The controller alone gives and takes it. Absent: members become its Droplets one by one.
 */
tag?: string
}
/**
 * Traefik, which polls this controller with its HTTP provider, or reads files that this controller writes.
 */
traefik?: {
/**
 * Name of the Traefik service, without `@http` or `@file`. Unique among pools.
 */
service: string
/**
 * File of every Traefik that serves this pool, for its file provider. Absent: Traefik polls with its HTTP provider. Pools may share a file.
 * 
 * @minItems 1
 * @maxItems 16
 */
files?: {
/**
 * What conditions and messages call this Traefik.
 */
name: string
/**
 * The file, in the folder of `providers.file.directory`. It is the controller's alone.
 */
path: string
/**
 * How the machine of this Traefik is reached, by SFTP. Absent: it is this one.
 */
ssh?: {
/**
 * Address or name of the host.
 */
address: string
/**
 * User that may write the folder of the file.
 */
user: string
/**
 * Port of sshd.
 */
port: number
/**
 * Its SSH host key, as `type base64`.
 */
hostKey: string
}
}[]
/**
 * API of every Traefik that serves this pool; a change is done when all of them show it.
 * 
 * @minItems 1
 * @maxItems 16
 */
apiURLs: string[]
/**
 * Metrics endpoint of every Traefik, for direct scrape without Prometheus.
 * 
 * @maxItems 16
 */
metricsURLs?: string[]
/**
 * How Traefik chooses a member.
 */
strategy: ("wrr" | "p2c" | "hrw" | "leasttime")
/**
 * Entry point of the requests, for error rates.
 */
entryPoint: string
}
}
/**
 * How a member is probed, by the load balancer and by the controller.
 */
health: {
/**
 * Path that answers 200.
 */
path: string
/**
 * Host header; kamal-proxy answers 404 to others where `proxy.host` is set.
 */
hostname?: string
/**
 * Time between two probes.
 */
intervalSeconds: number
/**
 * Time for one probe.
 */
timeoutSeconds: number
/**
 * Further paths that must answer before a host joins.
 * 
 * @maxItems 8
 */
preJoin?: {
/**
 * Path to ask.
 */
path: string
/**
 * Status that it must answer.
 */
status: number
}[]
/**
 * Paths that are asked once each before a host joins, whatever they answer, so that caches are warm.
 * 
 * @maxItems 8
 */
warmUp?: string[]
/**
 * A host down for so long in every load balancer and for the controller is replaced.
 */
unhealthyAfterSeconds: number
}
/**
 * How a host leaves.
 */
drain: {
/**
 * Longest wait for requests in flight.
 */
timeoutSeconds: number
/**
 * How long a drain waits for a load balancer that cannot be asked, while others answer that they do not list the host. Where none answers it waits for as long as it takes.
 */
silentLoadBalancerSeconds: number
}
/**
 * Limits of the pool's own work.
 */
limits: {
/**
 * Unhealthy hosts that are replaced at the same time.
 */
maxSurge: number
/**
 * Where a greater share of the hosts, fixed ones included, is down at once, the cause is taken to be shared and nothing is replaced. One host may always be. A placement that is down as a whole is replaced in another one while hosts elsewhere serve.
 */
maxUnhealthyPercent: number
/**
 * Time from create to in service after which a host is replaced, at least. It grows to three times the longest of the last boots in its placement, and by half with each failed start in a row, up to maxStartTimeoutSeconds.
 */
startTimeoutSeconds: number
/**
 * Longest that startTimeoutSeconds grows to; where it is the smaller one nothing grows.
 */
maxStartTimeoutSeconds: number
/**
 * Kamal runs at the same time.
 */
maxParallelDeploys: number
/**
 * Longest time for one Kamal run; then it is ended and its outcome looked at.
 */
deployTimeoutSeconds: number
/**
 * Pause after a failed start; doubles with each failure in a row, up to an hour.
 */
startBackoffSeconds: number
}
/**
 * How bought hosts are replaced by ones that are made anew: a newer host comes into service, then an older one leaves. The command `roll` asks for it once.
 */
rollout: {
/**
 * `OnDemand`: only `roll` and maxAgeSeconds replace hosts. `OnChange`: also a change of what a placement buys (server type, image, networks, user data; not labels), or of `ssh.user`.
 */
strategy: ("OnDemand" | "OnChange")
/**
 * Servers that may exist above the wanted number meanwhile, those that drain included. maxReplicas and budgets count them.
 */
maxSurge: number
/**
 * A bought host of that age is replaced, counted from when its server was ordered or adopted. Absent: none is for its age.
 */
maxAgeSeconds?: number
}
}

export interface HostPoolStatus {
observedGeneration?: number
/**
 * Hosts that exist and are not leaving, fixed and booting ones included.
 */
replicas?: number
/**
 * Hosts in service, fixed ones included.
 */
readyReplicas?: number
/**
 * Hosts on their way into service.
 */
bootingReplicas?: number
/**
 * Hosts on their way out.
 */
drainingReplicas?: number
/**
 * Hosts in quarantine: they serve nothing, and count against maxReplicas and budget.
 */
quarantinedReplicas?: number
fixedReplicas?: number
/**
 * Label selector of the pool's KamalHosts.
 */
selector?: string
state?: ("Steady" | "Growing" | "Shrinking" | "Replacing" | "Rolling" | "Paused" | "Stuck" | "Holding")
stateSince?: string
reason?: string
/**
 * Failed starts in a row; a host that goes down within ten minutes of its first time in service counts. Forgotten when a host has served for ten minutes.
 */
startFailures?: number
/**
 * When a host last failed to come into service to stay.
 */
lastStartFailureAt?: string
/**
 * Failed hosts of which evidence is kept, the newest first; `kamal-autoscaler evidence HOST` prints it.
 * 
 * @maxItems 10
 */
evidence?: {
host: string
cause: ("StartFailed" | "Unhealthy" | "ServerLost")
reason: string
at: string
}[]
/**
 * No host is created before.
 */
startBackoffUntil?: string
/**
 * What bought hosts are made from, against what they would be made from today.
 */
rollout?: {
/**
 * Bought hosts that are as one that is bought today.
 */
updated: number
/**
 * Bought hosts that are not, leaving ones left out.
 */
outdated: number
/**
 * Id of the last roll that was asked for.
 */
requested?: string
/**
 * When the controller first saw it.
 */
startedAt?: string
/**
 * Id of the last roll that ended.
 */
completed?: string
completedAt?: string
}
/**
 * No host of this version joins, for a newcomer of it answered with more errors than its siblings.
 */
joinHold?: {
host: string
version: string
since: string
until: string
reason: string
}
/**
 * The last boots, from intent to in service, newest last.
 * 
 * @maxItems 20
 */
bootSeconds?: number[]
/**
 * The same boots by placement: a start deadline is learned from those of its own.
 * 
 * @maxItems 8
 */
placementBoots?: {
placement: string
/**
 * From intent to in service, newest last.
 * 
 * @maxItems 20
 */
bootSeconds: number[]
}[]
/**
 * When the newest boot in bootSeconds ended.
 */
lastBootAt?: string
/**
 * What the pool's bought hosts cost in the calendar month (UTC), net of tax. Booked by started hours where the provider bills so.
 */
spend?: {
/**
 * As `YYYY-MM`.
 */
month: string
/**
 * @maxItems 8
 */
amounts?: {
currency: string
/**
 * Until now, with the hours that have started.
 */
soFar: number
/**
 * At the end of the month, if the hosts stay that are there now.
 */
projected: number
}[]
/**
 * Hosts whose price the provider has not told; they are in neither amount.
 */
unpricedHosts?: number
}
/**
 * @maxItems 16
 */
conditions?: {
type: string
status: ("True" | "False" | "Unknown")
reason: string
message: string
lastTransitionTime: string
observedGeneration?: number
}[]
}

export interface HostPool {
  apiVersion: 'kamal-autoscaler.dev/v1alpha1';
  kind: 'HostPool';
  metadata: ObjectMeta;
  spec: HostPoolSpec;
  status?: HostPoolStatus;
}

export interface KamalHostSpec {
poolRef: {
name: string
}
/**
 * Random identity of the host; the server carries it as a label and survives adoption with it.
 */
hostID: string
/**
 * Number within the pool; part of the name.
 */
slot: number
/**
 * `Serve` brings the host into service, `Drain` takes it out; a drain can be taken back until its app is stopped.
 */
intent: ("Serve" | "Drain")
/**
 * Why the intent is what it is.
 */
intentReason?: string
}

export interface KamalHostStatus {
observedGeneration?: number
phase?: ("Pending" | "Provisioning" | "Bootstrapping" | "Deploying" | "Joining" | "InService" | "Draining" | "Quarantined" | "Departing" | "Deprovisioning" | "Released")
phaseSince?: string
reason?: string
provider?: string
placement?: string
/**
 * The server's id at its provider, as `provider:id`.
 */
providerID?: string
/**
 * Where the load balancer reaches it.
 */
address?: string
/**
 * Where SSH and Kamal reach it, if elsewhere.
 */
sshAddress?: string
/**
 * Where metrics are read, if elsewhere.
 */
metricsAddress?: string
/**
 * The SSH host key that it made itself, public part; pinned before it takes over.
 */
hostKey?: string
/**
 * Boot of the machine in which it was last found as it should be.
 */
bootID?: string
ports?: {
http?: number
proxyMetrics?: number
nodeMetrics?: number
appMetrics?: number
control?: number
}
/**
 * Version of the app that runs.
 */
version?: string
/**
 * Hash of what its server was made from; the pool compares it with its placements.
 */
templateHash?: string
/**
 * Id of the roll that was the last one when it was bought.
 */
rollID?: string
/**
 * Create calls that were intended.
 */
createAttempts?: number
/**
 * When the last create call was intended.
 */
lastCreateIntentAt?: string
/**
 * When the last create call that was answered or given up ended; its server may be listed some time after that.
 */
lastCreateEndedAt?: string
/**
 * No create call before, nor a delete call after one that was refused.
 */
nextAttemptAt?: string
/**
 * When the provider made the server.
 */
launchedAt?: string
/**
 * When the host was first put into the membership.
 */
joiningSince?: string
/**
 * Since when every load balancer lists it as up without a break.
 */
listedUpSince?: string
/**
 * When it last came into service.
 */
inServiceAt?: string
/**
 * When it first came into service.
 */
bootedAt?: string
/**
 * `Unhealthy`: down in every load balancer and for the controller for longer than the pool allows, or down and up again too often.
 */
health?: ("Healthy" | "Suspect" | "Unhealthy")
unhealthySince?: string
/**
 * When it left service to be checked anew, the last times. Five times within ten times `health.unhealthyAfterSeconds` count as Unhealthy: a host that flaps is replaced.
 * 
 * @maxItems 5
 */
leftServiceAt?: string[]
/**
 * Since when no load balancer lists a draining host.
 */
unlistedSince?: string
/**
 * When the wait for requests in flight ends.
 */
drainDeadline?: string
/**
 * Phase in which the drain began.
 */
drainOrigin?: string
/**
 * Slow work that was started and is observed.
 */
operation?: {
id: string
kind: ("Rotate" | "Deploy" | "Resume" | "Quiesce" | "Stop" | "Preseed")
/**
 * Version that it brings up, or prepares a rollback to.
 */
version?: string
startedAt: string
}
/**
 * Why the host failed, where it did; what it says of itself is kept before its server is deleted.
 */
evidence?: {
cause: ("StartFailed" | "Unhealthy" | "ServerLost")
reason: string
/**
 * When it was first gathered; its server is kept 20 s longer at most.
 */
since?: string
/**
 * When that was done.
 */
keptAt?: string
}
/**
 * Work for which the host asks for Kamal's deploy lock, or which it does under it.
 */
lockClaim?: {
operation: ("Rotate" | "Deploy" | "Resume" | "Quiesce" | "Stop" | "Preseed")
since: string
}
/**
 * The last failure of this host.
 */
failure?: {
class: string
message: string
at: string
count?: number
}
/**
 * @maxItems 16
 */
conditions?: {
type: string
status: ("True" | "False" | "Unknown")
reason: string
message: string
lastTransitionTime: string
observedGeneration?: number
}[]
}

export interface KamalHost {
  apiVersion: 'kamal-autoscaler.dev/v1alpha1';
  kind: 'KamalHost';
  metadata: ObjectMeta;
  spec: KamalHostSpec;
  status?: KamalHostStatus;
}

/**
 * The metrics, their targets and the limits of one pool.
 */
export interface ScalingPolicySpec {
/**
 * The pool to scale, in the policy's own namespace. One policy a pool; of two, the older one wins.
 */
targetRef: {
/**
 * Only HostPool.
 */
kind: "HostPool"
/**
 * Name of the HostPool.
 */
name: string
}
/**
 * `Observe` computes and records; `Recommend` also publishes the number as condition and Event; `Enforce` sets the pool's replicas.
 */
mode: ("Observe" | "Recommend" | "Enforce")
/**
 * Least number of hosts, fixed and bought together.
 */
minHosts: number
/**
 * Greatest number of hosts, fixed and bought together.
 */
maxHosts: number
/**
 * Longest time between two evaluations. New samples are evaluated when they arrive.
 */
intervalSeconds: number
/**
 * What to measure. Each metric makes a proposal; the highest wins, guards hold it back.
 * 
 * @minItems 1
 * @maxItems 16
 */
metrics: {
/**
 * Key of the metric. Where it is the name of a ready-made query no `query` is needed.
 */
name: string
/**
 * Ratio: the value a host should carry. Threshold: the value above which hosts are added and none removed. Guard: the value above which no host is added. In the unit of the query.
 */
target: number
/**
 * Of a Ratio: the most a host can carry before its users notice. The pool is then sized by it without tolerance, and prediction learns how far to stay below. Default: the target with scaleOut's tolerance.
 */
limit?: number
/**
 * A ready-made query; see docs/metrics.md for what each reads, its unit and its type.
 */
query?: ("rps" | "cpu" | "p95" | "memory" | "errorRate" | "dbPool" | "pumaBusy" | "queueDepth" | "queueLatency" | "dbConnections" | "replicationLag" | "pgbouncerPool" | "pgbouncerWait" | "redisMemory")
/**
 * A PromQL query of your own that gives one value. `$window` stands for the rate window.
 */
promql?: string
/**
 * How the value sizes the pool. A ready-made query has a type of its own; write it only to change it.
 */
type?: ("Ratio" | "Threshold" | "Guard")
/**
 * Of a Ratio with promql: `Sum` (default) is a total over the pool that the target divides; `Mean` is an average over hosts in service.
 */
aggregation?: ("Sum" | "Mean")
/**
 * Rate window. Default is the larger of 60 s and four scrape intervals.
 */
windowSeconds?: number
}[]
/**
 * How fast the pool may follow, per direction. One direction never blocks the other.
 */
behavior: {
/**
 * Rules for adding hosts.
 */
scaleOut: {
/**
 * The lowest proposal of this window counts.
 */
stabilizationWindowSeconds: number
/**
 * A Ratio this close to its target moves nothing.
 */
tolerancePercent: number
/**
 * Which of the rate policies counts; `Disabled` forbids the direction.
 */
selectPolicy: ("Max" | "Min" | "Disabled")
/**
 * Rate limits. Default: 4 hosts or 100 % a minute out, 2 hosts or 20 % a minute in, the larger of the two.
 * 
 * @maxItems 8
 */
policies?: {
/**
 * Unit of value.
 */
type: ("Hosts" | "Percent")
/**
 * Greatest change within the period.
 */
value: number
/**
 * Length of the period.
 */
periodSeconds: number
}[]
}
/**
 * Rules for removing hosts.
 */
scaleIn: {
/**
 * The highest proposal of this window counts. Default: what prediction.caution says, 180 s at 50; 300 s where prediction is not On.
 */
stabilizationWindowSeconds?: number
/**
 * A Ratio this close to its target moves nothing.
 */
tolerancePercent: number
/**
 * Which of the rate policies counts; `Disabled` forbids the direction.
 */
selectPolicy: ("Max" | "Min" | "Disabled")
/**
 * Rate limits. Default: 4 hosts or 100 % a minute out, 2 hosts or 20 % a minute in, the larger of the two.
 * 
 * @maxItems 8
 */
policies?: {
/**
 * Unit of value.
 */
type: ("Hosts" | "Percent")
/**
 * Greatest change within the period.
 */
value: number
/**
 * Length of the period.
 */
periodSeconds: number
}[]
}
}
/**
 * Looks ahead to the moment at which a host that is bought now can serve.
 */
prediction: {
/**
 * `Shadow` computes and records what `On` would do, and acts as `Off`. It only ever adds hosts.
 */
mode: ("Off" | "Shadow" | "On")
/**
 * From thrifty (0) over calm (50) to safe (100): how rarely hosts may be short, and how long they are kept; see docs/decisions.md.
 */
caution: number
}
/**
 * Hosts to have at least at given times. The floor counts a boot earlier, so that they serve when it begins.
 * 
 * @maxItems 16
 */
schedules?: {
name: string
/**
 * Cron expression of five fields: minute, hour, day of month, month, day of week; `0 8 * * 1-5` is eight o'clock on workdays.
 */
start: string
/**
 * Cron expression of five fields: minute, hour, day of month, month, day of week; `0 8 * * 1-5` is eight o'clock on workdays.
 */
end: string
/**
 * Name of the IANA time zone of start and end, such as Europe/Berlin; its daylight-saving changes are followed.
 */
timeZone: string
/**
 * Hosts to have at least from start to end; maxHosts still applies.
 */
hosts: number
}[]
/**
 * What to have when metrics stay away. It only ever adds hosts.
 */
fallback?: {
/**
 * Consecutive evaluations in which a Ratio or Threshold was absent.
 */
afterAbsences: number
/**
 * Hosts to have at least.
 */
hosts: number
}
/**
 * What the pool's bought hosts may cost in a calendar month (UTC), at most. It stops growth, never a scale-in; a dead host below minHosts is still replaced.
 */
budget?: {
/**
 * Amount in units of the currency, net of tax.
 */
perMonth: number
/**
 * ISO 4217; the one in which the provider bills, for nothing is converted.
 */
currency: string
}
/**
 * A manual number that expires by itself; `kamal-autoscaler scale --for 2h` writes it.
 */
hold?: {
/**
 * Hosts to have until then; minHosts and maxHosts still apply.
 */
hosts: number
/**
 * End of the hold.
 */
until: string
/**
 * Why somebody asked for it.
 */
reason?: string
}
}

export interface ScalingPolicyStatus {
observedGeneration?: number
/**
 * Hosts that exist and are not leaving, fixed and booting ones included.
 */
currentHosts?: number
/**
 * Hosts that the last decision wants.
 */
desiredHosts?: number
/**
 * The last decision in one line.
 */
reason?: string
/**
 * When the wanted number last changed.
 */
reasonSince?: string
/**
 * When the pool's replicas were last set.
 */
lastScaleTime?: string
/**
 * Values of the last evaluation, written at most once a minute.
 * 
 * @maxItems 16
 */
metrics?: {
name: string
/**
 * `Value`, or the name of the absence.
 */
state: string
value?: number
target?: number
proposal?: number
asOf?: string
message?: string
}[]
/**
 * The last ten decisions that changed something, newest first.
 * 
 * @maxItems 10
 */
decisions?: {
time: string
from: number
to: number
reason: string
}[]
/**
 * @maxItems 16
 */
conditions?: {
type: string
status: ("True" | "False" | "Unknown")
reason: string
message: string
lastTransitionTime: string
observedGeneration?: number
}[]
}

export interface ScalingPolicy {
  apiVersion: 'kamal-autoscaler.dev/v1alpha1';
  kind: 'ScalingPolicy';
  metadata: ObjectMeta;
  spec: ScalingPolicySpec;
  status?: ScalingPolicyStatus;
}

export interface ResourceByKind {
  DeploySession: DeploySession;
  HostPool: HostPool;
  KamalHost: KamalHost;
  ScalingPolicy: ScalingPolicy;
}
