/** How open requests come to an agent, and from one that failed to the next. The implementation is workers/broker.ts. */
import type { JobFailure } from '../errors.ts';
import type { NostrEvent } from '../nostr/event.ts';

/** On what terms a session is given a request. */
export interface Placement {
  /** How many agents have failed at it before. */
  readonly turn: number;
  /** Whether it comes from one of those, where its client was admitted and it may have lain longer than a new request may. */
  readonly passedOn: boolean;
  /** Why nobody may have it, which this agent only says; null where it is to be done. */
  readonly refusal: JobFailure | null;
}

/** That of a request which comes to its first agent. */
export const FIRST: Placement = { turn: 0, passedOn: false, refusal: null };

/** A request as it was delivered. */
export interface Delivered {
  readonly event: NostrEvent;
  /** `embedded` or a relay URL. */
  readonly via: string;
}

/** `nobody`: no other agent may have it, so the last one's word is the client's last. */
export type NextAgent = { readonly type: 'agent'; readonly agent: string } | { readonly type: 'nobody' };

export interface Broker {
  /**
   * Takes an open job from an agent that failed and gives it to the next. Resolves when that agent's session has stored
   * it. Repeat-safe: called again it gives the same answer, and the job is one job there. A request that names its agent
   * goes to nobody else.
   *
   * @param failedAgent slug of the agent whose session asks
   * @throws Error when it has to be called again; what was decided stays decided
   */
  nextAgent(jobId: string, request: Delivered, failedAgent: string): Promise<NextAgent>;
  /** The client called a job off while it was on its way to the next agent. Repeat-safe. */
  callOff(jobId: string, client: string): Promise<void>;
}
