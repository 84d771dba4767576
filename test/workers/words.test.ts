/**
 * Goal: what a client says to a team is brought from the relay to the session of its run, by direct message (NIP-17) and
 * by comment (NIP-22). Method: a marketplace with a team beside its agents, the real relay and record; the session is a
 * double, because what it makes of the words is its own. Does not prove: links to outside relays (test/link/).
 */
import { env } from 'cloudflare:workers';
import * as nip59 from 'nostr-tools/nip59';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import type { KeyedAgent } from '../../src/agent/definition.ts';
import type { Words } from '../../src/job/words.ts';
import { type NostrEvent, parseEvent, type Tag } from '../../src/nostr/event.ts';
import type { Filter } from '../../src/nostr/filter.ts';
import { agentKeys } from '../../src/nostr/keys.ts';
import { sessionName } from '../../src/protocol/route.ts';
import { openDb } from '../../src/store/db.ts';
import { upsertJobs } from '../../src/store/jobs.ts';
import { concerns, dispatch } from '../../workers/dispatch.ts';
import { configOf, type Env } from '../../workers/env.ts';
import { commentedKinds, marketplaceOf } from '../../workers/marketplace.ts';
import { person, signedBy } from '../support/events.ts';
import { hexOf, jobRecord } from '../support/records.ts';

const crew = () => agentKeys(configOf(env).masterSecret, 'crew');
const client = person('client');
const nowS = () => Math.floor(Date.now() / 1_000);

interface Told {
  readonly session: string;
  readonly jobId: string | null;
  readonly author: string;
  readonly words: Words;
}
let told: Told[] = [];
beforeEach(() => {
  told = [];
  outside = [];
});

/** What the outside relay holds. */
let outside: NostrEvent[] = [];
const BLOCKED = person('blocked').publicKey;

const sessions = {
  getByName: (session: string) => ({
    async steer(jobId: string | null, author: string, words: Words) {
      told.push({ session, jobId, author, words });
      return 'taken';
    },
  }),
};
const links = {
  getByName: () => ({
    query: async (_url: string, [filter]: readonly Filter[]) =>
      outside.filter(({ id }) => filter?.ids?.includes(id)),
  }),
};

/** The environment with sessions that take every word. One object, because a marketplace belongs to it. */
const listening: Env = new Proxy(
  { ...env, BLOCKED_PUBKEYS: BLOCKED },
  {
    get: (target, name) =>
      name === 'SESSION' ? sessions : name === 'LINKS' ? links : Reflect.get(target, name),
  },
);

beforeAll(() => {
  const marketplace = marketplaceOf(listening);
  const { agents, config, keysOf, agentByPubkey } = marketplace;
  const [discover] = agents;
  if (discover === undefined) throw new Error('no discover agent');
  const { publicKey: pubkey } = crew();
  const team: KeyedAgent = { ...discover, slug: 'crew', runtime: 'team', jobKinds: [5051], pubkey };
  Object.assign(marketplace, {
    agents: [...agents, team],
    known: [...agents, team],
    agentByPubkey: (key: string) => (key === pubkey ? team : agentByPubkey(key)),
    keysOf: (agent: KeyedAgent) => (agent === team ? crew() : keysOf(agent)),
    commentedKinds: commentedKinds([...agents, team], config),
  });
});

function deliver(event: NostrEvent, via = 'embedded'): Promise<void> {
  return dispatch(listening, { event, via, authenticated: [] });
}

function wrapped(
  tags: string[][],
  content: string,
  created_at = nowS(),
  kind = 14,
): { rumor: string; event: NostrEvent } {
  const template = { kind, created_at, tags: [['p', crew().publicKey], ...tags], content };
  const rumor = nip59.createRumor(template, client.secretKey);
  const seal = nip59.createSeal(rumor, client.secretKey, crew().publicKey);
  const event = parseEvent(JSON.parse(JSON.stringify(nip59.createWrap(seal, crew().publicKey))));
  if (typeof event === 'string') throw new Error(event);
  return { rumor: rumor.id, event };
}

/** A run of the client with the team, under way. */
async function underWay(n: number): Promise<{ id: string; session: string }> {
  const run = {
    id: hexOf(n),
    session: sessionName(crew().publicKey, client.publicKey, `run ${n}`),
    agent: 'crew',
    client: client.publicKey,
    phase: 'running',
    closedAt_ms: null,
    openedAt_ms: Date.now() - 1_000_000 + n,
  } as const;
  await upsertJobs(openDb(env.DB), [jobRecord(n, run)]);
  return run;
}

test('a direct message reaches the run it names, and else the newest', async () => {
  const [first, second] = [await underWay(1), await underWay(2)];
  const plain = wrapped([], 'shorter, please');
  expect(concerns(listening, plain.event)).toBe(true);
  await deliver(plain.event);
  const named = wrapped([['e', first.id]], 'pause');
  await deliver(named.event);
  expect(told).toMatchObject([
    {
      session: second.session,
      jobId: second.id,
      author: client.publicKey,
      words: { source: plain.rumor, text: 'shorter, please' },
    },
    { session: first.session, jobId: first.id, words: { source: named.rumor, text: 'pause' } },
  ]);
});

