/**
 * Every limit of the marketplace, with its unit in its name and the reason beside it. What is advertised
 * (NIP-11, agent cards, openapi.json) is read from here, so that it is what is enforced.
 */

// ── Relay: strfry's defaults where it has one, because clients are already written to them ──

/** One WebSocket frame. Parsing cost is linear in it, so it is checked before anything else. */
export const RELAY_MAX_MESSAGE_BYTES = 131_072;
/** One event's JSON. */
export const RELAY_MAX_EVENT_BYTES = 65_536;
export const RELAY_MAX_CONTENT_CHARS = 65_536;
export const RELAY_MAX_TAGS = 2_000;
export const RELAY_MAX_TAG_VALUE_CHARS = 1_024;
/** Tags that carry documents (conversations, results, receipts) may be longer than others; the event bounds them. */
export const RELAY_MAX_REQUEST_TAG_CHARS = 65_536;
/** Which tags those are: of agent-NIP and NIP-90 jobs, and of zap receipts (NIP-57). */
export const RELAY_LONG_TAGS: ReadonlySet<string> = new Set([
  'request',
  'result',
  'error',
  'cost',
  'contract',
  'i',
  'param',
  'report',
  'bolt11',
  'description',
]);
/** A JSON message of the relay protocol nests 4 deep; anything far deeper is an attack on the parser. */
export const RELAY_MAX_JSON_DEPTH = 16;
/** Small enough that subscriptions fit into the 16 KiB attachment a hibernating socket may keep, with the byte cap below. */
export const RELAY_MAX_SUBSCRIPTIONS = 64;
export const RELAY_MAX_SUBSCRIPTION_ID_CHARS = 64;
export const RELAY_MAX_FILTERS = 10;
export const RELAY_MAX_FILTER_VALUES = 1_000;
/** Events one filter may return. */
export const RELAY_MAX_LIMIT = 500;
/** How far `created_at` may lie in the future, s. */
export const RELAY_CREATED_AT_FUTURE_S = 900;
/** How far `created_at` may lie in the past, s: ten years; jobs have their own, shorter window. */
export const RELAY_CREATED_AT_PAST_S = 315_360_000;
/** Ephemeral events older than this are refused, s. */
export const RELAY_EPHEMERAL_AGE_S = 60;
/**
 * Output a client is taken not to have read yet before its socket is closed, bytes. workerd does not say how much
 * is unread (no `bufferedAmount`), so a client is credited with the reading rate below and no more.
 */
export const RELAY_MAX_PENDING_OUTPUT_BYTES = 4_194_304;
/** Reading rate every client must keep up with for live events, bytes a second. */
export const RELAY_OUTPUT_BYTES_PER_S = 8_388_608;
/** Stored events sent at once to one connection; a REQ that finds this used up is refused, bytes. */
export const RELAY_MAX_STORED_OUTPUT_BYTES = 16_777_216;
/** How fast that allowance comes back: what a client that never reads can pile up, bytes a second. */
export const RELAY_STORED_OUTPUT_BYTES_PER_S = 262_144;
/** Stored events one REQ returns, all filters together; the newest come first, older ones by `until`, bytes. */
export const RELAY_MAX_RESULT_BYTES = 4_194_304;
/** Messages of one connection a second. 32 jobs in flight at 500 jobs/s need 1,500. */
export const RELAY_MESSAGES_PER_S = 2_000;
/** Messages of one connection after a pause. As many again are refused, then the connection is closed. */
export const RELAY_MESSAGES_BURST = 4_000;
/** All REQ messages of one connection together, characters: they are kept in memory as long as it is open. */
export const RELAY_MAX_SUBSCRIPTION_CHARS = 262_144;
/** What of them is kept in the socket's attachment (16 KiB with its envelope); the rest goes to SQLite, bytes. */
export const RELAY_ATTACHMENT_BYTES = 14_000;
/** Index rows one filter may read before it is refused as too broad. */
export const RELAY_MAX_SCAN_ROWS = 20_000;
/** Index lists one filter is answered from, merged by time: authors, or values of one tag, times kinds. */
export const RELAY_MAX_SOURCES = 2_000;
/** So many index reads for a REQ or COUNT cost its connection one message of its allowance. */
export const RELAY_READS_PER_MESSAGE = 10;
/** COUNT is exact up to here and approximate beyond. */
export const RELAY_MAX_COUNT = 10_000;
/** Keys one connection may prove to hold (NIP-42). */
export const RELAY_MAX_AUTHED_PUBKEYS = 32;
/** How far the saved mark of what was handed on may lag behind, ms: what is handed on again after a crash. */
export const RELAY_MARK_INTERVAL_MS = 5_000;
/** Events handed on at a time; more wait in storage. */
export const RELAY_MAX_HANDOVERS = 512;
/** An event that cannot be handed on is tried this often (about a day), then reported and passed over. */
export const RELAY_HANDOVER_ATTEMPTS = 300;
export const RELAY_HANDOVER_BASE_MS = 1_000;
export const RELAY_HANDOVER_MAX_MS = 300_000;
/** Events for the search index travel together for this long, ms, and at most so many at a time. */
export const RELAY_INDEX_DELAY_MS = 250;
export const RELAY_INDEX_BATCH = 100;
/** Expired and withdrawn events are removed this often while there are any, ms, and so many at a time. */
export const RELAY_PRUNE_INTERVAL_MS = 60_000;
export const RELAY_PRUNE_BATCH = 500;
/** A silent event stream gets a comment this often so that proxies keep it, ms. */
export const RELAY_STREAM_PING_MS = 15_000;

// ── Jobs ──

/** A request older than this when first seen is not served: nobody waits for it any more, s. */
export const JOB_REQUEST_MAX_AGE_S = 3_600;
/** The text an agent takes in one request, messages, inputs and parameters together, bytes of UTF-8. */
export const JOB_MAX_INPUT_BYTES = 49_152;
export const JOB_MAX_MESSAGES = 200;
export const JOB_MAX_INPUTS = 20;
export const JOB_MAX_RELAYS = 10;
/** Session ids (`t`) become part of an object's name. */
export const JOB_MAX_SESSION_ID_CHARS = 256;
/** Nesting of the JSON in a request (tools carry JSON Schemas, which nest); far deeper is an attack on whoever walks it. */
export const JOB_MAX_JSON_DEPTH = 64;
/** Human text in a status tag: it may quote a stranger, and relays refuse events with overlong tags. */
export const JOB_MAX_STATUS_CHARS = 400;
/** Answers of a job that are kept although every relay has them; with more, those are dropped from its row. */
export const JOB_MAX_KEPT_ANSWERS = 24;
/**
 * Gift wraps of a job whose ids are kept, so that they can be taken out of our relay when it is erased: the newest, because
 * all of them stand in its row (2 MB at the most). A team that reports every minute has so many after three days.
 */
export const JOB_MAX_KEPT_WRAPS = 5_000;
/** Answers that one deletion takes back; of more, more deletions are made. */
export const JOB_RETRACTION_PAGE = 500;
/**
 * An event before it is encrypted, and before it is gift-wrapped, bytes of JSON. NIP-44 pads and writes base64, a gift wrap
 * does so twice: what is larger would not stay under RELAY_MAX_EVENT_BYTES.
 */
