/** Hetzner's OpenAPI document as a judge. */
import { type Conventions, type JSONObject, contractAbsence as absenceOf } from '../cloud-sim/contract.ts';

export const HETZNER_CONVENTIONS: Conventions = {
  document: 'hetzner.openapi.json',
  // Paging and sorting are described for all lists in the document's text; the trimmed operations name them for some.
  ofLists: ['page', 'per_page', 'sort'],
  mostPerPage: 50,
  /** "ID or name" has type string in the document, while its own text, and the vendor's Go client, write ids as integers too. */
  asClientsWriteIt(schema) {
    const properties = { ...(schema['properties'] as Record<string, JSONObject> | undefined) };
    for (const field of ['server_type', 'image', 'location']) if (properties[field] !== undefined) properties[field] = { type: ['string', 'integer'] };
    if (properties['ssh_keys'] !== undefined) properties['ssh_keys'] = { type: 'array', items: { type: ['string', 'integer'] } };
    return { ...schema, properties };
  },
};

/** Why there is no contract here, as one sentence; undefined when there is one. */
export const contractAbsence = (): string | undefined => absenceOf(HETZNER_CONVENTIONS);
