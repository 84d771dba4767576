/**
 * Goal: whatever was told of an ended job is taken back, however much it was. Method: a relay of a thousand answers that
 * shows a page of them at a time; journal and erasure are the real ones. Does not prove: what is kept of the job itself
 * (test/workers/http-erase.test.ts).
 */
import { expect, test } from 'vitest';
import { eraseJob } from '../../src/job/erasure.ts';
import { Journal } from '../../src/job/journal.ts';
import { LiveJobs } from '../../src/job/live-jobs.ts';
import { JOB_RETRACTION_PAGE } from '../../src/limits.ts';
import { type NostrEvent, tagValues } from '../../src/nostr/event.ts';
import { signedBy } from '../support/events.ts';
import { nodeSql } from '../support/node-sql.ts';
import { hexOf } from '../support/records.ts';

async function erased(answers: number, isKept = false): Promise<{ left: number; deletions: number }> {
  const disk = nodeSql();
  const journal = new Journal(disk);
  const rest = JSON.stringify({ targets: ['embedded', 'wss://gone.test'], wraps: [] });
  disk.run('INSERT INTO jobs (id, open, closed_at, rest) VALUES (?, 0, 1, ?)', hexOf(1), rest);
  const there = new Set(Array.from({ length: answers }, (_, at) => hexOf(at + 2)));
  let deletions = 0;
  const publish = async (target: string, [deletion]: readonly NostrEvent[]) => {
    if (target !== 'embedded' || deletion === undefined) throw new Error('it is not to be reached');
    deletions++;
    if (!isKept) for (const id of tagValues(deletion, 'e')) there.delete(id);
    return [];
  };
  const idle = {
    clock: () => 1,
    wakeAt: () => undefined,
    clearAll: () => undefined,
    forget: () => undefined,
  };
  const ports = {
    ...idle,
    longWork: null,
    withdraw: async () => undefined,
    publish,
    async retraction() {
      const tags = [...there].slice(0, JOB_RETRACTION_PAGE).map((id) => ['e', id]);
      return tags.length === 0 ? null : signedBy('agent', { kind: 5, created_at: 1, tags, content: '' });
    },
    log: () => undefined,
  };
  await eraseJob(ports, journal, new LiveJobs(ports, journal), hexOf(1));
  return { left: there.size, deletions };
}

test('eraseJob() takes back every answer of a job that told of it a thousand times', async () => {
  expect(await erased(1_200)).toEqual({ left: 0, deletions: 3 });
  expect(await erased(0)).toEqual({ left: 0, deletions: 0 });
});

test('eraseJob() comes to its end where a relay keeps what was taken back', async () => {
  expect(await erased(3, true)).toEqual({ left: 3, deletions: 1 });
});