export const ENCRYPTED_MAX_BYTES = 40_000;
export const WRAPPED_MAX_BYTES = 28_000;
/** Data of a team's report where all of it does not fit, bytes of JSON: the members that fit, the names of the others. */
export const JOB_SHORT_REPORT_BYTES = 4_096;
/** Durable progress is throttled to one event per job in this time, ms. Deltas are not. */
export const JOB_PROGRESS_INTERVAL_MS = 1_000;
/** A job that has not started after this time is given up, ms: nothing waits for ever. */
export const JOB_START_PATIENCE_MS = 3_600_000;
/** A finished job whose money can neither be taken nor asked for is given up after this time, ms. */
export const JOB_CHECKOUT_PATIENCE_MS = 3_600_000;
/** How long the answer to a request that was paid by invoice is kept for the same request come again, ms. */
export const JOB_RESEND_KEEP_MS = 600_000;
/** Deltas that arrive within this time travel as one event, ms. */
export const JOB_DELTA_WINDOW_MS = 40;
/** Deltas that wait for one relay; a relay that takes them slower gets the newest. */
export const JOB_DELTA_BACKLOG = 256;
/** How long a finished answer waits for its last deltas to go out before it, ms. */
export const JOB_DELTA_FAREWELL_MS = 500;
/** An ended job's row is kept this long, so that a request that comes again is known; well over its maximal age, ms. */
export const SESSION_KEEP_JOBS_MS = 86_400_000;
/** Entries of a team's record that travel at a time; texts of versions go along, so a page stays far below RPC's 32 MiB. */
export const SESSION_RECORD_PAGE = 100;
/** A conversation is kept this long after its last turn, ms. */
export const SESSION_KEEP_TURNS_MS = 30 * 86_400_000;
/** Changes of jobs within this time are written to the marketplace's record together, ms. */
export const PROJECT_WINDOW_MS = 150;
/** Jobs of one client with one agent in one session that may be unfinished at a time. */
export const JOB_MAX_OPEN_PER_SESSION = 256;
/** Providers a job may name whose result another job takes as its input; those named after them are not looked for. */
export const JOB_MAX_PROVIDERS = 20;
/** Jobs one deletion (NIP-09) may call off or erase: each costs a few calls. */
export const JOB_MAX_CALLED_OFF = 100;
/** A cancellation whose job is not known yet is tried again while it is younger than this, ms. */
export const CANCEL_PATIENCE_MS = 60_000;
/** A job that is to be erased and still runs is waited for so long, ms, and looked at so often. */
export const ERASE_PATIENCE_MS = 20_000;
export const ERASE_LOOK_MS = 250;
/** Jobs or events that one message to a team may name; those after them are not looked for. */
export const WORDS_MAX_NAMED = 4;
/** Runs of one client with one team that a message without a name is offered to, the newest first. */
export const WORDS_MAX_RUNS = 8;
/** Jobs of a client that are looked at to find them: its newest. */
export const WORDS_SCAN_JOBS = 5_000;
/** A message may look so much older than the run it is for: clocks differ, ms. */
export const WORDS_EARLY_MS = 60_000;
/**
 * A message that finds nobody comes again while it is younger than this: it may have overtaken the record, which lags by
 * a moment, ms. Not longer, because whoever writes to nobody holds a place among what is handed on.
 */
export const WORDS_PATIENCE_MS = 10_000;
/** How often a step whose outcome is unknown is begun again before the job fails. */
export const STEP_MAX_ATTEMPTS = 5;
/** Pause before a failed step is begun again, doubled each time; with jitter, ms. */
export const STEP_RETRY_BASE_MS = 500;
export const STEP_RETRY_MAX_MS = 30_000;
/** Who works on a step must report at least this often; a runner silent for longer is taken for dead, ms. */
export const STEP_LEASE_MS = 15_000;
/** Work done in the session's own object that ends within this time is stored in one step with its request, ms. */
export const WORK_NOW_MS = 20;
/** How often a runner reports although it has no news, ms. */
export const STEP_HEARTBEAT_MS = 2_000;
/** An order that nobody has begun after this time is sent again, ms: queues may lag, so it costs no attempt. */
export const QUEUE_LEASE_MS = 60_000;

/** The time over which a client's jobs are counted, ms. */
export const QUOTA_WINDOW_MS = 3_600_000;
/** Leave for so many jobs is taken at once at the most. */
export const QUOTA_LEAVE_MAX = 64;

// ── Publishing ──

/** A signed answer is tried this often at each relay, then the relay is marked failed and the operator sees it. */
export const PUBLISH_ATTEMPTS = 12;
export const PUBLISH_BASE_MS = 500;
export const PUBLISH_MAX_MS = 300_000;
/** How long a relay may take to say OK, ms. */
export const PUBLISH_OK_TIMEOUT_MS = 7_000;
/** A client's list of read relays is asked for again after this time, ms. */
export const READ_RELAYS_KEEP_MS = 600_000;
/** Relays one answer goes to. */
export const PUBLISH_MAX_RELAYS = 12;

// ── Direct messages (NIP-17) ──

/** Relays an agent names for its messages: the NIP asks for one to three. */
export const DM_ANNOUNCED_RELAYS = 3;
/** Relays one message goes to. */
export const DM_MAX_RELAYS = 5;
/** A client's list found (or not) at outside relays is asked for again after this time, ms; so many are remembered. */
export const DM_RELAYS_KEEP_MS = 600_000;
export const DM_CLIENTS_REMEMBERED = 1_000;

// ── Links to outside relays (PLATFORM: outbound sockets are never kept alive for us) ──

export const LINK_RELAYS_PER_OBJECT = 5;
/** Heartbeat that finds dead sockets and saves cursors, ms. */
export const LINK_HEARTBEAT_MS = 30_000;
/** A socket without any frame for this long is renewed, ms. */
export const LINK_SILENCE_MS = 90_000;
/** Sockets are renewed with overlap after this time, ms, before the platform's 15-minute pin ends. */
export const LINK_RENEW_MS = 660_000;
/** On reconnect we ask again for this much of the past: relays deliver late and clocks differ, s. */
export const LINK_OVERLAP_S = 120;
export const LINK_CONNECT_TIMEOUT_MS = 10_000;
export const LINK_RECONNECT_BASE_MS = 1_000;
export const LINK_RECONNECT_MAX_MS = 60_000;
/** A relay that sends no EOSE is treated as if it had after this time, ms. */
export const LINK_EOSE_TIMEOUT_MS = 15_000;
/** The newest part of the past is asked again this often even on a live socket: relays lose live events, ms. */
export const LINK_SWEEP_MS = 120_000;
/** Gift wraps carry a `created_at` up to two days in the past (NIP-59), so they are asked that far back, s. */
export const LINK_WRAP_WINDOW_S = 172_800;
/** Comments of clients to their runs are asked for so far back after a downtime, s: two days, as gift wraps are. */
export const LINK_WORDS_MAX_AGE_S = 172_800;
/** Stored events asked for at a time; older ones follow page by page. */
export const LINK_PAGE_EVENTS = 500;
/** Pages one relay may hold us in, so that an endless past cannot. */
export const LINK_MAX_PAGES = 40;
/** What one relay may send, so that it cannot take the object's time from the others: sustained and in a burst. */
export const LINK_FRAMES_PER_S = 1_000;
export const LINK_FRAMES_BURST = 20_000;
export const LINK_BYTES_PER_S = 2_097_152;
export const LINK_BYTES_BURST = 33_554_432;
/** Signature checks (about 0.25 ms each) one relay may cost, by what they are for. */
export const LINK_REQUEST_CHECKS_PER_S = 200;
export const LINK_REQUEST_CHECKS_BURST = 2_000;
export const LINK_CONTENT_CHECKS_PER_S = 40;
export const LINK_CONTENT_CHECKS_BURST = 400;
/** Frames of a connection that are oversized, broken, forged or unasked before it is closed. */
export const LINK_MAX_STRIKES = 100;
/** Challenges (NIP-42) answered on one connection, and keys proved for each. */
export const LINK_MAX_CHALLENGES = 4;
export const LINK_MAX_CHALLENGE_CHARS = 256;
export const LINK_MAX_AUTH_KEYS = 16;
/** How often a subscription the relay closed is asked for again before the connection is given up. */
export const LINK_MAX_RESUBSCRIBES = 5;
/** Verified ids kept in memory, against duplicates from several relays. */
export const LINK_SEEN_IDS = 20_000;
/** Requests of one relay that wait for dispatch; beyond that the relay is asked again later. */
export const LINK_INBOX_MAX = 10_000;
/** Requests of one relay on their way to sessions at a time. */
export const LINK_DISPATCHES_IN_FLIGHT = 32;
export const LINK_DISPATCH_BASE_MS = 1_000;
export const LINK_DISPATCH_MAX_MS = 60_000;
/** Rows removed from the inbox at a time. */
export const LINK_PURGE_ROWS = 1_000;
/** Cancellations that arrived before their request, kept by the request's id. */
export const LINK_EARLY_DELETIONS = 1_000;
/** Ids one deletion may name to be looked at as a cancellation. */
export const LINK_DELETION_TARGETS = 20;
/** Events for the search index travel together: at most this many, after at most this time, ms. */
export const LINK_CONTENT_BATCH = 50;
export const LINK_CONTENT_DELAY_MS = 1_000;
/** Connections to relays nobody follows: how many, and how long one is kept for the next answer, ms. */
export const LINK_VISITS = 16;
export const LINK_VISIT_IDLE_MS = 10_000;
/** A relay that could not be reached is not tried again by a visit within this time, ms. */
export const LINK_VISIT_COOLDOWN_MS = 15_000;
/** Events that wait for their OK on one connection. */
export const LINK_MAX_PENDING_PUBLISHES = 1_000;
/** Queries open on one connection at a time, beside its standing subscriptions, six at the most: relays allow as few as ten. */
export const LINK_QUERIES_IN_FLIGHT = 4;
/** Queries that may wait for their turn at one relay; the next is answered with nothing. */
export const LINK_MAX_WAITING_QUERIES = 200;
/** Events one query gathers, and signature checks it may cost. */
export const LINK_QUERY_MAX_EVENTS = 500;

