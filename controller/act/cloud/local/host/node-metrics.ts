import { exposition } from './exposition.ts';

/** A look at the own process, in seconds and bytes. */
export interface ProcessUse {
  atSeconds: number;
  userSeconds: number;
  systemSeconds: number;
  residentBytes: number;
}

export interface NodeMetrics {
  /** The series of a node exporter on a machine of nominal capacity that runs nothing but this process. */
  text(use: ProcessUse): string;
}

/**
 * Hosts that are processes share one kernel, whose CPU series would be the same for all. So each shows its own use
 * against a nominal capacity of `cores`, as one virtual CPU. Use above capacity is shown later, as a slower machine
 * would show it: counters never go back, and busy and idle together grow by one a second.
 */
export function createNodeMetrics(first: ProcessUse, { cores, memoryBytes }: { cores: number; memoryBytes: number }): NodeMetrics {
  let last = first;
  let owed = { user: 0, system: 0 };
  const shown = { user: 0, system: 0, idle: 0 };

  function account(use: ProcessUse): void {
    const elapsed = Math.max(0, use.atSeconds - last.atSeconds);
    const user = owed.user + (use.userSeconds - last.userSeconds) / cores;
    const system = owed.system + (use.systemSeconds - last.systemSeconds) / cores;
    const busy = user + system;
    const fits = busy <= elapsed ? 1 : elapsed / busy;
    shown.user += user * fits;
    shown.system += system * fits;
    shown.idle += elapsed - busy * fits;
    owed = { user: user * (1 - fits), system: system * (1 - fits) };
    last = use;
  }

  return {
    text(use) {
      account(use);
      const modes = { ...shown, iowait: 0, steal: 0 };
      return exposition([
        {
          name: 'node_cpu_seconds_total', type: 'counter', help: 'Seconds the CPUs spent in each mode.',
          series: Object.entries(modes).map(([mode, value]) => ({ name: 'node_cpu_seconds_total', labels: { cpu: '0', mode }, value })),
        },
        {
          name: 'node_memory_MemAvailable_bytes', type: 'gauge', help: 'Memory information field MemAvailable_bytes.',
          series: [{ name: 'node_memory_MemAvailable_bytes', labels: {}, value: Math.max(0, memoryBytes - use.residentBytes) }],
        },
        {
          name: 'node_memory_MemTotal_bytes', type: 'gauge', help: 'Memory information field MemTotal_bytes.',
          series: [{ name: 'node_memory_MemTotal_bytes', labels: {}, value: memoryBytes }],
        },
      ]);
    },
  };
}

export function useOfThisProcess(): ProcessUse {
  const { user, system } = process.cpuUsage();
  return { atSeconds: performance.now() / 1000, userSeconds: user / 1e6, systemSeconds: system / 1e6, residentBytes: process.memoryUsage.rss() };
}
