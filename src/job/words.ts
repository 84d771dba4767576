/** What a client says to work that is under way (a team), whatever brought it. */
export interface Words {
  /** Names the message for ever: an event's or rumor's id, or a mail's Message-ID. Counts once. */
  readonly source: string;
  /** When it was written, as it says itself, Unix ms. */
  readonly sentAt_ms: number;
  /** Plain text, quotations included. It may be long; what is too long is cut where it is read. */
  readonly text: string;
}

/** `taken`: stored for good, now or before. `nobody`: no work under way here takes words, or not from them. */
export type Heard = 'taken' | 'nobody';
