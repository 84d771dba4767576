/** Follows a job by its signed events, and gives its view whenever it has changed, at most once a frame. */
import { Following, jobOf } from '../../../client/follow.ts';
import type { JobRef, JobView } from '../../../client/job-view.ts';
import type { Signer } from '../../../client/signer.ts';
import type { VerifiedEvent } from '../../../nostr/event.ts';
import type { JobFacts } from '../../pages/job.tsx';
import { pageFacts } from '../lib/facts.ts';
import { ownRelay, ports } from '../lib/relay.ts';

/** What is known of a job at a moment. */
export interface Seen {
  readonly view: JobView;
  /** The signed request; null where this relay does not have it (any more). */
  readonly request: VerifiedEvent | null;
  /** Why nothing comes at the moment; null while the relay is there. */
  readonly trouble: string | null;
}

/** A request may reach the relay a moment after its page was opened, ms. */
const LOOK_AGAIN_MS = 1_000;

/**
 * Begins to follow.
 *
 * @param signer opens what is encrypted for the visitor; null while there is none
 * @returns what ends it
 */
export function followJob(
  { id, job }: JobFacts,
  signer: Signer | null,
  seen: (seen: Seen) => void,
  unknown: () => void,
): () => void {
  let following: Following | undefined;
  let request: VerifiedEvent | null = null;
  let trouble: string | null = null;
  let due = false;
  // What is stored comes at once, and is shown at once: a page that grows piece by piece jumps under who reads it.
  let ready = false;
  let over = false;
  const tell = () => {
    if (due || over || !ready) return;
    due = true;
    const frame = () => {
      due = false;
      if (!over && following !== undefined) seen({ view: following.view, request, trouble });
    };
    // A page in the background gets no frames, and its title should tell all the same.
    if (document.hidden) setTimeout(frame, 200);
    else requestAnimationFrame(frame);
  };
  const begin = (ref: JobRef) => {
    following = new Following(ref, {
      relays: ownRelay(),
      ports,
      signer,
      changed: () => {
        trouble = null;
        tell();
      },
      stored: () => {
        trouble = null;
        ready = true;
        tell();
      },
      troubled(reason, where) {
        // Only the relay: what cannot be opened is shown as sealed.
        if (!/^wss?:/.test(where)) return;
        trouble = reason;
        ready = true;
        tell();
      },
    });
  };
  const { marketplace, kinds, agents } = pageFacts();
  const look = async () => {
    const found = await ownRelay()
      .query([{ ids: [id] }])
      .catch(() => []);
    if (over) return;
    request = found[0] ?? null;
    if (request !== null) return begin(jobOf(request, marketplace, kinds));
    if (job !== null) {
      const agent = agents.find(({ slug }) => slug === job.agent)?.pubkey ?? null;
      return begin({ id, kind: job.kind, client: job.client, agent, marketplace, kinds });
    }
    unknown();
    setTimeout(look, LOOK_AGAIN_MS);
  };
  look();
  return () => {
    over = true;
    following?.stop();
  };
}
