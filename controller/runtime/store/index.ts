export * from './decision-logs.ts';
export type * from './events.ts';
export * from './instance-lock.ts';
export * from './memory-store.ts';
export * from './sqlite-store.ts';
export { DEFAULT_NAMESPACE, admit } from './validation/index.ts';
