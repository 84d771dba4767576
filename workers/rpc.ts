/**
 * What the durable objects of this Worker say to each other. Each class implements its interface; callers hold
 * only the interface, so that a test double can stand in. All values are plain JSON.
 */
import type { ModelFailure } from '../src/agent/models/failure.ts';
import type { Leave as ModelLeave } from '../src/agent/models/traffic.ts';
import type { SearchHit, SearchQuery } from '../src/agent/runtime.ts';
import type { ModelAnswer, ModelQuestion } from '../src/arena/house/questions.ts';
import type { Backlog } from '../src/job/backlog.ts';
import type { Placement } from '../src/job/broker.ts';
import type { Failed } from '../src/job/ports.ts';
import type { Step } from '../src/job/step.ts';
import type { LinkStatus, PublishOutcome } from '../src/link/status.ts';
import type { NostrEvent } from '../src/nostr/event.ts';
import type { Filter } from '../src/nostr/filter.ts';
import type {
  HoldOrder,
  InvoiceOrder,
  IssuedInvoice,
  Listing,
  Paid,
  WalletAnswer,
  WalletCapabilities,
  WalletTransaction,
} from '../src/payment/wallet.ts';
import type { Plain } from '../src/payment/wallet-json.ts';
import type { Observer } from '../src/payment/watches.ts';
import type { JobOutput, Report, Usage } from '../src/protocol/model.ts';
import type { JobRecord } from '../src/store/job-record.ts';
import type { TeamSessionRpc } from './team-rpc.ts';

export { EMBEDDED } from '../src/link/outbox.ts';
export type { LinkStatus, PublishOutcome };

/** The embedded relay (workers/relay.ts). Also answers WebSocket upgrades through `fetch`. */
export interface RelayRpc {
  /**
   * Takes events that this marketplace signed or verified: stores them, passes them on to subscribers. Ephemeral
   * events are only passed on. Publishing the same id again is harmless and answers ok.
   */
  publish(events: readonly NostrEvent[]): Promise<PublishOutcome[]>;
  /** Stored events, newest first. */
  query(filters: readonly Filter[], limit: number): Promise<NostrEvent[]>;
  /**
   * One stored event, also when its author withdrew it moments ago: whoever cancels a job by deleting its request
   * (NIP-09) still needs the request to find the session.
   */
  find(id: string): Promise<NostrEvent | null>;
  /** Takes stored events out of sight and erases them soon; whoever calls has seen that their author wants it. */
  withdraw(ids: readonly string[]): Promise<void>;
  /**
   * Server-sent events of one job: every stored answer to it after `afterSeq` (in the order it arrived here, with
   * its sequence number as `id:`), then live ones; stream deltas come without `id:`. UTF-8 bytes.
   */
  jobEvents(jobId: string, afterSeq: number, live: boolean): Promise<ReadableStream<Uint8Array>>;
  /** An owner has changed a listing: events for it are to be known at once. Repeat-safe. */
  listingsChanged(): Promise<void>;
  stats(): Promise<{ readonly [name: string]: number }>;
  /** From now on takes nothing from these keys, besides those of the configuration, and from all others again. */
  keepOut(pubkeys: readonly string[]): Promise<void>;
}

/** A group of outbound relay connections (workers/relay-links.ts). */
export interface RelayLinksRpc {
  /** The relays this object follows from now on; saved, and kept up by alarm. */
  follow(urls: readonly string[]): Promise<void>;
  /** Publishes to one relay (followed or not; an unfollowed one gets a short-lived connection) and waits for each OK. */
  publish(url: string, events: readonly NostrEvent[]): Promise<PublishOutcome[]>;
  /** Asks one relay for stored events until EOSE or `timeout_ms`. Events are verified. */
  query(url: string, filters: readonly Filter[], timeout_ms: number): Promise<NostrEvent[]>;
  status(): Promise<LinkStatus[]>;
  /** An owner has changed a listing: relays are asked for what is meant for it. Repeat-safe. */
  listingsChanged(): Promise<void>;
}

