/**
 * Goal: whatever a conversation is made of, what is asked of a model is never over its budget by the tokenizer,
 * keeps the system prompt, the task and the newest message, and tears no tool call from its results.
 * Method: random conversations over the real tokenizer; a scripted model for summaries.
 * Does not prove: that another model's tokenizer counts the same.
 */
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { summarizeWindow } from '../../../src/agent/window/summary.ts';
import { type CountTokens, cutToTokens, loadTokenizer } from '../../../src/agent/window/tokenizer.ts';
import {
  type MessageView,
  messageTokens,
  truncateWindow,
  type WindowOptions,
} from '../../../src/agent/window/window.ts';
import { JobError } from '../../../src/errors.ts';

interface Message extends MessageView {
  readonly id: number;
}

let count: CountTokens;
beforeAll(async () => {
  count = await loadTokenizer();
});

const options = (limit_tokens: number): WindowOptions<Message> => ({
  limit_tokens,
  count,
  view: (message) => message,
  pinned: (message) => message.text.startsWith('TASK'),
});
const tokensOf = (messages: readonly Message[]) =>
  messages.reduce((sum, message) => sum + messageTokens(message, options(0)), 0);

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.lorem({ maxCount: 40 }),
  fc.constantFrom('<|endoftext|>', '漢字'.repeat(100), 'a'.repeat(600)),
);
/** A turn: plain text, or calls with all their results. */
const turn = fc.oneof(
  fc
    .tuple(fc.constantFrom<'user' | 'assistant'>('user', 'assistant'), text)
    .map(([role, said]) => [{ role, text: said, calls: [] as string[], answers: null }]),
  fc
    .array(text, { minLength: 1, maxLength: 3 })
    .map((results) => [
      { role: 'assistant' as const, text: 'call', calls: results.map((_, n) => `c${n}`), answers: null },
      ...results.map((result, n) => ({ role: 'tool' as const, text: result, calls: [], answers: `c${n}` })),
    ]),
);
const conversation = fc
  .tuple(text, text, fc.array(turn, { maxLength: 12 }))
  .map(([system, task, turns]) =>
    [
      { role: 'system' as const, text: system, calls: [] as string[], answers: null },
      { role: 'user' as const, text: `TASK ${task}`, calls: [], answers: null },
      ...turns.flat(),
    ].map((message, id): Message => ({ ...message, id })),
  );
const limit = fc.integer({ min: 1, max: 1_500 });

/** What must hold of any window. */
function check(all: readonly Message[], window: readonly Message[], limit_tokens: number): void {
  expect(tokensOf(window)).toBeLessThanOrEqual(limit_tokens);
  const own = window.filter(({ id }) => id >= 0);
  expect(own.map(({ id }) => id)).toEqual(own.map(({ id }) => id).toSorted((a, b) => a - b));
  expect(own[0]?.role).toBe('system');
  expect(own.some((message) => message.text.startsWith('TASK'))).toBe(true);
  expect(own.at(-1)).toBe(all.at(-1));
  // Without a gap: whatever is left out is older than whatever is kept and could go.
  const left = all.filter((message) => !own.includes(message));
  const free = own.filter(({ role, text: said }) => role !== 'system' && !said.startsWith('TASK'));
  expect(Math.max(-1, ...left.map(({ id }) => id))).toBeLessThan(
    Math.min(all.length, ...free.map(({ id }) => id)),
  );
  window.forEach((message, index) => {
    if (message.calls.length > 0) {
      const results = window.slice(index + 1, index + 1 + message.calls.length);
      expect(results.map(({ answers }) => answers)).toEqual(message.calls);
    }
    if (message.role === 'tool') {
      const caller = window.slice(0, index).findLast(({ role }) => role !== 'tool');
      expect(caller?.calls).toContain(message.answers);
    }
  });
}

test('truncate: never over, newest kept, system and task kept, calls whole, and no more left out than needed', () => {
  fc.assert(
    fc.property(conversation, limit, (all, limit_tokens) => {
      let window: Message[];
      try {
        window = truncateWindow(all, options(limit_tokens));
      } catch (error) {
        expect(error).toBeInstanceOf(JobError);
        const least = truncateWindow(all, options(1e9)).filter(
          ({ role, text: said }) => role === 'system' || said.startsWith('TASK'),
        );
        const from = all.findLastIndex(({ role }) => role !== 'tool');
        const newest = all.slice(from).filter((message) => !least.includes(message));
        expect(tokensOf([...least, ...newest])).toBeGreaterThan(limit_tokens);
        return;
      }
      check(all, window, limit_tokens);
      // The unit before the oldest kept one would not have fitted.
      const left = all.filter((message) => !window.includes(message));
      const at = left.findLastIndex(({ role }) => role !== 'tool');
      if (at >= 0) expect(tokensOf([...window, ...left.slice(at)])).toBeGreaterThan(limit_tokens);
    }),
  );
});

