/** The form in which models answer, and what of it is the answer (SEEDS §3.2). */
import type { ArenaSettings } from './settings.ts';

export interface Unwrapped {
  /** Whether the text has exactly the form that is asked for. */
  readonly wellFormed: boolean;
  /** The answer as well as it can be found, also in a text of another form. */
  readonly answer: string;
}

const WHOLE = /^<think>[\s\S]*?<\/think>\s*<answer>[\s\S]*?<\/answer>/;

/** @param text the whole generation, with the `<think>` that a prompt may have put before it */
export function unwrapped(text: string, wrapper: ArenaSettings['wrapper']): Unwrapped {
  if (wrapper === 'bare') return { wellFormed: text.trim() !== '', answer: text.trim() };
  const start = text.lastIndexOf('<answer>');
  const answer = start < 0 ? text : text.slice(start + '<answer>'.length);
  return { wellFormed: WHOLE.test(text), answer: (answer.split('</answer>')[0] ?? '').trim() };
}
