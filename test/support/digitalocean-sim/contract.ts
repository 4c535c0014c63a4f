/** DigitalOcean's OpenAPI document as a judge. */
import { type Conventions, type JSONObject, contractAbsence as absenceOf } from '../cloud-sim/contract.ts';

export const DIGITALOCEAN_CONVENTIONS: Conventions = {
  document: 'digitalocean.openapi.json', ofLists: ['page', 'per_page'], mostPerPage: 200,
  /** The vendor's Go client writes null for no SSH keys, which the document allows for tags alone. */
  asClientsWriteIt: (schema) => withNullableKeys(schema) as JSONObject,
};

function withNullableKeys(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withNullableKeys);
  if (typeof schema !== 'object' || schema === null) return schema;
  return Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, key === 'ssh_keys' ? { ...value, nullable: true } : withNullableKeys(value)]));
}

/** Why there is no contract here, as one sentence; undefined when there is one. */
export const contractAbsence = (): string | undefined => absenceOf(DIGITALOCEAN_CONVENTIONS);