// ── Wallets (NIP-47) ──

/** What is known of a wallet is asked for again after this time, ms. */
export const NWC_FACTS_KEEP_MS = 3_600_000;
/** Its info event is waited for this long, ms. */
export const NWC_INFO_TIMEOUT_MS = 5_000;
/** A wallet without an info event is tried in each encryption for this long, ms. */
export const NWC_PROBE_TIMEOUT_MS = 5_000;
/** How long each kind of call may take, ms: questions, making invoices, settling and cancelling. */
export const NWC_QUESTION_TIMEOUT_MS = 10_000;
export const NWC_INVOICE_TIMEOUT_MS = 15_000;
export const NWC_HOLD_TIMEOUT_MS = 30_000;
/** A payment is waited for this long, ms; its receiver may hold it, and then only looking it up tells. */
export const NWC_PAY_TIMEOUT_MS = 60_000;
/** Relays may keep answers and hand them over late; this far back they are asked for, s. */
export const NWC_RESPONSE_OVERLAP_S = 300;
/** A wallet's block height is asked for again after this time, ms. */
export const NWC_HEIGHT_KEEP_MS = 30_000;
/** Transactions asked for in one listing. */
export const NWC_LIST_MAX = 50;
/** Relays a client's wallet may name when it is asked for an invoice. */
export const NWC_GUEST_RELAYS = 3;
/** A payment somebody waits for is looked up at least this often, ms: at first, and in the end. */
export const WALLET_POLL_MIN_MS = 2_000;
export const WALLET_POLL_MAX_MS = 60_000;
/** A payment is looked up after a quarter of the time it has been waited for, so that old ones cost little. */
export const WALLET_POLL_AGE_DIVISOR = 4;
/** Lookups under way at a time. */
export const WALLET_LOOKUPS_IN_FLIGHT = 16;
/** An unpaid payment is looked at for this long after its expiry: wallets' clocks differ, and late ones come, ms. */
export const WALLET_WATCH_GRACE_MS = 3_600_000;
/** One that is held, for this long: well over the blocks it may be held for, whose pace nobody knows, ms. */
export const WALLET_WATCH_HELD_MS = 7 * 86_400_000;
/** Pause before a change is told again to whoever did not take it, doubled each time; with jitter, ms. */
export const WALLET_TELL_BASE_MS = 1_000;
export const WALLET_TELL_MAX_MS = 300_000;

/** What the customer's development wallet holds at first: 10,000,000 sats, msats. */
export const DEV_WALLET_FUNDS_MSATS = 10_000_000_000;
/** Invoices of development money may ask for so much, msats: one bitcoin. */
export const DEV_WALLET_MAX_MSATS = 100_000_000_000;
/** The chain of development money has a block this often, ms: deadlines come in hours instead of days. */
export const DEV_WALLET_BLOCK_MS = 60_000;
/** Expiry of an invoice for which the client names none, and the longest, s. */
export const DEV_WALLET_EXPIRY_S = 3_600;
export const DEV_WALLET_MAX_EXPIRY_S = 31_536_000;
/** Blocks a payment is held when the client names no number, and the most. */
export const DEV_WALLET_HOLD_BLOCKS = 144;
export const DEV_WALLET_MAX_HOLD_BLOCKS = 2_016;
/** A request without an expiration is served for so long, s. */
export const DEV_WALLET_SEEN_S = 3_600;
export const DEV_WALLET_MAX_TEXT_CHARS = 600;

// ── Money ──

/** What one payment through an agent's Lightning address may be, msats: one sat to 0.1 bitcoin. */
export const LNURL_MIN_SENDABLE_MSATS = 1_000;
export const LNURL_MAX_SENDABLE_MSATS = 10_000_000_000;
/** A comment (LUD-12) has to fit a URL with everything else. */
export const LNURL_COMMENT_CHARS = 255;
/** A zap request stands in a URL, and twice escaped in its receipt, bytes. */
export const ZAP_MAX_REQUEST_BYTES = 8_192;
/** Relays one receipt goes to: each costs a connection that a stranger asked for. */
export const ZAP_MAX_RELAYS = 5;
/** How far the clocks of zap providers may be from ours, s. */
export const ZAP_CLOCK_SKEW_S = 600;
/** Invoices an account's owner may have open at a time for its own zaps: each is one in the wallet. */
export const ZAP_MAX_OPEN = 20;
/** The same for everybody else who zaps its jobs, or gives to an agent: strangers must not use up the owner's. */
export const ZAP_MAX_OPEN_OTHERS = 200;
/** Invoices one network address may ask for: sustained, after a pause, and how many addresses are remembered. */
export const LNURL_CALLBACKS_PER_S = 0.5;
export const LNURL_CALLBACKS_BURST = 60;
/** The same for whether a payment came (LUD-21): clients ask every second or so. Who invents names makes us objects. */
export const LNURL_VERIFIES_PER_S = 5;
export const LNURL_VERIFIES_BURST = 120;
export const LNURL_CALLERS = 10_000;
/** An unpaid zap is forgotten so long after its expiry: later than the wallet is asked about it, ms. */
export const ZAP_KEEP_UNPAID_MS = 7_200_000;
/** A paid zap can be asked about (LUD-21) for a week, ms. */
export const ZAP_KEEP_PAID_MS = 604_800_000;
/** What a zap still wants done is looked at again after this time when the memory of doing it was lost, ms. */
export const ZAP_RECOVERY_MS = 5_000;
/** Zaps an account works on in one turn. */
export const ZAP_BATCH = 32;
/** What another zap provider says of itself is asked again after this time, and after this one when it was away, ms. */
export const ZAP_PROVIDER_KEEP_MS = 3_600_000;
export const ZAP_PROVIDER_RETRY_MS = 60_000;
/** Its answer is short, bytes. */
export const ZAP_PROVIDER_MAX_BYTES = 16_384;
/** How long an invoice of ours can be paid, s. */
export const INVOICE_EXPIRY_S = 900;
/** An invoice that the wallet does not make is asked for this often, then payment is not available. */
export const INVOICE_MAKE_ATTEMPTS = 6;
/** A payment may arrive until so long after its invoice's expiry: clocks differ, and a payment takes its time, ms. */
export const INVOICE_GRACE_MS = 600_000;
/** The wallet is asked about an open payment this often, and at the least, ms; notifications only hurry it. */
export const MONEY_LOOK_MIN_MS = 2_000;
export const MONEY_LOOK_MAX_MS = 60_000;
/** What is locked is at least this much, msats: nodes count less as dust and take few at a time (LIGHTNING §1.1). */
export const ESCROW_MIN_MSATS = 10_000;
/** Payments held at a time: a channel carries 483, and other payments need room; beyond it jobs are prepaid. */
export const ESCROW_MAX_HELD = 400;
/** Hold invoices can be paid for a shorter time: some wallets cannot cancel one that nobody has paid yet, s. */
export const ESCROW_EXPIRY_S = 600;
/** Blocks a payment is held at least: a day. */
export const ESCROW_HOLD_BLOCKS = 144;
/** So many blocks before the settle deadline an undecided escrow is cancelled; nodes give up 12 to 24 before it. */
export const ESCROW_MARGIN_BLOCKS = 24;
/** With fewer blocks than this to the deadline it is too late to begin settling. */
export const ESCROW_SETTLE_BLOCKS = 3;
/** So many blocks after the deadline a payment that the wallet still calls held is taken as gone back. */
export const ESCROW_LAPSE_BLOCKS = 6;
/** A client whose oldest debt is older than this gets no more work on trust, ms. */
export const POSTPAY_OVERDUE_MS = 86_400_000;
/** A payout's invoice may lock our money for so many blocks at the most: three days. */
export const PAYOUT_MAX_FINAL_CLTV_BLOCKS = 432;
/** A payout's invoice must be payable for so long yet, s, and for no longer than this: until then it blocks another. */
export const PAYOUT_MIN_PAYABLE_S = 60;
export const PAYOUT_MAX_PAYABLE_S = 7 * 86_400;
/** An LNURL endpoint's answer, bytes: pictures in its metadata are the largest part. */
export const LNURL_MAX_ANSWER_BYTES = 262_144;
/** Refunds and invoices for credit a client may ask for in an hour: each costs calls to the wallet and to others. */
export const ACCOUNT_REFUNDS_PER_HOUR = 60;
export const ACCOUNT_INVOICES_PER_HOUR = 60;
/** A client sees so many of its newest refunds with its account. */
export const ACCOUNT_REFUNDS_SHOWN = 20;
/** Pause before a payout that did not arrive is tried again, doubled each time, ms. */
export const PAYOUT_RETRY_BASE_MS = 30_000;
export const PAYOUT_RETRY_MAX_MS = 6 * 3_600_000;

