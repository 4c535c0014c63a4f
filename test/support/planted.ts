/**
 * Secrets that suites give the controller and what works for it. Each carries a mark, so that a place that tells one is
 * found whatever the secret was: `hack/ci.ts` looks for the mark in all that the suites print, real worlds in all that
 * the controller leaves behind.
 */
export const PLANTED_MARK = 'planted-secret';

/** `what` is whose secret it is; no two share one. */
export const planted = (what: string): string => `${PLANTED_MARK}-${what}-81c5f2`;

/** Whether a text tells a planted secret, or one of `more`, as it is or in a form that programs write: escaped, encoded, or broken over lines. */
export function tells(text: string, more: readonly string[] = []): boolean {
  const read = [text, unescaped(text)];
  const joined = read.map((one) => one.replaceAll(/[\s\0"'\\+|]/g, ''));
  return [PLANTED_MARK, ...more].some((secret) => read.some((one) => one.includes(secret)) || joined.some((one) => formsOf(secret).some((form) => one.includes(form))));
}

/** JSON's, a URL's and HTML's escapes, each as the character that it stands for. */
const unescaped = (text: string): string => text.replaceAll(/\\u([0-9a-fA-F]{4})|\\x([0-9a-fA-F]{2})|%([0-9a-fA-F]{2})|&#x([0-9a-fA-F]{2,4});/g, (_, ...codes: (string | undefined)[]) => String.fromCharCode(Number.parseInt(codes.find((code) => code !== undefined) ?? '', 16)));

function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret);
  return [secret.replaceAll(/[\s\0"'\\+|]/g, ''), bytes.toString('hex'), bytes.toString('hex').toUpperCase(), ...base64Within(secret).flatMap((form) => [form.replaceAll('+', ''), form.replaceAll('+', '-').replaceAll('/', '_')])];
}

/** What is always there where a longer text that holds the secret was encoded, such as `user:password`: its bytes may begin at any of three places. */
const base64Within = (secret: string): string[] => [0, 1, 2].map((before) => {
  const bytes = Buffer.from('\0'.repeat(before) + secret);
  return bytes.subarray(0, bytes.length - bytes.length % 3).toString('base64').slice(before === 0 ? 0 : 4);
});
