/** What cloud-init says of its first boot. `None`: the image has none, or it is switched off. */
export type CloudInit = { kind: 'None' } | { kind: 'Running'; why: string } | { kind: 'Done' } | { kind: 'Failed'; why: string };

/**
 * Prints the status in whatever form this release knows: JSON since 22.4, lines before. Exit statuses changed from
 * release to release, so the words count.
 */
export const CLOUD_INIT_SCRIPT = `command -v cloud-init >/dev/null 2>&1 || { echo 'status: none'; exit 0; }
said=$(cloud-init status --format json 2>/dev/null)
case $said in *'{'*) printf '%s\\n' "$said" ;; *) cloud-init status --long 2>&1 ;; esac
exit 0`;

/** Reads what the script printed. */
export function readCloudInit(text: string): CloudInit {
  const json = text.indexOf('{');
  return json === -1 ? fromLines(text) : fromJSON(text.slice(json)) ?? fromLines(text);
}

function fromJSON(text: string): CloudInit | undefined {
  let said: { status?: unknown; errors?: unknown; detail?: unknown };
  try {
    said = JSON.parse(text) as typeof said;
  } catch {
    return undefined;
  }
  const [first]: unknown[] = Array.isArray(said.errors) ? said.errors : [];
  return statusOf(textOf(said.status), textOf(first) || textOf(said.detail));
}

function fromLines(text: string): CloudInit {
  const [, status = ''] = /^status:\s*(.+)$/m.exec(text) ?? [];
  const [, detail = ''] = /^detail:\s*\n?(.+)$/m.exec(text) ?? [];
  return statusOf(status.trim(), detail.trim());
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

const LONGEST_DETAIL = 160;

function statusOf(status: string, detail: string): CloudInit {
  const said = detail === '' ? '' : `: ${detail.slice(0, LONGEST_DETAIL)}`;
  // Recoverable errors leave `done`, or `degraded done` in some releases.
  switch (status.replace(/^degraded\s+/, '')) {
    case 'done': return { kind: 'Done' };
    case 'none': case 'disabled': return { kind: 'None' };
    case 'running': case 'not run': case 'not started': return { kind: 'Running', why: `cloud-init: ${status}` };
    case 'error': return { kind: 'Failed', why: `cloud-init failed${said}` };
    default: return { kind: 'Running', why: `cloud-init says ${JSON.stringify(status.slice(0, LONGEST_DETAIL))}${said}` };
  }
}