// ── Outgoing HTTP for untrusted URLs ──

export const FETCH_MAX_BYTES = 1_048_576;
export const FETCH_TIMEOUT_MS = 15_000;
export const FETCH_MAX_REDIRECTS = 3;

// ── HTTP ──

export const HTTP_PAGE_DEFAULT = 50;
export const HTTP_PAGE_MAX = 200;
/** Jobs one page may look at to find those asked for: a filter that matches nothing must not read the whole table. */
export const HTTP_PAGE_SCAN = 1_000;
export const HTTP_MAX_BODY_BYTES = 131_072;
/** How far `created_at` of a NIP-98 token may be from our clock, s. */
export const HTTP_AUTH_WINDOW_S = 60;
/** Reputation is counted over an agent's newest jobs, so that it follows what the agent is now and costs a bounded read. */
export const REPUTATION_JOBS = 500;
/** The stretch of time and the most jobs the figures of `/metrics` are taken from. */
export const METRICS_WINDOW_MS = 300_000;
export const METRICS_MAX_JOBS = 5_000;
/** A part of the service that has not answered `/health` or `/metrics` by then counts as failing, ms. */
export const HEALTH_TIMEOUT_MS = 5_000;

// ── D1 ──

/** Bound parameters of one statement (the platform's limit). */
export const D1_MAX_PARAMETERS = 100;

// ── Agents ──

/**
 * An agent's answer, bytes of UTF-8. An agent-NIP result carries it twice, once inside JSON and perhaps encrypted,
 * and the event has to stay under RELAY_MAX_EVENT_BYTES.
 */
export const AGENT_MAX_OUTPUT_BYTES = 24_576;
/**
 * What is told of what a program printed, bytes: its value is the answer, and both have to fit one event. More is cut, and
 * the whole length told beside it.
 */
export const CODE_MAX_PRINTED_BYTES = 4_096;
/** All fetched inputs of one job as text, bytes: what fits a model's context beside the request. */
export const AGENT_MAX_FETCHED_BYTES = 49_152;
/** From the question to the first byte of the answer, ms: a cold model loads for long. */
export const MODEL_FIRST_BYTE_TIMEOUT_MS = 90_000;
/** What a model reads, question and answer together, tokens: what every current small one has at least, and the bounds of what an operator may say. */
export const MODEL_CONTEXT_DEFAULT_TOKENS = 16_384;
export const MODEL_CONTEXT_MIN_TOKENS = 2_048;
export const MODEL_CONTEXT_MAX_TOKENS = 2_000_000;
/** A summary of the oldest turns of a conversation, tokens at the most. */
export const CHAT_SUMMARY_TOKENS = 1_024;
/** Chat waits so long in all for models that are busy and say for how long, ms: a limit by the minute is over by then. */
export const MODEL_PATIENCE_MS = 75_000;
/** What models used is stored so long after the first answer that is not, ms: before an idle object may lose its memory (10 s). */
export const MODEL_USAGE_FLUSH_MS = 5_000;
/** A model that failed is left alone for this long, doubled with each failure in a row, where its provider names no time, ms. */
export const MODEL_COOLDOWN_BASE_MS = 5_000;
export const MODEL_COOLDOWN_MAX_MS = 300_000;
/** The same for one that refuses us (key, quota, name): it is looked at again when somebody may have mended it, ms. */
export const MODEL_REFUSED_COOLDOWN_MS = 600_000;

// ── Tools of agents ──

/** A page of the web at a time, tokens. How much any tool gives back is LOOP_TOOL_OUTPUT_MAX_BYTES. */
export const TOOL_PAGE_TOKENS = 4_000;
/** Results of one search, and characters shown of each. */
export const TOOL_SEARCH_RESULTS = 10;
export const TOOL_SEARCH_TEXT_CHARS = 500;
/** The words of one search, characters. */
export const TOOL_QUERY_CHARS = 400;
/** The answer of a search service, bytes. */
export const TOOL_SEARCH_MAX_BYTES = 524_288;
/** A question to the user, and a task for another agent, characters. */
export const TOOL_QUESTION_CHARS = 2_000;
export const TOOL_TASK_CHARS = 20_000;
/** A program of `run_code` and its input, characters: what a sandbox takes, with room for quotes and what runs it. */
export const TOOL_CODE_CHARS = 20_000;
export const TOOL_CODE_INPUT_CHARS = 4_000;
/** What one of them may use, units of fuel: half a second of the sandbox. */
export const TOOL_CODE_FUEL = 50_000_000;
/** Tools one MCP server may offer, and characters of each description that the model is told. */
export const MCP_MAX_TOOLS = 64;
export const MCP_DESCRIPTION_CHARS = 1_000;
/** An MCP server's schema of one tool, bytes of JSON: it stands in every prompt. */
export const MCP_SCHEMA_BYTES = 8_192;
/** One answer of an MCP server, bytes, and how long it may take, ms. */
export const MCP_MAX_ANSWER_BYTES = 1_048_576;
export const MCP_TIMEOUT_MS = 60_000;

// ── Agent loop: what one run may do, whatever its model wishes for ──