test('a result whose call is not there is left out', () => {
  const system: Message = { id: 0, role: 'system', text: 's', calls: [], answers: null };
  const task: Message = { id: 2, role: 'user', text: 'TASK', calls: [], answers: null };
  const orphan: Message = { id: 1, role: 'tool', text: 'r', calls: [], answers: 'gone' };
  expect(truncateWindow([system, orphan, task], options(1_000))).toEqual([system, task]);
});

test('summarize: the same, with a summary in the place of what is left out, however long the model writes', async () => {
  await fc.assert(
    fc.asyncProperty(conversation, limit, text, async (all, limit_tokens, summary) => {
      const asked: string[] = [];
      const work = summarizeWindow(all, {
        ...options(limit_tokens),
        summary_tokens: 60,
        material_tokens: 200,
        summarize: async (material) => {
          asked.push(material);
          return summary;
        },
        message: (said): Message => ({
          id: -1,
          role: 'user',
          text: `Earlier: ${said}`,
          calls: [],
          answers: null,
        }),
      });
      const window = await work.catch((error: unknown) => {
        expect(error).toBeInstanceOf(JobError);
        return null;
      });
      if (window === null) return;
      check(all, window.messages, limit_tokens);
      for (const material of asked) expect(count(material)).toBeLessThanOrEqual(200 + 60);
      expect(window.summarized === 0).toBe(asked.length === 0);
      if (window.summarized > 0) {
        expect(window.messages.filter(({ id }) => id === -1)).toHaveLength(1);
        expect(window.messages.length - 1 + window.summarized).toBe(all.length);
      }
    }),
    { numRuns: 60 },
  );
});

test('the next summary builds on the one before, and everything left out was told to the model', async () => {
  const said = (id: number, role: 'system' | 'user', words: string): Message => ({
    id,
    role,
    text: words,
    calls: [],
    answers: null,
  });
  let all: readonly Message[] = [said(0, 'system', 'S')];
  const told: string[] = [];
  for (let id = 1; id <= 60; id++) {
    const { messages } = await summarizeWindow([...all, said(id, 'user', `word${id} and more`)], {
      ...options(120),
      summary_tokens: 40,
      material_tokens: 100,
      summarize: async (material) => {
        told.push(material);
        return `sum${told.length}`;
      },
      message: (summary) => said(-1, 'user', summary),
    });
    all = messages;
  }
  expect(told.length).toBeGreaterThan(3);
  expect(told.length).toBeLessThan(30);
  told.slice(1).forEach((material, n) => {
    expect(material).toContain(`sum${n + 1}`);
  });
  const everything = told.join('\n');
  for (let id = 1; id <= 60; id++) {
    expect(everything.includes(`word${id} `) || all.some((one) => one.id === id)).toBe(true);
  }
});

test('counting takes time in proportion to the length, whatever is counted; special tokens are text', () => {
  expect(count('')).toBe(0);
  expect(count('hello world')).toBe(2);
  expect(count('<|endoftext|>')).toBeGreaterThan(1);
  for (const long of ['a', ' ', '漢', '👩‍👧']) {
    const started = performance.now();
    expect(count(long.repeat(100_000))).toBeGreaterThan(500);
    // The library alone takes 10 to 70 s for these.
    expect(performance.now() - started).toBeLessThan(5_000);
  }
});

test('a text is cut at whole characters to the most tokens it may have', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary', maxLength: 300 }),
      fc.integer({ min: 0, max: 80 }),
      (whole, most) => {
        const cut = cutToTokens(whole, most, count);
        expect(whole.startsWith(cut)).toBe(true);
        expect(count(cut)).toBeLessThanOrEqual(most);
        expect(cut.isWellFormed()).toBe(whole.slice(0, cut.length).isWellFormed());
        expect(/[\ud800-\udbff]$/.test(cut) && cut.length < whole.length).toBe(false);
      },
    ),
  );
});
