/** Saying how a job was, and taking that back: signed events, and whether they came to count. */
import * as z from 'zod/mini';
import type { Signer } from '../../../client/signer.ts';
import type { VerifiedEvent } from '../../../nostr/event.ts';
import { KIND } from '../../../nostr/kinds.ts';
import { reviewTemplate } from '../../../protocol/review.ts';
import { ownRelay } from '../lib/relay.ts';
import type { AgentFacts } from './facts.ts';

/** How long it is looked whether a review counts, ms, and how often. */
const PATIENCE_MS = 20_000;
const LOOK_MS = 750;

const jobList = z.object({
  jobs: z.array(z.object({ id: z.string(), kind: z.number(), opened_at_ms: z.number() })),
});
export type RatedJob = z.output<typeof jobList>['jobs'][number];

const reviewList = z.object({
  reviews: z.array(
    z.object({
      job: z.string(),
      client: z.string(),
      rating: z.number(),
      text: z.string(),
      event: z.object({ id: z.string() }),
    }),
  ),
});
export type OwnReview = z.output<typeof reviewList>['reviews'][number];

async function read<Schema extends z.ZodMiniType>(schema: Schema, path: string): Promise<z.output<Schema>> {
  const response = await fetch(path, { headers: { accept: 'application/json' }, cache: 'no-store' });
  if (!response.ok) throw new Error(`the marketplace answered ${response.status}`);
  return schema.parse(await response.json());
}

/** The public jobs that this agent delivered to somebody, newest first. */
export async function deliveredJobs(agent: AgentFacts, client: string): Promise<readonly RatedJob[]> {
  const query = new URLSearchParams({ agent: agent.slug, client, phase: 'delivered' });
  return (await read(jobList, `/jobs?${query}`)).jobs;
}

/** The agent's newest reviews, as they count. */
export async function newestReviews(agent: AgentFacts): Promise<readonly OwnReview[]> {
  return (await read(reviewList, `/agents/${agent.slug}/reviews?limit=200`)).reviews;
}

/**
 * Signs and publishes a review, and looks whether it counts.
 *
 * @returns whether it does; false when the marketplace took the event and does not count it
 * @throws ClientError when it was not signed or not taken
 */
export async function rate(
  signer: Signer,
  agent: AgentFacts,
  job: RatedJob,
  rating: number,
  text: string,
): Promise<boolean> {
  const said = { jobId: job.id, agentPubkey: agent.pubkey, rating, text };
  const event = await signer.signEvent(reviewTemplate(said, job.kind, nowS()));
  return await counted(event, agent);
}

/** Takes a review back (NIP-09). @returns whether it is gone */
export async function takeBack(signer: Signer, agent: AgentFacts, review: OwnReview): Promise<boolean> {
  const event = await signer.signEvent({
    kind: KIND.deletion,
    created_at: nowS(),
    tags: [
      ['a', `${KIND.jobReview}:${review.client}:${review.job}`],
      ['e', review.event.id],
      ['k', String(KIND.jobReview)],
      ['p', agent.pubkey],
    ],
    content: '',
  });
  await ownRelay().publish(event);
  return await until(async () =>
    (await newestReviews(agent)).every((one) => one.event.id !== review.event.id),
  );
}

async function counted(event: VerifiedEvent, agent: AgentFacts): Promise<boolean> {
  await ownRelay().publish(event);
  return await until(async () => (await newestReviews(agent)).some((one) => one.event.id === event.id));
}

async function until(isSo: () => Promise<boolean>): Promise<boolean> {
  for (let waited_ms = 0; waited_ms < PATIENCE_MS; waited_ms += LOOK_MS) {
    if (await isSo()) return true;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  return false;
}

function nowS(): number {
  return Math.floor(Date.now() / 1_000);
}