test('a direct message to an agent that is no team, and a forged one, are dropped', async () => {
  await underWay(3);
  const { publicKey } = agentKeys(configOf(env).masterSecret, 'discover');
  const template = { kind: 14, created_at: nowS(), tags: [['p', publicKey]], content: 'hello' };
  const toOther = nip59.wrapEvent(template, client.secretKey, publicKey);
  // The seal is the stranger's, so the words are not the client's.
  const rumor = nip59.createRumor({ ...template, tags: [['p', crew().publicKey]] }, client.secretKey);
  const stranger = person('stranger').secretKey;
  const forged = nip59.createWrap(nip59.createSeal(rumor, stranger, crew().publicKey), crew().publicKey);
  for (const wrap of [toOther, forged]) {
    const event = parseEvent(JSON.parse(JSON.stringify(wrap)));
    if (typeof event === 'string') throw new Error(event);
    await deliver(event);
  }
  expect(told).toEqual([]);
});

test('a comment under a request reaches its run before the record knows it, also when the request is sealed', async () => {
  const request = signedBy('client', {
    kind: 7001,
    created_at: nowS(),
    tags: [['p', crew().publicKey], ['t', 'trip'], ['encrypted']],
    content: 'sealed',
  });
  await env.RELAY.getByName('main').publish([request]);
  const tags: Tag[] = [
    ['E', request.id],
    ['K', '7001'],
    ['e', request.id],
    ['k', '7001'],
  ];
  const comment = signedBy('client', { kind: 1111, created_at: nowS(), tags, content: 'pause' });
  expect(concerns(listening, comment)).toBe(true);
  await deliver(comment);
  await deliver(signedBy('stranger', { ...comment }));
  expect(told).toMatchObject([
    {
      session: sessionName(crew().publicKey, client.publicKey, 'trip'),
      jobId: request.id,
      words: { source: comment.id, text: 'pause' },
    },
  ]);
});

test('only comments that may be under a job of a team are looked at', () => {
  const under = (tags: Tag[], author = 'client') => signedBy(author, { kind: 1111, tags, content: 'hello' });
  const id = hexOf(1);
  const looks = [
    under([
      ['E', id],
      ['K', '7000'],
      ['e', id],
      ['k', '7000'],
    ]),
    under([
      ['E', id],
      ['K', '5051'],
      ['e', id],
      ['k', '1111'],
    ]),
    under([
      ['E', id],
      ['K', '1'],
    ]),
    under([
      ['I', 'https://site.test'],
      ['K', 'web'],
    ]),
  ].map((comment) => concerns(listening, comment));
  expect(looks).toEqual([true, true, false, false]);
  // Where there is no team, nobody asks for comments.
  expect(
    concerns(
      env,
      under([
        ['E', id],
        ['K', '7000'],
      ]),
    ),
  ).toBe(false);
});

test('a comment that overtook its request at an outside relay comes again, one under the job of others does not', async () => {
  const request = (to: string, created_at = nowS()) =>
    signedBy('client', { kind: 7001, created_at, tags: [['p', to]], content: `to ${to}` });
  const ours = request(crew().publicKey);
  const old = request(crew().publicKey, nowS() - 7_200);
  const others = request(person('elsewhere').publicKey);
  const noTeam = request(agentKeys(configOf(env).masterSecret, 'discover').publicKey);
  outside = [ours, old, others, noTeam];
  const under = (id: string) =>
    deliver(
      signedBy('client', {
        kind: 1111,
        created_at: nowS(),
        tags: [
          ['E', id],
          ['K', '7001'],
        ],
        content: 'pause',
      }),
      'wss://outside.test',
    );
  await expect(under(ours.id)).rejects.toThrow('before the job');
  for (const { id } of [old, others, noTeam]) await under(id);
  await under(hexOf(99));
  expect(told).toEqual([]);
});

test('a wrapped cancellation of nothing comes again while it is young, and one dated into the future does not', async () => {
  const called = (at_s: number) => deliver(wrapped([['e', hexOf(98)]], '', at_s, 5).event);
  await expect(called(nowS())).rejects.toThrow('before the job');
  await called(nowS() + 50 * 365 * 86_400);
});

test('who is blocked is not heard', async () => {
  const session = sessionName(crew().publicKey, BLOCKED, null);
  await upsertJobs(openDb(env.DB), [
    jobRecord(8, { agent: 'crew', client: BLOCKED, session, phase: 'running' }),
  ]);
  const tags = [
    ['E', hexOf(8)],
    ['K', '7001'],
  ];
  await deliver(signedBy('blocked', { kind: 1111, created_at: nowS(), tags, content: 'pause' }));
  const template = { kind: 14, created_at: nowS(), tags: [['p', crew().publicKey]], content: 'pause' };
  const event = parseEvent(
    JSON.parse(JSON.stringify(nip59.wrapEvent(template, person('blocked').secretKey, crew().publicKey))),
  );
  if (typeof event === 'string') throw new Error(event);
  await deliver(event);
  expect(told).toEqual([]);
});
