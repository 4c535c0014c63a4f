import { ClassifiedError, isClass } from '../../model/index.ts';
import type { Clock, DeployTarget } from '../../ports/index.ts';
import { LIVE_KEY, OWN_KEY } from './host-key-files.ts';
import type { Redact, SSH } from './ssh.ts';

/**
 * Lets a bought host's own key, which its identity pins, take over from the delivered one, and removes what its user
 * data left behind. May be called again whenever it was broken off. Resolves once the host answers under its own key.
 * Rejects with `HostKey` when the host holds another own key than the pinned one, else as SSH does.
 */
export type Rotate = (target: DeployTarget) => Promise<void>;

const COMMAND_SECONDS = 20;
const VERIFY_TRIES = 6;
const VERIFY_PAUSE_MILLISECONDS = 500;

export function createRotate(ssh: Pick<SSH, 'run' | 'contact'>, clock: Clock, redact: Redact): Rotate {
  return async (target) => {
    const { identity, host } = target;
    if (identity.kind !== 'Bought' || identity.ownKey === undefined) throw new ClassifiedError('Invalid', `${host.name} has no pinned key of its own that could take over`);
    const script = ['sh', '-c', ROTATE_SCRIPT, 'sh', identity.ownKey, OWN_KEY, LIVE_KEY];
    const { code, stderr } = await ssh.run(target, target.ssh.user === 'root' ? script : ['sudo', '-n', ...script], {
      what: 'changing its host key', trust: 'FirstContact', seconds: COMMAND_SECONDS,
    });
    if (code === OTHER_KEY) throw new ClassifiedError('HostKey', `${host.name} no longer has the host key of its own that was pinned`, { mend: 'Delete the KamalHost to replace it.' });
    if (code !== 0) throw new ClassifiedError('Unrecognised', `${host.name} could not change its host key: ${lastLine(redact(stderr))}`);
    await verify(ssh, clock, target);
  };
}

/** sshd takes a moment to listen anew, and may let in one more connection under the old key before that. */
async function verify(ssh: Pick<SSH, 'contact'>, clock: Clock, target: DeployTarget): Promise<void> {
  for (let left = VERIFY_TRIES; ; left -= 1) {
    try {
      await ssh.contact(target, 'Own');
      return;
    } catch (error) {
      if (left <= 1 || !isClass(error, 'Unavailable', 'HostKey', 'Transient')) throw error;
      await clock.sleep(VERIFY_PAUSE_MILLISECONDS);
    }
  }
}

const OTHER_KEY = 66;

/**
 * Arguments: the pinned key, the file where it waits, the file that sshd reads. Each step leaves a state from which the
 * whole can be done again. sshd is told last, so a host that answers under its own key has nothing left to do; it is
 * found among our own ancestors, for service names differ. What cloud-init keeps of user data may be read by nobody but
 * root and is worthless from now on, yet it holds a private key.
 */
const ROTATE_SCRIPT = `set -eu
own=$1 waits=$2 live=$3
umask 077
public() { ssh-keygen -y -f "$1" < /dev/null | cut -d ' ' -f 1,2; }
if [ "$(public "$live")" != "$own" ]; then
  [ -f "$waits" ] && [ "$(public "$waits")" = "$own" ] || exit ${OTHER_KEY}
  cp "$waits" "$live.new"
  printf '%s\\n' "$own" > "$live.pub.new"
  chmod 644 "$live.pub.new"
  sync
  mv "$live.pub.new" "$live.pub"
  mv "$live.new" "$live"
  if command -v restorecon > /dev/null 2>&1; then restorecon "$live" "$live.pub"; fi
  sync
fi
rm -f "$waits" "$waits.pub"
for instance in /var/lib/cloud/instance /var/lib/cloud/instances/*; do
  rm -f "$instance"/user-data.txt* "$instance"/cloud-config.txt
done
sync
pid=$$ listener=
while [ "$pid" -gt 0 ]; do
  case $(sed -n 's/^Name:[[:space:]]*//p' "/proc/$pid/status") in sshd*) listener=$pid ;; esac
  pid=$(sed -n 's/^PPid:[[:space:]]*//p' "/proc/$pid/status")
done
# Without one each connection has an sshd of its own, which reads the key anew.
if [ -n "$listener" ]; then kill -HUP "$listener"; fi
`;

const LONGEST_WORDS = 200;
const lastLine = (text: string): string => (text.trim().split('\n').at(-1) ?? '').slice(0, LONGEST_WORDS);
