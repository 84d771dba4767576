/** Who brings questions to the model: our loop in Node, our service by an agent and by a team, and the bare client. */
import OpenAI from 'openai';
import * as z from 'zod';
import { loopClock } from '../../../src/agent/loop/clock.ts';
import { defineLoop } from '../../../src/agent/loop/definition.ts';
import { runLoop } from '../../../src/agent/loop/run.ts';
import { sqlStepStore } from '../../../src/agent/loop/sql-step-store.ts';
import { noBudget } from '../../../src/agent/loop/token-budget.ts';
import { openAiToolClient } from '../../../src/agent/models/openai-tool-client.ts';
import { loadTokenizer } from '../../../src/agent/window/tokenizer.ts';
import { add } from '../../support/loop.ts';
import { nodeSql } from '../../support/node-sql.ts';
import { calls, type questionsAsked } from './model.ts';

const MODEL = 'small';
const TIMEOUT_MS = 60_000;
const MAX_CONTEXT_TOKENS = 32_000;
const MAX_ANSWER_TOKENS = 1_000;

/** Does one piece of work that asks the model so many questions, one after the other. */
export type Hand = (questions: number) => Promise<void>;

/** `runLoop` in this process, its journal in a SQLite file. */
export async function loopInNode(baseUrl: string, journal: string): Promise<Hand & { close(): void }> {
  const count = await loadTokenizer();
  const sql = nodeSql(journal);
  const store = sqlStepStore(sql);
  const model = openAiToolClient({ baseUrl, apiKey: '', timeout_ms: TIMEOUT_MS });
  let runs = 0;
  const hand: Hand = async (questions) => {
    const definition = defineLoop({
      model: MODEL,
      instructions: '',
      tools: [add],
      maxContextTokens: MAX_CONTEXT_TOKENS,
      maxAnswerTokens: MAX_ANSWER_TOKENS,
      maxSteps: questions,
    });
    const task = { from: 'the client', text: calls(questions - 1), history: [] };
    const log = (error: unknown) => {
      throw new Error('a fault in the bench', { cause: error });
    };
    const ports = { model, store, clock: loopClock, budget: noBudget, count, random: Math.random, log };
    const outcome = await runLoop(definition, `run-${runs++}`, task, ports, new AbortController().signal);
    if (outcome.state !== 'done') throw new Error(`the loop did not end: ${JSON.stringify(outcome)}`);
  };
  return Object.assign(hand, { close: () => sql.close() });
}

const params = z.looseObject({
  model: z.string(),
  messages: z.array(z.custom<OpenAI.ChatCompletionMessageParam>((value) => typeof value === 'object')),
});

/**
 * The official client in a loop and nothing else: asks the same questions again, byte for byte, and reads every answer
 * to its end.
 */
export async function askAgain(
  baseUrl: string,
  bodies: z.infer<typeof questionsAsked>['bodies'],
): Promise<void> {
  const client = new OpenAI({ baseURL: baseUrl, apiKey: 'none', maxRetries: 0, timeout: TIMEOUT_MS });
  for (const body of bodies) {
    const stream = await client.chat.completions.create({ ...params.parse(body), stream: true });
    let pieces = 0;
    for await (const chunk of stream) pieces += chunk.choices.length;
    if (pieces === 0) throw new Error('the model said nothing');
  }
}
