/** The two things a mail can ask of the correspondence itself: yes, send reports; stop sending them. */
import { withoutQuotes } from '../feedback/quoted.ts';

/** `words`: neither; what it says is for the run. */
export type Wish = 'yes' | 'stop' | 'words';

export interface Wished {
  readonly wish: Wish;
  /** What is said beside a yes, or all of it; for the run. Empty when there is nothing. */
  readonly words: string;
}

const YES = /^(yes|y|ok|okay|sure|yes,? please|please do|ja|oui|s[ií]|sim|tak|да|はい)$/i;
const STOP = /^(stop|unsubscribe|remove me)$/i;
/** Put below a message by telephones. */
const DEVICE =
  /^(sent from|get outlook for|gesendet (mit|von)|von meinem|envoyé de|enviado desde|inviato da)\b.{0,60}$/i;

/**
 * Reads a mail's text. A wish stands alone in the first line, in any of some languages; so a sentence that begins with
 * such a word is words.
 *
 * @param text quotations included
 */
export function wishOf(text: string): Wished {
  const [first = '', ...rest] = withoutQuotes(text).split('\n');
  const said = bare(first);
  if (STOP.test(said)) return { wish: 'stop', words: '' };
  const more = rest
    .filter((line) => !DEVICE.test(line.trim()))
    .join('\n')
    .trim();
  return YES.test(said) ? { wish: 'yes', words: more } : { wish: 'words', words: text };
}

/**
 * The words of a mail with this subject. What a mail program sends for a person who presses its button to unsubscribe
 * (RFC 2369), or our invitation's link, has the wish as its subject; what stands below a stop is the program's.
 */
export function wordsOf(subject: string, body: string): string {
  const said = bare(subject);
  if (STOP.test(said)) return said;
  return YES.test(said) ? `${said}\n${body}` : body;
}

function bare(line: string): string {
  return line.trim().replace(/[\s.!,]+$/, '');
}