/** Steps of a run that names no limit, as smolagents has it. */
export const LOOP_MAX_STEPS = 20;
/** Calls of one answer that are run; the others are refused, and the model told so. */
export const LOOP_MAX_CALLS = 16;
/** Calls of one answer that run at a time: each may hold one of the six connections a Worker may have open. */
export const LOOP_PARALLEL_CALLS = 4;
/** Arguments of one call, bytes. */
export const LOOP_MAX_ARGUMENT_BYTES = 32_768;
/** Arguments of the call that hands in an answer, bytes: what a step may hand in (TEAM_MAX_OUTPUT_BYTES), as JSON. */
export const LOOP_MAX_ANSWER_BYTES = 131_072;
/** What a model sees of one tool's output, bytes: about 4,000 tokens. The rest is left out, and marked. */
export const LOOP_TOOL_OUTPUT_MAX_BYTES = 16_384;
/** Text of one answer of a model, bytes. More is not read: the request ends there. */
export const LOOP_MAX_TEXT_BYTES = 65_536;
/** A tool that says nothing else is stopped after this time, ms: longer than a guarded fetch with its redirects. */
export const LOOP_TOOL_TIMEOUT_MS = 60_000;
/** One call of a model, from question to last word, ms. */
export const LOOP_MODEL_TIMEOUT_MS = 300_000;
/** A model that fails for a moment is asked this often, then the run pauses; pauses between, ms. */
export const LOOP_MODEL_ATTEMPTS = 4;
export const LOOP_MODEL_RETRY_BASE_MS = 1_000;
/** A longer wait than this, also one the provider names, is the owner's: the run pauses and can be let go of. */
export const LOOP_MODEL_RETRY_MAX_MS = 30_000;
/** An answer of fewer tokens than this says nothing; where no more are granted, the run pauses at its budget. */
export const LOOP_MIN_ANSWER_TOKENS = 16;
/** What a refusal or a failed tool says to the model, characters. */
export const LOOP_MAX_OBSERVED_CHARS = 500;

// ── Hiring other agents ──

/** Until somebody answers who can be paid, or works for nothing, ms. */
export const HIRE_ANSWER_MS = 900_000;
/** From a payment, or from a first sign of work, to the result, ms: agents of others take their time. */
export const HIRE_WORK_MS = 21_600_000;
/** Between two looks for answers, at first and at the most, ms. */
export const HIRE_LOOK_BASE_MS = 2_000;
export const HIRE_LOOK_MAX_MS = 30_000;
/** Answers read of one relay in one look: what strangers write to an open request may be any number. */
export const HIRE_MAX_ANSWERS = 100;
/** Relays one hire is posted to and asked at, beside our own. */
export const HIRE_MAX_RELAYS = 5;
/** What is kept of a result, bytes: more than a tool may show a model. */
export const HIRE_MAX_RESULT_BYTES = 65_536;
/** What was hired is remembered for so long after the last hire has ended, ms: longer than any run of a team. */
export const HIRE_KEEP_MS = 90 * 86_400_000;
/** Between two looks of a step at what it has hired, ms. */
export const HIRE_ASK_MS = 3_000;

// ── Agents as files: what a definition that says nothing else gets, and the most it may say ──

/** Steps of one job. */
export const AGENT_STEPS = 12;
export const AGENT_MAX_STEPS = 100;
/** All questions and answers of one job together, tokens: twelve steps whose questions grow to a small model's context. */
export const AGENT_TOKENS = 200_000;
export const AGENT_MAX_TOKENS = 10_000_000;
/** Question and answer together, tokens, where an agent's file names its own. */
export const AGENT_MAX_CONTEXT_TOKENS = 2_000_000;
/** One answer of the model, tokens. */
export const AGENT_ANSWER_TOKENS = 4_096;
/** From start to result, s. The longest is under the 15 minutes a queue consumer has, with time for the last words. */
export const AGENT_TIME_S = 600;
export const AGENT_MAX_TIME_S = 840;
/** Jobs an hour of one client: each of them is a dozen questions to the operator's model. */
export const AGENT_JOBS_PER_HOUR = { anonymous: 20, authenticated: 200 };
/** Names of tools in one definition: each of their schemas stands in every question. */
export const AGENT_MAX_TOOLS = 32;

// ── Search index: what it keeps and what one search may cost ──

/** Notes and articles kept; beyond it the least popular and oldest go first. */
export const SEARCH_MAX_NOTES = 100_000;
/** Replies are found by words only, so fewer are worth their rows. */
export const SEARCH_MAX_REPLIES = 50_000;
export const SEARCH_MAX_PEOPLE = 100_000;
/** Reactions, reposts and zaps remembered so that one key counts once. */
export const SEARCH_MAX_VOTES = 1_000_000;
/** Tallies kept; beyond it those of events never seen go. */
export const SEARCH_MAX_TALLIES = 1_000_000;
export const SEARCH_MAX_FOLLOW_LISTS = 50_000;
/** Remembered deletions: each keeps one event from coming back. */
export const SEARCH_MAX_TOMBSTONES = 200_000;
/** Notes older than this are neither taken nor kept, s: five years. */
export const SEARCH_MAX_AGE_S = 157_680_000;
/** Events taken between two looks at the limits above. */
export const SEARCH_PRUNE_EVERY = 1_000;
/** Text of one event that is indexed, characters. */
export const SEARCH_MAX_TEXT_CHARS = 8_192;
/** Follows of one list that count; each costs a row when it changes. */
export const SEARCH_MAX_FOLLOWS = 500;
/** Words of one query that are looked at, and characters of each. */
export const SEARCH_MAX_TERMS = 12;
export const SEARCH_MAX_TERM_CHARS = 48;
/** The newest matches of a query that are ranked; bounds the time of a search for a common word. */
export const SEARCH_MAX_CANDIDATES = 500;

/** New ledger lines are written to the record after this time, together, ms. */
export const LEDGER_PROJECT_DELAY_MS = 200;
/** Entries written to the record at a time. */
export const LEDGER_PROJECT_BATCH = 200;
/** Pause before entries that were not taken are told again, ms. */
export const LEDGER_RETRY_MS = 10_000;
/**
 * What moved later than this is not held against books or wallet when they are compared, s: a payment nobody was
 * notified of is looked up every minute, and the record lags behind the accounts.
 */
export const LEDGER_CHECK_GRACE_S = 90;
export const LEDGER_CHECK_MAX_GRACE_S = 86_400;
/**
 * Payments on one page of the wallet's list, and pages that one comparison reads. A page has to fit one encrypted event,
 * and some wallets keep kilobytes with each payment; all calls together stay under the platform's 1,000 of a request.
 */
export const LEDGER_CHECK_PAGE = 20;
export const LEDGER_CHECK_PAGES = 500;
/** Lines of the ledger about the wallet that one comparison reads. */
export const LEDGER_CHECK_LINES = 20_000;
/** Booked payments that are not in the wallet's list are looked up one by one, so many at the most. */
export const LEDGER_CHECK_LOOKUPS = 100;
/** Accounts and entries with something wrong that one comparison names. */
export const LEDGER_CHECK_NAMED = 100;
/** Money set aside for a job for longer than this is mentioned, ms. */
export const LEDGER_SET_ASIDE_MS = 86_400_000;

// ── Teams: what one run may be and do ──

/** Roles of one team, its built-in ones included. */
export const TEAM_MAX_ROLES = 24;
/** Stages of one iteration. */
export const TEAM_MAX_STAGES = 16;
/** Branches that work side by side in one stage. */
export const TEAM_MAX_BRANCHES = 8;
export const TEAM_MAX_ITERATIONS = 1_000;
/** The task of a run, bytes. */
export const TEAM_MAX_TASK_BYTES = 65_536;
/** A role's own prompt, characters. */
export const TEAM_MAX_PROMPT_CHARS = 8_000;
/** One output of a role; it is held in the run's state until its wave has settled, bytes. */
export const TEAM_MAX_OUTPUT_BYTES = 65_536;
/** Summary kept of each version, characters. */
export const TEAM_SUMMARY_CHARS = 400;
/** Longest wall-clock limit of a run, ms: 30 days. */
export const TEAM_MAX_TIME_MS = 2_592_000_000;
/** A run that rests longer, paused or with a question, is ended, ms: 30 days. */
export const TEAM_MAX_REST_MS = 2_592_000_000;
/** An ordered step that nobody has begun after this time is ordered again under the same number, ms: queues may lag. */
export const TEAM_ORDER_LEASE_MS = 60_000;
/** The same for one whose runner was heard of and is silent since, ms. */
export const TEAM_STEP_LEASE_MS = 20_000;
/** How often a runner shows that it works on a team's step, ms: it hears of pause, end and new directives by that. */
export const TEAM_BEAT_MS = 5_000;
/** A drive of a team's step is let go of after this time and ordered again, ms: a queue consumer lives for 15 minutes. */
export const TEAM_SLICE_MS = 600_000;
/** Orders of one attempt before it counts as failed. */
export const TEAM_STEP_MAX_ORDERS = 6;
/** Attempts of one step before the run is blocked, and the delays between them. */
export const TEAM_STEP_ATTEMPTS = 4;
export const TEAM_RETRY_BASE_MS = 2_000;
export const TEAM_RETRY_MAX_MS = 300_000;
/** An ended run waits so long for what its aborted steps have cost, ms. */
export const TEAM_CLOSING_GRACE_MS = 15_000;
/** Versions of the ranked list at the most. */
export const TEAM_MAX_RANKED = 100;
/** Messages of the user that one run takes; what of each is read, quotations included, and what becomes a directive, characters. */
export const TEAM_MAX_MESSAGES = 100;
export const TEAM_MAX_MAIL_CHARS = 65_536;
export const TEAM_MAX_MESSAGE_CHARS = 2_000;
/** The same in bytes: all directives of a run stand in one row, beside what its steps have handed in. */
export const TEAM_MAX_MESSAGE_BYTES = 4_000;
/** Steps that one report names; older ones are counted only. */
export const TEAM_REPORT_MAX_STEPS = 50;
/** Tries of one mail before it is given up, and the pauses between them, ms. */
export const MAIL_SEND_ATTEMPTS = 8;
export const MAIL_SEND_BASE_MS = 10_000;
export const MAIL_SEND_MAX_MS = 3_600_000;
/** Shortest time between two reports by time, ms. */
export const TEAM_MIN_CADENCE_MS = 60_000;