/** The search index over events seen (workers/search-index.ts). */
export interface SearchIndexRpc {
  /** Takes verified events of the kinds it knows (0, 1, 3, 5, 6, 7, 9735, 30023); others are passed over. Repeat-safe. */
  ingest(events: readonly NostrEvent[]): Promise<void>;
  search(query: SearchQuery): Promise<SearchHit[]>;
}

/** A verified event on its way to whom it concerns. */
export interface Delivery {
  /** Verified: id and signature were checked by whoever hands it on. */
  readonly event: NostrEvent;
  /** Where it came from: {@link EMBEDDED}, or the URL of an outside relay. */
  readonly via: string;
  /** Public keys the connection has proved to hold (NIP-42). */
  readonly authenticated: readonly string[];
}

/** What a runner tells of a step it works on. */
export type StepNews = Extract<Report, { type: 'progress' | 'partial' }>;

/** How a step ended. */
export type StepOutcome =
  | { readonly type: 'output'; readonly output: JobOutput }
  | ({ readonly type: 'failed' } & Failed);

/** A zap as another provider claims it; amounts in msats as decimal strings. */
export interface ZapClaim {
  readonly paymentHash: string;
  readonly amount: string;
  /** Up to this price a job may be done on such a claim alone. */
  readonly trust: string;
}

/** One session (workers/agent-session.ts). */
export interface AgentSessionRpc extends TeamSessionRpc {
  /** Something has become of the hire for a job: whoever handed it on may look. A hint, not a fact. */
  hireChanged(jobId: string): Promise<void>;
  /**
   * Takes a request of this session's client to its agent. Repeat-safe by job id; returns when it is stored.
   *
   * @param placement given where the broker had a hand in it
   */
  open(delivery: Delivery, placement?: Placement): Promise<void>;
  /** Calls a job off, or erases an ended one, when its client asks; anybody else's wish changes nothing. */
  cancel(jobId: string, author: string): Promise<void>;
  /** What it still owes to relays. */
  backlog(): Promise<readonly Backlog[]>;
  /** A runner begins a step; null when it is not to be done. */
  stepBegin(jobId: string, attempt: number): Promise<Step | null>;
  /** A runner's sign of life. Whether it shall go on. */
  stepNews(jobId: string, attempt: number, news: StepNews | null): Promise<boolean>;
  /** A runner is done. */
  stepEnded(jobId: string, attempt: number, outcome: StepOutcome): Promise<void>;
  /** A job's line in the record, as this session knows it; null when unknown to it. */
  record(jobId: string): Promise<JobRecord | null>;
  /**
   * The client's credit has grown: jobs that wait for money may go on. Repeat-safe; changes nothing else.
   *
   * @param jobId the one the money was sent for, which comes first
   */
  credited(jobId: string): Promise<void>;
  /**
   * Another provider claims that a job was zapped, and everything that can be told from outside agrees. No money of ours
   * has moved. Repeat-safe.
   */
  zapped(jobId: string, claim: ZapClaim): Promise<void>;
}

/**
 * The operator's wallet (workers/wallet-link.ts): the port of src/payment/wallet.ts as plain JSON, amounts as decimal
 * msats. Use it through `walletOf` (workers/wallet.ts).
 */
