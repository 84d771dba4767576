/**
 * Goal: a conversation longer than the context is told in short once, what the session may keep of it is exactly what
 * was left out, and what it took is counted.
 * Method: scripted models over the real tokenizer; the session is played by applying what is handed in.
 * Does not prove: that a summary is any good.
 */
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { chatRuntime } from '../../src/agent/chat/chat.ts';
import { type Asker, conversationOf } from '../../src/agent/chat/conversation.ts';
import type { ModelClient, ModelRequest } from '../../src/agent/chat/model-client.ts';
import { type CountTokens, loadTokenizer } from '../../src/agent/window/tokenizer.ts';
import { JobError } from '../../src/errors.ts';
import { sha256Hex } from '../../src/nostr/event.ts';
import type { ChatMessage, JobOutput } from '../../src/protocol/model.ts';
import { recordingContext, taskOf } from '../support/tasks.ts';

const USED = { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 };
const user = (content: string): ChatMessage => ({ role: 'user', content });
const assistant = (content: string): ChatMessage => ({ role: 'assistant', content });
const words = (about: string, n = 150) => `${about} ${'word '.repeat(n)}`;
const turns = (n: number, from = 0) =>
  Array.from({ length: n }, (_, i) => [
    user(words(`question ${from + i}`)),
    assistant(words(`answer ${from + i}`)),
  ]).flat();

let count: CountTokens;
beforeAll(async () => {
  count = await loadTokenizer();
});

/** What a session keeps after it was handed something condensed. */
function kept(history: readonly ChatMessage[], output: Pick<JobOutput, 'condensed'>): readonly ChatMessage[] {
  const { condensed } = output;
  if (condensed === undefined) return history;
  expect(condensed.of).toBe(sha256Hex(JSON.stringify(history.slice(0, condensed.covers))));
  return [...condensed.messages, ...history.slice(condensed.covers)];
}

/** A model that gives numbered summaries, and answers `done`. */
function scripted(summary: (n: number) => string = (n) => `summary ${n}`) {
  const asked: ModelRequest[] = [];
  let summaries = 0;
  const client: ModelClient = {
    async *ask(request) {
      asked.push(request);
      const forSummary = request.messages[0]?.content.startsWith('You shorten') === true;
      yield { type: 'text', text: forSummary ? summary(++summaries) : 'done' };
      yield { type: 'end', finishReason: 'stop', usage: USED };
    },
  };
  const ask = (
    history: readonly ChatMessage[],
    text: string,
    strategy: 'truncate' | 'summarize' = 'summarize',
  ) =>
    chatRuntime(client).run(
      taskOf('chat', text, { history, agent: { maxContextTokens: 3_000, contextStrategy: strategy } }),
      recordingContext(),
    );
  return { asked, ask };
}

test('what fits is asked as it is, in one question', async () => {
  const { asked, ask } = scripted();
  const output = await ask(turns(2), 'now');
  expect(output).not.toHaveProperty('condensed');
  expect(asked).toHaveLength(1);
  expect(asked[0]?.messages.slice(1)).toEqual([...turns(2), user('now')]);
});

test('the oldest turns are told in short once, for as long as the conversation fits with that, and it is charged', async () => {
  const { asked, ask } = scripted();
  const first = await ask(turns(6), 'now');
  expect(asked).toHaveLength(2);
  expect(first.usage).toEqual({ prompt_tokens: 10, completion_tokens: 4, total_tokens: 14 });
  expect(asked[0]?.messages[1]?.content).toMatch(/^BEGIN DATA .*question 0 .*END DATA [0-9a-f]+$/s);
  const [, summary, ...rest] = asked[1]?.messages ?? [];
  expect(summary).toMatchObject({ role: 'user', content: expect.stringContaining('\nsummary 1\n') });
  expect(rest.at(-1)).toEqual(user('now'));
  expect(rest.slice(0, -1)).toEqual(turns(6).slice(-(rest.length - 1)));

  const history = [...kept(turns(6), first), user('now'), assistant('done')];
  const second = await ask(history, 'and now');
  expect(second).not.toHaveProperty('condensed');
  expect(asked).toHaveLength(3);
  expect(asked[2]?.messages[1]).toEqual(summary);

  // Grown over the context again, the next summary is made of the first and of what came since.
  const grown = [...history, ...turns(3, 6)];
  const third = await ask(grown, 'at last');
  expect(asked[3]?.messages[1]?.content).toContain('summary 1');
  expect(third.condensed?.messages).toEqual([
    expect.objectContaining({ content: expect.stringContaining('summary 2') }),
  ]);
});

