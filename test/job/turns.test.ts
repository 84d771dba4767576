/**
 * Goal: what tells a conversation in short takes the place of exactly what it was made of, is kept with it or not at
 * all, and goes when any job it tells of is erased.
 * Method: the real journal in SQLite, random conversations.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Journal } from '../../src/job/journal.ts';
import { endingOf } from '../../src/job/step.ts';
import { sha256Hex } from '../../src/nostr/event.ts';
import type { ChatMessage } from '../../src/protocol/model.ts';
import { nodeSql } from '../support/node-sql.ts';

const idOf = (n: number) => sha256Hex(`job ${n}`);
const message = (content: string): ChatMessage => ({ role: 'user', content });
const short = message('in short');

function condensedOf(history: readonly ChatMessage[], covers: number) {
  return { covers, of: sha256Hex(JSON.stringify(history.slice(0, covers))), messages: [short] };
}

/** A journal with a turn for each job, of so many messages. */
function journalOf(turns: readonly number[]) {
  const journal = new Journal(nodeSql());
  turns.forEach((size, job) => {
    const messages = Array.from({ length: size }, (_, n) => message(`job ${job} message ${n}`));
    journal.remember(idOf(job), 1_000 * (job + 1), messages);
  });
  return journal;
}

test('it stands for the oldest messages, across turns, again and again; later turns follow', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 8 }),
      fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 4 }),
      (turns, shares) => {
        const journal = journalOf(turns);
        for (const [n, share] of shares.entries()) {
          const before = journal.history();
          const covers = Math.max(1, Math.floor(before.length * share));
          journal.condense(condensedOf(before, covers));
          journal.remember(idOf(100 + n), 50_000, [message(`later ${n}`)]);
          expect(journal.history()).toEqual([short, ...before.slice(covers), message(`later ${n}`)]);
        }
      },
    ),
    { seed: 31 },
  );
});

test('where the conversation is another by now, it is left as it is', () => {
  const journal = journalOf([2, 2, 2]);
  const condensed = condensedOf(journal.history(), 3);
  journal.forgetTurn(idOf(0));
  const left = journal.history();
  journal.condense(condensed);
  journal.condense(condensedOf(left, left.length + 1));
  journal.condense(undefined);
  expect(journal.history()).toEqual(left);
});

test('erasing any job it tells of takes it away, also one it tells of at second hand, and no other', () => {
  for (const erased of [0, 1, 2]) {
    const journal = journalOf([2, 2, 2, 2]);
    journal.condense(condensedOf(journal.history(), 3));
    journal.condense(condensedOf(journal.history(), 3));
    expect(journal.history().map(({ content }) => content)).toEqual([
      'in short',
      'job 2 message 1',
      'job 3 message 0',
      'job 3 message 1',
    ]);
    journal.forgetTurn(idOf(3));
    expect(journal.history()).toContainEqual(short);
    journal.forgetTurn(idOf(erased));
    expect(journal.history()).not.toContainEqual(short);
  }
});

test('the output of a job goes on without it', () => {
  const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
  const output = { content: 'answer', finishReason: 'stop', model: 'm', usage } as const;
  const condensed = condensedOf([message('secret')], 1);
  expect(endingOf(1, { ...output, condensed }, { money: null, prove: false })).toMatchObject({
    type: 'output',
    output,
  });
  expect(JSON.stringify(endingOf(1, { ...output, condensed }, { money: null, prove: false }))).not.toContain(
    'in short',
  );
});

test('it grows old with the newest it tells of', () => {
  const journal = journalOf([1, 1, 1]);
  journal.condense(condensedOf(journal.history(), 2));
  journal.prune(0, 2_000);
  expect(journal.history()).toContainEqual(short);
  journal.prune(0, 2_001);
  expect(journal.history()).toEqual([message('job 2 message 0')]);
});