// ── Mail: reports out, replies in ──

/** An address, and its part before the `@`, octets (RFC 5321 §4.5.3.1: a path of 256 has two angle brackets). */
export const MAIL_MAX_ADDRESS_OCTETS = 254;
export const MAIL_MAX_LOCAL_OCTETS = 64;
/** What a reply address holds of the job's id, and of the code that proves we made it, bytes: 32 characters in all. */
export const MAIL_REPLY_JOB_BYTES = 8;
export const MAIL_REPLY_CODE_BYTES = 12;
/** Local part of MAIL_FROM: what is left of the 64 beside `+` and those 32 characters, octets. */
export const MAIL_FROM_MAX_LOCAL_OCTETS = 31;
/**
 * A larger mail is refused unread, bytes. Only words are read, and a mail of nothing but line ends takes the parser 6 s
 * at this size.
 */
export const MAIL_MAX_BYTES = 1_048_576;
/** Headers of all parts of one mail together, bytes, and how deep its parts may nest. */
export const MAIL_MAX_HEADER_BYTES = 131_072;
export const MAIL_MAX_DEPTH = 20;
/** Longer Message-IDs are replaced by a hash of the mail, characters. */
export const MAIL_MAX_ID_CHARS = 250;
/** An address that has not answered is asked again, by another run, after this time at the earliest, ms: a week. */
export const MAIL_ASK_PAUSE_MS = 604_800_000;
/** Tries to hand a mail to its session before its sender's server has to come again, and the pauses between, ms. */
export const MAIL_HAND_OVER_ATTEMPTS = 4;
export const MAIL_HAND_OVER_BASE_MS = 500;
export const MAIL_HAND_OVER_MAX_MS = 5_000;
/** Reports that are mailed in one run; the others can still be read on Nostr. */
export const MAIL_MAX_REPORTS = 1_000;
/** Longest name of a team in a mail, characters. */
export const MAIL_MAX_NAME_CHARS = 60;

// ── Values: what programs take and return ──

/** Text of one value, characters, in any notation. */
export const VALUE_MAX_CHARS = 1_048_576;
/** Brackets within brackets: CPython's own parser refuses the 201st. */
export const VALUE_MAX_NESTING = 200;
/** Decimal digits of an int: CPython 3.11 and later neither reads nor prints more (sys.set_int_max_str_digits). */
export const VALUE_MAX_INT_DIGITS = 4_300;

// ── Checks of verified jobs ──

/** A program in a contract, or in an answer, characters. */
export const CHECK_MAX_PROGRAM_CHARS = 8_192;
/** An input, an output or a message in a contract, characters. */
export const CHECK_MAX_VALUE_CHARS = 8_192;
/** Tests of one check, shown and hidden counted apart. */
export const CHECK_MAX_TESTS = 50;
/** What of a result is looked through for the answer, characters; a result is an event, so there is no more. */
export const CHECK_MAX_ANSWER_CHARS = 65_536;
/** Every execution is done in so many fresh instances, whose outputs have to be the same. */
export const CHECK_INSTANCES = 2;
/** What a contract may ask for at the most, and gets when it does not ask, ms: 50 M units of fuel, see below. */
export const CHECK_MAX_TIMEOUT_MS = 30_000;
export const CHECK_DEFAULT_TIMEOUT_MS = 10_000;
/** Units of fuel that stand for one ms of a contract's time limit: no clock decides about anything. */
export const CHECK_FUEL_PER_MS = 5_000;
/** Answers a contract may let one agent give, and agents it may let try one after the other. */
export const CHECK_MAX_ANSWERS = 8;
export const CHECK_MAX_AGENTS = 4;
/** How long all runs of one look at a check may take, ms; then it is tried again. */
export const CHECK_PATIENCE_MS = 120_000;
/** Why an answer was refused, characters. */
export const CHECK_MAX_DETAIL_CHARS = 500;
/** Levels of a JSON Schema in a contract. */
export const CHECK_MAX_SCHEMA_DEPTH = 16;
/** An expected output of so many characters must not stand in the program: it would be copied, not worked out. */
export const CHECK_GIVEAWAY_CHARS = 20;

// ── Arena: self-play that qualifies agents. The first four are Absolute Zero Reasoner's (SEEDS §3) ──

/** Stored tasks a proposer is shown. */
export const ARENA_REFERENCES = 6;
/** Inputs of an induction task; the first half is shown, the second judges. */
export const ARENA_INDUCTION_INPUTS = 10;
/** Attempts at a new task, of whose successes its reward is made. */
export const ARENA_ATTEMPTS = 8;
/** Tasks of one mode that are kept. The oldest are dropped, so that the frontier can move. */
export const ARENA_BUFFER_TASKS = 16_384;
/** Attempts of a probe that may end a task early. */
export const ARENA_PROBE_ATTEMPTS = 4;
/**
 * Rounds before a task is published. Inductions ask about younger programs alone, so that nobody can look their answers up
 * among the published ones.
 */
