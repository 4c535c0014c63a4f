import { withoutColours } from './read-failure.ts';

/** One line of `kamal-proxy list`. */
export interface ProxyService {
  service: string;
  /** First 12 digits of the ids of the containers that requests go to. */
  targets: string[];
  /** `stopped` is Kamal's maintenance; `paused` holds requests back. Both outlive deploys and reboots. */
  state: string;
}

/**
 * Reads the table that kamal-proxy prints, colour codes and all. Columns are found by the places of their headings, for
 * a cell may be empty.
 */
export function readProxyList(output: string): ProxyService[] {
  const [heading = '', ...rows] = withoutColours(output).split('\n').filter((line) => line.trim() !== '');
  const columns = [...heading.matchAll(/\S+/g)].map((match, index, all) => ({ name: match[0], from: match.index, to: all[index + 1]?.index }));
  const cell = (row: string, name: string): string => {
    const column = columns.find((one) => one.name === name);
    return column === undefined ? '' : row.slice(column.from, column.to).trim();
  };
  return rows.flatMap((row) => {
    const service = cell(row, 'Service');
    return service === '' ? [] : [{ service, state: cell(row, 'State'), targets: cell(row, 'Target').split(',').flatMap((target) => target.trim().split(':')[0] || []) }];
  });
}
