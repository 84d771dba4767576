import { describe, expect, test } from 'vitest';
import {
  JOB_REQUEST_MAX_AGE_S,
  LINK_MAX_PAGES,
  LINK_OVERLAP_S,
  LINK_RELAYS_PER_OBJECT,
  LINK_WORDS_MAX_AGE_S,
  LINK_WRAP_WINDOW_S,
  REVIEW_MAX_AGE_S,
} from '../../src/limits.ts';
import { Backfill } from '../../src/link/backfill.ts';
import { Budget } from '../../src/link/budget.ts';
import { planSubscriptions, sinceOf } from '../../src/link/plan.ts';
import { Recent } from '../../src/link/recent.ts';
import { linkGroupNamed, linkGroups, linkObjectName } from '../../src/link/shard.ts';
import { AGENT, signed } from './world.ts';

const NOW_S = 1_800_000_000;

describe('planSubscriptions()', () => {
  const interest = { agents: [AGENT.publicKey], requestKinds: [7001, 5300] };

  test('asks for requests since the cursor, for gift wraps two days further back, for content from now on', () => {
    const plan = new Map(
      planSubscriptions(interest, NOW_S - 60, NOW_S).map(({ purpose, filter }) => [purpose, filter]),
    );
    expect(plan.get('requests')).toMatchObject({ kinds: [7001, 5300], since: NOW_S - 60 - LINK_OVERLAP_S });
    expect(plan.get('requests')).not.toHaveProperty('#p');
    expect(plan.get('wraps')).toMatchObject({
      kinds: [1059],
      '#p': [AGENT.publicKey],
      since: NOW_S - 60 - LINK_OVERLAP_S - LINK_WRAP_WINDOW_S,
    });
    expect(plan.get('deletions')).toMatchObject({ kinds: [5] });
    expect(plan.get('content')).toEqual({ kinds: [0, 1, 3, 6, 7, 9735, 30_023], since: NOW_S });
  });

  test('asks for zap receipts where agents are zapped at other providers', () => {
    const elsewhere = { ...interest, zapped: [AGENT.publicKey] };
    const receipts = planSubscriptions(elsewhere, NOW_S - 60, NOW_S).find((p) => p.purpose === 'receipts');
    expect(receipts?.filter).toMatchObject({
      kinds: [9735],
      '#p': [AGENT.publicKey],
      since: NOW_S - 60 - LINK_OVERLAP_S,
    });
    const here = planSubscriptions({ ...interest, zapped: [] }, NOW_S, NOW_S).map((p) => p.purpose);
    expect(here).not.toContain('receipts');
  });

  test('asks for reviews of our agents, a week back at the most', () => {
    const sinceAfter = (away_s: number) => {
      const plan = planSubscriptions(interest, NOW_S - away_s, NOW_S);
      return plan.find(({ purpose }) => purpose === 'reviews')?.filter;
    };
    expect(sinceAfter(86_400)).toMatchObject({
      kinds: [31_117],
      '#p': [AGENT.publicKey],
      since: NOW_S - 86_400 - LINK_OVERLAP_S,
    });
    expect(sinceAfter(8_640_000)?.since).toBe(NOW_S - REVIEW_MAX_AGE_S - LINK_OVERLAP_S);
  });

  test('asks for comments by the kinds they stand under, and only where there is a team', () => {
    const withTeam = { ...interest, commentedKinds: [7001, 7000] };
    const comments = planSubscriptions(withTeam, NOW_S - 60, NOW_S).find((p) => p.purpose === 'comments');
    expect(comments?.filter).toMatchObject({
      kinds: [1111],
      '#K': ['7001', '7000'],
      since: NOW_S - 60 - LINK_OVERLAP_S,
    });
    const sinceAfter = (away_s: number) =>
      planSubscriptions(withTeam, NOW_S - away_s, NOW_S).find((p) => p.purpose === 'comments')?.filter.since;
    expect(sinceAfter(86_400)).toBe(NOW_S - 86_400 - LINK_OVERLAP_S);
    expect(sinceAfter(864_000)).toBe(NOW_S - LINK_WORDS_MAX_AGE_S - LINK_OVERLAP_S);
    for (const without of [interest, { ...interest, commentedKinds: [] }]) {
      const purposes = planSubscriptions(without, NOW_S, NOW_S).map((p) => p.purpose);
      expect(purposes).not.toContain('comments');
    }
  });

  test('asks for no requests and no wraps where there are no agents', () => {
    const purposes = planSubscriptions({ agents: [], requestKinds: [] }, NOW_S, NOW_S).map((p) => p.purpose);
    expect(purposes).toEqual(['deletions', 'content']);
  });
});

