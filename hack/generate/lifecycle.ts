import { PHASES } from '../../controller/model/index.ts';
import { LIFECYCLE, type Transition } from '../../controller/plan/index.ts';

/** `docs/lifecycle.md`: the diagram and the table of a host's lifecycle, from the rows that the controller itself runs. */
export function renderLifecycle(): string {
  return `# Lifecycle of a KamalHost

Generated from \`controller/plan/lifecycle.ts\` by \`npm run generate\`; the controller moves a host by these rows and by
no others. The guards of a phase are asked in this order in each pass, on facts observed in that pass; the first that
holds moves the host, and one pass moves it once. A fact that is not known moves nothing.

\`\`\`mermaid
stateDiagram-v2
  [*] --> ${PHASES[0]}
${edges().join('\n')}
  Released --> [*]
\`\`\`

Not drawn, as it starts from every phase that may have a server: ${LIFECYCLE.filter(({ from }) => from === 'any').map(({ to, guard }) => `to **${to}** by \`${guard}\``).join(', ')}.

| from | to | guard | observed each time |
|---|---|---|---|
${LIFECYCLE.map(row).join('\n')}
`;
}

/** One arrow between two phases, whatever number of guards leads along it. */
function edges(): string[] {
  const guards = new Map<string, string[]>();
  for (const { from, to, guard } of LIFECYCLE) {
    if (from === 'any') continue;
    const edge = `  ${from} --> ${to}`;
    guards.set(edge, [...(guards.get(edge) ?? []), guard]);
  }
  return [...guards].map(([edge, names]) => `${edge}: ${names.join(' / ')}`);
}

const row = ({ from, to, guard, text }: Transition): string => `| ${from} | ${to} | \`${guard}\` | ${text.replaceAll('|', '\\|')} |`;
