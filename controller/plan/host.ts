import type { HostFacts, HostStep, Instant } from '../model/index.ts';
import type { HostView } from './host-view.ts';

export function nextHostStep(host: HostView, facts: HostFacts, now: Instant): HostStep {
  throw new Error(`nextHostStep ${host.phase} ${facts.server.kind} ${now}`);
}
