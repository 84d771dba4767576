/**
 * Goal: a client's words reach the run they are for, once it is known, and nobody else's words reach any run.
 * Method: messages and comments of made-up people against a marketplace of a few jobs; only the ports are doubles.
 */
import { describe, expect, test } from 'vitest';
import { type HearingPorts, hearComment, hearMessage, wordsOf } from '../../src/job/hearing.ts';
import type { Heard, Words } from '../../src/job/words.ts';
import { WORDS_EARLY_MS, WORDS_MAX_NAMED, WORDS_PATIENCE_MS } from '../../src/limits.ts';
import type { NostrEvent, Tag, VerifiedEvent } from '../../src/nostr/event.ts';
import type { KeyedAgent } from '../../src/protocol/agent.ts';
import { sessionName } from '../../src/protocol/route.ts';
import { discover } from '../protocol/fixtures.ts';
import { person, signedBy } from '../support/events.ts';
import { hexOf } from '../support/records.ts';

const NOW_S = 1_800_000_000;
const OLD_S = NOW_S - 3_600;
const client = person('client').publicKey;
const team: KeyedAgent = { ...discover, slug: 'crew', runtime: 'team', pubkey: person('crew').publicKey };
const finder: KeyedAgent = { ...discover, pubkey: person('finder').publicKey };

interface Job {
  readonly id: string;
  readonly agent: KeyedAgent;
  readonly client: string;
  readonly openedAt_ms: number;
  readonly hears: Heard;
}

interface World {
  readonly ports: HearingPorts;
  /** What was heard: job, author, text. */
  readonly heard: { readonly job: string; readonly author: string; readonly words: Words }[];
}

function job(n: number, over: Partial<Job> = {}): Job {
  const openedAt_ms = (OLD_S - 60 + n) * 1_000;
  return { id: hexOf(n), agent: team, client, openedAt_ms, hears: 'taken', ...over };
}

function world(jobs: readonly Job[], stored: readonly NostrEvent[] = [], expected: string[] = []): World {
  const heard: World['heard'] = [];
  const nameOf = (one: Job) => sessionName(one.agent.pubkey, one.client, one.id);
  return {
    heard,
    ports: {
      now_ms: NOW_S * 1_000,
      agentByPubkey: (pubkey) => [team, finder].find((agent) => agent.pubkey === pubkey),
      find: async (id) => stored.find((event) => event.id === id) ?? null,
      sessionOf: async (id) => {
        const found = jobs.find((one) => one.id === id);
        return found === undefined ? null : nameOf(found);
      },
      runs: async (slug, author) =>
        jobs
          .filter((one) => one.agent.slug === slug && one.client === author)
          .map((one) => ({ id: one.id, session: nameOf(one), openedAt_ms: one.openedAt_ms }))
          .reverse(),
      isExpected: async (id) => expected.includes(id),
      async steer(session, jobId, author, words) {
        const found = jobs.find((one) => one.id === jobId && nameOf(one) === session);
        if (found === undefined) throw new Error('told the wrong session');
        if (found.hears === 'taken') heard.push({ job: jobId, author, words });
        return found.hears;
      },
    },
  };
}

function message(tags: Tag[] = [], over: Partial<NostrEvent> = {}): VerifiedEvent {
  return signedBy('client', { kind: 14, created_at: OLD_S, tags, content: 'shorter, please', ...over });
}

function comment(tags: Tag[], over: Partial<NostrEvent> = {}, author = 'client'): VerifiedEvent {
  return signedBy(author, { kind: 1111, created_at: OLD_S, tags, content: 'shorter, please', ...over });
}

/** A comment as NIP-22 has it, under the request itself. */
const under = (id: string): Tag[] => [
  ['E', id, '', client],
  ['K', '7001'],
  ['P', client],
  ['e', id, '', client],
  ['k', '7001'],
  ['p', client],
];

describe('wordsOf()', () => {
  test('is named by the event, and never from the future', () => {
    const said = message([], { created_at: NOW_S + 90 });
    expect(wordsOf(said, NOW_S * 1_000)).toEqual({
      source: said.id,
      sentAt_ms: NOW_S * 1_000,
      text: 'shorter, please',
    });
    expect(wordsOf(message(), NOW_S * 1_000)?.sentAt_ms).toBe(OLD_S * 1_000);
  });

  test('is nothing where nothing is said', () => {
    expect(wordsOf(message([], { content: ' \n' }), NOW_S * 1_000)).toBeNull();
  });
});

