/**
 * Goal: the run page folds a record as the service tells it, and finds a record that was changed. Method: records written by
 * the service's own export. Does not prove the page around it (test/e2e/panels.test.ts).
 */
import { expect, test } from 'vitest';
import { costLines, traceLines } from '../../src/agent/team/export/jsonl.ts';
import { nextHash, TRACE_START, type TraceEntry, type TraceFact } from '../../src/agent/team/trace.ts';
import type { JobFailure } from '../../src/errors.ts';
import { readRecord, rolesOf } from '../../src/http/islands/run/record.ts';
import { sha256Hex } from '../../src/nostr/event.ts';

const step = (
  number: number,
  msats: number,
  outcome: 'done' | 'failed' = 'done',
  failure: JobFailure | null = null,
): TraceFact => ({
  ...{ type: 'step', number, attempt: 1, work: 'step', role: 'writer', iteration: 1, outcome },
  ...{ directives: [1], usage: { tokens: 100, msats }, failure },
});
const FACTS: readonly TraceFact[] = [
  step(1, 500),
  {
    type: 'version',
    text: 'a text with a “quote”',
    version: {
      ...{ id: 'v1', step: 1, role: 'writer', iteration: 1, kind: 'draft' },
      ...{ sha256: sha256Hex('a text with a “quote”'), bytes: 25, summary: '', check: null },
    },
  },
  step(2, 0, 'failed', { code: 'MODEL_ERROR', message: 'x' }),
  { type: 'directive', number: 1, scope: 'all', text: 'shorter', source: 'm' },
  { type: 'superseded', number: 1, by: 0 },
  { type: 'end', reason: 'finished', best: 'v1', spent: { tokens: 200, msats: 500 }, unspent_msats: 1 },
];

function entriesOf(facts: readonly TraceFact[]): readonly TraceEntry[] {
  let hash = TRACE_START;
  return facts.map((fact, at) => {
    hash = nextHash(hash, fact);
    return { seq: at + 1, at_ms: 1_000 + at, fact, hash };
  });
}

const told = (entries: readonly TraceEntry[]) => traceLines(entries) + costLines(entries);

test('readRecord() tells versions, directives, steps and the end, and checks every hash', () => {
  const entries = entriesOf(FACTS);
  const run = readRecord(told(entries));
  expect(run).toMatchObject({ entries: FACTS.length, brokenAt: null, hash: entries.at(-1)?.hash });
  expect(run.version.map(({ version, text }) => [version.id, text])).toEqual([
    ['v1', 'a text with a “quote”'],
  ]);
  expect(run.directive).toMatchObject([{ number: 1, text: 'shorter' }]);
  expect(run.superseded).toEqual([{ number: 1, by: 0 }]);
  expect(run.end).toMatchObject([{ reason: 'finished', best: 'v1' }]);
  expect(run.stepAt_ms).toEqual([1_000, 1_002]);
  expect(rolesOf(run)).toEqual([{ role: 'writer', attempts: 2, failed: 1, tokens: 200, msats: 500 }]);
});

test('readRecord() names the first entry that was changed, left out or put in', () => {
  const entries = entriesOf(FACTS);
  const changed = told(entries).replace('“quote”', '“other”');
  expect(readRecord(changed).brokenAt).toBe(2);
  expect(readRecord(told(entries.filter(({ seq }) => seq !== 3))).brokenAt).toBe(3);
  const first = entries.slice(0, 1);
  expect(readRecord(told([...first, ...first, ...entries.slice(1)])).brokenAt).toBe(2);
});

test('readRecord() reads nothing as a run that has not begun, and refuses what is no record', () => {
  expect(readRecord('')).toMatchObject({ entries: 0, brokenAt: null, newest_ms: null, end: [] });
  expect(() => readRecord('<html>')).toThrow();
});
