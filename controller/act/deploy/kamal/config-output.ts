import { parseDocument } from 'yaml';
import { ClassifiedError } from '../../../model/index.ts';
import { isQuicklyRead } from '../../yaml-words.ts';

/** What `kamal config` says, without anything secret: it prints the keys of `ssh.key_data` in clear. */
export interface KamalConfig {
  roles: string[];
  /** Hosts of all roles and accessories. */
  hosts: string[];
  primaryHost: string | undefined;
  /** Registry and name of the image, without a tag. */
  repository: string;
  sshUser: string;
  sshPort: number;
  /** `ssh.config`: files with settings of OpenSSH, or whether the usual ones are read. */
  sshFiles: boolean | string[];
}

/** A configuration of hundreds of hosts has less; the YAML of much more would keep everything else from going on. */
const LONGEST = 64 * 1024;

/** Reads the YAML with Ruby's symbols for keys. Throws Invalid, without a word of the text, for what is none. */
export function readKamalConfig(stdout: string): KamalConfig {
  const start = /^---$/m.exec(stdout)?.index;
  const root = start === undefined ? undefined : contentOf(stdout.slice(start));
  const field = (of: unknown, name: string): unknown => (typeof of === 'object' && of !== null ? (of as Record<string, unknown>)[`:${name}`] : undefined);
  const repository = field(root, 'repository');
  if (typeof repository !== 'string') throw new ClassifiedError('Invalid', 'kamal config printed no configuration that could be read', { mend: 'run kamal config in the project yourself' });
  const ssh = field(root, 'ssh_options');
  const [primaryHost, user, port, files] = [field(root, 'primary_host'), field(ssh, 'user'), field(ssh, 'port'), field(ssh, 'config')];
  return {
    roles: words(field(root, 'roles')), hosts: words(field(root, 'hosts')), repository,
    primaryHost: typeof primaryHost === 'string' ? primaryHost : undefined,
    sshUser: typeof user === 'string' ? user : 'root', sshPort: typeof port === 'number' ? port : 22, sshFiles: sshFilesOf(files),
  };
}

/** Undefined for what is no YAML. To look for keys that are written twice takes as many steps as the keys squared, and Kamal writes none twice. */
function contentOf(text: string): unknown {
  if (text.length > LONGEST || !isQuicklyRead(text)) return undefined;
  try {
    const document = parseDocument(text, { logLevel: 'silent', strict: false, resolveKnownTags: false, uniqueKeys: false });
    return document.errors.length === 0 ? document.toJS() : undefined;
  } catch {
    // Aliases that multiply.
    return undefined;
  }
}

const sshFilesOf = (value: unknown): boolean | string[] => (typeof value === 'string' ? [value] : Array.isArray(value) ? words(value) : value !== false);

/** A number stands for itself; what is no word is no name of anything. */
const words = (value: unknown): string[] => (Array.isArray(value) ? value.filter((word) => typeof word === 'string' || typeof word === 'number').map(String) : []);
