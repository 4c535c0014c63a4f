/** A `docker` of the version 20.10, as far as hosts of Kamal's are asked for it. */
import { ended, type Ending } from '../shell/evaluate.ts';
import { dockerArguments } from './arguments.ts';
import { listContainers, listImages, prune, pruneContainers } from './listing.ts';
import { kamalProxy } from './kamal-proxy.ts';
import { idOf, type Registry } from './registry.ts';
import { type Container, type DockerState, findContainer, formatted, newContainer, startContainer } from './state.ts';

const daemon = (text: string): Ending => ended(1, '', `Error response from daemon: ${text}\n`);
const noSuch = (name: string): string => `No such container: ${name}`;

export function docker(state: DockerState, registry: Registry, seed: string, argv: readonly string[]): Ending {
  const [command = '', ...rest] = argv;
  const [sub = '', ...others] = rest;
  switch (command) {
    case '-v': return ended(0, 'Docker version 20.10.24+dfsg1, build 297e128\n');
    case 'info': return ended(1, '', 'template: :1:2: executing "" at <index .RegistryConfig.Mirrors 0>: error calling index: reflect: slice index out of range\n');
    case 'login': return login(state, registry, rest);
    case 'logout':
      state.loggedIn = false;
      return ended(0, `Removing login credentials for ${registry.address}\n`);
    case 'pull': return pull(state, registry, dockerArguments(rest, false, new Set(['-q', '--quiet'])).operands[0] ?? '');
    case 'run': return run(state, registry, seed, rest, true);
    case 'create': return run(state, registry, seed, rest, false);
    case 'ps': return listContainers(state, rest);
    case 'start': return eachOf(state, rest, 'start', startContainer);
    case 'stop': return stop(state, rest);
    case 'rm': return remove(state, dockerArguments(rest).operands);
    case 'rmi': return removeImages(state, rest);
    case 'rename': return rename(state, sub, others[0] ?? '');
    case 'tag': return tag(state, sub, others[0] ?? '');
    case 'logs': return logs(state, dockerArguments(rest).operands[0] ?? '');
    case 'inspect': return inspect(state, rest);
    case 'exec': return exec(state, rest);
    case 'network': return createNetwork(state, seed, others[0] ?? '');
    case 'container': return container(state, sub, others);
    case 'images': return listImages(state, rest);
    case 'image': return image(state, sub, others);
    default: return ended(1, '', `docker: '${command}' is not a docker command.\nSee 'docker --help'\n`);
  }
}

function container(state: DockerState, sub: string, rest: readonly string[]): Ending {
  switch (sub) {
    case 'ls': return listContainers(state, rest);
    case 'start': return eachOf(state, rest, 'start', startContainer);
    case 'stop': return stop(state, rest);
    case 'rm': return remove(state, rest);
    case 'prune': return pruneContainers(state, rest);
    default: return ended(1, '', `docker: 'container ${sub}' is not a docker command.\n`);
  }
}

function image(state: DockerState, sub: string, rest: readonly string[]): Ending {
  switch (sub) {
    case 'ls': return listImages(state, rest);
    case 'rm': return removeImages(state, dockerArguments(rest).operands, true);
    case 'prune': return prune();
    default: return ended(1, '', `docker: 'image ${sub}' is not a docker command.\n`);
  }
}

const unreachable = (registry: Registry): string => `Get "http://${registry.address}/v2/": dial tcp ${registry.address}: connect: connection refused`;
const LIMITED = 'toomanyrequests: You have reached your pull rate limit. You may increase the limit by authenticating and upgrading';

function login(state: DockerState, registry: Registry, argv: readonly string[]): Ending {
  const options = dockerArguments(argv);
  const warning = 'WARNING! Using --password via the CLI is insecure. Use --password-stdin.\n';
  if (registry.state === 'Down') return ended(1, '', `${warning}Error response from daemon: ${unreachable(registry)}\n`);
  if (options.one('-u') !== registry.credentials.username || options.one('-p') !== registry.credentials.password) {
    return ended(1, '', `${warning}Error response from daemon: login attempt to http://${registry.address}/v2/ failed with status: 401 Unauthorized\n`);
  }
  state.loggedIn = true;
  return ended(0, 'Login Succeeded\n', warning);
}

/** The daemon's complaint, or undefined once the image is there. */
function fetchImage(state: DockerState, registry: Registry, reference: string): string | undefined {
  const repository = reference.replace(/:[^:/]*$/, '');
  const [, tagName = 'latest'] = /:([^:/]*)$/.exec(reference) ?? [];
  const path = repository.slice(registry.address.length + 1);
  if (registry.state === 'Down') return unreachable(registry);
  if (registry.state === 'Limiting') return LIMITED;
  if (!state.loggedIn) return `Head "http://${registry.address}/v2/${path}/manifests/${tagName}": no basic auth credentials`;
  const found = registry.images.get(reference);
  if (found === undefined) return `manifest for ${reference} not found: manifest unknown: manifest unknown`;
  state.images.set(reference, { ...found, id: idOf(`image ${reference}`) });
  return undefined;
}

function pull(state: DockerState, registry: Registry, reference: string): Ending {
  const problem = fetchImage(state, registry, reference);
  return problem === undefined ? ended(0, `${reference}\n`) : daemon(problem);
}

