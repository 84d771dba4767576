import { expect, test } from 'vitest';
import { DeltaSender } from '../../src/job/delta-sender.ts';
import { JOB_DELTA_BACKLOG } from '../../src/limits.ts';
import { signedBy } from '../support/events.ts';

const deltas = Array.from({ length: JOB_DELTA_BACKLOG + 10 }, (_, i) =>
  signedBy('agent', { kind: 27001, content: String(i) }),
);

/** A sender to `targets` of which `slow` never answers. */
function sender(...targets: string[]) {
  const sent = new Map<string, string[][]>(targets.map((target) => [target, []]));
  const failures: string[] = [];
  const release = Promise.withResolvers<void>();
  const publish = async (target: string, events: readonly { content: string }[]) => {
    sent.get(target)?.push(events.map(({ content }) => content));
    if (target === 'slow') await release.promise;
    if (target === 'broken') throw new Error('gone');
  };
  const made = new DeltaSender(targets, publish, (target) => failures.push(target));
  return { made, sent, failures, release: release.resolve };
}

test('a relay gets every delta in order, whatever the others do', async () => {
  const { made, sent, failures, release } = sender('slow', 'quick', 'broken');
  for (const delta of deltas.slice(0, 5)) {
    made.send([delta]);
    await Promise.resolve();
  }
  await made.finish(Promise.resolve());
  expect(sent.get('quick')?.flat()).toEqual(['0', '1', '2', '3', '4']);
  expect(sent.get('broken')?.flat()).toEqual(['0', '1', '2', '3', '4']);
  expect(failures).toContain('broken');
  expect(sent.get('slow')).toEqual([['0']]);
  release();
  await made.finish(new Promise(() => undefined));
  // What came meanwhile travels together.
  expect(sent.get('slow')).toEqual([['0'], ['1', '2', '3', '4']]);
});

test('a slow relay costs a bounded memory: the oldest deltas are dropped', async () => {
  const { made, sent, release } = sender('slow');
  for (const delta of deltas) made.send([delta]);
  release();
  await made.finish(new Promise(() => undefined));
  const [, late] = sent.get('slow') ?? [];
  expect(late).toHaveLength(JOB_DELTA_BACKLOG);
  expect(late?.at(-1)).toBe(String(deltas.length - 1));
});
