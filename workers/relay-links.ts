/** Durable objects that hold outbound sockets, up to LINK_RELAYS_PER_OBJECT relays each. The logic is src/link/. */
import { DurableObject } from 'cloudflare:workers';
import { systemClock } from '../src/clock.ts';
import { LINK_HEARTBEAT_MS } from '../src/limits.ts';
import { Links } from '../src/link/links.ts';
import type { LinkPorts } from '../src/link/ports.ts';
import { linkGroupNamed } from '../src/link/shard.ts';
import { type NostrEvent, signAs, type VerifiedEvent } from '../src/nostr/event.ts';
import type { Filter } from '../src/nostr/filter.ts';
import { authTemplate } from '../src/nostr/nip42.ts';
import { fetchDialer } from './dial.ts';
import { concerns, dispatch } from './dispatch.ts';
import { configOf, type Env } from './env.ts';
import { faultPoint } from './faults.ts';
import { linkInterest } from './link-interest.ts';
import { freshListings, haveListings, knownListings } from './listings.ts';
import { marketplaceOf } from './marketplace.ts';
import { permitRelay } from './permit.ts';
import type { LinkStatus, PublishOutcome, RelayLinksRpc } from './rpc.ts';
import { durableSql } from './sql.ts';

/** A query's answer is of no use after this, whatever the caller asks for, ms. */
const QUERY_MAX_MS = 15_000;

export class RelayLinks extends DurableObject<Env> implements RelayLinksRpc {
  readonly #links: Links;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#links = new Links(this.#ports(), durableSql(ctx.storage), linkInterest(env));
    if (haveListings(env)) return;
    // Nothing is dialled before this is over: no call reaches the object until then.
    void ctx.blockConcurrencyWhile(() => freshListings(env));
  }

  async listingsChanged(): Promise<void> {
    await freshListings(this.env, 0);
    this.#links.interestChanged();
  }

  async follow(urls: readonly string[]): Promise<void> {
    this.#links.follow(urls);
    await this.#keepHeartbeat();
  }

  async publish(url: string, events: readonly NostrEvent[]): Promise<PublishOutcome[]> {
    this.#links.start();
    return await this.#links.publish(url, events);
  }

  async query(url: string, filters: readonly Filter[], timeout_ms: number): Promise<NostrEvent[]> {
    this.#links.start();
    return await this.#links.query(url, filters, Math.min(timeout_ms, QUERY_MAX_MS));
  }

  async status(): Promise<LinkStatus[]> {
    this.#links.start();
    return this.#links.status();
  }

  /**
   * The heartbeat. The next one is set before anything can fail, and nothing is thrown: after six throws the
   * platform would never call again (PLATFORM, alarms).
   */
  override async alarm(): Promise<void> {
    try {
      // A relay taken out of the configuration is let go even when nobody comes to say so.
      const configured = linkGroupNamed(configOf(this.env).relays, this.ctx.id.name);
      if (configured !== undefined) this.#links.follow(configured);
      if (this.#links.isActive) await this.ctx.storage.setAlarm(Date.now() + LINK_HEARTBEAT_MS);
      await this.#keepListings();
      this.#links.start();
      const givenUp = this.#links.tick();
      if (givenUp > 0) console.error(`links: ${givenUp} requests could not be dispatched for an hour`);
    } catch (error) {
      console.error('links: heartbeat failed', error);
      await this.ctx.storage.setAlarm(Date.now() + LINK_HEARTBEAT_MS);
    }
  }

  /** Listings that changed while nobody could tell this object. */
  async #keepListings(): Promise<void> {
    const before = knownListings(this.env);
    await freshListings(this.env);
    if (knownListings(this.env) !== before) this.#links.interestChanged();
  }

  async #keepHeartbeat(): Promise<void> {
    if (!this.#links.isActive || (await this.ctx.storage.getAlarm()) !== null) return;
    await this.ctx.storage.setAlarm(Date.now() + LINK_HEARTBEAT_MS);
  }

  #ports(): LinkPorts {
    const { ctx, env } = this;
    const { config } = marketplaceOf(env);
    const background = (work: Promise<unknown>) =>
      ctx.waitUntil(work.catch((error: unknown) => console.error('links:', error)));
    return {
      now: systemClock,
      random: Math.random,
      after(delay_ms, work) {
        const timer = setTimeout(work, delay_ms);
        return () => clearTimeout(timer);
      },
      dial: fetchDialer(background),
      background,
      signAuth(pubkey, relayUrl, challenge) {
        const { agentByPubkey, keysOf } = marketplaceOf(env);
        const agent = agentByPubkey(pubkey);
        if (agent === undefined) return undefined;
        return signAs(authTemplate(challenge, relayUrl, Math.floor(Date.now() / 1_000)), keysOf(agent));
      },
      concerns: (event) => concerns(env, event),
      dispatch: (delivery) => dispatch(env, delivery),
      ingest: (events: readonly VerifiedEvent[]) => env.INDEX.getByName('main').ingest(events),
      permit: (url) => permitRelay(config, url),
      ...(env.FAULT_URL === undefined
        ? {}
        : { fault: (name: 'K0' | 'K1', about: string) => faultPoint(env, name, about) }),
    };
  }
}
