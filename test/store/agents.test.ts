import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { signEvent } from '../../src/nostr/event.ts';
import { findCard, putCard, type StoredCard } from '../../src/store/agents.ts';
import {
  type Announcement,
  announcedTo,
  findAnnouncements,
  markAnnounced,
  putAnnouncement,
} from '../../src/store/announcements.ts';
import { JOB_PHASES } from '../../src/store/job-record.ts';
import { type JobOutcome, upsertJobs } from '../../src/store/jobs.ts';
import { reputation, reputationOf } from '../../src/store/reputation.ts';
import { nodeD1 } from '../support/node-d1.ts';
import { hexOf, jobRecord } from '../support/records.ts';

const SECRET = new Uint8Array(32).fill(7);

function card(version: string, updatedAt_ms: number): StoredCard {
  const cardJson = `{"agent_card_version":"${version}"}`;
  return {
    slug: 'discover',
    pubkey: hexOf(1),
    cardJson,
    cardVersion: version,
    cardHash: hexOf(updatedAt_ms),
    contentHash: hexOf(2),
    updatedAt_ms,
  };
}

function announcement(kind: number, publishedAt_ms: number): Announcement {
  const template = {
    kind,
    created_at: publishedAt_ms,
    tags: [['d', 'discover']],
    content: '"quoted" \u{1f600}',
  };
  return {
    agent: 'discover',
    kind,
    fingerprint: hexOf(publishedAt_ms),
    event: signEvent(template, SECRET, new Uint8Array(32)),
    publishedAt_ms,
  };
}

describe('cards', () => {
  test('putCard replaces an older card and leaves a newer one alone', async () => {
    const { db } = nodeD1();
    expect(await findCard(db, 'discover')).toBeUndefined();
    await putCard(db, card('1.0.1', 20));
    await putCard(db, card('1.0.0', 10));
    expect(await findCard(db, 'discover')).toEqual(card('1.0.1', 20));
    await putCard(db, card('1.1.0', 30));
    expect(await findCard(db, 'discover')).toEqual(card('1.1.0', 30));
  });
});

describe('announcements', () => {
  test('one of each kind is kept, the newest, with the signed event as it was', async () => {
    const { db } = nodeD1();
    for (const [kind, at] of [
      [0, 5],
      [31_990, 5],
      [31_990, 9],
      [31_990, 7],
    ] as const) {
      await putAnnouncement(db, announcement(kind, at));
    }
    const kept = await findAnnouncements(db, 'discover');
    expect(kept.toSorted((a, b) => a.kind - b.kind)).toEqual([announcement(0, 5), announcement(31_990, 9)]);
    expect(await findAnnouncements(db, 'chat')).toEqual([]);
  });
});

describe('what relays have taken', () => {
  test('is remembered for each relay and event, however often it is said', async () => {
    const { db } = nodeD1();
    const [a, b, c] = [hexOf(1), hexOf(2), hexOf(3)];
    await markAnnounced(db, 'wss://one.example', [a, b], 1);
    await markAnnounced(db, 'wss://one.example', [b, c], 2);
    await markAnnounced(db, 'wss://two.example', [c], 3);
    await markAnnounced(db, 'wss://two.example', [], 4);
    expect(await announcedTo(db, 'wss://one.example', [a, b, c])).toEqual(new Set([a, b, c]));
    expect(await announcedTo(db, 'wss://two.example', [a, b, c])).toEqual(new Set([c]));
    expect(await announcedTo(db, 'wss://two.example', [])).toEqual(new Set());
  });
});

describe('reputation', () => {
  test('counts what the agent did and takes the middle of its latencies', () => {
    const outcome: fc.Arbitrary<JobOutcome> = fc.record({
      agent: fc.constant('discover'),
      phase: fc.constantFrom(...JOB_PHASES),
      openedAt_ms: fc.constant(1000),
      closedAt_ms: fc.integer({ min: 1000, max: 9000 }),
      attempts: fc.integer({ min: 0, max: 2 }),
      error: fc.constantFrom(null, 'AGENT_ERROR' as const, 'BAD_REQUEST' as const),
    });
    fc.assert(
      fc.property(fc.array(outcome), (recorded) => {
        // What ended without anybody's work (unpaid, or answered by words) says nothing of the agent.
        // Nor does what was wrong with the request.
        const outcomes = recorded.filter((o) => o.attempts > 0 && o.error !== 'BAD_REQUEST');
        const { jobs, success_rate, median_latency_ms } = reputation(recorded);
        const phases = (wanted: string[]) => outcomes.filter(({ phase }) => wanted.includes(phase)).length;
        const delivered = phases(['delivered']);
        expect(jobs).toBe(delivered + phases(['failed', 'expired']));
        if (jobs === 0) expect(success_rate).toBeNull();
        else expect(success_rate).toBe(delivered / jobs);
        if (delivered === 0) {
          expect(median_latency_ms).toBeNull();
          return;
        }
        const latencies = outcomes.flatMap((o) =>
          o.phase === 'delivered' ? [(o.closedAt_ms ?? 0) - 1000] : [],
        );
        const median = median_latency_ms ?? -1;
        expect(latencies).toContain(median);
        expect(latencies.filter((l) => l <= median).length).toBeGreaterThanOrEqual(delivered / 2);
        expect(latencies.filter((l) => l >= median).length).toBeGreaterThanOrEqual(delivered / 2);
      }),
      { seed: 10 },
    );
  });

  test('is read over the newest jobs of this agent only', async () => {
    const { db } = nodeD1();
    const old = Array.from({ length: 10 }, (_, n) => jobRecord(n, { phase: 'failed' }));
    const recent = Array.from({ length: 500 }, (_, n) => jobRecord(100 + n));
    await upsertJobs(db, [...old, ...recent, jobRecord(1000, { agent: 'chat', phase: 'failed' })]);
    expect(await reputationOf(db, 'discover')).toEqual({ jobs: 500, success_rate: 1, median_latency_ms: 40 });
    expect(await reputationOf(db, 'chat')).toEqual({ jobs: 1, success_rate: 0, median_latency_ms: null });
    expect(await reputationOf(db, 'nobody')).toEqual({
      jobs: 0,
      success_rate: null,
      median_latency_ms: null,
    });
  });
});
