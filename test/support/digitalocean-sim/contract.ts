/** DigitalOcean's OpenAPI document as a judge. */
import { type Conventions, contractAbsence as absenceOf } from '../cloud-sim/contract.ts';

export const DIGITALOCEAN_CONVENTIONS: Conventions = {
  document: 'digitalocean.openapi.json', ofLists: ['page', 'per_page'], mostPerPage: 200, asClientsWriteIt: (schema) => schema,
};

/** Why there is no contract here, as one sentence; undefined when there is one. */
export const contractAbsence = (): string | undefined => absenceOf(DIGITALOCEAN_CONVENTIONS);
