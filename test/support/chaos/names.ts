/** What everything in a random world is called. */
import type { ObjectKey } from '../../../controller/api/index.ts';
import { type Instant, serverURL } from '../../../controller/model/index.ts';
import { INSTALLATION } from '../context.ts';
import { type MemoryHost, type MemoryWorld, memoryEndpoint } from '../memory-world.ts';

export const POOL: ObjectKey = { namespace: 'default', name: 'web' };
export const SESSION: ObjectKey = { namespace: 'default', name: 'app' };
export const API_URLS = ['http://127.0.0.1:8080', 'http://127.0.0.1:8081'];
export const START: Instant = Date.UTC(2026, 0, 1, 12);

/** Our bought servers, dead ones among them, in the order in which they were made. */
export const boughtHosts = ({ memory }: { memory: MemoryWorld }): MemoryHost[] => memory.hosts().filter(({ order }) => order.owner?.installation === INSTALLATION);

export const urlOf = (host: MemoryHost): string => serverURL(memoryEndpoint(host));

/** Seconds since the beginning, as texts tell them. */
export const timeText = (now: Instant): string => `${((now - START) / 1000).toFixed(1)} s`;
