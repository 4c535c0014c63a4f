import { ClassifiedError, isClass, seconds, type InTurn } from '../../model/index.ts';
import type { Clock } from '../../ports/index.ts';
import { actionOf } from '../cloud/hetzner/wire.ts';
import type { CloudAPI } from '../cloud/rest/http.ts';
import { idOf, listIn, recordIn } from '../cloud/rest/wire.ts';
import { type BalancerCloud, checkWanted } from './cloud-balancers.ts';
import { type HetznerBalancer, type ProjectServer, checkSelector, labelChange, leftBySelector, listedIn, projectServer, targetChange } from './hetzner-targets.ts';

export interface HetznerBalancersParts {
  clock: Clock;
  installation: string;
  /** Undefined where no token is set up. */
  http: CloudAPI | undefined;
  /** Shared with everything else that changes labels: an update replaces all labels of a server, so two at once would undo each other. Keys are ids of servers. */
  labelsInTurn: InTurn;
}

type Labels = Record<string, unknown>;

const SHARED_FOR_MILLISECONDS = 900;
const ACTION_LOOKS = 20;

const NO_TOKEN = 'no token of Hetzner Cloud is set up: set HCLOUD_TOKEN';

/** Load balancers of Hetzner Cloud: members become targets by server, or servers get the label by which a target selects them. */
export function createHetznerBalancers({ clock, installation, http: api, labelsInTurn }: HetznerBalancersParts): BalancerCloud<HetznerBalancer> {
  const http = (): CloudAPI => {
    if (api === undefined) throw new ClassifiedError('Unauthorized', NO_TOKEN);
    return api;
  };
  const servers = async (): Promise<ProjectServer[]> => (await http().list('/servers', 'servers', { sort: 'id:asc' })).map((record) => projectServer(record, installation));

  /** Names are unique in a project. Throws Invalid where there is none: what is not there lists nothing, but is no answer. */
  async function named(name: string): Promise<Record<string, unknown>> {
    const [balancer] = await http().list('/load_balancers', 'load_balancers', { name });
    if (balancer === undefined) throw new ClassifiedError('Invalid', `the project has no load balancer ${name}`, { mend: 'Make it, with its services and health checks, or write the name of one that exists.' });
    return balancer;
  }

  /** One change after the other, each to its end: the load balancer is locked meanwhile. `done`: the refusal that says so already. */
  async function act(path: string, body: object, done: 'AlreadyExists' | 'NotFound'): Promise<void> {
    let action;
    try {
      action = actionOf(recordIn(await http().change('POST', path, body), 'action'));
    } catch (error) {
      if (isClass(error, done)) return;
      throw error;
    }
    for (let looks = 0; action.status === 'Running' && looks < ACTION_LOOKS; looks += 1) {
      await clock.sleep(seconds(Math.min(2, 0.25 * 1.5 ** looks)));
      const [seen] = listIn(await http().get('/actions', { id: [action.id] }), 'actions', '/actions');
      // An action that the API knows no more has ended; how, the next look at the targets tells.
      if (seen === undefined) return;
      action = actionOf(seen);
    }
    if (action.status === 'Running') throw new ClassifiedError('Transient', `Hetzner has not ended ${path} yet`);
    if (action.status !== 'Success') throw new ClassifiedError(action.status.class, action.status.message);
  }

  /** On the labels as they are now: those that anybody else added stay. */
  const relabel = (id: number, change: (labels: Labels) => Labels): Promise<void> => labelsInTurn(String(id), async () => {
    const labels = recordIn(recordIn(await http().get(`/servers/${id}`), 'server'), 'labels');
    const next = change(labels);
    if (JSON.stringify(next) !== JSON.stringify(labels)) await http().change('PUT', `/servers/${id}`, { labels: next });
  }).catch((error: unknown) => {
    // A server that is gone is no target.
    if (!isClass(error, 'NotFound')) throw error;
  });

  return {
    title: 'Hetzner load balancer',
    sharedForMilliseconds: SHARED_FOR_MILLISECONDS,
    refIn: ({ hetzner }) => hetzner,
    async put({ name, label }, pool, isWanted) {
      const [balancer, known] = await Promise.all([named(name), servers()]);
      const id = idOf(balancer);
      if (label !== undefined) checkSelector(balancer, name, label);
      const labels = label === undefined ? { add: [], remove: [] } : labelChange(pool, label, known);
      const { add, remove } = targetChange(pool, balancer, known, label);
      const changes = [
        ...labels.add.map((server) => () => relabel(server, (now) => withLabel(now, label))),
        ...add.map((target) => () => act(`/load_balancers/${id}/actions/add_target`, target, 'AlreadyExists')),
        ...labels.remove.map((server) => () => relabel(server, (now) => withoutLabel(now, label))),
        ...remove.map((target) => () => act(`/load_balancers/${id}/actions/remove_target`, target.type === 'server' ? { type: 'server', server: target.server } : target, 'NotFound')),
      ];
      for (const change of changes) {
        checkWanted(isWanted);
        await change();
      }
      const left = label === undefined ? leftBySelector(pool, balancer, known) : undefined;
      if (left !== undefined) throw new ClassifiedError('Invalid', left, { mend: 'Remove that target, or write its label in spec.loadBalancer.hetzner.label.' });
    },
    async servers({ name }) {
      // Servers after targets: one that was made in between is known then.
      const balancer = await named(name);
      return listedIn(balancer, await servers());
    },
  };
}

const withLabel = (labels: Labels, label: HetznerBalancer['label']): Labels => (label === undefined ? labels : { ...labels, [label.key]: label.value });

const withoutLabel = (labels: Labels, label: HetznerBalancer['label']): Labels => Object.fromEntries(Object.entries(labels).filter(([key]) => key !== label?.key));