function run(state: DockerState, registry: Registry, seed: string, argv: readonly string[], starts: boolean): Ending {
  const options = dockerArguments(argv, true);
  const [reference = '', ...command] = options.operands;
  const fails = (text: string): Ending => ended(125, '', `docker: Error response from daemon: ${text}.\nSee 'docker run --help'.\n`);
  let stderr = '';
  if (!state.images.has(reference)) {
    stderr = `Unable to find image '${reference}' locally\n`;
    const problem = fetchImage(state, registry, reference);
    if (problem !== undefined) return { ...fails(problem), stderr: stderr + fails(problem).stderr };
  }
  const name = options.one('--name') ?? `container-${state.counter}`;
  const taken = findContainer(state, name);
  if (taken?.name === name) return { ...fails(`Conflict. The container name "/${name}" is already in use by container "${taken.id}". You have to remove (or rename) that container to be able to reuse that name`) };
  const labels = Object.fromEntries(options.all('--label').map((label) => [label.split('=')[0] ?? '', label.split('=').slice(1).join('=')]));
  const made = newContainer(state, seed, { name, image: reference, labels, command, env: options.all('--env') });
  const network = options.one('--network');
  if (starts && network !== undefined && !state.networks.has(network)) {
    return ended(125, `${made.id}\n`, `${stderr}docker: Error response from daemon: network ${network} not found.\n`);
  }
  if (starts) startContainer(made);
  return ended(0, `${made.id}\n`, stderr);
}

function eachOf(state: DockerState, names: readonly string[], verb: string, change: (found: Container) => void): Ending {
  const missing = names.find((name) => findContainer(state, name) === undefined);
  if (missing !== undefined) return ended(1, '', `Error response from daemon: ${noSuch(missing)}\nError: failed to ${verb} containers: ${missing}\n`);
  for (const name of names) change(findContainer(state, name) as Container);
  return ended(0, names.map((name) => `${name}\n`).join(''));
}

function stop(state: DockerState, argv: readonly string[]): Ending {
  const { operands } = dockerArguments(argv);
  if (operands.length === 0) return ended(1, '', '"docker stop" requires at least 1 argument.\n');
  const missing = operands.find((name) => findContainer(state, name) === undefined);
  if (missing !== undefined) return ended(1, '', `Error response from daemon: ${noSuch(missing)}\n`);
  for (const name of operands) {
    const found = findContainer(state, name);
    if (found?.status === 'running') found.status = 'exited';
  }
  return ended(0, operands.map((name) => `${name}\n`).join(''));
}

function remove(state: DockerState, names: readonly string[]): Ending {
  const missing = names.find((name) => findContainer(state, name) === undefined);
  if (missing !== undefined) return ended(1, '', `Error: ${noSuch(missing)}\n`);
  state.containers = state.containers.filter((found) => !names.some((name) => findContainer(state, name) === found));
  return ended(0, names.map((name) => `${name}\n`).join(''));
}

function removeImages(state: DockerState, references: readonly string[], forced = false): Ending {
  const used = (reference: string): boolean => state.containers.some((found) => found.image === reference && found.status === 'running');
  for (const reference of references) if (forced || !used(reference)) state.images.delete(reference);
  return ended(0);
}

function rename(state: DockerState, from: string, to: string): Ending {
  const found = findContainer(state, from);
  if (found === undefined) return daemon(noSuch(from));
  found.name = to;
  return ended(0);
}

function tag(state: DockerState, from: string, to: string): Ending {
  const found = state.images.get(from);
  if (found === undefined) return daemon(`No such image: ${from}`);
  state.images.set(to, found);
  return ended(0);
}

function logs(state: DockerState, reference: string): Ending {
  const found = findContainer(state, reference);
  return found === undefined ? ended(1, '', reference === '' ? '"docker logs" requires exactly 1 argument.\n' : `Error: ${noSuch(reference)}\n`) : ended(0, found.log);
}

function inspect(state: DockerState, argv: readonly string[]): Ending {
  const options = dockerArguments(argv, false, new Set());
  const template = options.one('--format', '-f') ?? '';
  const [reference = ''] = options.operands;
  const local = state.images.get(reference);
  if (local !== undefined) return ended(0, `${template.replaceAll(/\{\{\s*\.Config\.Labels\.(\w+)\s*\}\}/g, (_, key: string) => local.labels[key] ?? '<no value>')}\n`);
  const found = findContainer(state, reference);
  if (found === undefined) return ended(1, '\n', reference === '' ? '"docker inspect" requires at least 1 argument.\n' : `Error: No such object: ${reference}\n`);
  return ended(0, `${formatted(found, template)}\n`);
}

function exec(state: DockerState, argv: readonly string[]): Ending {
  const { operands: [name = '', program = '', ...rest] } = dockerArguments(argv, true);
  const found = findContainer(state, name);
  if (found === undefined) return ended(1, '', `Error: ${noSuch(name)}\n`);
  if (found.status !== 'running') return daemon(`Container ${found.id} is not running`);
  if (program === 'kamal-proxy') return kamalProxy(state, rest);
  return ended(0, `${[program, ...rest].join(' ')}\n`);
}

function createNetwork(state: DockerState, seed: string, name: string): Ending {
  if (state.networks.has(name)) return daemon(`network with name ${name} already exists`);
  state.networks.add(name);
  return ended(0, `${idOf(`${seed} network ${name}`)}\n`);
}
