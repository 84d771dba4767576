/** What went wrong, in words for whoever looks at the page. */

/** Errors of ours carry words for people; anything else is told as it is, without a stack. */
export function wordsOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const told = text === '' ? 'something went wrong' : text;
  return `${told.charAt(0).toUpperCase()}${told.slice(1)}${/[.!?]$/.test(told) ? '' : '.'}`;
}
