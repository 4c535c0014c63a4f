import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Agent } from 'node:https';
import type { PrometheusSettings, Secret, TlsFiles } from './prometheus-settings.ts';

/** What one request carries to be let in. */
export interface Access {
  headers: Record<string, string>;
  agent: Agent | undefined;
  /** Never to be shown. */
  secrets: string[];
}

/** A file that a setting names cannot be read. The message names both and holds nothing of the content. */
export class UnreadableFile extends Error {
  override readonly name = 'UnreadableFile';
}

/** Reads the credential and certificates; the TLS agent is kept as long as the files say the same. */
export class AccessReader {
  readonly #settings: PrometheusSettings;
  #agent: { of: string; agent: Agent } | undefined;

  constructor(settings: PrometheusSettings) {
    this.#settings = settings;
  }

  /** Throws UnreadableFile. */
  async read(): Promise<Access> {
    const { credential, headers = {}, parameters = {} } = this.#settings;
    const agent = await this.#tlsAgent(this.#settings.tls);
    const guarded = [...Object.values(headers), ...Object.values(parameters)].filter((value) => value.length >= 8);
    switch (credential.kind) {
      case 'None':
        return { headers: { ...headers }, agent, secrets: guarded };
      case 'Bearer': {
        const token = await secretOf(credential.token, 'bearer token');
        return { headers: { ...headers, Authorization: `Bearer ${token}` }, agent, secrets: [token, ...guarded] };
      }
      case 'Basic': {
        const password = await secretOf(credential.password, 'password');
        const pair = Buffer.from(`${credential.user}:${password}`).toString('base64');
        return { headers: { ...headers, Authorization: `Basic ${pair}` }, agent, secrets: [password, pair, ...guarded] };
      }
    }
  }

  async #tlsAgent(tls: TlsFiles | undefined): Promise<Agent | undefined> {
    if (tls === undefined) return undefined;
    const cert = await pemOf(tls.certificateFile, 'client certificate');
    const key = await pemOf(tls.keyFile, 'client key');
    const ca = await pemOf(tls.authorityFile, 'certificate authority');
    const of = createHash('sha256').update(JSON.stringify([cert, key, ca])).digest('hex');
    if (this.#agent?.of !== of) {
      this.#agent?.agent.destroy();
      this.#agent = { of, agent: new Agent({ keepAlive: true, ...(cert && { cert }), ...(key && { key }), ...(ca && { ca }) }) };
    }
    return this.#agent.agent;
  }

  /** Closes idle connections. */
  close(): void {
    this.#agent?.agent.destroy();
  }
}

/** The text with every secret replaced: an answer may echo what it was sent. */
export const withoutSecrets = (text: string, secrets: readonly string[]): string =>
  secrets.filter((secret) => secret !== '').reduce((shown, secret) => shown.replaceAll(secret, '***'), text);

async function secretOf(secret: Secret, setting: string): Promise<string> {
  const text = secret.kind === 'File' ? await textOf(secret.path, setting) : secret.value;
  const trimmed = text.trim();
  if (trimmed === '') throw new UnreadableFile(`the ${setting}${secret.kind === 'File' ? ` in ${secret.path}` : ''} is empty: write it there`);
  if (/[^\x20-\x7e]/.test(trimmed)) throw new UnreadableFile(`the ${setting}${secret.kind === 'File' ? ` in ${secret.path}` : ''} holds a line break or another character that a header cannot carry`);
  return trimmed;
}

const pemOf = async (path: string | undefined, setting: string): Promise<string | undefined> => (path === undefined ? undefined : await textOf(path, setting));

async function textOf(path: string, setting: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unreadable';
    throw new UnreadableFile(`the file ${path} of the ${setting} cannot be read (${code})`);
  }
}
