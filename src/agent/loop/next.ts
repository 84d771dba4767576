/** What a run does next, told by its journal alone. Pure: this is the whole control flow of the loop. */
import type { Json } from '../../errors.ts';
import { FINAL_ANSWER } from './calls.ts';
import type { EndEntry, ModelEntry } from './entry.ts';
import { answerOf } from './final-answer.ts';
import type { Memory } from './memory.ts';

export type Action =
  | { readonly do: 'plan'; readonly step: number }
  /** Ask the model for its next calls. */
  | { readonly do: 'ask'; readonly step: number }
  /** Ask it for its answer, without tools: the steps are used up. */
  | { readonly do: 'askLast'; readonly step: number }
  /** Run those calls of an answer that have no result yet, by their places. */
  | { readonly do: 'call'; readonly entry: ModelEntry; readonly open: readonly number[] }
  /** Look at the last answer of a run out of steps. */
  | { readonly do: 'judgeLast'; readonly answer: string; readonly cut: boolean }
  | { readonly do: 'end'; readonly answer: Json }
  | { readonly do: 'nothing'; readonly end: EndEntry };

export interface Pace {
  readonly maxSteps: number;
  /** A plan before the first step and after every so many; null for none. */
  readonly planEvery: number | null;
}

export function nextAction(memory: Memory, pace: Pace): Action {
  if (memory.end !== null) return { do: 'nothing', end: memory.end };
  const last = memory.steps.at(-1);
  if (last !== undefined) {
    if (last.entry.last) {
      const { text, finishReason } = last.entry;
      return { do: 'judgeLast', answer: text, cut: finishReason === 'length' };
    }
    const open = last.results.flatMap((result, call) => (result === undefined ? [call] : []));
    if (open.length > 0) return { do: 'call', entry: last.entry, open };
    const [call] = last.entry.calls;
    if (last.results[0]?.ok === true && call?.name === FINAL_ANSWER && last.entry.calls.length === 1) {
      return { do: 'end', answer: answerOf(call) };
    }
  }
  const step = memory.steps.length + 1;
  if (step > pace.maxSteps) return { do: 'askLast', step };
  return wantsPlan(memory, pace, step) ? { do: 'plan', step } : { do: 'ask', step };
}

function wantsPlan(memory: Memory, pace: Pace, step: number): boolean {
  if (pace.planEvery === null || (step - 1) % pace.planEvery !== 0) return false;
  return !memory.events.some((event) => event.type === 'plan' && event.step === step);
}
