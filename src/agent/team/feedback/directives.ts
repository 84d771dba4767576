/**
 * What the user wants, as numbered directives: each stands in every prompt it concerns from the next step on, until
 * another replaces it. Numbers are given as messages are taken and never change, so that a report can name them.
 */

export interface Directive {
  /** From 1. */
  readonly number: number;
  readonly text: string;
  /** A role's name, or `all`. */
  readonly scope: string;
  /** When it was written, Unix ms; of two that were written at one time, the one that came first is the older. */
  readonly sentAt_ms: number;
  /** The message it came in: an event id or a mail's Message-ID. */
  readonly source: string;
  readonly status: 'open' | 'applied' | 'superseded';
  /** The first step of each role that had it in its prompt. */
  readonly appliedIn: { readonly [role: string]: number };
  /** The directive that took its place; 0 when it was withdrawn. */
  readonly supersededBy: number | null;
}

export const EVERYBODY = 'all';

export interface Message {
  readonly source: string;
  readonly sentAt_ms: number;
}

/** `#3: …` or `instead of #3: …` replaces the third; without words it takes it back. */
const REPLACES = /^(?:(?:instead of|replaces?|withdraw|drop|forget)\s+)?#(\d{1,4})\b\s*:?\s*([\s\S]*)$/i;
const WITHDRAWN = /^(drop|withdraw|withdrawn|forget( it)?|no longer|cancel)?[.!]?$/i;

/**
 * Takes free words as the next directive.
 *
 * @param roles names a directive may be for, as `@writer …` or `writer: …`
 */
export function direct(
  directives: readonly Directive[],
  words: string,
  message: Message,
  roles: readonly string[],
): readonly Directive[] {
  const number = directives.length + 1;
  const replacing = REPLACES.exec(words.trim());
  const replaced = directives.find((one) => one.number === Number(replacing?.[1]));
  const said = replacing !== null && replaced !== undefined ? (replacing[2] ?? '') : words.trim();
  if (replaced !== undefined && WITHDRAWN.test(said)) return superseded(directives, replaced.number, 0);
  const { scope, text } = scoped(said, roles);
  const made: Directive = {
    number,
    text,
    scope: scope ?? replaced?.scope ?? EVERYBODY,
    sentAt_ms: message.sentAt_ms,
    source: message.source,
    status: 'open',
    appliedIn: {},
    supersededBy: null,
  };
  const others = replaced === undefined ? directives : superseded(directives, replaced.number, number);
  return [...others, made];
}

/** Whether words are about something else than what a role asked: for another role, or about a directive by its number. */
export function namesOther(
  words: string,
  asker: string,
  directives: readonly Directive[],
  roles: readonly string[],
): boolean {
  const number = Number(REPLACES.exec(words.trim())?.[1]);
  if (directives.some((one) => one.number === number)) return true;
  const { scope } = scoped(words.trim(), roles);
  return scope !== null && scope !== asker;
}

function superseded(directives: readonly Directive[], number: number, by: number): readonly Directive[] {
  return directives.map((one) =>
    one.number === number ? { ...one, status: 'superseded', supersededBy: by } : one,
  );
}

function scoped(words: string, roles: readonly string[]): { scope: string | null; text: string } {
  const found = /^(?:@([\w-]+)[:,]?\s+|(?:(?:for )?the )?([\w-]+):\s+)([\s\S]+)$/i.exec(words);
  const name = (found?.[1] ?? found?.[2])?.toLowerCase();
  if (found === null || name === undefined) return { scope: null, text: words };
  const scope = name === EVERYBODY ? EVERYBODY : roles.find((role) => role.toLowerCase() === name);
  return scope === undefined ? { scope: null, text: words } : { scope, text: found[3] ?? '' };
}

/** Those that stand in a role's prompt, oldest first. */
export function inForce(directives: readonly Directive[], role: string): readonly Directive[] {
  return directives
    .filter((one) => one.status !== 'superseded' && (one.scope === EVERYBODY || one.scope === role))
    .sort((a, b) => a.sentAt_ms - b.sentAt_ms || a.number - b.number);
}

/** A step that had these directives in its prompt is done. */
export function applied(
  directives: readonly Directive[],
  numbers: readonly number[],
  role: string,
  step: number,
): readonly Directive[] {
  return directives.map((one) => {
    if (!numbers.includes(one.number) || one.appliedIn[role] !== undefined) return one;
    const status = one.status === 'open' ? 'applied' : one.status;
    return { ...one, status, appliedIn: { ...one.appliedIn, [role]: step } };
  });
}
