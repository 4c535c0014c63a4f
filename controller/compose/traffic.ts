import { DEFAULT_TRAEFIK_SETTINGS, HTTPHostProbe, type TraefikSettings } from '../act/traffic/index.ts';
import type { HostProbe } from '../ports/index.ts';
import type { Settings } from '../runtime/settings.ts';

export const traefikSettings = (settings: Settings): TraefikSettings => ({
  ...DEFAULT_TRAEFIK_SETTINGS, ...(settings.traefikToken === undefined ? {} : { token: settings.traefikToken }),
});

export const hostProbe = (): HostProbe => new HTTPHostProbe();