export interface WalletRpc {
  makeInvoice(order: Plain<InvoiceOrder>): Promise<WalletAnswer<Plain<IssuedInvoice>>>;
  makeHold(order: Plain<HoldOrder>): Promise<WalletAnswer<Plain<IssuedInvoice>>>;
  settleHold(preimage: string): Promise<WalletAnswer<null>>;
  cancelHold(paymentHash: string): Promise<WalletAnswer<null>>;
  lookup(
    paymentHash: string,
    direction: WalletTransaction['direction'],
  ): Promise<WalletAnswer<Plain<WalletTransaction> | null>>;
  pay(bolt11: string): Promise<WalletAnswer<Plain<Paid>>>;
  list(listing: Listing): Promise<WalletAnswer<readonly Plain<WalletTransaction>[]>>;
  capabilities(): Promise<WalletAnswer<WalletCapabilities>>;
  balance(): Promise<WalletAnswer<string>>;
  /**
   * Binds a payment hash to one purpose, for good. Whoever made or was handed an invoice asks first: a hash that
   * already stands for something else is a wallet's fault or somebody's trick, and its invoice must not be used.
   *
   * @returns whether it stands for this purpose
   */
  bind(paymentHash: string, purpose: string): Promise<boolean>;
  /** Whether a hash stands for a purpose. Changes nothing, so it may be asked for anybody. */
  isBound(paymentHash: string, purpose: string): Promise<boolean>;
  /**
   * Follows an incoming payment from now on and tells whoever waits (see {@link MoneyObserver}) whenever it is in
   * another state than before; begins from `pending`. Kept until the payment is final, or unpaid well after
   * `expires_ms` (Unix ms). Repeat-safe.
   *
   * @param name of the session, or of the account when `object` says so
   * @param about what it is told with the news: the job's id
   */
  watch(
    paymentHash: string,
    name: string,
    about: string,
    expires_ms: number,
    object?: Observer['object'],
  ): Promise<void>;
  /** A verified event of the wallet that arrived at the embedded relay. */
  deliver(event: NostrEvent): Promise<void>;
  status(): Promise<WalletStatus>;
}

/** How the wallet connection is, for /health and /metrics. */
export interface WalletStatus {
  readonly configured: boolean;
  /** Payments somebody waits for. */
  readonly watches: number;
  /** Calls without an answer yet. */
  readonly waiting: number;
  /** Unix ms; null when the wallet has said nothing since the object woke. */
  readonly lastAnswerAt_ms: number | null;
  /** Why the last call has no answer that says anything; null when it was answered, or when there was none. */
  readonly lastFault: string | null;
}

/** Who waits for payments. */
export interface MoneyObserver {
  /**
   * A payment for this job (or whatever else it was watched for) has changed, says the wallet's own record. Called again until it returns, so it returns when
   * what it means is stored; the same news may come more than once.
   */
  walletChanged(about: string, transaction: Plain<WalletTransaction>): Promise<void>;
}

/** What all sessions together ask of one model (workers/model-traffic.ts); see src/agent/models/traffic.ts. */
export interface ModelTrafficRpc {
  /** Asks leave for one request. Repeat-safe by its id. @param tokens estimate of question and answer together */
  reserve(id: string, tokens: number): Promise<ModelLeave>;
  /** The request was answered, and used so many tokens. */
  succeeded(id: string, tokens: number): Promise<void>;
  failed(failure: ModelFailure): Promise<void>;
  /** An answer took so much. For the metrics; only told where MODEL_PRICES are set. Not repeat-safe. */
  used(usage: Usage): Promise<void>;
  /** What it has used since it is counted. */
  usage(): Promise<Usage>;
}

/** The arena (workers/arena.ts). */
export interface ArenaRpc {
  /** Plays from now on, by alarm, unless the operator has closed the arena. Repeat-safe. */
  keepPlaying(): Promise<void>;
  /** A question as a runner puts it to a model; null when nobody waits for its answer any more. */
  question(key: string): Promise<ModelQuestion | null>;
  /** What the model said. The first answer to a question counts. */
  answered(key: string, answer: ModelAnswer): Promise<void>;
}

/** The development wallets (workers/dev-wallet.ts); they exist in local marketplaces only. */
export interface DevWalletRpc {
  /** Publishes their info events. Repeat-safe. */
  announce(): Promise<void>;
  /** A verified NIP-47 request that arrived at the embedded relay. */
  request(event: NostrEvent): Promise<void>;
}

/**
 * A namespace of durable objects, by what they understand. Everything that crosses is plain JSON (or a byte
 * stream), so the platform's own mapping of types, which gives up on recursive JSON, has nothing to add.
 */
export interface ObjectNamespace<Rpc> {
  getByName(name: string): Rpc;
}

/** What answers HTTP and WebSocket upgrades too. */
export interface Fetches {
  fetch(request: Request): Promise<Response>;
}
