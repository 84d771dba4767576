/**
 * Goal: whatever a stranger writes, FTS5 reads it as words: it never fails, and never answers with what holds none
 * of the words.
 * Method: any text at all against a real FTS5 table, with a slow reference that only splits into words.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { matchExpression, words } from '../../src/search/words.ts';
import { nodeSql } from '../support/node-sql.ts';

const sql = nodeSql();
sql.run(`CREATE VIRTUAL TABLE note_words USING fts5(title, body, author, content='', contentless_delete=1)`);
sql.run("INSERT INTO note_words (rowid, title, body, author) VALUES (1, 'alpha', 'beta gamma', 'abc')");

const syntax = fc.constantFrom(
  '"',
  '""',
  '*',
  '^',
  '-',
  '+',
  '(',
  ')',
  '{',
  '}',
  ':',
  ',',
  'AND',
  'OR',
  'NOT',
  'NEAR',
  'NEAR(',
  'title:',
  'author:',
  'rowid',
  '\0',
  "'",
  ';',
  '--',
  'alpha',
  'beta',
  'abc',
  ' ',
  '\n',
  '漢',
  '\uD800',
  '%',
  '\\',
);
const hostile = fc
  .array(fc.oneof(syntax, fc.string({ unit: 'binary', maxLength: 5 })), { maxLength: 12 })
  .map((p) => p.join(''));

test.each(['all', 'any'] as const)('no text breaks the query or finds what it does not name (%s)', (mode) => {
  fc.assert(
    fc.property(hostile, fc.boolean(), (text, prefix) => {
      const terms = words(text);
      if (terms.length === 0) return;
      const rows = sql.all(
        'SELECT rowid FROM note_words WHERE note_words MATCH ?',
        matchExpression(terms, { mode, prefix }),
      );
      const known = ['alpha', 'beta', 'gamma'];
      const named = (term: string) => known.some((word) => (prefix ? word.startsWith(term) : word === term));
      // Words in scripts FTS5 folds (accents, case of other scripts) may match more than the plain comparison.
      if (!terms.every((term) => /^[a-z0-9]+$/.test(term))) return;
      const expected = mode === 'all' ? terms.every(named) : terms.some(named);
      expect([text, rows.length]).toEqual([text, expected ? 1 : 0]);
    }),
    { seed: 5, numRuns: 3_000 },
  );
});

test('the authors of a query come from another column and cannot be searched for as words', () => {
  const find = (text: string, authors?: string[]) =>
    sql.all(
      'SELECT rowid FROM note_words WHERE note_words MATCH ?',
      matchExpression(words(text), {
        mode: 'all',
        prefix: false,
        ...(authors === undefined ? {} : { authors }),
      }),
    ).length;
  expect(find('alpha')).toBe(1);
  expect(find('abc')).toBe(0);
  expect(find('alpha', ['abc'])).toBe(1);
  expect(find('alpha', ['abd'])).toBe(0);
});

test('a query is bounded in words and in their length, however long the text', () => {
  const many = words(Array.from({ length: 10_000 }, (_, i) => `word${i}`).join(' '));
  expect(many).toHaveLength(12);
  expect(words('x'.repeat(1_000_000))).toEqual(['x'.repeat(48)]);
  expect(words('Zap zap ZAP')).toEqual(['zap']);
});
