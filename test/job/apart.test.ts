/**
 * Goal: a session shows nothing of another client's session, nor of another conversation of its own client, whatever
 * clients call their conversations; and what is sealed is in no event and no record in the open.
 * Method: seeded random requests of several clients to several agents, routed and named as the Worker does it, into
 * the real sessions with their journals, which lose their memory at random. Every prompt holds a mark of its own, and
 * the agent is the worst there could be: it says all it was given, and has the session keep a summary of it.
 * Does not prove: that a durable object's storage is its own, which is the platform's part.
 */
import { describe, expect, test } from 'vitest';
import { embeddedAgents } from '../../src/agent/embedded.ts';
import { readConfig } from '../../src/config.ts';
import type { SessionPorts } from '../../src/job/ports.ts';
import { Session } from '../../src/job/session.ts';
import { type KeyPair, type NostrEvent, sha256Hex, signAs } from '../../src/nostr/event.ts';
import { agentKeys, deriveKeys } from '../../src/nostr/keys.ts';
import { DEFAULT_AGENT_KINDS as KINDS } from '../../src/nostr/kinds.ts';
import { encryptNip44 } from '../../src/nostr/nip44.ts';
import { isGiftWrap, wrap } from '../../src/nostr/nip59.ts';
import type { KeyedAgent } from '../../src/protocol/agent.ts';
import { dialectNamed } from '../../src/protocol/dialects.ts';
import type { JobOutput, Sealing } from '../../src/protocol/model.ts';
import { partiesOf, route, sessionName } from '../../src/protocol/route.ts';
import { openerFor, openRequest, seal, unwrap } from '../../src/protocol/sealing.ts';
import { NO_CHECKS } from '../support/checks.ts';
import { nodeSql } from '../support/node-sql.ts';
import { seeded } from '../support/random.ts';
import { seededBytes } from '../support/seeded.ts';

const CONFIG = readConfig({ LOCAL: '1', MODEL_BASE_URL: 'http://127.0.0.1:1/v1', MODEL: 'small' });
const CHAT = embeddedAgents(CONFIG).find(({ slug }) => slug === 'chat');
if (CHAT === undefined) throw new Error('there is no chat');
const AGENTS: readonly KeyedAgent[] = ['one', 'two'].map((slug) => ({
  ...CHAT,
  slug,
  pubkey: agentKeys(CONFIG.masterSecret, slug).publicKey,
}));
const CLIENTS = ['ann', 'bob', 'eve'].map((name) => deriveKeys('22'.repeat(32), name));
const ANN = CLIENTS[0]?.publicKey ?? '';
/** What clients may call a conversation to come into another's: the same, nearly the same, parts of names, odd text. */
const TALKS: readonly (string | null)[] = [
  null,
  'talk',
  'talk',
  'talk ',
  'Talk',
  '',
  'null',
  '\ud800',
  '\udfff',
  ANN,
  `64:${ANN}:`,
  sha256Hex(JSON.stringify('talk')),
  '__proto__',
];
const SEALINGS: readonly Sealing[] = ['none', 'nip44', 'giftwrap'];

interface Asked {
  readonly mark: string;
  readonly client: KeyPair;
  readonly agent: KeyedAgent;
  readonly talk: string | null;
  readonly sealing: Sealing;
}

class House {
  readonly random: () => number;
  readonly asked = new Map<string, Asked>();
  /** Everything that left, as anybody could read it, by the job it answers. */
  readonly told: string[] = [];
  readonly recorded: string[] = [];
  now_ms = 1_700_000_000_000;
  /** What was seen that shall not have been, and how often what shall. */
  readonly leaks: string[] = [];
  remembered = 0;
  summaries = 0;
  readonly #bytes: ReturnType<typeof seededBytes>;
  readonly #disks = new Map<string, ReturnType<typeof nodeSql>>();
  readonly #sessions = new Map<string, Session>();
  #orders: (() => void)[] = [];
  readonly #deferred: Promise<void>[] = [];

  constructor(seed: number) {
    this.random = seeded(seed);
    this.#bytes = seededBytes(seed);
  }

