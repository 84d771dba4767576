/**
 * Reads a user's message: orders by keyword, everything else as feedback in plain words.
 *
 * A keyword counts where it stands alone: at the beginning of a paragraph, or below another keyword, followed by a
 * colon; or as a paragraph of its own without one (`Pause.`, `detail high`). In the middle of a sentence it is a word.
 * Nothing is lost: what cannot be read as an order is feedback. What botlab made of such mails, and what we want, is
 * in test/vectors/feedback_commands.json.
 */

import { isOfForm } from '../report/form.ts';
import { type Command, KEYWORDS, type Keyword, readCommand } from './commands.ts';
import { withoutQuotes } from './quoted.ts';

export interface Reading {
  /** In the order of the text. */
  readonly commands: readonly Command[];
  /** In the order of the text; one piece per free passage. */
  readonly feedback: readonly string[];
}

/** A rule, as forms have them: ends a value and says nothing. */
const RULE = /^\s*[-=_*]{3,}\s*$/;
/** What a form shows where a value may be put. */
const PLACEHOLDER = /^(\(.*\)|\[.*\]|<.*>|\.{2,}|…)$/s;
const WITH_COLON = new RegExp(`^\\s*(${KEYWORDS.join('|')})\\s*:[ \\t]*(.*)$`, 'i');
const BARE = new RegExp(`^\\s*(?:please )?(${KEYWORDS.join('|')})(?:\\s+(.*?))?[.!]*\\s*$`, 'i');

/** What people say for two of them when they want nothing else done; alone, because it is said of other things too. */
const STOPS = /^(?:please )?(?:stop|halt)[.!]*$/i;
const GOES_ON = /^(?:please )?(?:continue|go on|unpause)[.!]*$/i;

/** A longer value is none, characters; it also bounds what a hostile text can cost. */
const MAX_VALUE_CHARS = 500;

interface Passage {
  readonly keyword: Keyword | null;
  readonly lines: string[];
}

/** @param text the body as plain text, quotations included */
export function readFeedback(text: string): Reading {
  const commands: Command[] = [];
  const feedback: string[] = [];
  for (const passage of passages(withoutQuotes(text))) {
    const said = passage.lines.join('\n').trim();
    if (said === '' || PLACEHOLDER.test(said)) continue;
    const command = passage.keyword === null ? bareCommand(said) : keywordCommand(passage.keyword, said);
    if (command === undefined) pushFeedback(feedback, passage.keyword, said);
    else if (command !== null) commands.push(...command);
    if (command !== undefined) pushRest(feedback, passage, said);
  }
  return { commands, feedback: joined(feedback) };
}

/** Splits into values of keywords and free paragraphs. */
function passages(text: string): Passage[] {
  let current: Passage = { keyword: null, lines: [] };
  const found = [current];
  const begin = (keyword: Keyword | null, first: readonly string[]) => {
    current = { keyword, lines: [...first] };
    found.push(current);
  };
  let atStart = true;
  for (const line of text.split('\n')) {
    const match = atStart || current.keyword !== null ? WITH_COLON.exec(line) : null;
    const keyword = KEYWORDS.find((one) => one === match?.[1]?.toLowerCase());
    const blank = line.trim() === '';
    if (RULE.test(line) || isOfForm(line)) begin(null, []);
    else if (keyword !== undefined) begin(keyword, [match?.[2] ?? '']);
    // Feedback goes on over blank lines, up to the next keyword; everything else ends there.
    else if (blank && current.keyword !== 'feedback') begin(null, []);
    else current.lines.push(line);
    atStart = blank || RULE.test(line);
  }
  return found;
}

/** Only the first line is the value, except where the value is words. */
function keywordCommand(keyword: Keyword, said: string): readonly Command[] | null | undefined {
  if (keyword === 'feedback') return undefined;
  const value = keyword === 'focus' ? oneLine(said) : (said.split('\n')[0] ?? '').trim();
  if (value.length > MAX_VALUE_CHARS) return undefined;
  const command = readCommand(keyword, value.replace(/[.!]+$/, ''));
  return command === null ? [] : command === undefined ? undefined : [command];
}

function oneLine(said: string): string {
  return said
    .split('\n')
    .map((line) => line.trim())
    .join(' ');
}

function bareCommand(said: string): readonly Command[] | null | undefined {
  if (said.length > MAX_VALUE_CHARS || said.includes('\n')) return undefined;
  if (STOPS.test(said)) return [{ type: 'pause' }];
  if (GOES_ON.test(said)) return [{ type: 'resume' }];
  const match = BARE.exec(said);
  const keyword = KEYWORDS.find((one) => one === match?.[1]?.toLowerCase());
  // The value of these is free words, which only a colon tells from a sentence.
  if (keyword === undefined || keyword === 'focus' || keyword === 'feedback') return undefined;
  const command = readCommand(keyword, match?.[2] ?? 'true');
  return command === undefined || command === null ? undefined : [command];
}

function pushFeedback(feedback: string[], keyword: Keyword | null, said: string): void {
  // Unreadable values keep their keyword: the words may mean something to the team, and to who reads the log.
  feedback.push(keyword === null || keyword === 'feedback' ? said : `${keyword}: ${said}`);
}

/** Lines below a one-line value. */
function pushRest(feedback: string[], { keyword }: Passage, said: string): void {
  if (keyword === null || keyword === 'focus') return;
  const rest = said.split('\n').slice(1).join('\n').trim();
  if (rest !== '') feedback.push(rest);
}

/** Paragraphs of free text stay together as one piece of feedback. */
function joined(feedback: readonly string[]): readonly string[] {
  return feedback.length === 0 ? [] : [feedback.join('\n\n')];
}
