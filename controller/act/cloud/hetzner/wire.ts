/** What is read of the API's answers. Shapes are checked: an answer that is something else must not pass for an empty one. */
import { ClassifiedError } from '../../../model/index.ts';
import { NO_API_ANSWER } from './refusals.ts';

export const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

const strange = (what: string): ClassifiedError => new ClassifiedError('Unavailable', `Hetzner's answer is not understood: ${what}`, { mend: 'check HCLOUD_ENDPOINT, or update kamal-autoscaler' });

export function recordIn(answer: Record<string, unknown>, key: string): Record<string, unknown> {
  const value = answer[key];
  if (!isRecord(value)) throw strange(`it has no ${key}`);
  return value;
}

export function listIn(answer: Record<string, unknown>, key: string, path: string): Record<string, unknown>[] {
  const value = answer[key];
  if (!Array.isArray(value) || !value.every(isRecord)) throw strange(`that to ${path} has no list ${key}`);
  return value;
}

export function numberOf(record: Record<string, unknown>, key: string): number {
  const value = record[key];
  if (typeof value !== 'number') throw strange(`${key} is no number`);
  return value;
}

export function textOf(record: Record<string, unknown>, key: string): string {
  const value = record[key];
  if (typeof value !== 'string') throw strange(`${key} is no text`);
  return value;
}

/** A decimal number, which the API writes as text: `0.0088000000000000`. */
export function decimalOf(record: Record<string, unknown>, key: string): number {
  const value = Number(textOf(record, key));
  if (!Number.isFinite(value) || value < 0) throw strange(`${key} is no amount`);
  return value;
}

export const listOf = (record: Record<string, unknown>, key: string): Record<string, unknown>[] => {
  const value = record[key];
  return Array.isArray(value) ? value.filter(isRecord) : [];
};

export function nextPage(answer: Record<string, unknown>): number | undefined {
  const pagination = isRecord(answer['meta']) ? answer['meta']['pagination'] : undefined;
  const next = isRecord(pagination) ? pagination['next_page'] : undefined;
  return typeof next === 'number' ? next : undefined;
}

/** The error in an answer that is no success; an answer of something in between gets a code of its own. */
export function errorOf(answer: unknown, status: number): { code: string; message: string; fields: string[] } {
  const error = isRecord(answer) ? answer['error'] : undefined;
  if (!isRecord(error)) return { code: NO_API_ANSWER, message: `an answer that is not the API's (status ${status})`, fields: [] };
  const { code, message, details } = error;
  const fields = isRecord(details) ? listOf(details, 'fields').flatMap(({ name, messages }) => (typeof name === 'string' ? [Array.isArray(messages) ? `${name} (${messages.join(', ')})` : name] : [])) : [];
  return { code: typeof code === 'string' ? code : 'no_code', message: typeof message === 'string' ? message : 'without a message', fields };
}

export interface Action {
  id: number;
  command: string;
  status: 'Running' | 'Success' | { code: string; message: string };
}

export function actionOf(record: Record<string, unknown>): Action {
  const { status, error } = record;
  const ended = isRecord(error) ? { code: String(error['code']), message: String(error['message']) } : { code: 'unknown', message: 'without a reason' };
  return { id: numberOf(record, 'id'), command: textOf(record, 'command'), status: status === 'success' ? 'Success' : status === 'error' ? ended : 'Running' };
}

/** An answer may or may not carry an action; a delete of something simple has none. */
export const actionsIn = (answer: Record<string, unknown>): Action[] =>
  [...(isRecord(answer['action']) ? [answer['action']] : []), ...listOf(answer, 'next_actions')].map(actionOf);
