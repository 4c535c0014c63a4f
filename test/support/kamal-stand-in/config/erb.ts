/** ERB with Kamal's trim mode `-`: expressions and comments; of statements only `raise`. */
import { BeyondStandIn } from '../errors.ts';
import { evaluateRuby, type RubySurroundings, type RubyValue } from './ruby-expression.ts';

export function renderErb(template: string, around: RubySurroundings): string {
  return template.replaceAll(/<%%|(^[ \t]*)?<%(-|=|#)?((?:(?!%>)[\s\S])*?)(-)?%>(\n)?/gm, (whole, indent: string | undefined, kind: string | undefined, body: string, trims: string | undefined, newline: string | undefined) => {
    if (whole === '<%%') return '<%';
    const before = kind === '-' ? '' : indent ?? '';
    const after = trims === '-' ? '' : newline ?? '';
    if (kind === '#') return `${before}${after}`;
    if (kind === '=') return `${before}${rubyText(evaluateRuby(body, around))}${after}`;
    if (/^\s*raise\b/.test(body)) return rubyText(evaluateRuby(body, around));
    throw new BeyondStandIn(`the stand-in for kamal runs no Ruby statements in ERB: <% ${body.trim()} %>`);
  });
}

/** How Ruby prints a value into a template: a list as its literal. */
function rubyText(value: RubyValue): string {
  if (value === null) return '';
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return `[${value.map((entry) => (typeof entry === 'string' ? JSON.stringify(entry) : rubyText(entry))).join(', ')}]`;
  if (typeof value === 'object') throw new BeyondStandIn('the stand-in for kamal prints no Ruby hash into a template: use to_json');
  return String(value);
}