  pick<T>(items: readonly T[]): T {
    const item = items[Math.floor(this.random() * items.length)];
    if (item === undefined) throw new Error('nothing to pick from');
    return item;
  }

  /** One request, delivered as the Worker does it, and done. */
  async ask(): Promise<void> {
    const mark = `MARK${sha256Hex(`${this.asked.size} ${this.random()}`).slice(0, 16)}`;
    const talk = this.pick(TALKS);
    // A conversation is sealed or not: who asks in the open what a sealed turn said is answered in the open.
    const client = this.pick(CLIENTS);
    const sealing = SEALINGS[(CLIENTS.indexOf(client) + TALKS.indexOf(talk)) % SEALINGS.length] ?? 'none';
    const asked: Asked = { mark, client, agent: this.pick(AGENTS), talk, sealing };
    this.asked.set(mark, asked);
    const event = this.#event(asked);
    const addressee = AGENTS.find(({ pubkey }) => event.tags.some((tag) => tag[1] === pubkey));
    const inner = isGiftWrap(event) && addressee ? unwrap(event, keysOf(addressee)) : event;
    if (inner === null) throw new Error('the wrap could not be opened');
    const routed = route(inner, AGENTS, KINDS, isGiftWrap(event) ? addressee : undefined);
    if (routed === null) throw new Error('it is for nobody');
    const name = sessionName(routed.agent.pubkey, routed.envelope.client, routed.envelope.session);
    await this.#session(name).open(event, 'embedded', []);
    while (this.#orders.length > 0) {
      const orders = this.#orders;
      this.#orders = [];
      for (const order of orders) order();
    }
    await Promise.all(this.#deferred.splice(0));
    this.now_ms += 1_000;
    if (this.random() < 0.3) this.#sessions.delete(name);
    if (this.random() < 0.1) await this.#session(name).cancel(routed.envelope.id);
  }

  /** Notes marks that are not of the conversation a job belongs to. */
  look(where: string, text: string, job: Asked | null): void {
    for (const [found] of text.matchAll(/MARK[0-9a-f]{16}/g)) {
      const other = this.asked.get(found);
      if (job !== null && other !== undefined && together(job, other)) continue;
      this.leaks.push(`${where}: ${found}`);
    }
  }

  #event({ mark, client, agent, talk, sealing }: Asked): NostrEvent {
    const request = ['request', JSON.stringify({ messages: [{ role: 'user', content: mark }] })];
    const open = [['p', agent.pubkey], ...(talk === null ? [] : [['t', talk]])];
    const template = {
      kind: KINDS.task,
      created_at: Math.floor(this.now_ms / 1_000),
      tags: open,
      content: '',
    };
    if (sealing === 'giftwrap') {
      return wrap({ ...template, tags: [...open, request] }, client, agent.pubkey, false, this.#bytes);
    }
    if (sealing === 'none') {
      return signAs({ ...template, tags: [...open, request] }, client, this.#bytes(32));
    }
    const content = encryptNip44(JSON.stringify([request]), client, agent.pubkey, this.#bytes);
    return signAs({ ...template, tags: [...open, ['encrypted']], content }, client, this.#bytes(32));
  }

  #session(name: string): Session {
    const known = this.#sessions.get(name);
    if (known !== undefined) return known;
    const disk = this.#disks.get(name) ?? nodeSql();
    this.#disks.set(name, disk);
    const session = new Session(disk, this.#ports(name));
    this.#sessions.set(name, session);
    return session;
  }

  /** All the work there is, by the runner: everything given is said, kept, and told in short. */
  #work(name: string, jobId: string, attempt: number): void {
    const step = this.#session(name).begin(jobId, attempt);
    if (step === null) return;
    const { history, body } = step.assignment;
    const said = JSON.stringify([history, body]);
    const own = this.asked.get(/MARK[0-9a-f]{16}/.exec(JSON.stringify(body))?.[0] ?? '') ?? null;
    this.look('an agent was given', said, own);
    if (history.length > 0) this.remembered++;
    const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
    const output: JobOutput = { content: said.slice(0, 8_000), finishReason: 'stop', model: 'worst', usage };
    const covers = Math.ceil(this.random() * history.length);
    const before = history.slice(0, covers);
    const summary = { role: 'user', content: JSON.stringify(before).slice(0, 4_000) } as const;
    const of = sha256Hex(JSON.stringify(before));
    const condenses = covers > 0 && this.random() < 0.3;
    if (condenses) this.summaries++;
    this.#session(name).ended(
      jobId,
      attempt,
      condenses ? { ...output, condensed: { covers, of, messages: [summary] } } : output,
    );
  }

  #ports(name: string): SessionPorts {
    const parties = partiesOf(name);
    const agent = AGENTS.find(({ pubkey }) => pubkey === parties?.agent);
    if (parties === null || agent === undefined) throw new Error(`no session is called ${name}`);
    const keys = keysOf(agent);
    return {
      clock: () => this.now_ms,
      random: this.random,
      timeLimit_ms: 600_000,
      names: { session: name, agent: agent.slug, client: parties.client },
      read(event) {
        const request = openRequest(event, keys, KINDS);
        if (request === null) throw new Error('this is no request');
        return request;
      },
      body: ({ event, envelope }) =>
        dialectNamed(envelope.dialect, KINDS).body(event, envelope, openerFor(keys, envelope.client)),
      ...NO_CHECKS,
      answer: (report, request, now_s) =>
        dialectNamed(request.envelope.dialect, KINDS)
          .render(report, request, now_s)
          .map((template) => seal(template, request, keys, this.#bytes)),
      admit: async () => null,
      quote: () => null,
      money: null,
      namedTargets: () => [],
      readRelays: async () => [],
      work: null,
      order: async (jobId, attempt) => {
        this.#orders.push(() => this.#work(name, jobId, attempt));
      },
      longWork: null,
      chained: async () => ({ type: 'pending' }),
      publish: async (_, events) => {
        this.told.push(...events.map((event) => JSON.stringify(event)));
        return events.map(({ id }) => ({ id, ok: true, reason: '' }));
      },
      withdraw: async () => undefined,
      retraction: async () => null,
      project: async (records) => {
        this.recorded.push(JSON.stringify(records));
      },
      wakeAt: () => undefined,
      forget: () => undefined,
      clearAll: () => undefined,
      defer: (work) => {
        this.#deferred.push(work);
      },
      delay: async () => undefined,
      fault: async () => undefined,
      log: (what, _, error) => {
        throw new Error(what, { cause: error });
      },
    };
  }
}

function keysOf({ slug }: KeyedAgent): KeyPair {
  return agentKeys(CONFIG.masterSecret, slug);
}

/** Whether two requests are turns of one conversation, by what their client wrote. */
function together(a: Asked, b: Asked): boolean {
  if (a.mark === b.mark) return true;
  return a.talk !== null && a.talk === b.talk && a.client === b.client && a.agent === b.agent;
}

describe('sessions of several clients with several agents', () => {
  test('are given, say, keep and record nothing of each other', async () => {
    let remembered = 0;
    let summaries = 0;
    let told = 0;
    for (let seed = 1; seed <= 25; seed++) {
      const house = new House(seed);
      for (let i = 0; i < 60; i++) await house.ask();
      for (const text of house.recorded) house.look('the record holds', text, null);
      for (const text of house.told) {
        // By the first mark in it: all others have to belong to the same conversation.
        const owner = house.asked.get(/MARK[0-9a-f]{16}/.exec(text)?.[0] ?? '');
        if (owner === undefined) continue;
        told++;
        house.look('an event says', text, owner.sealing === 'none' ? owner : null);
        expect(text).toContain(owner.client.publicKey);
      }
      expect(house.leaks, `seed ${seed}`).toEqual([]);
      remembered += house.remembered;
      summaries += house.summaries;
    }
    // It has to have been worth looking.
    expect(remembered).toBeGreaterThan(200);
    expect(summaries).toBeGreaterThan(50);
    expect(told).toBeGreaterThan(100);
  });
});
