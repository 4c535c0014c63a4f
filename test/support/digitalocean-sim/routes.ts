/** What each operation of the document does to the account. */
import { type Answer, type Asked, Refused } from '../cloud-sim/serve.ts';
import type { Account, Order, SimDroplet } from './account.ts';
import type { Balancers } from './balancers.ts';
import { accountBody, actionBody, dropletBody, imageBody, imageNamed, keyBody, regionBody, sizeBody, vpcBody } from './bodies.ts';
import { IMAGES, REGIONS, SIZES } from './catalogue.ts';

type Route = (asked: Asked) => Answer;

const ok = (body: unknown, status = 200): Answer => ({ status, body });
const NOTHING: Answer = { status: 204 };

/** By method and path template, as the document has them. `DELETE /v2/droplets` by tag is not among them: nothing may ever call it. */
export function routesOf(account: Account, balancers: Balancers, endpoint: () => string): Record<string, Route> {
  const page = (path: string, { query }: Asked, key: string, all: readonly object[]): Answer => {
    const number = Number(query.get('page') ?? 1);
    const size = Number(query.get('per_page') ?? 20);
    const last = Math.max(1, Math.ceil(all.length / size));
    const link = (to: number): string => {
      const parameters = new URLSearchParams(query);
      parameters.set('page', String(to));
      return `${endpoint()}${path}?${parameters.toString()}`;
    };
    const pages = { ...(number > 1 ? { first: link(1), prev: link(number - 1) } : {}), ...(number < last ? { next: link(number + 1), last: link(last) } : {}) };
    return ok({ [key]: all.slice((number - 1) * size, number * size), links: last === 1 ? {} : { pages }, meta: { total: all.length } });
  };
  const droplet = (id: string): SimDroplet => known(account.droplets.get(Number(id)));
  const listed = ({ query }: Asked): object[] => {
    const [tag, name] = [query.get('tag_name'), query.get('name')];
    return [...account.droplets.values()]
      .filter((candidate) => (tag === null || account.tagsOf(candidate).includes(tag)) && (name === null || candidate.name.toLowerCase() === name.toLowerCase()))
      .toSorted((a, b) => b.id - a.id).map((candidate) => dropletBody(account, candidate));
  };
  const resourcesOf = (body: unknown): number[] => (body as { resources: { resource_id: string }[] }).resources.map(({ resource_id: id }) => Number(id));

  const dropletsOf = (body: unknown): number[] => (body as { droplet_ids: number[] }).droplet_ids;

  return {
    'GET /v2/account': () => ok({ account: accountBody(account) }),
    'GET /v2/account/keys': (asked) => page('/v2/account/keys', asked, 'ssh_keys', account.parts.sshKeys.map(keyBody)),
    'GET /v2/droplets': (asked) => page('/v2/droplets', asked, 'droplets', listed(asked)),
    'POST /v2/droplets'({ body, fault }) {
      const order = body as Order;
      const made = account.create(order, fault);
      const links = { actions: made.map(({ action }) => ({ id: action.id, rel: 'create', href: `${endpoint()}/v2/actions/${action.id}` })) };
      const bodies = made.map((one) => dropletBody(account, one.droplet));
      return ok(order.names === undefined ? { droplet: bodies[0], links } : { droplets: bodies, links }, 202);
    },
    'GET /v2/droplets/{droplet_id}': ({ id }) => ok({ droplet: dropletBody(account, droplet(id)) }),
    'DELETE /v2/droplets/{droplet_id}'({ id, fault }) {
      account.remove(Number(id), fault);
      return NOTHING;
    },
    'GET /v2/droplets/{droplet_id}/actions': (asked) => page(`/v2/droplets/${asked.id}/actions`, asked, 'actions', [...account.actions.values()].filter((action) => action.droplet === Number(asked.id)).map((action) => actionBody(account, action, asked.now))),
    'POST /v2/droplets/{droplet_id}/actions': ({ id, body, now }) => ok({ action: actionBody(account, account.act(Number(id), (body as { type: string }).type), now) }, 201),
    'GET /v2/actions/{action_id}': ({ id, now }) => ok({ action: actionBody(account, known(account.actions.get(Number(id))), now) }),
    'GET /v2/sizes': (asked) => page('/v2/sizes', asked, 'sizes', SIZES.map((size) => sizeBody(account, size))),
    'GET /v2/regions': (asked) => page('/v2/regions', asked, 'regions', REGIONS.map((region) => regionBody(account, region))),
    'GET /v2/images': (asked) => page('/v2/images', asked, 'images', IMAGES.map(imageBody)),
    'GET /v2/images/{image_id}': ({ id }) => ok({ image: imageBody(known(imageNamed(id))) }),
    'GET /v2/vpcs': (asked) => page('/v2/vpcs', asked, 'vpcs', account.parts.vpcs.map(vpcBody)),
    'GET /v2/load_balancers': (asked) => page('/v2/load_balancers', asked, 'load_balancers', [...balancers.all.values()].map((balancer) => balancers.body(balancer))),
    'GET /v2/load_balancers/{lb_id}': ({ id }) => ok({ load_balancer: balancers.body(known(balancers.all.get(id))) }),
    'POST /v2/load_balancers/{lb_id}/droplets'({ id, body }) {
      balancers.change(id, dropletsOf(body), 'Add');
      return NOTHING;
    },
    'DELETE /v2/load_balancers/{lb_id}/droplets'({ id, body }) {
      balancers.change(id, dropletsOf(body), 'Remove');
      return NOTHING;
    },
    'POST /v2/tags'({ body }) {
      const { name } = body as { name: string };
      account.addTag(name);
      return ok({ tag: { name, resources: { count: 0, droplets: { count: 0 }, imgages: { count: 0 }, volumes: { count: 0 }, volume_snapshots: { count: 0 }, databases: { count: 0 } } } }, 201);
    },
    'POST /v2/tags/{tag_id}/resources'({ id, body }) {
      account.tag(id, resourcesOf(body), 'Add');
      return NOTHING;
    },
    'DELETE /v2/tags/{tag_id}/resources'({ id, body }) {
      account.tag(id, resourcesOf(body), 'Remove');
      return NOTHING;
    },
  };
}

function known<T>(found: T | undefined): T {
  if (found === undefined) throw new Refused(404, 'not_found', 'The resource you were accessing could not be found.');
  return found;
}
