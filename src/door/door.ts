/**
 * The door: how somebody who has no Nostr key posts a job, follows it, answers it and calls it off. OpenAI's, MCP's and
 * A2A's doors stand on this one and only speak differently. There is no job model in here: a request is a signed event of
 * the purse, handed to its session like any other, and what is heard of it are the agent's signed answers.
 */
import { createHmac } from 'node:crypto';
import { JobError } from '../errors.ts';
import { IDEMPOTENCY_MAX_KEY_CHARS } from '../limits.ts';
import { type KeyPair, type NostrEvent, signAs } from '../nostr/event.ts';
import { KIND } from '../nostr/kinds.ts';
import type { Msats } from '../payment/msats.ts';
import type { KeyedAgent } from '../protocol/agent.ts';
import { directMessage } from '../protocol/direct-message.ts';
import type { JobRecord, RecordedPhase } from '../store/job-record.ts';
import { type FollowOptions, followJob, soFar } from './follow.ts';
import type { HeardNews } from './news.ts';
import { bodyOf, type Order, requestEvent } from './order.ts';
import type { DoorPorts } from './ports.ts';
import { assertMayHire, type Purse } from './purse.ts';
import { NewsReader } from './reader.ts';

/** A caller's own name for a request, so that sending it again is the same job. */
export interface Idempotency {
  /** The `Idempotency-Key`. */
  readonly key: string;
  /** Everything that was asked for, as text: another text under the same key is a mistake. */
  readonly content: string;
  /** Another text takes the place of the former one: for callers who count their requests anew whenever they start. */
  readonly anew?: true;
}

export interface PostedJob {
  /** Id of the request and of the job. */
  readonly id: string;
  readonly request: NostrEvent;
  /** Whether it was posted before, under the same `Idempotency-Key`. */
  readonly repeated: boolean;
  /** News from its beginning. To be called once; a stream waits from before the posting, so that nothing is missed. */
  news(signal?: AbortSignal): AsyncGenerator<HeardNews, void>;
  /** Lets go of that stream where nobody wants the news. */
  leave(): Promise<void>;
}

export class Door {
  readonly #ports: DoorPorts;

  constructor(ports: DoorPorts) {
    this.#ports = ports;
  }

  /** The keys of the purse with this id. */
  purseKeys(id: string): KeyPair {
    return this.#ports.purseKeys(id);
  }

  /** The agents by which jobs can be done, best first. */
  get agents(): readonly KeyedAgent[] {
    return this.#ports.agents;
  }

  /** @throws JobError NOT_FOUND */
  agent(slug: string): KeyedAgent {
    const agent = this.#ports.agents.find((one) => one.slug === slug);
    if (agent !== undefined) return agent;
    throw new JobError('NOT_FOUND', 'no agent of this name is here');
  }

  /**
   * The most an order can cost, without what a conversation adds to it. @throws JobError when it cannot be ordered like
   * that
   */
  price(order: Order): Msats {
    return this.#ports.quote(order.agent, bodyOf(order, this.#ports.kinds));
  }

  /** What a purse can spend now. */
  async credit({ keys }: Purse): Promise<Msats> {
    return await this.#ports.credit(keys.publicKey);
  }

