import type { Clock, MetricsSource } from '../ports/index.ts';
import { DirectScrapeSource, PrometheusSource } from '../observe/index.ts';
import type { MetricsSettings } from '../runtime/settings.ts';

/** A metrics source at work. */
export interface RunningMetrics {
  source: MetricsSource;
  /** Calls back when new samples are there, where the source can tell. */
  onSamples: (listener: () => void) => void;
  stop: () => Promise<void>;
}

/** Throws Invalid for settings that cannot work. */
export function startMetrics(settings: MetricsSettings, clock: Clock): RunningMetrics {
  switch (settings.kind) {
    case 'Prometheus': {
      const source = new PrometheusSource(settings, clock);
      return { source, onSamples: () => undefined, stop: async () => source.close() };
    }
    case 'Scrape': {
      const source = new DirectScrapeSource({ intervalSeconds: settings.intervalSeconds, timeoutSeconds: Math.min(3, settings.intervalSeconds) }, clock);
      source.start();
      return { source, onSamples: (listener) => void source.onScrape(listener), stop: async () => source.stop() };
    }
  }
}
