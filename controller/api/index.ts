export * from './meta.ts';
export * from './names.ts';
export type * from './types.gen.ts';
