/** What each operation of the document does to the project. */
import type { SimTarget } from './balancers.ts';
import { IMAGES, LOCATIONS, SERVER_TYPES, type SimImage } from './catalogue.ts';
import { actionBody, firewallBody, imageBody, locationBody, networkBody, placementGroupBody, pricingBody, serverTypeBody, sshKeyBody } from './bodies.ts';
import { type Answer, type Asked, Refused } from '../cloud-sim/serve.ts';
import { selectorOf } from './label-selector.ts';
import type { Order, Project } from './project.ts';
import { type SimServer, statusOf } from './server-record.ts';

type Route = (project: Project, asked: Omit<Asked, 'id'> & { id: number }) => Answer;

const ok = (body: unknown, status = 200): Answer => ({ status, body });

/** By method and path template, as the document has them. */
export const routesOf = (project: Project, currency: string): Record<string, (asked: Asked) => Answer> =>
  Object.fromEntries(Object.entries(table(currency)).map(([route, run]) => [route, (asked: Asked) => run(project, { ...asked, id: Number(asked.id) })]));

const table = (currency: string): Readonly<Record<string, Route>> => ({
  'GET /servers': (project, { query, now }) => page(query, 'servers', serversAsked(project, query, now).map((server) => project.body(server))),
  'POST /servers'(project, { body, fault, now }) {
    const { server, action, nextActions, rootPassword } = project.create(body as Order, fault);
    return ok({ server: project.body(server), action: actionBody(action, now), next_actions: nextActions.map((next) => actionBody(next, now)), root_password: rootPassword }, 201);
  },
  'GET /servers/{id}': (project, { id }) => ok({ server: project.body(known(project.servers.get(id), 'server', id)) }),
  'PUT /servers/{id}': (project, { id, body }) => ok({ server: project.body(project.update(id, body as { name?: string; labels?: Record<string, string> })) }),
  'DELETE /servers/{id}': (project, { id, fault, now }) => ok({ action: actionBody(project.remove(id, fault), now) }),
  'POST /servers/{id}/actions/poweron': (project, { id, now }) => ok({ action: actionBody(project.power(id, 'start_server'), now) }, 201),
  'POST /servers/{id}/actions/poweroff': (project, { id, now }) => ok({ action: actionBody(project.power(id, 'stop_server'), now) }, 201),
  'POST /servers/{id}/actions/shutdown': (project, { id, now }) => ok({ action: actionBody(project.power(id, 'shutdown_server'), now) }, 201),
  'POST /servers/{id}/actions/reboot': (project, { id, now }) => ok({ action: actionBody(project.power(id, 'reboot_server'), now) }, 201),
  'GET /actions': (project, { query, now }) => ok({ actions: query.getAll('id').flatMap((id) => project.actions.get(Number(id)) ?? []).map((action) => actionBody(action, now)) }),
  'GET /actions/{id}': (project, { id, now }) => ok({ action: actionBody(known(project.actions.get(id), 'action', id), now) }),
  'GET /server_types': (project, { query }) => page(query, 'server_types', named(query, SERVER_TYPES).map((type) => serverTypeBody(type, project.available))),
  'GET /server_types/{id}': (project, { id }) => ok({ server_type: serverTypeBody(known(SERVER_TYPES.find((type) => type.id === id), 'server type', id), project.available) }),
  'GET /locations': (_project, { query }) => page(query, 'locations', named(query, LOCATIONS).map(locationBody)),
  'GET /images': (project, { query }) => page(query, 'images', imagesAsked([...IMAGES, ...project.images], query).map(imageBody)),
  'GET /images/{id}': (project, { id }) => ok({ image: imageBody(known([...IMAGES, ...project.images].find((image) => image.id === id), 'image', id)) }),
  'GET /pricing': () => ok({ pricing: pricingBody(currency) }),
  'GET /load_balancers': ({ balancers }, { query }) => page(query, 'load_balancers', named(query, [...balancers.all.values()]).map((balancer) => balancers.body(balancer))),
  'GET /load_balancers/{id}': ({ balancers }, { id }) => ok({ load_balancer: balancers.body(known(balancers.all.get(id), 'load balancer', id)) }),
  'POST /load_balancers/{id}/actions/add_target': ({ balancers }, { id, body, now }) => ok({ action: actionBody(balancers.addTarget(id, body as SimTarget), now) }, 201),
  'POST /load_balancers/{id}/actions/remove_target': ({ balancers }, { id, body, now }) => ok({ action: actionBody(balancers.removeTarget(id, body as SimTarget), now) }, 201),
  'GET /networks': (project, { query }) => page(query, 'networks', named(query, project.parts.networks).map((network) => networkBody(network, serversOf(project, ({ networks }) => networks.some(({ id }) => id === network.id))))),
  'GET /networks/{id}': (project, { id }) => ok({ network: networkBody(known(project.parts.networks.find((network) => network.id === id), 'network', id), []) }),
  'GET /firewalls': (project, { query }) => page(query, 'firewalls', named(query, project.parts.firewalls).map((firewall) => firewallBody(firewall, serversOf(project, ({ firewalls }) => firewalls.includes(firewall.id))))),
  'GET /placement_groups': (project, { query }) => page(query, 'placement_groups', named(query, project.parts.placementGroups).map((group) => placementGroupBody(group, serversOf(project, ({ placementGroup }) => placementGroup === group.id)))),
  'GET /ssh_keys': (project, { query }) => page(query, 'ssh_keys', named(query, project.parts.sshKeys).map(sshKeyBody)),
});

