import type { Clock, MetricsSource } from '../ports/index.ts';
import { ClassifiedError, isClass } from '../model/index.ts';
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
      const source = prometheusSource(settings, clock);
      return { source, onSamples: () => undefined, stop: async () => source.close() };
    }
    case 'Scrape': {
      const source = new DirectScrapeSource({ intervalSeconds: settings.intervalSeconds, timeoutSeconds: Math.min(3, settings.intervalSeconds) }, clock);
      source.start();
      return { source, onSamples: (listener) => void source.onScrape(listener), stop: async () => source.stop() };
    }
  }
}

/** The source does not know where its settings are written. */
function prometheusSource(settings: MetricsSettings & { kind: 'Prometheus' }, clock: Clock): PrometheusSource {
  try {
    return new PrometheusSource(settings, clock);
  } catch (error) {
    if (!isClass(error, 'Invalid')) throw error;
    throw new ClassifiedError('Invalid', error.message, { mend: 'baseURL is --prometheus or KAMAL_AUTOSCALER_PROMETHEUS_URL; the others are the variables KAMAL_AUTOSCALER_PROMETHEUS_*.', cause: error });
  }
}
