import type { ErrorClass } from '../../../model/index.ts';

/** What a text in Kamal's output means. The first rule whose text is found counts, so what is more alarming stands first. */
export interface FailureRule {
  text: RegExp;
  class: ErrorClass;
  /** Another server would fare better; trying again on this one would not. */
  replaceHost: boolean;
  says: string;
  mend?: string;
}

/** Where to try again: on this host, or on another server. */
const later = { replaceHost: false } as const;
const replace = { replaceHost: true } as const;

const TRUST: readonly FailureRule[] = [
  { text: /Net::SSH::HostKeyMismatch/, class: 'HostKey', ...later, says: 'the host shows another SSH host key than the pinned one', mend: 'find out who answers at this address before anything else' },
  { text: /Net::SSH::HostKeyUnknown/, class: 'HostKey', ...later, says: 'no SSH host key is pinned for the host', mend: 'write hostKey of the fixed host, or its line in the known_hosts file of the installation' },
  { text: /Net::SSH::AuthenticationFailed/, class: 'Unauthorized', ...later, says: 'the host refuses the SSH key of the controller', mend: "add the controller's public key to the authorised keys of the SSH user" },
];

const SSH: readonly FailureRule[] = [
  { text: /Net::SSH::Timeout/, class: 'Unavailable', ...replace, says: 'the host stopped answering during the command' },
  { text: /Net::SSH::ConnectionTimeout|Errno::ETIMEDOUT/, class: 'Unavailable', ...later, says: 'the host does not answer SSH in time' },
  { text: /Errno::ECONNREFUSED/, class: 'Unavailable', ...later, says: 'the host refuses SSH connections' },
  { text: /Net::SSH::Disconnect|Errno::ECONNRESET|Errno::EPIPE|\(IOError\)/, class: 'Unavailable', ...later, says: 'the host closed the SSH connection' },
  { text: /Errno::E(HOST|NET)(UNREACH|DOWN)/, class: 'Unavailable', ...later, says: 'no network leads to the host' },
  { text: /SocketError|getaddrinfo/, class: 'Unavailable', ...later, says: 'the name of the host is not known', mend: 'write an address that resolves on the machine of the controller' },
];

