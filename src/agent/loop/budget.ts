/** The port to what a run may spend. It is asked before each model call and told after it. */
import type { Usage } from '../../protocol/model.ts';

export interface Reservation {
  /** Names the call. Asked again under a key after a crash, the earlier call may have been paid for and lost. */
  readonly key: string;
  readonly model: string;
  /** What the question may have, tokens: an estimate with a margin. */
  readonly prompt_tokens: number;
  /** The most the answer is wished to have, tokens. */
  readonly completion_tokens: number;
}

export interface Budget {
  /**
   * Sets money or tokens aside for one call.
   *
   * @returns how many tokens the answer may have: as many as wished, fewer, or 0 where the question alone is too dear
   */
  reserve(wish: Reservation): Promise<number>;
  /** What the call took in the end; what was set aside beyond it is free again. No tokens: it was not made. */
  settle(key: string, model: string, usage: Usage): Promise<void>;
}
