/** A question to the user whose job this is. */
import * as z from 'zod';
import { TOOL_QUESTION_CHARS } from '../../limits.ts';
import { defineTool, type TextTool } from './tool.ts';

export interface UserLine {
  /**
   * Puts a question to the user, once for each key, and gives the answer when it is there.
   *
   * @param assumption what the agent takes for granted without an answer; null where it did not say
   * @throws whatever pauses the run while the user has not answered: waiting costs nothing
   */
  ask(
    key: string,
    question: string,
    options: readonly string[],
    assumption: string | null,
  ): Promise<UserAnswer>;
}

export type UserAnswer =
  | { readonly type: 'answer'; readonly text: string }
  /** The time for an answer is over. */
  | { readonly type: 'none' };

export function askUser(line: UserLine): TextTool {
  return defineTool({
    name: 'ask_user',
    description:
      'Asks the user a question and waits for the answer. Only for what decides the outcome and cannot be found out or assumed.',
    shape: {
      question: z.string().trim().min(1).max(TOOL_QUESTION_CHARS),
      options: z.array(z.string().max(200)).max(8).default([]).describe('Answers to choose from, if any.'),
      assumption: z
        .string()
        .trim()
        .min(1)
        .max(TOOL_QUESTION_CHARS)
        .optional()
        .describe('What you will take for granted if there is no answer.'),
    },
    parallel: false,
    timeLimit_ms: null,
    async run({ question, options, assumption }, { key }) {
      const answer = await line.ask(key, question, options, assumption ?? null);
      if (answer.type === 'answer') return `The user answers: ${answer.text}`;
      const taken = assumption === undefined ? 'the likeliest assumption' : 'your assumption';
      return `The user has not answered. Go on with ${taken} and state it in your result.`;
    },
  });
}
