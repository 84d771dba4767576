/** The events of one job as server-sent events (WHATWG HTML §9.2): stored ones first, then live, until its end. */
import { type NostrEvent, tagValue, tagValues } from '../nostr/event.ts';
import { type AgentKinds, isJobRequestKind, JOB_RESULT_OFFSET, KIND } from '../nostr/kinds.ts';
import { eventJson } from '../nostr/messages.ts';
import type { EventStore } from './event-store.ts';
import type { Arrival, Listener } from './listener.ts';

/** Where a stream goes. */
export interface JobSink {
  /** One event as text of `text/event-stream`. */
  write(text: string): void;
  end(): void;
}

/**
 * Follows one job. Give it what arrives; it writes what belongs to the job and ends after its result or error, or when
 * the client calls the job off, after which nothing is told any more.
 */
export class JobStream implements Listener {
  readonly reader = 'all';
  /** Called once, when the job has ended. */
  onEnd: () => void = () => undefined;
  readonly #jobId: string;
  readonly #store: EventStore;
  readonly #kinds: AgentKinds;
  readonly #sink: JobSink;
  #request: NostrEvent | undefined;
  #ended = false;
  /** Demands for payment (kind 7000) whose second event, which looks like an end where it is sealed, did not come yet. */
  #demands = 0;

  constructor(jobId: string, store: EventStore, kinds: AgentKinds, sink: JobSink) {
    this.#jobId = jobId;
    this.#store = store;
    this.#kinds = kinds;
    this.#sink = sink;
    this.#request = store.find(jobId)?.event;
  }

  /** Writes what is stored after `afterSeq`. Returns true when the job has ended already, whatever was written. */
  replay(afterSeq: number): boolean {
    for (const { seq, event, ours } of this.#store.answersTo(this.#jobId, 0)) {
      if (this.#callsOff(event)) {
        this.#end();
        return true;
      }
      if (!this.#belongs(event, ours)) continue;
      if (seq > afterSeq) this.#write(event, eventJson(event), seq);
      if (this.#ends(event)) {
        this.#end();
        return true;
      }
    }
    return false;
  }

  deliver(_name: string, { event, json, seq, ours }: Arrival): void {
    if (this.#ended) return;
    // A request may arrive after somebody began to follow it.
    this.#request ??= this.#store.find(this.#jobId)?.event;
    if (this.#callsOff(event)) {
      this.#end();
      return;
    }
    if (!this.#belongs(event, ours)) return;
    this.#write(event, json, seq);
    if (this.#ends(event)) this.#end();
  }

  /** Anybody can sign an event that names the job; only agents of ours and those it was addressed to are heard. */
  #belongs(event: NostrEvent, ours: boolean): boolean {
    if (eventName(event, this.#kinds) === null) return false;
    return ours || (this.#request !== undefined && tagValues(this.#request, 'p').includes(event.pubkey));
  }

  /** The client's own deletion (NIP-09) of the request. What names the job is all that comes here. */
  #callsOff(event: NostrEvent): boolean {
    return event.kind === KIND.deletion && event.pubkey === this.#request?.pubkey;
  }

  #write(event: NostrEvent, json: string, seq: number | null): void {
    const id = seq === null ? '' : `id: ${seq}\n`;
    this.#sink.write(`${id}event: ${eventName(event, this.#kinds)}\ndata: ${json}\n\n`);
  }

  #ends(event: NostrEvent): boolean {
    if (event.kind === KIND.jobFeedback) {
      if (tagValue(event, 'status') === 'payment-required') this.#demands += 1;
      // The agent NIP says it by a result event with `error`; NIP-90 has no other way than this (PROTOCOL §3).
      const agentTask = this.#request?.kind === this.#kinds.task;
      return !agentTask && tagValue(event, 'status') === 'error';
    }
    if (event.kind !== this.#kinds.task) return eventName(event, this.#kinds) === 'result';
    if (!isSealed(event)) return !isPaymentRequired(event);
    // A demand is told twice (PROTOCOL §2), and the second time of a sealed one only its client can read what it is.
    if (this.#demands === 0) return true;
    this.#demands -= 1;
    return false;
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#sink.end();
    this.onEnd();
  }
}

function eventName(event: NostrEvent, kinds: AgentKinds): 'feedback' | 'result' | 'delta' | null {
  if (event.kind === KIND.jobFeedback) return 'feedback';
  if (event.kind === kinds.delta) return 'delta';
  return event.kind === kinds.task || isJobRequestKind(event.kind - JOB_RESULT_OFFSET) ? 'result' : null;
}

function isSealed(event: NostrEvent): boolean {
  return event.tags.some(([name]) => name === 'encrypted');
}

/** The one error that does not end a job (PROTOCOL §2). */
function isPaymentRequired(event: NostrEvent): boolean {
  return tagValue(event, 'error')?.includes('"PAYMENT_REQUIRED"') ?? false;
}
