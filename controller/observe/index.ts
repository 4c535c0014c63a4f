export { PrometheusSource } from './prometheus.ts';
export { settingsFault } from './prometheus-settings.ts';
export type { Credential, PrometheusSettings, Secret, TlsFiles } from './prometheus-settings.ts';
export { DirectScrapeSource } from './scrape/source.ts';
export type { ScrapeSettings } from './scrape/source.ts';
export { parseExposition } from './scrape/exposition.ts';
export { DISCOVERY_TARGETS, discoveryDocument, isDiscoveryTarget } from './service-discovery.ts';
export type { DiscoveredHost, DiscoveryTarget, TargetGroup } from './service-discovery.ts';
