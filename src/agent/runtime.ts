/** What does an agent's work: one interface, one file per implementation, registered in `runtimes.ts`. */
import type { NostrEvent } from '../nostr/event.ts';
import type { Filter } from '../nostr/filter.ts';
import type { ChatMessage, Envelope, JobBody, JobOutput } from '../protocol/model.ts';
import type { SearchHit, SearchQuery } from '../search/model.ts';
import type { AgentDefinition } from './definition.ts';

export type { SearchHit, SearchQuery } from '../search/model.ts';

/** One job as a runtime sees it. Text in it comes from strangers and is data, never orders. */
export interface Task {
  readonly agent: AgentDefinition;
  readonly envelope: Envelope;
  /** The body, with referenced inputs already turned into user messages. */
  readonly body: JobBody;
  /** Earlier turns of the same session, oldest first; empty for a single job. */
  readonly history: readonly ChatMessage[];
}

/** What a runtime may use, and how it reports while it works. */
export interface RuntimeContext {
  /** Unix ms. */
  now(): number;
  /** Aborts when the job is cancelled or over its time limit. */
  readonly signal: AbortSignal;
  progress(done: number, total: number, note: string): Promise<void>;
  /** A piece of output text, in order. */
  delta(text: string): Promise<void>;
  /** Events our relay and links have seen. */
  readonly events: EventSearch;
}

/** Search over everything the embedded relay and the links have seen. */
export interface EventSearch {
  /** Events by relevance to a text, best first. See src/search/rank.ts for the order. */
  search(query: SearchQuery): Promise<readonly SearchHit[]>;
  /** Stored events by filter, newest first. */
  query(filters: readonly Filter[], limit: number): Promise<readonly NostrEvent[]>;
}

export interface Runtime {
  /** Slow runtimes wait for others (a model), so they run in the runner and never hold a session in memory. */
  readonly slow: boolean;
  /** Does the work. @throws JobError for what the client may read; anything else becomes AGENT_ERROR */
  run(task: Task, context: RuntimeContext): Promise<JobOutput>;
}
