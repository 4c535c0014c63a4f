export * from './meta.ts';
export * from './names.ts';
export type * from './resource-description.ts';
export * from './resources.gen.ts';
export type * from './types.gen.ts';
