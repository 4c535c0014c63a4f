import { withoutColours } from './read-failure.ts';

/** One line of `kamal-proxy list`. */
export interface ProxyService {
  service: string;
  /** First 12 digits of the ids of the containers that requests go to. */
  targets: string[];
  /** `stopped` is Kamal's maintenance; `paused` holds requests back. Both outlive deploys and reboots. */
  state: string;
}

/** Of a thousand services. */
const LONGEST = 128 * 1024;

/**
 * Reads the table that kamal-proxy prints, colour codes and all. Columns are found by the places of their headings, for
 * a cell may be empty. Throws for what is far longer than such a table.
 */
export function readProxyList(output: string): ProxyService[] {
  if (output.length > LONGEST) throw new RangeError(`kamal-proxy lists more than ${LONGEST} characters`);
  const [heading = '', ...rows] = withoutColours(output).split('\n').filter((line) => line.trim() !== '');
  const columns = [...heading.matchAll(/\S+/g)].map((match, index, all) => ({ name: match[0], from: match.index, to: all[index + 1]?.index }));
  const cellOf = (name: string): ((row: string) => string) => {
    const column = columns.find((one) => one.name === name);
    return (row) => (column === undefined ? '' : row.slice(column.from, column.to).trim());
  };
  const [serviceOf, stateOf, targetOf] = [cellOf('Service'), cellOf('State'), cellOf('Target')];
  return rows.flatMap((row) => {
    const service = serviceOf(row);
    return service === '' ? [] : [{ service, state: stateOf(row), targets: targetOf(row).split(',').flatMap((target) => target.trim().split(':')[0] || []) }];
  });
}
