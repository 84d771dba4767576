/** Counting tokens with a real tokenizer, loaded when it is needed first: its vocabulary is larger than our program. */

/** How many tokens a text is. Never less than 0; 0 for no text. */
export type CountTokens = (text: string) => number;

/**
 * Text is counted in pieces of at most this many characters: the time of the library is quadratic in the length of
 * one word, and strangers write words of any length. A piece more is about one token too many, which is the safe
 * side.
 */
const PIECE_CHARS = 512;
/** A piece ends before white space where there is some in its last part, characters. */
const SEARCH_CHARS = 64;

/**
 * The counter of `cl100k_base`. Other models' vocabularies differ by some percent, newer ones count fewer tokens,
 * so callers that must not exceed a stranger's context keep a margin.
 */
export async function loadTokenizer(): Promise<CountTokens> {
  const { countTokens, setMergeCacheSize } = await import('gpt-tokenizer/encoding/cl100k_base');
  // Its cache keeps words by themselves, of any length: strangers could fill the memory with it.
  setMergeCacheSize(0);
  // Names of special tokens are text like any other here; by default the library throws at them.
  const options = { disallowedSpecial: new Set<string>() };
  return (text) => {
    let tokens = 0;
    for (const piece of pieces(text)) tokens += countTokens(piece, options);
    return tokens;
  };
}

function* pieces(text: string): Generator<string> {
  let from = 0;
  while (text.length - from > PIECE_CHARS) {
    const end = endOf(text, from + PIECE_CHARS);
    yield text.slice(from, end);
    from = end;
  }
  if (from < text.length) yield text.slice(from);
}

/** Where a piece ends: before a space as words begin with theirs, and never inside a surrogate pair. */
function endOf(text: string, end: number): number {
  for (let at = end; at > end - SEARCH_CHARS; at--) {
    const code = text.charCodeAt(at);
    if ((code === 32 || code === 10) && text.charCodeAt(at - 1) > 32) return at;
  }
  return isLowSurrogate(text.charCodeAt(end)) ? end - 1 : end;
}

function isLowSurrogate(code: number): boolean {
  return code >= 0xdc_00 && code <= 0xdf_ff;
}

/** The longest beginning of a text that is at most so many tokens; whole characters only. */
export function cutToTokens(text: string, limit: number, count: CountTokens): string {
  if (count(text) <= limit) return text;
  let fits = 0;
  let over = text.length;
  while (over - fits > 1) {
    const middle = (fits + over) >> 1;
    if (count(text.slice(0, middle)) <= limit) fits = middle;
    else over = middle;
  }
  // Counts are not quite monotone in the length, so what the search found is measured once more.
  while (fits > 0 && (isLowSurrogate(text.charCodeAt(fits)) || count(text.slice(0, fits)) > limit)) fits--;
  return text.slice(0, fits);
}
