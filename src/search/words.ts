/**
 * From text to what FTS5 indexes, and from a stranger's words to a query FTS5 can only read as words.
 *
 * A query is rebuilt from its letters and digits, each word in quotes: operators, column names, wildcards and
 * quotes of the stranger are gone before the string is made, so there is nothing left to escape.
 */
import { SEARCH_MAX_TERM_CHARS, SEARCH_MAX_TERMS } from '../limits.ts';

/** Scripts written without spaces: each character becomes a word of its own, and a word of the query a phrase. */
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}]/gu;
const WORD = /[\p{L}\p{N}\p{M}]+/gu;
const ZERO = /\0/g;

/** Text as it is indexed. */
export function indexable(text: string): string {
  return text.replace(ZERO, ' ').replace(UNSPACED, ' $& ');
}

/** The words of a query, at most SEARCH_MAX_TERMS of at most SEARCH_MAX_TERM_CHARS, without repeats. */
export function words(text: string): string[] {
  const found = new Set<string>();
  for (const [word] of text.slice(0, SEARCH_MAX_TERMS * SEARCH_MAX_TERM_CHARS * 4).matchAll(WORD)) {
    found.add(word.toLowerCase().slice(0, SEARCH_MAX_TERM_CHARS));
    if (found.size === SEARCH_MAX_TERMS) break;
  }
  return [...found];
}

export interface MatchOptions {
  /** `all`: every word has to occur; `any`: at least one. */
  readonly mode: 'all' | 'any';
  /** Whether a word also finds longer words that begin with it (names). */
  readonly prefix: boolean;
  /** Hex public keys, already checked; only their texts are found. */
  readonly authors?: readonly string[];
}

/** An FTS5 query over the columns `title`, `body` and `author`, for words made by {@link words}. */
export function matchExpression(terms: readonly string[], options: MatchOptions): string {
  const quoted = terms.map((term) => `"${indexable(term).trim()}"${options.prefix ? ' *' : ''}`);
  const text = `{title body} : (${quoted.join(options.mode === 'all' ? ' AND ' : ' OR ')})`;
  return options.authors === undefined
    ? text
    : `${text} AND author : (${options.authors.map((author) => `"${author}"`).join(' OR ')})`;
}
