/** What the links tell about themselves and about single events. Plain JSON: both cross RPC. */

/** A relay's answer to one event (NIP-01 OK). */
export interface PublishOutcome {
  readonly id: string;
  readonly ok: boolean;
  /** NIP-01 reason with its prefix; empty where none was given. */
  readonly reason: string;
}

/** One followed relay, for /health and /metrics. */
export interface LinkStatus {
  readonly url: string;
  readonly state: 'connecting' | 'open' | 'waiting' | 'stopped';
  /** Unix ms of the last frame. */
  readonly lastFrameAt_ms: number | null;
  /** Unix s up to which everything was seen. */
  readonly cursor_s: number;
  /** Events inside our filters. */
  readonly received: number;
  readonly dispatched: number;
  /** Frames that were oversized, broken, forged, unasked or over a budget. */
  readonly refused: number;
  readonly reconnects: number;
  readonly lastError: string | null;
}

/** Counters of one relay, written by whoever handles its frames. */
export interface LinkCounters {
  received: number;
  dispatched: number;
  refused: number;
  reconnects: number;
  lastError: string | null;
}

/** Counters at zero. */
export function newCounters(): LinkCounters {
  return { received: 0, dispatched: 0, refused: 0, reconnects: 0, lastError: null };
}

/** Text of a stranger (a NOTICE, a close reason) in a form that is safe to show: one line, at most 200 characters. */
export function shortReason(text: string): string {
  return text.slice(0, 200).replace(/\p{C}/gu, ' ');
}
