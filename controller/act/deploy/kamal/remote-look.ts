import { ClassifiedError, proxyServiceOf, seconds } from '../../../model/index.ts';
import type { DeployTarget } from '../../../ports/index.ts';
import { containerName } from './app-names.ts';
import type { SeenApp } from './app-state.ts';
import { readContainers } from './containers.ts';
import { readProxyList } from './proxy-list.ts';
import { readFailure } from './read-failure.ts';
import type { Redact } from './redact.ts';

/** Runs a program on a host, as its SSH user. Rejects with a ClassifiedError; an exit status is a result. */
export type RunOnHost = (target: DeployTarget, command: readonly string[], options: { what: string; seconds: number }) => Promise<{ code: number | undefined; stdout: string; stderr: string }>;

const LOOK_SECONDS = 20;
const PULL_SECONDS = 240;

/** Exit status of our scripts when Docker did not answer as it should; their standard error says why. */
const DOCKER_FAILED = 69;

/**
 * Arguments: service, role, destination. One round trip: the host's clock, every container of the role with what it was
 * made from, the registry's digests of their images, and what the proxy serves, which ends the output. Anything that
 * Docker does not answer fails the whole, for half a picture would say that nothing runs.
 */
const LOOK_SCRIPT = `echo "now $(date +%s)"
ids=$(docker ps --all --quiet --no-trunc --filter "label=service=$1" --filter "label=role=$2" --filter "label=destination=$3") || exit ${DOCKER_FAILED}
if [ -n "$ids" ]; then
  docker inspect --format 'container {{json .}}' $ids || exit ${DOCKER_FAILED}
  docker image inspect --format 'image {{.Id}} {{json .RepoDigests}}' $(docker inspect --format '{{.Image}}' $ids | sort -u) 2>/dev/null
fi
if list=$(docker exec kamal-proxy kamal-proxy list 2>&1); then
  printf 'proxied\\n%s\\n' "$list"
else
  case $list in *'No such container'* | *'is not running'*) ;; *) printf '%s\\n' "$list" >&2; exit ${DOCKER_FAILED} ;; esac
fi
exit 0
`;

/** Looks at one role on one host. Rejects as SSH does, with the class of Docker's words, or with Unrecognised. */
export async function lookAtApp(run: RunOnHost, target: DeployTarget, key: Buffer, redact: Redact): Promise<SeenApp> {
  const { role } = target;
  const { code, stdout, stderr } = await run(target, ['sh', '-c', LOOK_SCRIPT, 'sh', role.service, role.role, role.destination ?? ''], { what: 'looking at its containers', seconds: LOOK_SECONDS });
  if (code !== 0) throw dockerFailure(stderr, redact, 'its containers could not be looked at');
  try {
    return seenIn(stdout, role, key);
  } catch {
    // The error quotes what was printed, and that holds the environment of the app.
    throw new ClassifiedError('Unrecognised', 'its containers could not be looked at: what Docker or kamal-proxy printed there is not what they print');
  }
}

/** Throws for what the script cannot have printed. */
function seenIn(stdout: string, role: DeployTarget['role'], key: Buffer): SeenApp {
  const [before = '', list] = stdout.split(/^proxied\n/m);
  const lines = before.split('\n');
  const of = (kind: string): string[] => lines.filter((line) => line.startsWith(`${kind} `)).map((line) => line.slice(kind.length + 1));
  const digests = new Map(of('image').map((line): [string, string[]] => {
    const [id = '', ...rest] = line.split(' ');
    return [id, (JSON.parse(rest.join(' ')) as string[] | null) ?? []];
  }));
  return { containers: readContainers(of('container'), role, digests, key), proxy: list === undefined ? undefined : readProxyList(list), asOf: seconds(Number.parseInt(of('now')[0] ?? '0', 10) || 0) };
}

