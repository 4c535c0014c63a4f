/** Prometheus text format, as far as these series need it: a metrics library would cost each host its start time again. */

export interface Series {
  /** With its suffix, such as `_bucket`, where the family has suffixes. */
  name: string;
  labels: Record<string, string>;
  value: number;
}

export interface Family {
  name: string;
  help: string;
  type: 'counter' | 'gauge' | 'histogram';
  series: readonly Series[];
}

export const contentType = 'text/plain; version=0.0.4; charset=utf-8';

/** Families without series are left out, as exporters leave them out. */
export function exposition(families: readonly Family[]): string {
  return families.filter(({ series }) => series.length > 0).map(({ name, help, type, series }) =>
    `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${series.map(line).join('')}`).join('');
}

function line({ name, labels, value }: Series): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escape(text)}"`);
  return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}\n`;
}

const escape = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