describe('a direct message', () => {
  test('goes to the newest run', async () => {
    const { ports, heard } = world([job(1), job(2)]);
    const said = message();
    await hearMessage(said, team, ports);
    expect(heard).toEqual([{ job: hexOf(2), author: client, words: wordsOf(said, NOW_S * 1_000) }]);
  });

  test('goes to the next one when the newest takes no words', async () => {
    const { ports, heard } = world([job(1), job(2, { hears: 'nobody' })]);
    await hearMessage(message(), team, ports);
    expect(heard.map((one) => one.job)).toEqual([hexOf(1)]);
  });

  test('goes to the run it names', async () => {
    const { ports, heard } = world([job(1), job(2)]);
    await hearMessage(message([['e', hexOf(1)]]), team, ports);
    expect(heard.map((one) => one.job)).toEqual([hexOf(1)]);
  });

  test('to a named run that is over goes nowhere else', async () => {
    const { ports, heard } = world([job(1, { hears: 'nobody' }), job(2)]);
    await hearMessage(message([['e', hexOf(1)]]), team, ports);
    expect(heard).toEqual([]);
  });

  test('that replies to another message goes to the newest run', async () => {
    const { ports, heard } = world([job(1), job(2)]);
    await hearMessage(message([['e', hexOf(77)]]), team, ports);
    expect(heard.map((one) => one.job)).toEqual([hexOf(2)]);
  });

  test("does not reach somebody else's run, nor a job of another agent, by naming it", async () => {
    const strangers = job(1, { client: person('stranger').publicKey });
    const others = job(2, { agent: finder });
    const { ports, heard } = world([strangers, others]);
    for (const id of [hexOf(1), hexOf(2)]) await hearMessage(message([['e', id]]), team, ports);
    expect(heard).toEqual([]);
  });

  test('older than a run is not for it, give or take what clocks differ', async () => {
    const run = job(1);
    const early = { ...run, openedAt_ms: OLD_S * 1_000 + WORDS_EARLY_MS };
    const later = { ...run, openedAt_ms: OLD_S * 1_000 + WORDS_EARLY_MS + 1 };
    for (const [one, count] of [
      [early, 1],
      [later, 0],
    ] as const) {
      const { ports, heard } = world([one]);
      await hearMessage(message(), team, ports);
      expect(heard).toHaveLength(count);
    }
  });

  test('for nobody is dropped, but comes again while it is young', async () => {
    const { ports } = world([]);
    const age_s = WORDS_PATIENCE_MS / 1_000;
    await hearMessage(message([], { created_at: NOW_S - age_s }), team, ports);
    await expect(hearMessage(message([], { created_at: NOW_S - age_s + 1 }), team, ports)).rejects.toThrow(
      'before the run',
    );
  });

  test('for nobody that is dated into the future is not young until then', async () => {
    const { ports } = world([]);
    const ahead_s = 50 * 365 * 86_400;
    await hearMessage(message([], { created_at: NOW_S + ahead_s }), team, ports);
  });

  test('that is empty is dropped at once', async () => {
    const { ports, heard } = world([job(1)]);
    await hearMessage(message([], { content: '', created_at: NOW_S }), team, ports);
    expect(heard).toEqual([]);
  });

  test('names so many jobs at the most', async () => {
    const { ports, heard } = world([job(9), job(1)]);
    const names = Array.from({ length: WORDS_MAX_NAMED }, (_, n): Tag => ['e', hexOf(100 + n)]);
    await hearMessage(message([...names, ['e', hexOf(9)]]), team, ports);
    expect(heard.map((one) => one.job)).toEqual([hexOf(1)]);
  });
});

describe('a comment', () => {
  test('under the request is heard', async () => {
    const { ports, heard } = world([job(1), job(2)]);
    const said = comment(under(hexOf(1)));
    await hearComment(said, ports);
    expect(heard).toEqual([{ job: hexOf(1), author: client, words: wordsOf(said, NOW_S * 1_000) }]);
  });

  test.each([7000, 7001])('under an answer of kind %i is heard by its job', async (kind) => {
    const answer = signedBy('crew', { kind, tags: [['e', hexOf(1)]] });
    const { ports, heard } = world([job(1), job(2)], [answer]);
    await hearComment(
      comment([
        ['E', answer.id],
        ['K', String(kind)],
      ]),
      ports,
    );
    expect(heard.map((one) => one.job)).toEqual([hexOf(1)]);
  });

  test('below another comment is heard by the job at the root', async () => {
    const { ports, heard } = world([job(1)]);
    await hearComment(
      comment([
        ['e', hexOf(50)],
        ['k', '1111'],
        ['E', hexOf(1)],
        ['K', '7001'],
      ]),
      ports,
    );
    expect(heard.map((one) => one.job)).toEqual([hexOf(1)]);
  });

  test('by anybody else counts for nothing, also under an event that only claims to be an answer', async () => {
    const forged = signedBy('stranger', { kind: 7000, tags: [['e', hexOf(1)]] });
    const { ports, heard } = world([job(1)], [forged]);
    await hearComment(comment(under(hexOf(1)), { created_at: NOW_S }, 'stranger'), ports);
    await hearComment(comment(under(forged.id)), ports);
    expect(heard).toEqual([]);
  });

  test('under a job of an agent that is no team counts for nothing', async () => {
    const { ports, heard } = world([job(1, { agent: finder })]);
    await hearComment(comment(under(hexOf(1)), { created_at: NOW_S }), ports);
    expect(heard).toEqual([]);
  });

  test('on a run that does not take it yet comes again while it is young', async () => {
    const { ports } = world([job(1, { hears: 'nobody' })]);
    await hearComment(comment(under(hexOf(1))), ports);
    await expect(hearComment(comment(under(hexOf(1)), { created_at: NOW_S }), ports)).rejects.toThrow();
  });

  test('on an unknown job comes again only where its request may still come', async () => {
    const { ports } = world([], [], [hexOf(1)]);
    await hearComment(comment(under(hexOf(2)), { created_at: NOW_S }), ports);
    await expect(hearComment(comment(under(hexOf(1))), ports)).rejects.toThrow('before the job');
  });
});