/** Arguments: image with tag, registry as Docker names it in its settings. Prints what is not there yet. */
const MISSING_SCRIPT = `docker version --format '{{.Server.Version}}' >/dev/null || exit ${DOCKER_FAILED}
docker network inspect kamal >/dev/null 2>&1 || echo network
[ "$(docker inspect --format '{{.State.Running}}' kamal-proxy 2>/dev/null)" = true ] || echo proxy
docker image inspect "$1" >/dev/null 2>&1 || echo image
grep -qF -e "\\"$2\\"" "\${DOCKER_CONFIG:-$HOME/.docker}/config.json" 2>/dev/null || echo login
exit 0
`;

export type Missing = 'network' | 'proxy' | 'image' | 'login';

/** What a host still lacks before Kamal's `app boot` alone brings up an image there. */
export async function missingFor(run: RunOnHost, target: DeployTarget, repository: string, version: string, redact: Redact): Promise<Missing[]> {
  const { code, stdout, stderr } = await run(target, ['sh', '-c', MISSING_SCRIPT, 'sh', imageOf(repository, version), registryOf(repository)], { what: 'looking at what is prepared', seconds: LOOK_SECONDS });
  if (code !== 0) throw dockerFailure(stderr, redact, 'what is prepared could not be looked at');
  return stdout.split('\n').filter((line): line is Missing => ['network', 'proxy', 'image', 'login'].includes(line));
}

/** Throws Invalid for what is no image, such as a word that Docker would take for an option. */
function imageOf(repository: string, tag: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._:/@-]{0,499}$/.test(repository)) return `${repository}:${tag}`;
  throw new ClassifiedError('Invalid', `${JSON.stringify(repository.slice(0, 100))} is no name of an image`, { mend: 'write registry.server and image of deploy.yml as Docker takes them' });
}

/** Docker keeps logins by registry; an image without one is of Docker Hub. */
function registryOf(repository: string): string {
  const [first = '', ...rest] = repository.split('/');
  return rest.length > 0 && /[.:]|^localhost$/.test(first) ? first : 'https://index.docker.io/v1/';
}

/** Arguments: image, name, service, role, destination. A container that is there already is left as it is. */
const PRESEED_SCRIPT = `docker container inspect "$2" >/dev/null 2>&1 && exit 0
docker image inspect "$1" >/dev/null 2>&1 || docker pull --quiet "$1" >/dev/null || exit ${DOCKER_FAILED}
docker create --name "$2" --label "service=$3" --label "role=$4" --label "destination=$5" "$1" >/dev/null || exit ${DOCKER_FAILED}
`;

/** Creates, and never starts, the container that a rollback to this version looks for. */
export async function preseed(run: RunOnHost, target: DeployTarget, repository: string, version: string, redact: Redact): Promise<void> {
  const { role } = target;
  const script = ['sh', '-c', PRESEED_SCRIPT, 'sh', imageOf(repository, version), containerName(role, version), role.service, role.role, role.destination ?? ''];
  const { code, stderr } = await run(target, script, { what: `getting version ${version} for a rollback`, seconds: PULL_SECONDS });
  if (code !== 0) throw dockerFailure(stderr, redact, `version ${version} could not be got ready for a rollback`);
}

/** A second name for an image keeps its layers, for Kamal takes the first away before it pulls. Its pruning takes this one. */
export async function keepLayers(run: RunOnHost, target: DeployTarget, repository: string, version: string): Promise<void> {
  await run(target, ['docker', 'tag', imageOf(repository, version), imageOf(repository, `kept-${proxyServiceOf(target.role)}`)], { what: 'keeping the layers of its image', seconds: LOOK_SECONDS });
}

function dockerFailure(stderr: string, redact: Redact, what: string): ClassifiedError {
  const failure = readFailure({ stdout: '', stderr }, redact);
  return new ClassifiedError(failure.class, failure.class === 'Unrecognised' ? `${what}: ${redact(stderr).trim().slice(-240) || 'no word why'}` : `${what}: ${failure.message}`);
}
