/** What the HTTP side needs from the Worker it runs in. The shell (workers/edge.ts) fills it in; tests bring doubles. */
import type { KeyedAgent } from '../agent/definition.ts';
import type { ListingChanges } from '../agent/listing/changes.ts';
import type { ListingDesk } from '../agent/listing/desk.ts';
import type { TraceEntry } from '../agent/team/trace.ts';
import type { Clock } from '../clock.ts';
import type { ArenaConfig } from '../config/arena.ts';
import type { Door } from '../door/door.ts';
import type { KeyRing } from '../door/keys.ts';
import type { Purses } from '../door/purses.ts';
import type { JobFailure } from '../errors.ts';
import type { NostrEvent } from '../nostr/event.ts';
import type { AgentKinds } from '../nostr/kinds.ts';
import type { PayoutView } from '../payment/account/payout-desk.ts';
import type { AccountStatement } from '../payment/account/statement.ts';
import type { ZapStatus } from '../payment/account/zap-order.ts';
import type { CheckPorts } from '../payment/ledger-check.ts';
import type { PayOrder } from '../payment/lnurl/server.ts';
import type { Msats } from '../payment/msats.ts';
import type { IssuedInvoice } from '../payment/wallet.ts';
import type { JobBody, Usage } from '../protocol/model.ts';
import type { Db } from '../store/db.ts';
import type { JobRecord } from '../store/job-record.ts';
import type { PageAssets } from './pages/assets.ts';
import type { OperatorPorts } from './ports-operator.ts';

/** A card as it is announced: its text, byte for byte, and what identifies it. */
export interface ServedCard {
  readonly cardJson: string;
  /** SHA-256 of `cardJson`, hex: the announcement's `x`. */
  readonly cardHash: string;
}

/** One outside relay as its link sees it. */
export interface LinkHealth {
  readonly url: string;
  readonly state: 'connecting' | 'open' | 'waiting' | 'stopped';
  /** Unix ms; null before the first frame. */
  readonly lastFrameAt_ms: number | null;
  readonly received: number;
  readonly dispatched: number;
  readonly refused: number;
  readonly reconnects: number;
  /** Unix s up to which everything was seen. */
  readonly cursor_s: number;
  readonly lastError: string | null;
}

/** The operator's wallet as its connection sees it. */
export interface WalletHealth {
  /** Payments somebody waits for. */
  readonly watches: number;
  /** Calls without an answer yet. */
  readonly waiting: number;
  /** Unix ms; null when it has said nothing since the connection was made. */
  readonly lastAnswerAt_ms: number | null;
  /** Why the last call has no answer that says anything; null when it was answered, or when there was none. */
  readonly lastFault: string | null;
}

/** A line of the log. Never carries a secret, a header, or a body. */
export interface LogEntry {
  readonly level: 'error' | 'warn';
  readonly message: string;
  readonly requestId: string;
  /** What was thrown. */
  readonly error: unknown;
}

/** A client's account and the ways its money goes back. Clients are public keys that proved themselves. */
export interface AccountPorts {
  /** Uses up leave for one call that costs others work. Null when it is granted, else the Unix ms at which to come again. */
  leave(client: string, what: 'refunds' | 'invoices' | 'listings'): Promise<number | null>;
  statement(client: string): Promise<AccountStatement>;
  /** The Lightning address in the client's profile, as the embedded relay knows it. */
  profileAddress(client: string): Promise<string | null>;
  /**
   * Asks a client's own wallet for one invoice.
   *
   * @param uri its connection string: a secret, used and forgotten
   * @throws JobError without any of what the string says
   */
  guestInvoice(uri: string, amount: Msats): Promise<string>;
  /** Begins to pay credit back to a Lightning address, or says why not. */
  refundTo(client: string, address: string, amount: Msats): Promise<PayoutView | JobFailure>;
  /** Pays credit back to an invoice; the same invoice again tells what became of it. */
  refundBy(client: string, bolt11: string): Promise<PayoutView | JobFailure>;
  refund(client: string, id: string): Promise<PayoutView | null>;
  cancelRefund(client: string, id: string): Promise<PayoutView | JobFailure | null>;
  /** An invoice of ours whose payment is the client's credit. @throws JobError */
  invoice(client: string, amount: Msats): Promise<IssuedInvoice>;
}

/** An invoice for a payment to an agent's Lightning address. */
export interface OfferedPayment {
  readonly type: 'offered';
  readonly bolt11: string;
  /** By these it is asked for again (LUD-21). */
  readonly account: string;
  readonly paymentHash: string;
  /** The job it pays; null for a zap to the agent. */
  readonly jobId: string | null;
}

/**
 * Why there is none. `unknown_event`: the zapped event has nothing to do with the agent; `busy`: the payer has too many
 * open ones; `unavailable`: the wallet gave none, which may be different a moment later.
 */
export type RefusedPayment = { readonly type: 'unknown_event' | 'busy' | 'unavailable' };

/** What takes payments to the agents' Lightning addresses (LNURL-pay). */
export interface PaymentDoor {
  /** Signs the zap receipts. */
  readonly nostrPubkey: string;
  /** Where an agent is paid instead; null when it is here. */
  elsewhere(slug: string): string | null;
  invoice(agent: KeyedAgent, order: PayOrder): Promise<OfferedPayment | RefusedPayment>;
  /** Null when no such payment is known (any more). */
  payment(slug: string, account: string, paymentHash: string): Promise<ZapStatus | null>;
}

