/** Output of a command on a host, headed by the host unless `-q` keeps that back. */
import type { Session } from '../session.ts';

export function printByHost(session: Session, host: string, text: string, kind: 'App' | 'Proxy' = 'App'): void {
  if (session.options['quiet'] !== true) session.output.puts(`${kind} Host: ${host}`);
  session.output.puts(`${text}\n\n`);
}
