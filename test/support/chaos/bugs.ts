/** Bugs that somebody could make in the controller, as patches of its source: each must be found by random worlds. */

/** What it breaks. */
export type BugKind = 'Purchase' | 'Maximum' | 'Money' | 'Ownership' | 'Membership' | 'Drain' | 'Deletion' | 'Lock' | 'Pace' | 'Decision';

export interface PlantedBug {
  kind: BugKind;
  /** What the controller does wrong, as a sentence. */
  what: string;
  patches: readonly Patch[];
}

interface Patch {
  /** From the repository's root. */
  file: string;
  /** Stands there exactly once. */
  find: string;
  replace: string;
}

export const BUGS = {
  NoSettleTime: {
    kind: 'Purchase',
    what: 'orders again at once, without waiting for what the last order may still do',
    patches: [
      { file: 'controller/plan/starting.ts', find: 'if (now < next) return', replace: 'if (now < lastCreateIntentAt) return' },
      { file: 'controller/plan/evidence.ts', find: 'Math.max(phaseSince, (lastCreateIntentAt ?? 0) + seconds(settleSeconds))', replace: 'Math.max(phaseSince, lastCreateIntentAt ?? seconds(settleSeconds))' },
    ],
  },
  ListIsTruth: {
    kind: 'Ownership',
    what: 'takes a list that lags for the truth: what it does not show is gone',
    patches: [{ file: 'controller/plan/evidence.ts', find: "facts.server.kind === 'Absent' && facts.server.asOf >= settledAt(host)", replace: "facts.server.kind === 'Absent'" }],
  },
  NoReservation: {
    kind: 'Money',
    what: 'reserves nothing in the ledger before it orders',
    patches: [{ file: 'controller/reconcile/purchase-gate.ts', find: "return { ledger: reserve(ledger, hostID, pool, placement.provider, placement.name, tariff, clock.now()), result: { kind: 'Reserved' } };", replace: "return { ledger, result: { kind: 'Reserved' } };" }],
  },
  ForgottenMoney: {
    kind: 'Money',
    what: 'forgets what released hosts have cost',
    patches: [{ file: 'controller/reconcile/ledger.ts', find: "return { ...released, hostHours: bookHours(ledger.hostHours, entry.pool, launched, now), ...bookCost(ledger.spent, entry, launched, now) };", replace: 'return { ...released, hostHours: bookHours(ledger.hostHours, entry.pool, launched, now) };' }],
  },
  NoConfirmation: {
    kind: 'Drain',
    what: 'stops hosts before the load balancers have let go of them',
    patches: [{ file: 'controller/plan/drain.ts', find: 'if (listed !== undefined) return wait(', replace: "if (listed !== undefined && facts.app.kind === 'Running') return { kind: 'StartOperation', operation: 'Stop', why: 'too early' };\n  if (listed !== undefined) return wait(" }],
  },
  SilenceIsAbsence: {
    kind: 'Drain',
    what: 'takes a load balancer that does not answer for one that lists nothing',
    patches: [{ file: 'controller/model/membership-fact.ts', find: "if (silent.length > 0) return {", replace: "if (silent.length > 0) return { kind: 'NotListed' };\n  if (silent.length < 0) return {" }],
  },
  NoFinalizer: {
    kind: 'Ownership',
    what: 'makes hosts without their finalizer',
    patches: [{ file: 'controller/reconcile/pool.ts', find: 'finalizers: [HOST_FINALIZER], ', replace: '' }],
  },
  NoGrace: {
    kind: 'Deletion',
    what: 'sweeps a server as soon as nobody owns it, whatever its history',
    patches: [{ file: 'controller/plan/orphans.ts', find: "if (use.kind === 'InUse') return { kind: 'Adopt', server, why: use.why };", replace: "if (use.kind === 'InUse') return { kind: 'Sweep', server, why: use.why };" }],
  },
  LeftLock: {
    kind: 'Lock',
    what: 'forgets the deploy lock that it holds when nobody asks for it any more',
    patches: [{ file: 'controller/plan/session.ts', find: "case 'Held': return lock.operationID === session.operationID ? { kind: 'Release' } : { kind: 'Settle', why: holderText(lock) };", replace: "case 'Held': return { kind: 'Settle', why: holderText(lock) };" }],
  },
  NoLookForRuns: {
    kind: 'Lock',
    what: 'takes it that no run outlives the process that began it',
    patches: [{ file: 'controller/reconcile/operations.ts', find: "case 'Running': return true;", replace: "case 'Running': return false;" }],
  },
  SurgeAboveMaximum: {
    kind: 'Maximum',
    what: 'buys a successor above the maximum',
    patches: [
      { file: 'controller/reconcile/purchase-gate.ts', find: 'if (total > request.maxReplicas) {', replace: 'if (total > request.maxReplicas + 1) {' },
      { file: 'controller/plan/pool.ts', find: 'fleet.maxReplicas - fleet.fixedHosts - hosts - fleet.unownedServers', replace: 'fleet.maxReplicas + 1 - fleet.fixedHosts - hosts - fleet.unownedServers' },
    ],
  },
  MemberOfTheDead: {
    kind: 'Membership',
    what: 'leaves hosts whose server vanished in the membership',
    patches: [{ file: 'controller/reconcile/assemble-membership.ts', find: '(servers === undefined || servers.some((server) => {', replace: '(servers === undefined || servers.length >= 0 || servers.some((server) => {' }],
  },
  TwinStays: {
    kind: 'Purchase',
    what: 'never looks for a second server with the same UID',
    patches: [{ file: 'controller/plan/host.ts', find: "if (server.kind !== 'Duplicate') return undefined;", replace: "if (server.kind !== 'Duplicate' || server.extra.length > 0) return undefined;" }],
  },
  KilledInsteadOfDrained: {
    kind: 'Deletion',
    what: 'deletes a host that serves without a drain',
    patches: [{ file: 'controller/plan/drain.ts', find: "if (facts.app.kind === 'NotRunning') return {", replace: "if (facts.app.kind === 'NotRunning' || host.deleting) return {" }],
  },
  GhostEntries: {
    kind: 'Money',
    what: 'never strikes off the ledger what nothing carries',
    patches: [{ file: 'controller/reconcile/lost-entries.ts', find: '!carried.has(hostID)', replace: '!carried.has(hostID) && hostID === undefined' }],
  },
  HotDeletion: {
    kind: 'Pace',
    what: 'asks for a deletion again and again without a pause',
    patches: [{ file: 'controller/reconcile/delete-server.ts', find: 'return requeueAfter(REPEAT_SECONDS);', replace: 'return requeueAfter(0);' }],
  },
  NoIntent: {
    kind: 'Purchase',
    what: 'orders servers without having stored that it does',
    patches: [{ file: 'controller/reconcile/create-server.ts', find: 'createAttempts: step.attempt, lastCreateIntentAt: toTimestamp(context.clock.now()), placement', replace: 'placement' }],
  },
  JoinsUnready: {
    kind: 'Membership',
    what: 'makes hosts members while they are deployed',
    patches: [{ file: 'controller/reconcile/assemble-membership.ts', find: "MEMBER.includes(status?.phase ?? 'Pending')", replace: "[...MEMBER, 'Deploying'].includes(status?.phase ?? 'Pending')" }],
  },
  WorksWithoutLock: {
    kind: 'Lock',
    what: 'begins work on a host without the deploy lock',
    patches: [{ file: 'controller/reconcile/lock-permit.ts', find: "return { kind: 'Waits', why: waitText(session) };", replace: "return session?.status?.phase === 'Releasing' ? { kind: 'Granted' } : { kind: 'Waits', why: waitText(session) };" }],
  },
  AbsentIsZero: {
    kind: 'Decision',
    what: 'takes a metric without a value for one that is 0',
    patches: [{ file: 'controller/decide/readings.ts', find: "if (seen.kind === 'Absence') return { rule, seen: { kind: 'Absent', absence: seen.absence } };", replace: "if (seen.kind === 'Absence') return { rule, seen: { kind: 'Value', value: 0, asOf: Date.now(), windowSeconds: 60 } };" }],
  },
} as const satisfies Record<string, PlantedBug>;

export type BugName = keyof typeof BUGS;
export const BUG_NAMES = Object.keys(BUGS) as BugName[];