export const ARENA_EMBARGO_ROUNDS = 64;
/** Newest published tasks that a solver is handed: baselines build with their programs. */
export const ARENA_LIBRARY_TASKS = 64;
/** Longest output of a task, characters: a longer one is refused, never cut. */
export const ARENA_MAX_OUTPUT_CHARS = 2_000;
export const ARENA_MAX_MESSAGE_CHARS = 2_000;
/** Results that close a rating group; or its age, ms, once it has the fewest that say anything. */
export const ARENA_GROUP_RESULTS = 32;
export const ARENA_GROUP_AGE_MS = 3_600_000;
export const ARENA_GROUP_MIN_RESULTS = 8;
/** Results of nothing that every rating begins with: a few lucky ones do not make a champion. */
export const ARENA_RATING_PRIOR = 8;
/** Results the moving mean looks back over. */
export const ARENA_EMA_RESULTS = 64;
/** Tasks to qualify with in one mode, how many have to pass, and for how long that holds, ms. */
export const ARENA_QUALIFY_TASKS = 8;
export const ARENA_QUALIFY_PASSES = 3;
export const ARENA_QUALIFIED_MS = 30 * 86_400_000;
/** After this an agent that failed is examined again, ms: a day. */
export const ARENA_EXAM_RETRY_MS = 86_400_000;
/** Newest tasks of the frontier among which those of an examination are drawn. */
export const ARENA_QUALIFY_POOL = 64;
/** Fewest of one proposer's tasks that a solver has tried before the pair is compared with others. */
export const ARENA_PAIR_MIN_TASKS = 8;
/** Rounds of one mode whose sums are one point of the frontier's course. */
export const ARENA_STRETCH_ROUNDS = 20;
/** Points of it that are shown. */
export const ARENA_STRETCHES_SHOWN = 100;
/** Longest response that the record keeps beside its hash, characters. */
export const ARENA_KEPT_ANSWER_CHARS = 4_000;
/** A model's answer to one question, tokens, and how long it may take until it counts as an empty one, ms. */
export const ARENA_ANSWER_TOKENS = 1_500;
export const ARENA_ANSWER_PATIENCE_MS = 300_000;
/** One request to a model in the arena, ms: less than the patience, so that its failure is told and not guessed. */
export const ARENA_MODEL_TIMEOUT_MS = 180_000;
/** Questions of one round or examination to models, at the most. */
export const ARENA_MAX_QUESTIONS = 32;
/** Rounds a day where the operator says nothing: one every 5 s locally, one a minute deployed. */
export const ARENA_ROUNDS_PER_DAY = { local: 17_280, deployed: 1_440 } as const;
/** What models may read and write for the arena in a day, tokens, where the operator says nothing. */
export const ARENA_TOKENS_PER_DAY = 100_000;
/** Shortest pause between rounds, and how long the arena rests when the sandbox is away, ms. */
export const ARENA_MIN_PAUSE_MS = 50;
export const ARENA_REST_MS = 30_000;
/** Executions handed to the sandbox together, and the pause behind them, ms: what else runs gets its turn between. */
export const ARENA_SLICE_EXECUTIONS = 2;
export const ARENA_SLICE_PAUSE_MS = 20;
/** News for the record that are written by one transaction. */
export const ARENA_NEWS_BATCH = 4;
/** Standings are published at most so often, ms: an hour. */
export const ARENA_STANDINGS_PAUSE_MS = 3_600_000;

// ── Broker: who gets an open request ──

/** An agent's newest jobs that an open request without a check is routed by: few, because they are read again and again. */
export const BROKER_JOBS = 50;
/** How long what is known of the agents is used before it is read again, ms. */
export const BROKER_KNOWS_MS = 15_000;
/** Jobs that every success rate begins with, and the share of them that was delivered. */
export const BROKER_PRIOR_JOBS = 8;
export const BROKER_PRIOR_SUCCESS = 0.9;
/** Agents whose record is read for that, the first in the list. */
export const BROKER_MAX_AGENTS = 100;
/** Success rate that a place further up in the list of agents is worth: four failures of a new agent undo it. */
export const BROKER_PLACE_WORTH = 0.25;

// ── Sandbox: what one run of a stranger's program may use ──

/** Work of one run, units of fuel (scripts/sandbox/meter.ts): all but 1 of 17,572 published AZR tasks need less. */
export const SANDBOX_FUEL = 50_000_000;
/** The most that can be asked for, units: a second or two, in which a local workerd does nothing else. */
export const SANDBOX_MAX_FUEL = 200_000_000;
/** Memory of one guest, pages of 64 KiB: 48 MB for Python, of which 30 are its own, 32 MB for JavaScript. */
export const SANDBOX_PYTHON_PAGES = 768;
export const SANDBOX_JAVASCRIPT_PAGES = 512;
/**
 * What a guest's calls may take of the host's stack, bytes by the meter's estimate of their frames. V8 has 984 KB and
 * was seen to use less than 600 KB where the estimate says 1 MB, so that this always ends first.
 */
export const SANDBOX_STACK_BYTES = 1_048_576;
/**
 * QuickJS' own limit, bytes of its stack in linear memory, 176 and more for a call: 1,600 of them for plain ones, where a guest
 * can still catch the error. The budget above ends them at 1,950, and V8's own stack would at 2,500.
 */
export const SANDBOX_JAVASCRIPT_STACK_BYTES = 335_000;
/** The time in the sandbox, ms: it is always the first moment of 2026. */
export const SANDBOX_NOW_MS = 1_767_225_600_000;
/** A program, and one argument or the expression of all, characters. */
export const SANDBOX_MAX_CODE_CHARS = 65_536;
export const SANDBOX_MAX_INPUT_CHARS = 262_144;
/** Arguments of one call. */
export const SANDBOX_MAX_ARGUMENTS = 255;
/** How deep a value that leaves a guest may nest; its length is that of any value (VALUE_MAX_CHARS). */
export const SANDBOX_MAX_VALUE_DEPTH = 100;
/** What a run may print, bytes; more ends it. */
export const SANDBOX_MAX_STDOUT_BYTES = 65_536;
/** An exception's text, characters. */
export const SANDBOX_MAX_MESSAGE_CHARS = 300;
/** How long CPython may take to boot, ms: seen are 100 from its snapshot, and 5,000 without one on a slow machine. */
export const SANDBOX_BOOT_TIMEOUT_MS = 10_000;
/** How long a caller waits for a run, ms: the most fuel takes a second or two, and the first run boots Python. */
export const SANDBOX_TIMEOUT_MS = 15_000;

// ── Doors: programs that come without a Nostr key (docs/doors.md) ──

/** How long nothing may be heard of a followed job before a door looks whether it ended without a word, ms. */
export const DOOR_LOOK_MS = 10_000;
/** How often in a row the stream of a followed job may break off without news before its follower is told. */
export const DOOR_MAX_RESUMES = 5;
/** Pause before such a stream is opened again, ms. */
export const DOOR_RESUME_MS = 500;
/** Events of one job that a stream holds back at the most in one line, characters: an event and its frame. */
export const DOOR_MAX_LINE_CHARS = 262_144;
/** How long an `Idempotency-Key` stands for the job it was first sent with, ms. */
export const IDEMPOTENCY_KEEP_MS = 86_400_000;
export const IDEMPOTENCY_MAX_KEY_CHARS = 255;

// ── MCP and A2A: doors for agent programs (docs/doors-mcp-a2a.md) ──

/**
 * How long a tool waits for a job unless it is told otherwise, s: hosts give up a call after 60 without an answer, and a job
 * goes on without one.
 */
export const MCP_WAIT_DEFAULT_S = 40;
/** The longest a tool waits, s. */
export const MCP_WAIT_MAX_S = 600;
/** Agents that one search lists. */
export const MCP_AGENTS_DEFAULT = 20;
export const MCP_AGENTS_MAX = 100;
/** A comment goes through an MCP stream that says nothing for so long, ms: proxies cut what is silent. */
export const MCP_KEEP_ALIVE_MS = 15_000;

/** API keys of one owner that are not revoked. */
export const DOOR_MAX_KEYS = 100;
/** Keys one list shows, the newest. */
export const ACCOUNT_KEYS_SHOWN = 200;
export const DOOR_MAX_KEY_NAME_CHARS = 64;
/** Agents one key may be limited to by name. */
export const DOOR_MAX_KEY_AGENTS = 32;
/** What one call may move into a key, or back, sats: the largest amount that is invoiced. */
export const DOOR_MAX_BUDGET_SATS = 10_000_000;
/** When a key was last used is noted to this, s: each note is a written row. */
export const DOOR_KEY_USE_GRAIN_S = 3_600;
/** How long an L402 token serves, s; what is left in it can be taken back for ever. */
export const L402_VALID_S = 2_592_000;
/** A macaroon with its caveats, bytes; ours have about 250, and holders may add a few of their own. */
export const L402_MAX_MACAROON_BYTES = 2_048;
export const L402_MAX_CAVEATS = 16;
/** Invoices one network address may ask for without a key: so many at once, then so many a second. */
export const L402_CHALLENGES_BURST = 60;
export const L402_CHALLENGES_PER_S = 0.5;
/** Jobs one network address may post without a key: so many at once, then so many a second. */
export const GUEST_JOBS_BURST = 30;
export const GUEST_JOBS_PER_S = 0.1;
/** Network addresses that are remembered for these, per isolate. */
export const GUEST_CALLERS = 10_000;
/** How far the clock of an MCP message that came as an event may be from ours, s: nobody waits longer for an answer. */
export const MCP_EVENT_MAX_AGE_S = 900;
/** How long `SendMessage` of A2A waits for the end of a task, ms: the protocol wants it to, and proxies do not bear more. */
export const A2A_WAIT_MS = 300_000;
/** How long a streamed answer may take to its first word before its head is sent without one, ms: until then an error has a status. */
export const DOOR_FIRST_WORD_MS = 15_000;
/**
 * Pause after which a silent stream says that it is alive, ms. Proxies give up after 30 s and more; but where the platform does
 * not tell that a caller has gone, only a write shows it, and until then a model works for nobody.
 */
