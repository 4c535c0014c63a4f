import { parseDocument } from 'yaml';
import { ClassifiedError, repeatedKey } from '../../../model/index.ts';
import { isQuicklyRead } from '../../yaml-words.ts';

export type CloudConfig = Record<string, unknown>;

/**
 * cloud-init reads YAML 1.1: a plain `yes` is true there and `0644` a number. Read and written in any other version,
 * what a person wrote would come out as something else.
 */
export const YAML_OF_CLOUD_INIT = { version: '1.1', lineWidth: 0 } as const;

/** Reads what a pool adds. Throws Invalid, which names the field, for what is no mapping in YAML. */
export function readAdditions(text: string, field: string): CloudConfig {
  const [header = ''] = text.trimStart().split('\n');
  if (/^#(!|include|cloud-boothook|part-handler|cloud-config-archive)|^(Content-Type|MIME-Version):/i.test(header) || header.startsWith('## template')) {
    throw invalid(field, `it begins with ${JSON.stringify(header.slice(0, 40))}`, 'Write cloud-config: a YAML mapping. A script goes under runcmd.');
  }
  if (!isQuicklyRead(text)) throw invalid(field, 'it nests too deeply, or has too many words', 'Write it shorter, or put its files on the image.');
  const document = parseDocument(text, { ...YAML_OF_CLOUD_INIT, uniqueKeys: false });
  const [problem] = document.errors;
  if (problem !== undefined) throw invalid(field, `it is no YAML: ${problem.message.split('\n')[0] ?? ''}`, 'Correct it; `cloud-init schema --config-file FILE` judges such a text.');
  const twice = repeatedKey(document.contents);
  if (twice !== undefined) throw invalid(field, `it is no YAML: the key ${JSON.stringify(twice.value)} is there twice`, 'Keep one of them.');
  const value = contentOf(document, field);
  if (value === null) return {};
  if (!isMapping(value)) throw invalid(field, 'it is no mapping', 'Write cloud-config, such as `packages: [htop]`.');
  return value;
}

function contentOf(document: ReturnType<typeof parseDocument>, field: string): unknown {
  try {
    return document.toJS();
  } catch {
    throw invalid(field, 'its aliases multiply', 'Write out what they stand for.');
  }
}

/** Lists are appended to ours, mappings are merged, and of everything else ours stays. */
export function merge(ours: CloudConfig, theirs: CloudConfig): CloudConfig {
  const both = Object.entries(ours).map(([key, value]): [string, unknown] => {
    const other = Object.hasOwn(theirs, key) ? theirs[key] : undefined;
    if (Array.isArray(value) && Array.isArray(other)) return [key, [...(value as unknown[]), ...(other as unknown[])]];
    return [key, isMapping(value) && isMapping(other) ? merge(value, other) : value];
  });
  return { ...Object.fromEntries(both), ...Object.fromEntries(Object.entries(theirs).filter(([key]) => !Object.hasOwn(ours, key))) };
}

const isMapping = (value: unknown): value is CloudConfig => typeof value === 'object' && value !== null && !Array.isArray(value);

const invalid = (field: string, what: string, mend: string): ClassifiedError => new ClassifiedError('Invalid', `${field}: ${what}`, { mend });