  /**
   * Posts a job. Resolves when its session has it for good. What it costs is taken from the purse's credit; where that is
   * too little, its news say what is to be paid.
   *
   * @throws JobError FORBIDDEN for an agent the purse is not for; what {@link price} throws; BAD_REQUEST with
   *   `details.reason` `idempotency_key_reused` for another request under a key that was used
   */
  async post(purse: Purse, order: Order, idempotency?: Idempotency): Promise<PostedJob> {
    assertMayHire(purse, order.agent.slug);
    bodyOf(order, this.#ports.kinds);
    const { kinds, relay } = this.#ports;
    const fresh = requestEvent(order, purse, { kinds, relay, now_s: Math.floor(this.#ports.now() / 1_000) });
    const request =
      idempotency === undefined ? fresh : await this.#remembered(purse, fresh, order, idempotency);
    // Opened first: a delta that was missed is not sent again.
    const stream = await this.#ports.jobEvents(request.id, 0, true);
    try {
      await this.#ports.take(request);
    } catch (error) {
      await stream.cancel();
      throw error;
    }
    return {
      id: request.id,
      request,
      repeated: request.id !== fresh.id,
      news: (signal) =>
        followJob(this.#ports, purse, request.id, signal === undefined ? { stream } : { stream, signal }),
      leave: () => stream.cancel(),
    };
  }

  /** Reads news with patience: for doors that say that they are alive. */
  reader(news: AsyncGenerator<HeardNews, void>): NewsReader {
    return new NewsReader(news, this.#ports.after);
  }

  /** News of a job of this purse, from its beginning or after a cursor. @throws JobError NOT_FOUND for one of others */
  async follow(
    purse: Purse,
    jobId: string,
    options: FollowOptions = {},
  ): Promise<AsyncGenerator<HeardNews, void>> {
    await this.#own(purse, jobId);
    return followJob(this.#ports, purse, jobId, options);
  }

  /** Where a job of this purse stands. @throws JobError NOT_FOUND for one of others */
  async phase(purse: Purse, jobId: string): Promise<RecordedPhase> {
    return (await this.#own(purse, jobId)).phase;
  }

  /** Its purse has been filled: a job that waits for money looks again. @throws JobError NOT_FOUND for one of others */
  async credited(purse: Purse, jobId: string): Promise<void> {
    await this.#own(purse, jobId);
    await this.#ports.credited(jobId);
  }

  /**
   * Calls a job off, or erases what is kept of one that has ended. Resolves when that is durably on its way.
   *
   * @throws JobError NOT_FOUND for a job of others
   */
  async cancel(purse: Purse, jobId: string): Promise<void> {
    await this.#own(purse, jobId);
    await this.#ports.publish(
      signAs(
        {
          kind: KIND.deletion,
          created_at: Math.floor(this.#ports.now() / 1_000),
          tags: [
            ['e', jobId],
            ['k', String(this.#ports.kinds.task)],
          ],
          content: '',
        },
        purse.keys,
      ),
    );
  }

  /**
   * Says something to the team at work on a job: an answer to its question, a wish (docs/teams.md). Goes as a gift-wrapped
   * message (NIP-17).
   *
   * @throws JobError NOT_FOUND for a job of others, BAD_REQUEST for an agent that listens to nobody
   */
  async say(purse: Purse, jobId: string, text: string): Promise<void> {
    const { agent: slug } = await this.#own(purse, jobId);
    const agent = this.agent(slug);
    if (agent.runtime !== 'team')
      throw new JobError('BAD_REQUEST', `${slug} works alone and takes no messages`, { reason: 'no_team' });
    const now_s = Math.floor(this.#ports.now() / 1_000);
    await this.#ports.publish(directMessage(purse.keys, agent.pubkey, text, { replyTo: jobId }, now_s));
  }

  /** What a job of this purse has said so far. @throws JobError NOT_FOUND for one of others */
  async soFar(purse: Purse, jobId: string): Promise<AsyncGenerator<HeardNews, void>> {
    return soFar(this.#ports, purse, await this.#own(purse, jobId));
  }

  /** What is on record of a job of this purse, as it stands. @throws JobError NOT_FOUND for one of others */
  async look(purse: Purse, jobId: string): Promise<JobRecord> {
    return await this.#own(purse, jobId);
  }

  /** @throws JobError NOT_FOUND */
  async #own({ keys }: Purse, jobId: string): Promise<JobRecord> {
    const job = await this.#ports.job(jobId);
    if (job !== undefined && job.client === keys.publicKey) return job;
    throw new JobError('NOT_FOUND', 'this key has no job of this id');
  }

  async #remembered(
    { keys }: Purse,
    fresh: NostrEvent,
    { agent }: Order,
    { key, content, anew }: Idempotency,
  ): Promise<NostrEvent> {
    if (key.length === 0 || key.length > IDEMPOTENCY_MAX_KEY_CHARS)
      throw new JobError(
        'BAD_REQUEST',
        `an Idempotency-Key has 1 to ${IDEMPOTENCY_MAX_KEY_CHARS} characters`,
      );
    const name = keyedBy(keys, `name ${key}`);
    const fingerprint = keyedBy(keys, `content ${agent.pubkey} ${content}`);
    const mine = { fingerprint, event: fresh };
    const known = await this.#ports.remember(keys.publicKey, name, mine, null);
    if (known.fingerprint !== fingerprint && anew === true)
      return (await this.#ports.remember(keys.publicKey, name, mine, known.event.id)).event;
    if (known.fingerprint !== fingerprint) {
      throw new JobError('BAD_REQUEST', 'this Idempotency-Key was used for another request', {
        reason: 'idempotency_key_reused',
      });
    }
    if (known.event.id === fresh.id || !(await this.#cameToNothing(known.event.id))) return known.event;
    // It cost nothing and has no answer, so asking again may bring one.
    return (await this.#ports.remember(keys.publicKey, name, mine, known.event.id)).event;
  }

  /** Id of the job that a purse posted under a key; null for none. */
  async recall({ keys }: Purse, key: string): Promise<string | null> {
    return await this.#ports.recall(keys.publicKey, keyedBy(keys, `name ${key}`));
  }

  async #cameToNothing(jobId: string): Promise<boolean> {
    const job = await this.#ports.job(jobId);
    return job !== undefined && ENDED_WITHOUT_ANSWER.has(job.phase);
  }
}

/** What is kept of a purse's own words: nobody can tell from it what they were. */
function keyedBy({ secretKey }: KeyPair, text: string): string {
  return createHmac('sha256', secretKey).update(text).digest('hex');
}

const ENDED_WITHOUT_ANSWER: ReadonlySet<string> = new Set(['rejected', 'expired', 'cancelled', 'failed']);