test('instructions of the client stay as it said them', async () => {
  const { asked, ask } = scripted();
  const system: ChatMessage = { role: 'system', content: 'Speak like a pirate.' };
  const history = [system, ...turns(6)];
  const output = await ask(history, 'now');
  expect(output.condensed?.messages[0]).toEqual(system);
  await ask(kept(history, output), 'again');
  expect(asked.at(-1)?.messages[0]?.content).toContain('Speak like a pirate.');
});

test('truncating asks for no summary, and a model that gives none costs no answer', async () => {
  const cutting = scripted();
  expect(await cutting.ask(turns(6), 'now', 'truncate')).not.toHaveProperty('condensed');
  expect(cutting.asked).toHaveLength(1);
  const dumb = scripted(() => ' ');
  const output = await dumb.ask(turns(6), 'now');
  expect(output).toMatchObject({ content: 'done', usage: { total_tokens: 14 } });
  expect(output).not.toHaveProperty('condensed');
  expect(dumb.asked.at(-1)?.messages).toEqual(cutting.asked[0]?.messages);
});

test('a provider that fails while it summarizes fails the attempt', async () => {
  const ask: Asker = () => Promise.reject(new JobError('RATE_LIMIT_EXCEEDED', 'later'));
  const input = { messages: [user('now')], history: turns(12), maxContextTokens: 3_000, answerTokens: 500 };
  await expect(conversationOf(input, ask)).rejects.toMatchObject({ code: 'RATE_LIMIT_EXCEEDED' });
});

test('whatever is said, questions and summaries fit, and nothing is both left out and kept', async () => {
  const said = fc.record({
    role: fc.constantFrom('user' as const, 'assistant' as const, 'system' as const, 'tool' as const),
    content: fc.oneof(
      fc.lorem({ maxCount: 300 }),
      fc.constant('漢'.repeat(400)),
      fc.string({ maxLength: 300 }),
    ),
  });
  let condensations = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(said, { maxLength: 30 }), fc.lorem({ maxCount: 20 }), async (history, text) => {
      const input = { messages: [user(text)], history, maxContextTokens: 2_048, answerTokens: 500 };
      const ask: Asker = async (messages, maxTokens) => {
        const tokens = messages.reduce((sum, { content }) => sum + count(content), maxTokens);
        expect(tokens).toBeLessThanOrEqual(2_048);
        return { text: 'in short', usage: USED };
      };
      try {
        const { messages, condensed } = await conversationOf(input, ask);
        const tokens = messages.reduce((sum, { content }) => sum + count(content), 0);
        expect(tokens).toBeLessThanOrEqual(2_048 - 500);
        expect(messages.at(-1)).toEqual(user(text));
        if (condensed === null) return;
        condensations++;
        const after = await conversationOf({ ...input, history: kept(history, { condensed }) }, () =>
          Promise.reject(new Error('it was told in short already')),
        );
        expect(after.messages).toEqual(messages);
      } catch (error) {
        // Instructions alone may be too long.
        if (!(error instanceof JobError)) throw error;
        expect(error.code).toBe('CONTENT_TOO_LARGE');
      }
    }),
    { seed: 23, numRuns: 60 },
  );
  expect(condensations).toBeGreaterThan(10);
});
