/** Signs a request, keeps it, and sends it. A request that was signed is never signed a second time. */
import { ClientError } from '../../../client/failure.ts';
import { signRequest } from '../../../client/request.ts';
import { parseEvent, type VerifiedEvent, verifyEvent } from '../../../nostr/event.ts';
import type { PostFacts } from '../../pages/post.tsx';
import { dropJob, type KeptJob, keepJob } from '../lib/jobs-kept.ts';
import { ownRelay } from '../lib/relay.ts';
import { wordsOf } from '../lib/words.ts';
import type { Identity } from '../signing/identity.ts';
import { signerOf } from '../signing/signers.ts';
import { type Asked, orderOf, type Wrongs } from './order.ts';

export type PostOutcome =
  | { readonly type: 'posted'; readonly id: string }
  | { readonly type: 'failed'; readonly reason: string }
  | { readonly type: 'wrong'; readonly wrongs: Wrongs };

export async function postJob(order: {
  readonly agent: PostFacts;
  readonly asked: Asked;
  readonly identity: Identity;
  readonly kind: number;
  readonly tell: (state: string) => void;
}): Promise<PostOutcome> {
  const { agent, asked, identity, kind, tell } = order;
  let event: VerifiedEvent;
  try {
    const signer = await signerOf(identity, (url) => tell(`Your bunker wants you to confirm at ${url}`));
    event = await signRequest(orderOf(asked, agent.pubkey, kind), signer, Math.floor(Date.now() / 1_000));
  } catch (error) {
    return { type: 'failed', reason: wordsOf(error) };
  }
  const job: KeptJob = { event: copyOf(event), agent: agent.slug, taken: false, at_ms: Date.now() };
  keepJob(job);
  tell('Sending …');
  return await send(job, event);
}

/** Sends a request that was signed before, the same event. */
export async function sendAgain(job: KeptJob): Promise<PostOutcome> {
  const parsed = parseEvent(job.event);
  const event = typeof parsed === 'string' ? parsed : verifyEvent(parsed);
  if (typeof event === 'string') {
    dropJob(job.event.id);
    return { type: 'failed', reason: 'What was kept of that request is damaged, and forgotten now.' };
  }
  return await send(job, event);
}

async function send(job: KeptJob, event: VerifiedEvent): Promise<PostOutcome> {
  try {
    await ownRelay().publish(event);
    keepJob({ ...job, taken: true });
    return { type: 'posted', id: event.id };
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    const reason = `The relay did not take it: ${error.message}. The signed request is kept: send it again from above.`;
    return { type: 'failed', reason };
  }
}

function copyOf({ id, pubkey, created_at, kind, tags, content, sig }: VerifiedEvent): KeptJob['event'] {
  return { id, pubkey, created_at, kind, tags: tags.map((tag) => [...tag]), content, sig };
}
