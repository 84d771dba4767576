/** A group of links: what one object does for its relays. The object itself only adds sockets, storage and alarm. */
import { JobError } from '../errors.ts';
import { JOB_REQUEST_MAX_AGE_S } from '../limits.ts';
import type { NostrEvent, VerifiedEvent } from '../nostr/event.ts';
import type { Filter } from '../nostr/filter.ts';
import type { Sql } from '../store/sql.ts';
import type { Connection } from './connection.ts';
import { ContentFeed } from './content.ts';
import { Dispatcher } from './dispatcher.ts';
import { FollowedRelay } from './followed-relay.ts';
import { Inbox } from './inbox.ts';
import { Intake, newSource } from './intake.ts';
import type { LinkInterest } from './plan.ts';
import type { LinkPorts } from './ports.ts';
import { runQuery } from './query.ts';
import { QueryTurns } from './query-turns.ts';
import { type LinkStatus, newCounters, type PublishOutcome } from './status.ts';
import { Visits } from './visits.ts';

export class Links {
  readonly #ports: LinkPorts;
  readonly #interest: LinkInterest;
  readonly #inbox: Inbox;
  readonly #dispatcher: Dispatcher;
  readonly #intake: Intake;
  readonly #visits: Visits;
  readonly #relays = new Map<string, FollowedRelay>();
  readonly #queryTurns = new QueryTurns();
  #queries = 0;

  /** Reads what is stored and dials nothing yet. */
  constructor(ports: LinkPorts, sql: Sql, interest: LinkInterest) {
    this.#ports = ports;
    this.#interest = interest;
    this.#inbox = new Inbox(sql);
    this.#dispatcher = new Dispatcher(ports, this.#inbox, (url) => this.#relays.get(url)?.source.counters);
    this.#intake = new Intake(ports, this.#inbox, this.#dispatcher, new ContentFeed(ports), interest);
    this.#visits = new Visits(ports, () => interest.agents);
    for (const { url, cursor_s } of this.#inbox.followed()) this.#add(url, cursor_s);
  }

  /** Whether there is anything a heartbeat has to keep up. */
  get isActive(): boolean {
    return this.#relays.size > 0 || this.#inbox.relaysWaiting().length > 0;
  }

  /** Follows exactly these relays from now on (normalised URLs of the operator). Repeat-safe. */
  follow(urls: readonly string[]): void {
    const wanted = [...new Set(urls)];
    const current = [...this.#relays.keys()];
    if (wanted.length !== current.length || wanted.some((url, i) => url !== current[i])) {
      this.#inbox.follow(wanted, Math.floor(this.#ports.now() / 1_000));
      for (const [url, relay] of this.#relays) if (!wanted.includes(url)) relay.stop();
      const kept = new Map(this.#relays);
      this.#relays.clear();
      for (const { url, cursor_s } of this.#inbox.followed()) {
        const relay = kept.get(url);
        if (relay === undefined) this.#add(url, cursor_s);
        else this.#relays.set(url, relay);
      }
    }
    this.start();
  }

  /** There are other agents than before: followed relays are asked for what concerns them. Repeat-safe. */
  interestChanged(): void {
    for (const relay of this.#relays.values()) relay.interestChanged();
  }

  /** Dials what is not connected, and takes up what the inbox holds. Repeat-safe; called whenever the object wakes. */
  start(): void {
    for (const relay of this.#relays.values()) relay.start();
    this.#dispatcher.pump();
  }

  /**
   * The heartbeat, every LINK_HEARTBEAT_MS.
   *
   * @returns how many requests nobody took for an hour, which were given up: an operator has to hear of it
   */
  tick(): number {
    const now = this.#ports.now();
    const givenUp = this.#inbox.purge(now, now - JOB_REQUEST_MAX_AGE_S * 1_000);
    for (const relay of this.#relays.values()) relay.tick();
    this.#dispatcher.pump();
    return givenUp;
  }

  /** Publishes to one relay, over its followed connection or a short visit. Refusals are outcomes; it never rejects. */
  async publish(url: string, events: readonly NostrEvent[]): Promise<PublishOutcome[]> {
    const refused = (reason: string) => events.map(({ id }) => ({ id, ok: false, reason }));
    return this.#use(url, (connection) => connection.publish(events), refused);
  }

  /** Stored events of one relay; whatever arrived by EOSE or by the end of `timeout_ms`. */
  async query(url: string, filters: readonly Filter[], timeout_ms: number): Promise<VerifiedEvent[]> {
    const id = `query-${++this.#queries}`;
    return this.#queryTurns.take(url, filters, () =>
      this.#use(
        url,
        (connection) => runQuery(connection, this.#ports.after, id, filters, timeout_ms),
        () => [],
      ),
    );
  }

  status(): LinkStatus[] {
    return [...this.#relays.values()].map((relay) => relay.status());
  }

  /** Closes everything; the object is about to go. */
  stop(): void {
    for (const relay of this.#relays.values()) relay.stop();
    this.#visits.closeAll();
  }

  async #use<T>(
    url: string,
    work: (connection: Connection) => Promise<T>,
    refused: (reason: string) => T,
  ): Promise<T> {
    const followed = this.#relays.get(url);
    if (followed !== undefined) {
      const connection = followed.connection();
      return connection === undefined ? refused('error: the relay cannot be reached now') : work(connection);
    }
    let permitted: string;
    try {
      permitted = this.#ports.permit(url);
    } catch (error) {
      if (!(error instanceof JobError)) throw error;
      return refused(`blocked: ${error.message}`);
    }
    return this.#visits.use(permitted, work, refused);
  }

  #add(url: string, cursor_s: number): void {
    const source = newSource(url, newCounters(), this.#ports.now());
    this.#relays.set(
      url,
      new FollowedRelay({
        ports: this.#ports,
        interest: this.#interest,
        intake: this.#intake,
        source,
        cursor_s,
        saveCursor: (cursor) => this.#inbox.saveCursor(url, cursor),
      }),
    );
  }
}
