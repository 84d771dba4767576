/** The line from a step to the user: a question pauses the step, and its answer is there when the step goes on. */
import { TEAM_MAX_MESSAGE_CHARS } from '../../../limits.ts';
import { RunPaused } from '../../loop/outcome.ts';
import type { UserLine } from '../../tools/ask-user.ts';
import type { PromptParts } from '../types.ts';

export interface Asked {
  readonly question: string;
  readonly assumption: string;
}

const NO_ASSUMPTION = 'what is likeliest; the result says what was assumed';

/** @param asked told of a question that has no answer yet */
export function answeringLine(answers: PromptParts['answers'], asked: (question: Asked) => void): UserLine {
  return {
    async ask(_key, question, options, assumption) {
      const choice = options.length === 0 ? '' : ` (${options.join(' / ')})`;
      const put = `${question}${choice}`.slice(0, TEAM_MAX_MESSAGE_CHARS).toWellFormed();
      const known = answers.find((one) => one.question === put);
      if (known !== undefined) {
        return known.by === 'user' ? { type: 'answer', text: known.answer } : { type: 'none' };
      }
      asked({ question: put, assumption: assumption ?? NO_ASSUMPTION });
      throw new RunPaused({ reason: 'waiting', what: 'the answer of the user' });
    },
  };
}
