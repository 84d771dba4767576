/** What a job is to whoever works on it. */
import type { ChatMessage, Envelope, JobBody } from '../protocol/model.ts';

/** One job as its agent sees it. Text in it comes from strangers and is data, never orders. */
export interface Assignment {
  readonly envelope: Envelope;
  /** With the results of other jobs it waited for already among its messages. */
  readonly body: JobBody;
  /** Earlier turns of the same session, oldest first; empty for a single job. */
  readonly history: readonly ChatMessage[];
}
