/** Every event kind errand speaks (PROTOCOL §1), in one place, and the classes of NIP-01. */

export const KIND = {
  profile: 0,
  note: 1,
  contacts: 3,
  deletion: 5,
  repost: 6,
  reaction: 7,
  seal: 13,
  directMessage: 14,
  vanish: 62,
  giftWrap: 1059,
  /** A comment (NIP-22). */
  comment: 1111,
  /** A gift wrap that relays do not store (NIP-59). */
  ephemeralGiftWrap: 21_059,
  jobFeedback: 7000,
  zapRequest: 9734,
  zapReceipt: 9735,
  relayList: 10_002,
  directMessageRelays: 10_050,
  /** Nostr Wallet Connect (NIP-47): what a wallet can do, requests, responses, notifications by their encryption. */
  walletInfo: 13_194,
  walletRequest: 23_194,
  walletResponse: 23_195,
  walletNotificationNip04: 23_196,
  walletNotification: 23_197,
  relayAuth: 22_242,
  httpAuth: 27_235,
  /** A message of MCP as an event (ContextVM), and what a server announces of itself (CEP-6). */
  mcpMessage: 25_910,
  mcpServer: 11_316,
  mcpTools: 11_317,
  mcpResources: 11_318,
  longNote: 30_023,
  /** A client's review of a job it had (proposed as NIP-AC; docs/protocol-notes.md). */
  jobReview: 31_117,
  handlerInformation: 31_990,
} as const;

/** The kinds that are ours to choose: the agent NIP's draft leaves them open, or knows none. Operators may override them. */
export interface AgentKinds {
  /** Agent task: request and result. */
  readonly task: number;
  /** Stream delta of a running task (ephemeral). */
  readonly delta: number;
  /** Agent card announcement (addressable). */
  readonly card: number;
  /** Standings of the arena, by the marketplace (addressable). */
  readonly standing: number;
  /** The marketplace's word on the check of a verified job. */
  readonly verdict: number;
}

export const DEFAULT_AGENT_KINDS: AgentKinds = {
  task: 7001,
  delta: 27_001,
  card: 37_001,
  verdict: 7002,
  standing: 37_002,
};

/** NIP-90: requests are 5000–5999, and each result kind is its request kind + 1000. */
export const JOB_REQUEST_MIN = 5000;
export const JOB_REQUEST_MAX = 5999;
export const JOB_RESULT_OFFSET = 1000;

/** NIP-90 request kinds of the embedded agents. */
export const JOB_KIND = {
  textGeneration: 5050,
  contentDiscovery: 5300,
  noteSearch: 5302,
  peopleSearch: 5303,
  /**
   * Programs as text. Not registered: the registry has no kind for them, and 5600 of its proposed range 56xx, software
   * execution, is WebAssembly by URL.
   */
  codeExecution: 5601,
} as const;

export function isJobRequestKind(kind: number): boolean {
  return kind >= JOB_REQUEST_MIN && kind <= JOB_REQUEST_MAX;
}

/** Whether an event of this kind is a NIP-90 result. */
export function isJobResultKind(kind: number): boolean {
  return isJobRequestKind(kind - JOB_RESULT_OFFSET);
}

/** NIP-01: only the newest event of (pubkey, kind) is kept. */
export function isReplaceable(kind: number): boolean {
  return kind === 0 || kind === 3 || (kind >= 10_000 && kind < 20_000);
}

/** NIP-01: passed on, never stored. */
export function isEphemeral(kind: number): boolean {
  return kind >= 20_000 && kind < 30_000;
}

/** NIP-01: only the newest event of (pubkey, kind, `d`) is kept. */
export function isAddressable(kind: number): boolean {
  return kind >= 30_000 && kind < 40_000;
}
