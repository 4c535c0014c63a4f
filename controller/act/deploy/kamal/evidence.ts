import { randomBytes } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import { type EvidenceFound, messageOf } from '../../../model/index.ts';
import type { DeployTarget } from '../../../ports/index.ts';
import { redactLog, tailOf, valuesOf } from './redact-log.ts';
import { type Redact, createRedactor } from './redact.ts';
import type { RunOnHost } from './remote-look.ts';
import type { RunOutputs } from './run-outputs.ts';

export interface EvidenceSettings {
  /** Reaches a machine whose own host key has not taken over yet, too: it is read, and given no order. */
  read: RunOnHost;
  outputs: Pick<RunOutputs, 'of'>;
  redact: Redact;
}

const LONGEST = 8 * 1024;
/** More is not even redacted: to look through much more would keep everything else from going on, and a host may print anything. */
const LOOKED_THROUGH = 32 * 1024;
const MOST_PARTS = 10;
/** A machine that writes the mark itself names no other part. */
const TITLES = new Set(['cloud-init status', 'cloud-init log', 'environment', 'app state', 'app log', 'kamal-proxy log']);
const MOST_VARIABLES = 1_000;
/** All variables together; what is looked for in every text is made of them. */
const LONGEST_ENVIRONMENT = 128 * 1024;

/** The end of a text, in whole lines: what stood on half a line may be half of a secret. */
const endOf = (text: string): string => (text.length <= LOOKED_THROUGH ? text : text.slice(text.indexOf('\n', text.length - LOOKED_THROUGH - 1) + 1 || text.length));

/** Argument: a mark that the machine cannot guess before. Each part has its own time, so that one that hangs costs no other. */
const BOOT_SCRIPT = `part() { printf '\\n%s %s\\n' "$mark" "$1"; }
mark=$1
part 'cloud-init status'
timeout 4 cloud-init status --long 2>&1 | tail -c 4000
part 'cloud-init log'
tail -c 32000 /var/log/cloud-init-output.log 2>&1
exit 0
`;

/** Arguments: the mark, service, role, destination. kamal-proxy's lines of requests are people's, and say nothing of the host. */
const CONTAINERS_SCRIPT = `part() { printf '\\n%s %s\\n' "$mark" "$1"; }
mark=$1
ids=$(timeout 4 docker ps --all --quiet --no-trunc --filter "label=service=$2" --filter "label=role=$3" --filter "label=destination=$4") || { echo 'Docker does not answer' >&2; exit 69; }
set -- $ids
part environment
for id in "$@" kamal-proxy; do timeout 4 docker inspect --format '{{json .Config.Env}}' "$id" 2>/dev/null; done
if [ $# -gt 0 ]; then
  part 'app state'
  timeout 4 docker inspect --format '{{.Name}} {{.State.Status}} exit {{.State.ExitCode}} OOM {{.State.OOMKilled}} restarts {{.RestartCount}} started {{.State.StartedAt}} ended {{.State.FinishedAt}}' "$@" 2>&1
  part 'app log'
  timeout 4 docker logs --tail 300 "$1" 2>&1 | tail -c 64000
fi
part 'kamal-proxy log'
timeout 4 docker logs --tail 500 kamal-proxy 2>&1 | grep -v '"msg":"Request"' | tail -c 32000
exit 0
`;

/** What is left of a host's failure: on the host, and in the output of Kamal here. Does not reject. */
export function createEvidence({ read, outputs, redact }: EvidenceSettings): (target: DeployTarget, seconds: number) => Promise<EvidenceFound> {
  return async (target, seconds) => {
    const { role } = target;
    const mark = `part-${randomBytes(12).toString('hex')}`;
    const limit = Math.max(1, seconds - 1);
    const asked = await Promise.all([
      ask(() => read(target, ['sh', '-c', BOOT_SCRIPT, 'sh', mark], { what: 'reading its cloud-init log', seconds: limit }), 'cloud-init', mark),
      ask(() => read(target, ['sh', '-c', CONTAINERS_SCRIPT, 'sh', mark, role.service, role.role, role.destination ?? ''], { what: 'reading the logs of its containers', seconds: limit }), 'containers', mark),
    ]);
    const environment = environmentOf(asked.flatMap(({ parts }) => parts));
    const hide = environment === undefined ? undefined : createRedactor(valuesOf(environment));
    const clean = (text: string): string => redactLog(redact(hide === undefined ? text : hide(text)));
    const shown: { name: string; text: string }[] = [];
    for (const { name, text } of asked.flatMap(({ parts }) => parts)) {
      // Without the container's environment nobody knows which words of its log are secret.
      if (name === 'environment' || (name === 'app log' && hide === undefined)) continue;
      // One at a time: each may be written so that it takes as long as any can.
      await turn();
      const kept = tailOf(clean(endOf(text)), LONGEST);
      if (kept !== '') shown.push({ name, text: kept });
    }
    const printed = outputs.of(target);
    const kamal = printed === undefined || hide === undefined ? printed : hide(printed);
    const withheld = hide === undefined && asked.some(({ parts }) => parts.some(({ name }) => name === 'app log')) ? [{ name: 'app log', why: 'the environment by which it is redacted could not be read' }] : [];
    return {
      texts: [...(kamal === undefined ? [] : [{ name: 'kamal', text: kamal }]), ...shown],
      missing: [...(kamal === undefined ? [{ name: 'kamal', why: 'this controller has not run Kamal on it since it started' }] : []), ...asked.flatMap(({ missing }) => missing), ...withheld]
        .map(({ name, why }) => ({ name, why: clean(endOf(why)).slice(0, 500) })),
    };
  };
}

interface Asked { parts: { name: string; text: string }[]; missing: { name: string; why: string }[] }

async function ask(run: () => ReturnType<RunOnHost>, name: string, mark: string): Promise<Asked> {
  try {
    const { code, stdout, stderr } = await run();
    if (code !== 0) return { parts: [], missing: [{ name, why: stderr.trim() || `the look ended with status ${code}` }] };
    const parts = stdout.split(`\n${mark} `).slice(1, MOST_PARTS + 1).map((part) => {
      const [title = '', ...lines] = part.split('\n');
      return { name: title, text: lines.join('\n') };
    }).filter((part) => TITLES.has(part.name));
    return { parts, missing: [] };
  } catch (error) {
    return { parts: [], missing: [{ name, why: messageOf(error) }] };
  }
}

/** Of all containers of the role; undefined where one of them did not tell it, or told something else, or too much. */
function environmentOf(parts: Asked['parts']): string[] | undefined {
  const text = parts.find(({ name }) => name === 'environment')?.text ?? '';
  if (text.length > LONGEST_ENVIRONMENT) return undefined;
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  if (lines.length === 0) return undefined;
  try {
    const entries = lines.flatMap((line): unknown => JSON.parse(line) ?? []);
    return entries.length <= MOST_VARIABLES && entries.every((entry) => typeof entry === 'string') ? entries : undefined;
  } catch {
    return undefined;
  }
}