const HOST: readonly FailureRule[] = [
  { text: /no space left on device/i, class: 'Transient', ...replace, says: "the host's disk is full" },
  { text: /target failed to become healthy|Healthcheck::Error|container not ready/, class: 'Transient', ...replace, says: 'the app did not become healthy on the host', mend: 'look at what the app logs; the version that runs elsewhere is left alone' },
  { text: /BootError/, class: 'Transient', ...replace, says: 'the app did not start on the host', mend: 'look at what the app logs' },
  { text: /permission denied while trying to connect to the docker/i, class: 'Forbidden', ...later, says: 'the SSH user may not use Docker', mend: 'put the user into the group docker, or let Kamal log in as root' },
  { text: /cannot connect to the docker daemon|is the docker daemon running/i, class: 'Unavailable', ...replace, says: 'Docker does not run on the host' },
  { text: /Could not resolve host: get\.docker\.com|unable to resolve host address|docker's install script|docker: (command )?not found/i, class: 'Invalid', ...later, says: 'there is no Docker on the host and its installer cannot be fetched', mend: 'choose an image with Docker' },
  { text: /port is already allocated|address already in use/i, class: 'Invalid', ...later, says: "something else listens on a port of the host that kamal-proxy needs", mend: 'choose an image without a web server' },
];

/** Docker says these on the way to what really failed, so they count last. */
const LEFT_ON_HOST: readonly FailureRule[] = [
  { text: /network kamal not found|No such container: kamal-proxy/, class: 'Transient', ...later, says: 'the host lost what an earlier setup made there' },
  { text: /Conflict\. The container name/, class: 'Transient', ...later, says: 'a container of this name is there already' },
  { text: /Cannot allocate memory|Errno::ENOMEM/, class: 'Transient', ...later, says: 'memory ran out' },
];

const REGISTRY: readonly FailureRule[] = [
  { text: /toomanyrequests|429 Too Many Requests|pull rate limit/i, class: 'RateLimited', ...later, says: 'the registry limits pulls', mend: 'log in with an account of a higher limit, or use a registry of your own' },
  { text: /manifest \S.{0,500}? not found|manifest unknown/, class: 'NotFound', ...later, says: 'the registry does not have the image', mend: 'push the image again, or deploy a version that is there' },
  { text: /no matching manifest for|exec format error/, class: 'Invalid', ...later, says: 'the image is made for another CPU architecture', mend: "build for the hosts' architecture (builder.arch in deploy.yml), or choose other server types" },
  { text: /401 Unauthorized|no basic auth credentials|pull access denied|incorrect username or password|unauthorized: |denied: requested access/, class: 'Unauthorized', ...later, says: "the registry refuses the project's credentials", mend: 'set registry.username and registry.password of deploy.yml anew in .kamal/secrets' },
  { text: /missing the 'service' label/, class: 'Invalid', ...later, says: 'the image was not built by Kamal for this service', mend: 'build it with kamal build push' },
  { text: /connect: connection refused|dial tcp|i\/o timeout|TLS handshake timeout|received unexpected HTTP status: 5\d\d|Client\.Timeout exceeded/, class: 'Transient', ...later, says: 'the registry does not answer the host' },
  { text: /failed to register layer|unexpected EOF|context canceled/, class: 'Transient', ...later, says: 'the image did not arrive whole' },
];

const PROJECT: readonly FailureRule[] = [
  { text: /LockError/, class: 'Locked', ...later, says: 'somebody else deploys: the deploy lock is held' },
  { text: /No --hosts match for/, class: 'Invalid', ...later, says: 'deploy.yml does not list the host', mend: 'put the line of docs/kamal.md under servers of deploy.yml and deploy once' },
  { text: /No --roles match for/, class: 'Invalid', ...later, says: 'deploy.yml has no such role', mend: 'write kamal.role of the pool as it stands under servers of deploy.yml' },
  { text: /SSL is only supported on a single server/, class: 'Invalid', ...later, says: 'proxy.ssl: true serves a single host only', mend: 'write proxy.ssl: false behind a load balancer, or give certificates of your own' },
  { text: /Secret '[^']*' not found/, class: 'Invalid', ...later, says: 'a secret that deploy.yml names is missing', mend: 'add it to .kamal/secrets of the project' },
  { text: /Configuration file not found/, class: 'Invalid', ...later, says: 'the project has no such configuration file', mend: 'write kamal.destination of the pool as in config/deploy.<destination>.yml' },
  { text: /HookError/, class: 'Invalid', ...later, says: 'a hook of the project failed', mend: 'mend the hook, or take it out of kamal.hooks of the pool' },
  { text: /No such file or directory - git/, class: 'Invalid', ...later, says: 'Kamal needs git on the machine of the controller', mend: 'install git' },
  { text: /ConfigurationError/, class: 'Invalid', ...later, says: 'Kamal refuses the configuration', mend: 'mend config/deploy.yml; kamal config shows the same' },
  { text: /kamal-proxy version \S+ is too old/, class: 'Invalid', ...later, says: 'the kamal-proxy of the host is too old', mend: 'run kamal proxy reboot' },
  { text: /Psych::SyntaxError|\((?:SyntaxError|NameError|KeyError)\)|JSON::ParserError|Errno::ENOENT/, class: 'Invalid', ...later, says: 'config/deploy.yml cannot be rendered', mend: 'kamal config shows the same; mend the line that it names' },
  { text: /ArgumentError|was called with arguments|No value provided for required options|Could not find command|Unknown switches/, class: 'Invalid', ...later, says: 'Kamal does not know these arguments', mend: 'install a version of Kamal within the range of docs/kamal.md' },
  { text: /service not found/, class: 'NotFound', ...later, says: 'the proxy of the host does not know the app' },
  { text: /Can't use commit hash as version/, class: 'Defect', ...later, says: 'Kamal was not told a version' },
];

/** Trust first, then who holds the lock and what the project lacks, then the host, then what it could not fetch. */
export const FAILURE_RULES: readonly FailureRule[] = [...TRUST, ...PROJECT, ...HOST, ...REGISTRY, ...LEFT_ON_HOST, ...SSH];
