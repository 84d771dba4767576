/** What the doors need of the Worker they run in (workers/door.ts fills it in; tests bring doubles). */
import type { Clock } from '../clock.ts';
import type { After } from '../link/ports.ts';
import type { KeyPair, NostrEvent, VerifiedEvent } from '../nostr/event.ts';
import type { AgentKinds } from '../nostr/kinds.ts';
import type { Msats } from '../payment/msats.ts';
import type { KeyedAgent } from '../protocol/agent.ts';
import type { JobBody } from '../protocol/model.ts';
import type { JobRecord } from '../store/job-record.ts';

/** What an `Idempotency-Key` stands for. */
export interface RememberedRequest {
  /** Of what was asked for, hex; keyed by the purse, so that it tells nobody what that was. */
  readonly fingerprint: string;
  /** The signed request: taken up again it is the same job. */
  readonly event: NostrEvent;
}

export interface DoorPorts {
  readonly now: Clock;
  readonly kinds: AgentKinds;
  /** URL of the embedded relay. */
  readonly relay: string;
  /** Best first. */
  readonly agents: readonly KeyedAgent[];
  /** The keys of the purse with this id. */
  purseKeys(id: string): KeyPair;
  readonly after: After;
  log(what: string, error: unknown): void;
  /** The most such a job costs; ZERO for free. @throws JobError where the agent cannot work as it is asked to */
  quote(agent: KeyedAgent, body: JobBody): Msats;
  /** What an account may spend. @param client public key of the purse */
  credit(client: string): Promise<Msats>;
  /**
   * Hands a purse's request to the session it is for, and shows it on the embedded relay. Resolves when it is durably
   * taken. Repeat-safe by its id.
   */
  take(request: VerifiedEvent | NostrEvent): Promise<void>;
  /** Publishes an event of a purse to the embedded relay, which hands it on to whom it concerns. */
  publish(event: NostrEvent): Promise<void>;
  /** Server-sent events of a job: stored ones after `cursor` (0: all), then live ones. See {@link HttpPorts.jobEvents}. */
  jobEvents(jobId: string, cursor: number, live: boolean): Promise<ReadableStream<Uint8Array>>;
  /** Tells the session of a job that waits for money that there is some now. Repeat-safe. */
  credited(jobId: string): Promise<void>;
  /** A job as it stands at this moment; undefined when none of this id is known (yet). */
  job(jobId: string): Promise<JobRecord | undefined>;
  /**
   * Remembers a purse's request under a key unless something stands there already that is not older than
   * IDEMPOTENCY_KEEP_MS, or is the request with the id `instead`.
   *
   * @returns what stands there now
   */
  remember(
    client: string,
    key: string,
    request: RememberedRequest,
    instead: string | null,
  ): Promise<RememberedRequest>;
  /** Id of the request remembered under a key; null for none. */
  recall(client: string, key: string): Promise<string | null>;
}
