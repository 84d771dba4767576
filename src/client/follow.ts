/** Following a job over relays: everything that is said of it goes into its view, opened where it was sealed for us. */
import type { VerifiedEvent } from '../nostr/event.ts';
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
    const kinds = [...answerKinds(job.kind, job.kinds), job.kinds.verdict, KIND.deletion];
    this.#stop = options.relays.subscribe([{ kinds, '#e': [job.id] }], listener);
  }

  get view(): JobView {
    return this.#fold.view();
  }

  /** Takes an event from elsewhere, for example from the marketplace's own event stream. */
  take(event: VerifiedEvent): void {
    if (this.#stopped || this.#seen.has(event.id)) return;
    this.#seen.add(event.id);
    if (!event.tags.some(([name]) => name === 'encrypted')) {
      this.#add({ event, said: event });
      return;
    }
    this.#open(event).then(
      (said) => this.#add({ event, said }),
      (error: unknown) => this.#options.troubled?.(String(error), 'signer'),
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

  /** What a private answer says (PROTOCOL §5); null where it is not for us, or by nobody who may answer. */
  async #open(event: VerifiedEvent): Promise<Heard['said']> {
    const { signer } = this.#options;
    const { agent, marketplace } = this.#fold.job;
    const counts = agent === null || event.pubkey === agent || event.pubkey === marketplace;
    if (signer === null || !counts) return null;
    if (event.content === '') return event;
    try {
      return openedAnswer(event, await signer.nip44Decrypt(event.pubkey, event.content));
    } catch (error) {
      // Another client's, or no NIP-44 at all: it is kept and shown as it is.
      this.#options.troubled?.(error instanceof Error ? error.message : String(error), event.id);
      return null;
    }
  }
}
