import { SERVER_LABELS } from '../../../api/index.ts';
import { ClassifiedError, type ServerOwner } from '../../../model/index.ts';
import type { CreateRequest } from '../../../ports/index.ts';
import { type Marking, markingOf } from '../rest/marking.ts';

const PREFIX = 'kamal-autoscaler:';
const LONGEST = 255;

/** `hostID` → `host-uid`: as the keys of labels, without their prefix. */
const WORDS = new Map(Object.entries(SERVER_LABELS).map(([name, label]) => [name as keyof Marking, name === 'hostID' ? 'host-uid' : label.slice(label.indexOf('/') + 1)]));
const NAMES = new Map([...WORDS].map(([name, word]) => [word, name]));

/** A tag has no value, so it is part of the name; what a tag may not hold stands there as a colon and two hex digits. */
export const tagFor = (name: keyof Marking, value: string): string =>
  `${PREFIX}${WORDS.get(name)}:${value.replaceAll(/[^A-Za-z0-9_-]/g, (character) => [...Buffer.from(character)].map((byte) => `:${byte.toString(16).padStart(2, '0')}`).join(''))}`;

/** Tags of a new Droplet: whose it is, what it serves, and what the pool adds. Throws Invalid for what the API would not take. */
export function tagsOf(request: CreateRequest): string[] {
  const tags = [...tagsFor(markingOf(request, undefined)), ...(request.placement.digitalocean?.tags ?? [])];
  const long = tags.find((tag) => tag.length > LONGEST);
  if (long !== undefined) throw new ClassifiedError('Invalid', `placement ${request.placement.name}: DigitalOcean takes no tag of ${long.length} characters, such as ${JSON.stringify(long.slice(0, 60))}…`, { mend: 'write a shorter service, role or destination' });
  return [...new Set(tags)];
}

export const tagsFor = (said: Marking): string[] => Object.entries(said).map(([name, value]) => tagFor(name as keyof Marking, value));

/** What a Droplet's tags say. Two tags that contradict each other say nothing: nobody may take such a Droplet for theirs. */
export function markingIn(tags: readonly string[]): Marking {
  const said = new Map<keyof Marking, string | undefined>();
  for (const tag of tags) {
    const [, word = '', text = ''] = tag.startsWith(PREFIX) ? /^([a-z-]+):(.*)$/.exec(tag.slice(PREFIX.length)) ?? [] : [];
    const name = NAMES.get(word);
    if (name === undefined) continue;
    const value = decoded(text);
    said.set(name, said.has(name) && said.get(name) !== value ? undefined : value);
  }
  return Object.fromEntries([...said].filter(([, value]) => value !== undefined));
}

const decoded = (text: string): string => Buffer.from(text.replaceAll(/:([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))), 'latin1').toString('utf8');

export const ofInstallation = (installation: string): string => tagFor('installation', installation);

export const ofHost = ({ hostID }: ServerOwner): string => tagFor('hostID', hostID);
