/**
 * Goal: everything a run did can be taken out and checked. Method: the record of a scripted run, exported and read
 * again with nothing of ours but SHA-256. Does not prove: that entries were true when they were made.
 */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { costsByRole, traceJsonl } from '../../../src/agent/team/export/jsonl.ts';
import { traceMarkdown } from '../../../src/agent/team/export/markdown.ts';
import { canonicalJson } from '../../../src/values/canonical-json.ts';
import { failed, improving, message, play } from './world.ts';

const played = play({
  news: { 1: [message('m1', 'Use | metric units.')], 2: [message('m2', '#1: use feet')] },
  script: (effect, quality) =>
    effect.number === 2 && effect.attempt === 1
      ? failed(true)
      : effect.number === 3
        ? {
            type: 'done',
            text: 'quality 3\n```\n# not a heading\n```',
            summary: 'three',
            usage: { tokens: 1, msats: 1 },
          }
        : improving(effect, quality),
});

describe('JSON Lines', () => {
  const lines = traceJsonl(played.entries)
    .trimEnd()
    .split('\n')
    .map((line) => z.looseObject({ type: z.string() }).parse(JSON.parse(line)));

  test('have every step, version, comparison and directive, and costs that add up to what was spent', () => {
    const count = (type: string) => lines.filter((line) => line.type === type).length;
    expect(count('version')).toBe(9);
    expect(count('directive')).toBe(2);
    expect(count('comparison')).toBeGreaterThan(1);
    const costs = lines
      .filter((line) => line.type === 'cost')
      .map((line) => z.object({ usage: z.object({ msats: z.number() }) }).parse(line));
    expect(costs.reduce((sum, { usage }) => sum + usage.msats, 0)).toBe(played.run.spent.msats);
    expect(costsByRole(played.entries).find(({ role }) => role === 'writer')?.attempts).toBe(4);
  });

  test('anybody can work out the hash: SHA-256 over the one before and the line without seq, at_ms and hash', () => {
    let hash = '0'.repeat(64);
    for (const { seq: _seq, at_ms: _at, hash: said, ...fact } of lines.filter((line) => 'hash' in line)) {
      const sorted = JSON.stringify(fact, (_, value: unknown) =>
        typeof value === 'object' && value !== null && !Array.isArray(value)
          ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
          : value,
      );
      hash = createHash('sha256').update(`${hash}\n${sorted}`).digest('hex');
      expect(said).toBe(hash);
    }
    expect(played.run.trace.hash).toBe(hash);
    const end = played.effects.find(({ type }) => type === 'end');
    expect(end).toMatchObject({ outcome: { traceHash: hash } });
  });
});

describe('the Markdown report', () => {
  const markdown = traceMarkdown(played.entries);

  test('tells outcome, result, directives, comparisons, costs and steps', () => {
    for (const there of [
      'It ended because all iterations are done. Best version: v9.',
      '| 1 | all | Use \\| metric units. | - | #2 |',
      '| 2 | all | use feet | 2 3 4 ',
      '## Comparisons',
      '## Costs',
      '| 2 | 1 | step | writer | 1 | failed |',
      played.run.trace.hash,
    ]) {
      expect(markdown).toContain(there);
    }
  });

  test('a text of others cannot leave its fence', () => {
    const { entries } = play({
      team: { order: ['writer'], iterations: 1 },
      script: () => ({ type: 'done', text: 'a\n````\n# b', summary: null, usage: { tokens: 1, msats: 1 } }),
    });
    expect(traceMarkdown(entries)).toContain('`````text\na\n````\n# b\n`````');
  });

  test('of a run under way says so', () => {
    const { entries } = play({ until: ({ taskCount }) => taskCount > 2 });
    expect(traceMarkdown(entries)).toContain('It is still running.');
  });
});

test('canonical JSON has one spelling per value, and means the same', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = canonicalJson(value);
      expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
      expect(canonicalJson(JSON.parse(text))).toBe(text);
    }),
  );
  expect(canonicalJson({ b: [1, { d: null, c: 'é' }], a: undefined })).toBe('{"b":[1,{"c":"é","d":null}]}');
  expect(() => canonicalJson({ a: Number.NaN })).toThrow(TypeError);
});
