export { judgeHealth, type HealthJudgement } from './health.ts';
export { nextHostStep } from './host.ts';
export type { HostView, RoleKind } from './host-view.ts';
export { LIFECYCLE, type Guard, type Transition } from './lifecycle.ts';
export { planOrphans, type OrphanInput, type OrphanStep, type UnownedServer } from './orphans.ts';
export { planPool } from './pool.ts';
export { chooseVictims } from './victims.ts';
