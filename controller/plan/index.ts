export { judgeHealth, type HealthJudgement } from './health.ts';
export { nextHostStep } from './host.ts';
export type { HostView, RoleKind } from './host-view.ts';
export { LIFECYCLE, type Guard, type Transition } from './lifecycle.ts';
export { planOrphans, type OrphanInput, type OrphanStep, type UnownedServer } from './orphans.ts';
export { planPool } from './pool.ts';
export { type Claim, LOOK_SECONDS, POLL_SECONDS, type SessionFacts, type SessionStep, type SessionView, holderText, nextSessionStep } from './session.ts';
export { chooseVictims } from './victims.ts';
