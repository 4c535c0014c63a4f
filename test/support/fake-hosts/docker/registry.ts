/** A registry that all hosts of a test pull from. */
import { createHash } from 'node:crypto';

/** What a container of an image does once it runs. */
export type Behaviour = 'Healthy' | 'Unhealthy' | 'Crashing';

export interface PublishedImage {
  labels: Readonly<Record<string, string>>;
  behaviour: Behaviour;
  /** What its containers write to their log. */
  says: string;
}

export interface Registry {
  /** Host and port, as images are named. */
  address: string;
  state: 'Up' | 'Down' | 'Limiting';
  credentials: { username: string; password: string };
  images: Map<string, PublishedImage>;
  publish(reference: string, image?: Partial<PublishedImage>): void;
}

export function makeRegistry(address: string, credentials = { username: 'deployer', password: 'regpw' }): Registry {
  const images = new Map<string, PublishedImage>();
  return {
    address,
    state: 'Up',
    credentials,
    images,
    publish: (reference, image = {}) => void images.set(reference, { labels: { service: 'shop' }, behaviour: 'Healthy', says: '', ...image }),
  };
}

/** Looks like an id of Docker's and is the same for the same text. */
export const idOf = (text: string): string => createHash('sha256').update(text).digest('hex');
