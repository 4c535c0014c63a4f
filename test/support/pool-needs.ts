import type { CreateRequest } from '../../controller/ports/index.ts';

/** What a create call says of its pool, where nothing special is asked for. */
export const POOL_NEEDS: CreateRequest['pool'] = { kamal: { service: 'app', role: 'web' }, ssh: { user: 'root', port: 22 } };