function known<T>(found: T | undefined, what: string, id: number): T {
  if (found === undefined) throw new Refused(404, 'not_found', `${what} with ID '${id}' not found`);
  return found;
}

const serversOf = ({ servers }: Project, has: (server: SimServer) => boolean): number[] => [...servers.values()].filter(has).map(({ id }) => id);

const named = <T extends { name: string | null }>(query: URLSearchParams, all: readonly T[]): T[] => all.filter(({ name }) => !query.has('name') || name === query.get('name'));

function imagesAsked(all: readonly SimImage[], query: URLSearchParams): SimImage[] {
  const types = query.getAll('type');
  return named(query, all).filter(({ type, architecture }) => (types.length === 0 || types.includes(type)) && (query.get('architecture') ?? architecture) === architecture);
}

function serversAsked(project: Project, query: URLSearchParams, now: number): SimServer[] {
  const text = query.get('label_selector');
  const selector = text === null || text === '' ? () => true : selectorOf(text);
  if (selector === undefined) throw new Refused(422, 'invalid_input', 'invalid input in field \'label_selector\'');
  const states = query.getAll('status');
  const found = named(query, project.listed()).filter((server) => selector(server.labels) && (states.length === 0 || states.includes(statusOf(server, now))));
  const [order = 'id', direction = 'asc'] = (query.get('sort') ?? 'id:asc').split(':');
  const value = ({ id, name, createdAt }: SimServer): string | number => (order === 'name' ? name : order === 'created' ? createdAt : id);
  return found.sort((a, b) => (value(a) < value(b) ? -1 : value(a) > value(b) ? 1 : 0) * (direction === 'desc' ? -1 : 1));
}

function page(query: URLSearchParams, key: string, all: readonly object[]): Answer {
  const number = Number(query.get('page') ?? 1);
  const size = Number(query.get('per_page') ?? 25);
  const last = Math.max(1, Math.ceil(all.length / size));
  return ok({
    [key]: all.slice((number - 1) * size, number * size),
    meta: { pagination: { page: number, per_page: size, previous_page: number > 1 ? number - 1 : null, next_page: number < last ? number + 1 : null, last_page: last, total_entries: all.length } },
  });
}