export const DOOR_KEEP_ALIVE_MS = 5_000;
/** How long a request that is not streamed waits for its answer, ms: OpenAI's own clients give up after 600 s. */
export const DOOR_WAIT_MS = 590_000;
/** Tools of a client's own that one request to a chat agent may bring: what OpenAI takes. */
export const CHAT_MAX_TOOLS = 128;
// ── Reviews, figures, the operator's pages ──

/** A review's words, characters; the rest is cut off where it is shown. */
export const REVIEW_MAX_CHARS = 2_000;
/** A larger event is no review, bytes: it is kept whole in the record, so that anybody can check it. */
export const REVIEW_MAX_EVENT_BYTES = 8_192;
/** How long a review waits for the record to know that its job is over and paid, ms: both lag a moment behind. */
export const REVIEW_PATIENCE_MS = 60_000;
/** How far back reviews are asked for at outside relays, s: nobody loses one by our being away for a week. */
export const REVIEW_MAX_AGE_S = 604_800;
/** An agent's newest reviews that its figures are counted over: rows read are billed. */
export const REVIEWS_COUNTED = 1_000;
/** Keys the operator may keep out at run time: all of them are held in memory and read together. */
export const BLOCKED_KEYS_MAX = 5_000;
/** A note on why a key is kept out, characters. */
export const BLOCKED_REASON_MAX_CHARS = 200;
/** How long a part of the service goes on with the block list it has read, ms: within it a change is in force. */
export const BLOCKED_REFRESH_MS = 15_000;
/** Reviews on one page of an agent. */
export const AGENT_PAGE_REVIEWS = 10;
/** Stretches an agent's figures go back: days, or hours. */
export const FIGURES_DAYS = 30;
export const FIGURES_HOURS = 48;
/** An agent's newest jobs that its figures are counted over, and how long a cache may keep them, s: rows read are billed. */
export const FIGURES_MAX_JOBS = 3_000;
export const FIGURES_MAX_AGE_S = 60;
/** Rounds of the arena an agent's curve goes back, and rounds to a point of it: about nine rows each are read. */
export const FIGURES_ARENA_ROUNDS = 600;
export const FIGURES_ARENA_STRETCH_ROUNDS = 60;
/** Newest jobs the operator's tables look through for open and failed ones, and rows a table has at the most. */
export const OPERATOR_SCAN_JOBS = 2_000;
export const OPERATOR_TABLE_ROWS = 200;
/** Sessions that are asked what they still owe to relays, for one table: each may have to be woken. */
export const OPERATOR_SESSIONS_ASKED = 25;

// ── Pages ──

/** How old the figures of the market may be, ms: they are counted over an agent's newest jobs, and read for all agents at once. */
export const MARKET_FIGURES_MAX_AGE_MS = 5_000;
/** Agents on one page of the market. */
export const MARKET_PAGE_AGENTS = 50;
/** What may be looked for in the market, characters. */
export const MARKET_QUERY_MAX_CHARS = 200;
/** Newest jobs on the market's page. */
export const MARKET_NEWS_JOBS = 12;

// ── Clients (src/client): what a follower of jobs keeps, and how long it waits ──

/** Events of one job that are kept; a stream of an hour has a tenth of it. More is somebody's noise. */
export const CLIENT_JOB_MAX_EVENTS = 50_000;
/** Longest wait for a relay's stored events, ms. */
export const CLIENT_QUERY_TIMEOUT_MS = 10_000;
/** A lost relay is dialled again after at least and at most so long, ms (times jitter). */
export const CLIENT_REDIAL_BASE_MS = 1_000;
export const CLIENT_REDIAL_MAX_MS = 30_000;
/** An agent card that is fetched, bytes. */
export const CLIENT_CARD_MAX_BYTES = 262_144;
/** Longest wait for an HTTP answer, ms. */
export const CLIENT_HTTP_TIMEOUT_MS = 15_000;
/** Announcements asked for when agents are looked for. */
export const CLIENT_AGENTS_LIMIT = 500;
// ── Listing: agents that others bring ──

/** Agents whose gift wraps outside relays are asked for, the first in the list: relays bound the length of a filter. */
export const LINK_MAX_WRAPPED = 500;
/** Agents that prove themselves on one connection (NIP-42), the first in the list. */
export const LINK_MAX_IDENTITIES = 100;

/** Agents one owner may have listed at a time, and all owners together: every isolate keeps all of them in memory. */
export const LISTINGS_PER_OWNER = 20;
export const LISTINGS_MAX = 2_000;
/** Changes of listings that one key may make in an hour, new ones too. */
export const LISTING_CHANGES_PER_HOUR = 120;
/** Versions of a listing that are kept, the newest. */
export const LISTING_VERSIONS_KEPT = 50;
/** A listing's description as JSON, bytes: many are held in memory. */
export const LISTING_MAX_BYTES = 65_536;
/** The JSON Schema of a listed agent's parameters, bytes. */
export const LISTING_MAX_SCHEMA_BYTES = 16_384;
/** A listed agent's prompt, characters. */
export const LISTING_MAX_PROMPT_CHARS = 20_000;
/** A secret of an owner (an endpoint's key, a webhook's secret), characters. */
export const LISTING_MAX_SECRET_CHARS = 512;
/** What an isolate knows of listed agents is asked for again after this, ms. */
export const LISTINGS_FRESH_MS = 5_000;
/** An isolate that could not read the listings goes on with what it knows, and tries again after this, ms. */
export const LISTINGS_RETRY_MS = 2_000;
/** Listed agents whose announcements are looked after in one minute; a change is announced at once. */
export const LISTINGS_ANNOUNCED_AT_ONCE = 25;
/** How long the deletion of a listing's announcements is brought to relays that were away, ms: a week. */
export const LISTING_RETRACTION_MS = 7 * 86_400_000;
/** Reason of a pause or a takedown, characters. */
export const LISTING_MAX_REASON_CHARS = 200;

// ── Remote agents: an owner's endpoint ──

/** Whole answer of an endpoint, bytes. */
export const REMOTE_MAX_ANSWER_BYTES = 2_097_152;
/** From the request to the head of the answer, ms. */
export const REMOTE_HEAD_TIMEOUT_MS = 60_000;
/** Time a job at a remote agent may take, s; the platform gives a step 15 minutes. */
export const REMOTE_MAX_TIME_S = 600;
export const REMOTE_TIME_S = 120;
/** Failures in a row that pause a listing, and how much later a probe may open it again, ms. */
export const REMOTE_FAILURES_TO_PAUSE = 5;
export const REMOTE_PROBE_AFTER_MS = 300_000;
/** Probes in one minute, and how long one may take, ms. */
export const REMOTE_PROBES_AT_ONCE = 10;
export const REMOTE_PROBE_TIMEOUT_MS = 10_000;
/** Characters of a note of progress that an endpoint sends. */
export const REMOTE_MAX_NOTE_CHARS = 200;

// ── External agents: those that live on Nostr ──

/** Time a job at an external agent may take, s. */
export const EXTERNAL_MAX_TIME_S = 21_600;
export const EXTERNAL_TIME_S = 900;
/** An external agent that is looked after by nobody else is asked about after this, ms. */
export const EXTERNAL_LOOK_MS = 15_000;
/** How long relays are asked for an agent's announcement when it is listed, ms. */
export const EXTERNAL_FIND_MS = 4_000;
/** Longest wait for a bunker (NIP-46), ms: a person may have to allow it. */
export const CLIENT_BUNKER_TIMEOUT_MS = 60_000;
