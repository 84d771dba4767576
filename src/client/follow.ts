/** Following a job over relays: everything that is said of it goes into its view, opened where it was sealed for us. */
import type { VerifiedEvent } from '../nostr/event.ts';
import type { Filter } from '../nostr/filter.ts';
import { type AgentKinds, DEFAULT_AGENT_KINDS, KIND } from '../nostr/kinds.ts';
import { openedAnswer } from '../protocol/answer-opening.ts';
import { answerKinds } from '../protocol/answers.ts';
import { ClientError } from './failure.ts';
import { JobFold } from './job-fold.ts';
import { type Heard, isOver, type JobRef, type JobView } from './job-view.ts';
import type { ClientPorts } from './ports.ts';
import type { Listener } from './relay.ts';
import type { ClientRelays } from './relays.ts';
import type { Signer } from './signer.ts';

/** The job of a request. @param marketplace whose verdicts count, hex; null for nobody's */
export function jobOf(
  request: VerifiedEvent,
  marketplace: string | null,
  kinds: AgentKinds = DEFAULT_AGENT_KINDS,
): JobRef {
  const agents = request.tags.filter(([name]) => name === 'p').map(([, pubkey]) => pubkey);
  return {
    id: request.id,
    kind: request.kind,
    client: request.pubkey,
    // More than one is an open request to these; whoever of them answers is told apart by its lane.
    agent: agents.length === 1 ? (agents[0] ?? null) : null,
    marketplace,
    kinds,
  };
}

export interface FollowOptions {
  readonly relays: ClientRelays;
  readonly ports: Pick<ClientPorts, 'after'>;
  /** Opens what was sealed for the client; null where only what is in the clear is to be seen. */
  readonly signer: Signer | null;
  /** Called after every event that counted, with the whole view. */
  readonly changed?: (view: JobView, heard: Heard) => void;
  /** The stored events of a relay are through. */
  readonly stored?: (relay: string) => void;
  /** A relay was lost (it is dialled again) or refuses to tell. */
  readonly troubled?: (reason: string, relay: string) => void;
}

/** A job that is being followed, until `stop`. */
export class Following {
  readonly #fold: JobFold;
  readonly #options: FollowOptions;
  readonly #seen = new Set<string>();
  readonly #stop: () => void;
  readonly #waiting = new Set<() => void>();
  #stopped = false;

  constructor(job: JobRef, options: FollowOptions) {
    this.#fold = new JobFold(job);
    this.#options = options;
    const { stored, troubled } = options;
    const listener: Listener = {
      event: (event) => this.take(event),
      ...(stored === undefined ? {} : { stored }),
      ...(troubled === undefined ? {} : { ended: troubled }),
    };
    this.#stop = options.relays.subscribe([filterOf(job)], listener);
  }

  get view(): JobView {
    return this.#fold.view();
  }

  /** Takes an event from elsewhere, for example from the marketplace's own event stream. */
  take(event: VerifiedEvent): void {
    if (this.#stopped || this.#seen.has(event.id)) return;
    this.#seen.add(event.id);
    // What is in the clear is taken at once, so that a test or a page sees it without waiting a turn.
    if (!event.tags.some(([name]) => name === 'encrypted')) {
      this.#add({ event, said: event });
      return;
    }
    const { signer, troubled } = this.#options;
    heardOf(event, this.#fold.job, signer, (reason) => troubled?.(reason, event.id)).then(
      (heard) => this.#add(heard),
      (error: unknown) => troubled?.(String(error), event.id),
    );
  }

  /**
   * Waits until the view is as wanted.
   *
   * @throws ClientError TIMEOUT
   */
  until(wanted: (view: JobView) => boolean, timeout_ms: number | null = null): Promise<JobView> {
    const { promise, resolve, reject } = Promise.withResolvers<JobView>();
    const look = () => {
      const view = this.view;
      if (!wanted(view)) return;
      end();
      resolve(view);
    };
    const stopTimer =
      timeout_ms === null
        ? () => undefined
        : this.#options.ports.after(timeout_ms, () => {
            end();
            reject(new ClientError('TIMEOUT', `nothing came in ${timeout_ms / 1_000} s`));
          });
    const end = () => {
      stopTimer();
      this.#waiting.delete(look);
    };
    this.#waiting.add(look);
    look();
    return promise;
  }

  /** Waits for the result, the error or the cancellation. @throws ClientError TIMEOUT */
  end(timeout_ms: number | null = null): Promise<JobView> {
    return this.until(isOver, timeout_ms);
  }

  stop(): void {
    this.#stopped = true;
    this.#stop();
  }

  #add(heard: Heard): void {
    if (this.#stopped || !this.#fold.add(heard)) return;
    this.#options.changed?.(this.view, heard);
    for (const look of [...this.#waiting]) look();
  }
}

/**
 * An event as the client understands it (PROTOCOL §5): what is sealed is opened where it is by somebody whose word counts.
 *
 * @param troubled told why something could not be opened; it is kept and shown as it is
 */
export async function heardOf(
  event: VerifiedEvent,
  { agent, marketplace }: JobRef,
  signer: Signer | null,
  troubled: (reason: string) => void = () => undefined,
): Promise<Heard> {
  if (!event.tags.some(([name]) => name === 'encrypted')) return { event, said: event };
  const counts = agent === null || event.pubkey === agent || event.pubkey === marketplace;
  if (signer === null || !counts) return { event, said: null };
  // NIP-44 knows no empty text.
  if (event.content === '') return { event, said: event };
  try {
    return { event, said: openedAnswer(event, await signer.nip44Decrypt(event.pubkey, event.content)) };
  } catch (error) {
    troubled(error instanceof Error ? error.message : String(error));
    return { event, said: null };
  }
}

/** What stored events say of a job, without following it. @throws ClientError RELAY */
export async function readJob(job: JobRef, relays: ClientRelays, signer: Signer | null): Promise<JobView> {
  const fold = new JobFold(job);
  for (const event of await relays.query([filterOf(job)])) fold.add(await heardOf(event, job, signer));
  return fold.view();
}

/** The request of a job. @throws ClientError NOT_FOUND, RELAY */
export async function findRequest(relays: ClientRelays, id: string): Promise<VerifiedEvent> {
  const [request] = await relays.query([{ ids: [id] }]);
  if (request !== undefined) return request;
  throw new ClientError('NOT_FOUND', `no request ${id} is known at ${relays.urls.join(', ')}`);
}

/** Everything that may be said of a job. */
function filterOf(job: JobRef): Filter {
  const kinds = [...answerKinds(job.kind, job.kinds), job.kinds.verdict, KIND.deletion];
  return { kinds, '#e': [job.id] };
}