test('sinceOf() trusts no cursor from the future and goes no further back than a request may be old', () => {
  expect(sinceOf(NOW_S + 1_000_000, NOW_S)).toBe(NOW_S - LINK_OVERLAP_S);
  expect(sinceOf(NOW_S - 10, NOW_S)).toBe(NOW_S - 10 - LINK_OVERLAP_S);
  expect(sinceOf(0, NOW_S)).toBe(NOW_S - JOB_REQUEST_MAX_AGE_S - LINK_OVERLAP_S);
  expect(sinceOf(0, 10)).toBe(0);
});

describe('Backfill', () => {
  const at = (created_at: number, n: number) => signed({ created_at, content: `${created_at}/${n}` });

  test('is complete at once when there is nothing', () => {
    expect(new Backfill({ kinds: [1] }).pageEnded()).toEqual({ next: null, complete: true });
  });

  test('asks for older pages until one is empty, and repeats the second a page broke off in', () => {
    const backfill = new Backfill({ kinds: [1], since: 10 });
    backfill.saw(at(30, 0));
    backfill.saw(at(20, 0));
    expect(backfill.pageEnded()).toEqual({ next: { kinds: [1], since: 10, until: 20 } });
    backfill.saw(at(20, 0));
    backfill.saw(at(20, 1));
    expect(backfill.pageEnded()).toEqual({ next: { kinds: [1], since: 10, until: 20 } });
    backfill.saw(at(20, 1));
    expect(backfill.pageEnded()).toEqual({ next: { kinds: [1], since: 10, until: 19 } });
    expect(backfill.pageEnded()).toEqual({ next: null, complete: true });
  });

  test('stops at the beginning of its time without another question', () => {
    const backfill = new Backfill({ since: 20 });
    backfill.saw(at(20, 0));
    expect(backfill.pageEnded()).toEqual({ next: { since: 20, until: 20 } });
    backfill.saw(at(20, 0));
    expect(backfill.pageEnded()).toEqual({ next: null, complete: true });
  });

  test('is not complete when something was skipped, nor when the past has no end', () => {
    const skipping = new Backfill({});
    skipping.skipped();
    expect(skipping.pageEnded()).toEqual({ next: null, complete: false });
    const endless = new Backfill({});
    for (let page = 1; page < LINK_MAX_PAGES; page++) {
      endless.saw(at(1_000 - page, page));
      expect(endless.pageEnded().next).not.toBeNull();
    }
    endless.saw(at(1, 1));
    expect(endless.pageEnded()).toEqual({ next: null, complete: false });
  });
});

describe('linkObjectName()', () => {
  const urls = Array.from({ length: 2 * LINK_RELAYS_PER_OBJECT + 1 }, (_, i) => `wss://relay${i}.test`);

  test('puts every followed relay into exactly the group that follows it', () => {
    const groups = linkGroups(urls);
    expect(groups.flatMap((group) => group.urls)).toEqual(urls);
    for (const { name, urls: members } of groups) {
      expect(members.length).toBeLessThanOrEqual(LINK_RELAYS_PER_OBJECT);
      for (const url of members) expect(linkObjectName(urls, url)).toBe(name);
    }
  });

  test('spreads relays nobody follows over the groups there are, always to the same one', () => {
    const strangers = Array.from({ length: 60 }, (_, i) => `wss://stranger${i}.test`);
    const names = new Set(strangers.map((url) => linkObjectName(urls, url)));
    expect([...names].sort()).toEqual(['links:0', 'links:1', 'links:2']);
    expect(linkObjectName(urls, 'wss://x.test')).toBe(linkObjectName(urls, 'wss://x.test'));
    expect(linkObjectName([], 'wss://x.test')).toBe('links:0');
  });

  test('an object whose group is gone is to follow nothing', () => {
    const shorter = urls.slice(0, 1);
    expect(linkGroupNamed(urls, 'links:2')).toEqual(urls.slice(-1));
    expect(linkGroupNamed(shorter, 'links:0')).toEqual(shorter);
    expect(linkGroupNamed(shorter, 'links:2')).toEqual([]);
    expect(linkGroupNamed(shorter, 'main')).toBeUndefined();
    expect(linkGroups([])).toEqual([]);
  });
});

test('Budget gives its burst, then so much a second, and survives a clock that jumps back', () => {
  const budget = new Budget(10, 20, 0);
  expect(Array.from({ length: 21 }, () => budget.take(1, 0)).filter(Boolean)).toHaveLength(20);
  expect(budget.take(1, -60_000)).toBe(false);
  expect(budget.take(1, 0)).toBe(true);
  expect(Array.from({ length: 1_000 }, () => budget.take(1, 1_000_000)).filter(Boolean)).toHaveLength(20);
});

test('Recent forgets the oldest and keeps what was written again', () => {
  const recent = new Recent<number>(2);
  recent.set('a', 1);
  recent.set('b', 2);
  recent.set('a', 3);
  recent.set('c', 4);
  expect([recent.get('a'), recent.has('b'), recent.get('c'), recent.size]).toEqual([3, false, 4, 2]);
});