/** What one model has used since it is counted, and what that cost the operator; null where its price is not known. */
export interface ModelFigures {
  readonly model: string;
  readonly usage: Usage;
  readonly cost: { readonly currency: 'sats' | 'usd'; readonly amount: number } | null;
}

/** Part of the record of a team's run, in order. */
export interface RecordPage {
  readonly entries: readonly TraceEntry[];
  /** Whether there is more behind the last one. */
  readonly more: boolean;
}

/** What sessions keep of the runs of teams. */
export interface RunPorts {
  /** The record behind entry `after` (0: from the beginning); null when the job is no run, or was erased. */
  record(session: string, jobId: string, after: number): Promise<RecordPage | null>;
  /** A text of the run by its SHA-256, hex; null when there is none. */
  artifact(session: string, jobId: string, sha256: string): Promise<string | null>;
}

/** What a job would cost, and whether it would be taken at all. */
export interface OfferedQuote {
  /** The most it can cost. */
  readonly max: Msats;
  /** Whether it costs exactly that. */
  readonly fixed: boolean;
  /** Whether its contract holds a check that its answer has to pass. */
  readonly checked: boolean;
}

/** What owners do with the agents they list. */
export interface ListingPort {
  readonly desk: ListingDesk;
  readonly changes: ListingChanges;
}

export interface HttpPorts {
  /** Base URL of this deployment, without a trailing slash. */
  readonly publicUrl: string;
  /** The embedded relay, then the outside ones: where the agents listen. */
  readonly relays: readonly string[];
  /** The kinds that this marketplace's events have. */
  readonly kinds: AgentKinds;
  /** Its own public key, by which it signs verdicts and standings, hex. */
  readonly marketplacePubkey: string;
  /** As they are at this moment: owners list agents while the app runs, so nobody keeps this list. */
  readonly agents: readonly KeyedAgent[];
  readonly listings: ListingPort;
  /** Whether the wallet holds development money, which the pages have to say. */
  readonly developmentMoney: boolean;
  /** What pages load besides themselves. */
  readonly assets: PageAssets;
  /** The rules of the arena here. */
  readonly arena: ArenaConfig;
  /** Whether new jobs are refused while open ones finish. */
  readonly draining: boolean;
  readonly account: AccountPorts;
  /** Jobs of those who come without a Nostr key. */
  readonly door: Door;
  /** Whose purse a caller's header opens, and how it is paid into. */
  readonly purses: Purses;
  /** API keys of those who have a Nostr key. */
  readonly keyRing: KeyRing;
  readonly operator: OperatorPorts;
  readonly db: Db;
  readonly clock: Clock;
  /** Whom the operator's reports are for, hex; null where nobody is named. */
  readonly operatorPubkey: string | null;
  /** What the operator's wallet says of its payments; null where there is no wallet. */
  readonly wallet: CheckPorts['wallet'] | null;
  newRequestId(): string;
  /** Goes on with work although nobody waits for the answer any more. It must not reject. */
  background(work: Promise<void>): void;
  log(entry: LogEntry): void;
  /** The NIP-11 document of the embedded relay. */
  relayInformation(): object;
  /** The card of an agent, as announced. */
  card(agent: KeyedAgent): Promise<ServedCard>;
  /**
   * Asks the session for a job that the record does not know, or does not know to have ended: the record lags behind.
   *
   * @param session its name, where the record has it
   */
  liveJob(id: string, session: string | null): Promise<JobRecord | undefined>;
  /**
   * What a job of this body would cost, as its session would say it.
   *
   * @param body checked against what the agent takes
   * @param client public key of who would ask: a hidden part of a check is encrypted by it; null where nothing is hidden
   * @throws JobError where the session would refuse it
   */
  quote(agent: KeyedAgent, body: JobBody, client: string | null): OfferedQuote;
  /** The marketplace's verdict on a job as the embedded relay has it; null without one. */
  verdict(jobId: string): Promise<NostrEvent | null>;
  /**
   * Server-sent events of a job: what was stored after `afterSeq` (0: everything), then live ones.
   * The reader may cancel the stream at any time.
   *
   * @param live false ends the stream after what is stored
   */
  jobEvents(id: string, afterSeq: number, live: boolean): Promise<ReadableStream<Uint8Array>>;
  /**
   * Erases prompt, context and output of a job, wherever they are kept, and cancels it if it still runs.
   * Repeat-safe. That `job.client` asks for it has been proved.
   */
  eraseJob(job: JobRecord): Promise<void>;
  readonly runs: RunPorts;
  /** Null where there is no wallet. */
  readonly payments: PaymentDoor | null;
  /** The state of every link; empty without outside relays. */
  links(): Promise<readonly LinkHealth[]>;
  /** How the wallet connection is; null where there is no wallet. */
  walletStatus(): Promise<WalletHealth | null>;
  /** What the models used; nothing where the operator names no prices. */
  modelFigures(): Promise<readonly ModelFigures[]>;
  /** Figures of the embedded relay by name, such as stored events and open sockets. */
  relayStats(): Promise<{ readonly [name: string]: number }>;
}
